"""The store keeps codes and what they are about; words stand in it where people, or an earlier program, wrote them."""

import ast
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import dtm_contact.store
from dtm_contact.labels.coded_text import text_of, texts_of
from dtm_contact.model import Alarm, AlarmLevel, CodedText, ConversationMatch
from dtm_contact.store import Store, migrate, open_store
from dtm_contact.store.case_transactions import as_json, from_json
from dtm_contact.store.columns import pack_texts, unpack_texts
from dtm_contact.store.judgements import pack_judgement, unpack_judgements
from dtm_contact.store.placement import TAKEN_OVER
from dtm_contact.store.schema import cases
from tests.store.samples import judgement
from tests.store.test_old_stores import OLD, laid_into_postgresql, laid_into_sqlite

SENTENCES = next(file for file in OLD if file.stem == "schema_0024")
STORE = Path(dtm_contact.store.__file__).parent
CODED = CodedText("not_joined", {"case": "2026-000001", "because": "closed_long_ago", "days": 14})
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ARGS = st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(-9, 9), st.booleans(), st.lists(TEXTS)))
ANY_CODED = st.one_of(
    st.builds(CodedText.plain, TEXTS), st.builds(CodedText, TEXTS.filter(lambda it: it != "text"), ARGS)
)

LETTERS_OF_FRENCH = re.compile("[À-ÖØ-öø-ÿŒœ]")
WORDS_OF_FRENCH = re.compile(
    r"\b(?:au|aux|avec|dans|de|des|du|elle|en|est|et|il|la|le|les|lu|ne|nous|par|pas|pour|que|qui|sur|un|une)\b"
)


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module, but for its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def is_french(text: str) -> bool:
    return bool(LETTERS_OF_FRENCH.search(text) or WORDS_OF_FRENCH.search(text))


def test_no_module_of_the_store_has_words_of_french_or_imports_them() -> None:
    # Migrations have to name the words that earlier programs stored.
    modules = [path for path in STORE.rglob("*.py") if "migrations" not in path.parts]
    assert [(path.name, *each) for path in modules for each in literals(path) if is_french(each[1])] == []
    imported = re.compile(r"^(?:from|import) dtm_contact\.(?:labels|explain)\b", re.MULTILINE)
    assert [path.name for path in modules if imported.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("text", ["non lu en entier", "appel finalement répondu", "joint par téléphone"])
def test_a_sentence_is_seen(text: str, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(f'"""Non lu en entier."""\nWHY = {text!r}\n', encoding="utf-8")
    assert [line for line, found in literals(tmp_path / "module.py") if is_french(found)] == [2]


@given(st.lists(ANY_CODED, max_size=3))
def test_what_is_stored_is_what_is_read(texts: list[CodedText]) -> None:
    assert unpack_texts(pack_texts(texts)) == tuple(text for text in texts if text)


@given(TEXTS)
def test_words_of_an_earlier_program_stay_words(words: str) -> None:
    kept = unpack_texts(words)
    assert words.startswith('{"texts":') or texts_of(kept) == words


@pytest.mark.parametrize(
    "hostile", ['{"texts":', '{"texts":[{"code":"rule"}]}', '{"texts":7}', "[SPAM] fuite", '{"texts":[{"code":5}]}']
)
def test_words_that_look_like_a_code_are_words(hostile: str) -> None:
    assert text_of(unpack_texts(pack_texts((CodedText.plain(hostile),)))[0]) == hostile
    assert isinstance(texts_of(unpack_texts(hostile)), str)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("why", (CODED, CodedText.plain("fuite"))),
        ("done_reason", CODED),
        ("subject", CodedText.plain("Fuite")),
        ("who", None),
    ],
)
def test_an_event_gives_a_column_back_as_it_was(name: str, value: Any) -> None:
    assert from_json(name, json.loads(json.dumps(as_json(value)))) == value
    assert from_json("done_reason", "réparé") == CodedText.plain("réparé"), "as events had it before"
    assert from_json("why", "règle gaz") == (CodedText.plain("règle gaz"),)


def test_a_judgement_that_was_kept_with_sentences_is_read(store: Store) -> None:
    made = judgement()
    kept = json.loads(json.dumps(pack_judgement(made)))
    kept["joining"] = {"why": "répond à notre message du dossier 2026-000001"}
    for step in ("understanding", "decision"):
        kept[step]["alarm"] = {"level": "none", "why_not": "règle travaux"}
    with store.database.reading() as connection:
        (read,) = unpack_judgements(connection, [kept])
    assert texts_of(read.joining.why) == "répond à notre message du dossier 2026-000001"
    assert text_of(read.understanding.alarm.why_not) == text_of(read.decision.alarm.why_not) == "règle travaux"


def test_a_judgement_keeps_its_codes(store: Store) -> None:
    alarm = Alarm(AlarmLevel.NONE, why_not=CodedText("rule", {"rule": "travaux"}))
    made = judgement()
    made = replace(made, decision=replace(made.decision, alarm=alarm), joining=ConversationMatch(why=(CODED,)))
    with store.database.reading() as connection:
        (read,) = unpack_judgements(connection, [json.loads(json.dumps(pack_judgement(made)))])
    assert (read.joining.why, read.decision.alarm) == ((CODED,), alarm)


OLD_ROWS = (
    ('UPDATE cases SET subject = \'{"texts":[{"code":"rule"}]}\', tags = :tags WHERE number = \'2026-000001\''),
    ("UPDATE cases SET why = 'règle gaz', done_reason = 'réparé', tags = '[\"travaux\"]' WHERE number = '2026-000002'"),
)
TAGS = json.dumps(["travaux", "repris de l’ancienne boîte", "ancien message"], ensure_ascii=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path, create_database: Callable[[str], str]) -> str:
    """The URL of a store of schema 0024, in which sentences stand, and words that look like a code."""
    url = laid_into_sqlite(tmp_path / "old.db", SENTENCES)
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection, connection:
        for statement in OLD_ROWS:
            connection.execute(statement, {"tags": TAGS} if ":tags" in statement else {})
    if request.param == "sqlite":
        return url
    empty = create_database("template0")
    laid_into_postgresql(empty, url, "0024")
    return empty


def test_what_was_stored_as_words_is_read_as_words(old_url: str) -> None:
    assert migrate(old_url).came_from == "0024"
    with open_store(old_url) as store:
        first, second, parked = (store.cases.get(f"2026-00000{number}").case for number in (1, 2, 3))
        with store.database.reading() as connection:
            kept = connection.execute(sa.select(sa.cast(cases.c.why, sa.Text)).order_by(cases.c.id)).scalars().all()
    assert text_of(first.subject) == '{"texts":[{"code":"rule"}]}'
    assert first.tags == ("travaux", TAKEN_OVER, "lay_long")
    assert (texts_of(second.why), text_of(second.done_reason), second.tags) == ("règle gaz", "réparé", ("travaux",))
    assert texts_of(parked.why) == "non lu en entier"
    assert kept[1] == "règle gaz", "no row is written anew that needs not be"
