"""Reasons, subjects and names of callers are kept as codes; what is kept already stays readable as the words it is.

No row is copied: words and codes stand in the same columns, and what is no code is words. Changed are only the tags
that the program itself put to a case, two constant reasons that are compared, and words that would be read as a code.
Each table is gone through once.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_CODED = '{"texts":'
_TAGS = (("ancien message", "lay_long"), ("repris de l’ancienne boîte", "taken_over"))
_REASONS = (("saisie annulée", "entry_withdrawn"), ("remplacé", "entry_replaced"))
_TEXTS = (
    ("cases", ("subject", "who", "why", "done_reason", "alarm_why_not")),
    ("alarm_labels", ("alarm_why_not",)),
    ("register_entries", ("ended_why",)),
    ("appointments", ("who",)),
)


def upgrade() -> None:
    """Change the few rows whose words would mean something else."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, columns in _TEXTS:
        changes = {column: _wrapped(sa.column(column, sa.Text), postgresql=postgresql) for column in columns}
        wanted = [_looks_coded(sa.column(column, sa.Text)) for column in columns]
        if name == "cases":
            tags, is_ours = _tags(postgresql=postgresql)
            changes["tags"] = tags
            wanted.append(is_ours)
        table = sa.table(name, *(sa.column(column) for column in changes))
        op.execute(sa.update(table).where(sa.or_(*wanted)).values(changes))
    register = sa.table("register_entries", sa.column("ended_why", sa.Text))
    for words, code in _REASONS:
        coded = f'{_CODED}[{{"code":"{code}"}}]}}'
        op.execute(sa.update(register).where(register.c.ended_why == words).values(ended_why=coded))


def _looks_coded(text: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return sa.func.substr(text, 1, len(_CODED)) == _CODED


def _wrapped(text: sa.ColumnElement[Any], *, postgresql: bool) -> sa.ColumnElement[Any]:
    """Return words that look like a code as the one text of a code."""
    quoted = sa.cast(sa.func.to_json(text), sa.Text) if postgresql else sa.func.json_quote(text)
    return sa.case((_looks_coded(text), sa.literal(f"{_CODED}[") + quoted + sa.literal("]}")), else_=text)


def _tags(*, postgresql: bool) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[bool]]:
    """Return the tags of a case with ours as codes, and whether any of ours is among them."""
    kept = sa.cast(sa.column("tags"), sa.Text) if postgresql else sa.column("tags", sa.Text)
    place = sa.func.strpos if postgresql else sa.func.instr
    changed: sa.ColumnElement[Any] = kept
    found = []
    for words, code in _TAGS:
        for written in dict.fromkeys((json.dumps(words, ensure_ascii=False), json.dumps(words))):
            changed = sa.func.replace(changed, written, json.dumps(code))
            found.append(place(kept, written) > 0)
    return sa.cast(changed, sa.JSON) if postgresql else changed, sa.or_(*found)
