"""Messages at rest see those of the same run that came before them, as they would in live work."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.cli.grounds import load_grounds
from dtm_contact.model import (
    CaseKind,
    Channel,
    Contact,
    ConversationMatch,
    History,
    Judgement,
    Likely,
    Mailbox,
    Match,
    Party,
    Priority,
)
from dtm_contact.pipeline import Grounds
from dtm_contact.rehearsal import judge_messages
from dtm_contact.rehearsal.memory_history import MemoryHistory
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from tests.store.fresh import fresh_store
from tests.store.samples import claim, judgement
from tests.vouched import vouched

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    return load_grounds(Settings(), ROOT / "tests" / "directory" / "good", ROOT / "rules")


def write(folder: Path, name: str, text: str, *, day: int, sender: str = "zoe@libre.example", more: str = "") -> None:
    head = f"From: {sender}\nDate: {day} Nov 2026 10:00:00 +0100\nMessage-ID: <{name}@libre.example>\n{more}"
    raw = f"{head}Subject: Bonjour\n\n{text}\n".encode()
    (folder / f"{name}.eml").write_bytes(vouched(raw))


def judged(folder: Path, grounds: Grounds, at: datetime | None = None) -> dict[str, Judgement]:
    return {each.source: each for each in judge_messages([str(folder)], NOW, grounds, at=at)}


def test_a_reply_joins_the_earlier_message_though_it_is_named_first(tmp_path: Path, grounds: Grounds) -> None:
    write(tmp_path, "a", "Toujours des cafards dans la cuisine", day=12, more="In-Reply-To: <b@libre.example>\n")
    write(tmp_path, "b", "Des cafards dans la cuisine", day=10)
    write(
        tmp_path, "c", "Encore ces cafards", day=13, sender="leo@autre.example", more="References: <b@libre.example>\n"
    )
    found = judged(tmp_path, grounds)
    assert list(found) == ["a.eml", "b.eml", "c.eml"]
    assert [each.joining.case_number for each in found.values()] == ["b.eml", None, None]
    assert found["c.eml"].joining.linked == ("b.eml",)


def test_the_third_message_on_one_matter_presses(tmp_path: Path, grounds: Grounds) -> None:
    for day in (3, 9, 15):
        write(tmp_path, f"m{day:02}", f"Des cafards dans la cuisine, depuis {day} jours", day=day)
    priorities = [each.decision.priority for each in judged(tmp_path, grounds).values()]
    assert priorities == [Priority.P3, Priority.P3, Priority.P2]


def test_the_same_words_by_the_same_sender_are_one_case(tmp_path: Path, grounds: Grounds) -> None:
    write(tmp_path, "a", "Des cafards dans la cuisine", day=10)
    write(tmp_path, "b", "Des cafards dans la cuisine", day=11)
    write(tmp_path, "c", "Des cafards dans la cuisine", day=11, sender="leo@autre.example")
    assert [each.joining.case_number for each in judged(tmp_path, grounds).values()] == [None, "a.eml", None]


def test_with_a_fixed_clock_all_are_received_then_in_the_order_of_their_own_times(
    tmp_path: Path, grounds: Grounds
) -> None:
    write(tmp_path, "a", "Des cafards dans la cuisine", day=20)
    write(tmp_path, "b", "Des cafards dans la cuisine", day=1)
    assert judged(tmp_path, grounds)["a.eml"].joining.case_number is None
    assert judged(tmp_path, grounds, NOW)["a.eml"].joining.case_number == "b.eml"


def _contacts() -> list[Judgement]:
    """Return contacts of two neighbours and a stranger, of every kind of fate."""
    made = []
    for place in range(12):
        name = ("zoe", "leo", "ada")[place % 3]
        contact = Contact(
            channel=Channel.EMAIL,
            at=NOW + timedelta(hours=place),
            sender=Mailbox(name.title(), f"{name}@libre.example"),
            message_id=f"m{place}@libre.example" if place % 5 else "",
        )
        known = Match(tenant=Likely(f"T{place % 3}", 0.99), dwelling=Likely("D1", 0.99), residence=Likely("R1", 0.99))
        kind = CaseKind.SPAM if place == 7 else CaseKind.CASE
        one = judgement(kind, priority=Priority.P3, contact=contact, match=Match() if name == "ada" else known)
        made.append(replace(one, source=f"{place}", joining=ConversationMatch(fingerprint=f"f{place % 4}")))
    made[6] = replace(made[6], joining=ConversationMatch(case_number="0", fingerprint="f2"))
    made[6] = replace(made[6], decision=replace(made[6].decision, priority=Priority.P1))
    return made


def test_it_answers_as_the_store_does(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    fresh_store(url)
    memory = MemoryHistory()
    number_of: dict[str, str] = {}
    with open_store(url) as store:
        for place, one in enumerate(_contacts()):
            at = one.contact.at
            memory.record(one, at)
            joins = number_of.get(one.joining.case_number or "")
            stored = replace(one, joining=replace(one.joining, case_number=joins))
            number = store.cases.record(claim(store, str(place), at), stored, {}, at)
            if number is not None and joins is None:
                number_of[one.source] = number
        with store.history() as history:
            told = _renamed(_answers(history, number_of["0"]), {new: old for old, new in number_of.items()})
    assert _answers(memory, "0") == told
    assert "priority=<Priority.P1" in told


def _answers(history: History, number: str) -> str:
    ids = [f"m{place}@libre.example" for place in range(12)]
    parties = (
        Party(tenant_id="T0"),
        Party(dwelling_id="D1"),
        Party(residence_id="R1", addresses=("ada@libre.example",)),
        Party(tenant_id="T1", addresses=("leo@libre.example", "nobody@libre.example")),
        Party(tenant_id="T9"),
    )
    since = NOW + timedelta(hours=3)
    answers = (
        list(history.thread(ids)),
        [history.party_history(party, since) for party in parties],
        list(history.cases([number])),
        [list(history.alike(f"f{place}", since)) for place in range(5)],
    )
    return "\n".join(map(repr, answers))


def _renamed(text: str, names: dict[str, str]) -> str:
    for number, name in names.items():
        text = text.replace(f"'{number}'", f"'{name}'")
    return text
