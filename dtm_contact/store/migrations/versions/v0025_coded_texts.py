"""Reasons, subjects and names of callers are kept as codes; what is kept already stays readable as the words it is.

No row is copied: words and codes stand in the same columns, and what is no code is words. Changed are only the tags
that the program itself put to a case, two constant reasons that are compared, and words that would be read as a code.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_TAGS = (("ancien message", "lay_long"), ("repris de l’ancienne boîte", "taken_over"))
_REASONS = (("saisie annulée", "entry_withdrawn"), ("remplacé", "entry_replaced"))
_COLUMNS = (
    ("cases", ("subject", "who", "why", "done_reason", "alarm_why_not")),
    ("alarm_labels", ("alarm_why_not",)),
    ("register_entries", ("ended_why",)),
    ("appointments", ("who",)),
)


def upgrade() -> None:
    """Change the few rows whose words would mean something else."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, columns in _COLUMNS:
        for column in columns:
            quoted = f"to_json({column})::text" if postgresql else f"json_quote({column})"
            looks_coded = f"{column} LIKE '{{\"texts\":%'"
            op.execute(f"UPDATE {table} SET {column} = '{{\"texts\":[' || {quoted} || ']}}' WHERE {looks_coded}")  # noqa: S608 - ours
    for words, code in _REASONS:
        change = sa.text("UPDATE register_entries SET ended_why = :coded WHERE ended_why = :words")
        op.execute(change.bindparams(coded=f'{{"texts":[{{"code":"{code}"}}]}}', words=words))
    tags, back, place = ("tags::text", "::json", "strpos") if postgresql else ("tags", "", "instr")
    for words, code in _TAGS:
        for written in (json.dumps(words, ensure_ascii=False), json.dumps(words)):
            change = sa.text(
                f"UPDATE cases SET tags = replace({tags}, :words, :code){back} WHERE {place}({tags}, :words) > 0"  # noqa: S608 - ours
            )
            op.execute(change.bindparams(words=written, code=json.dumps(code)))
