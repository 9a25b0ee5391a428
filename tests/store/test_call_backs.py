"""Calls in the store: a party has one open call-back, which calls join and close; late records revise."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.calls.outcomes import MEDIA_TYPE
from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.errors import ConcurrentUpdateError
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import Arrival, CaseKind, Channel, Judgement, Priority
from dtm_contact.pipeline import Grounds
from dtm_contact.settings import Settings
from dtm_contact.store import CaseFile, Claimed, Store, StoreRefusedError, UnreadableSummary
from dtm_contact.store.schema import cases
from dtm_contact.worker.handlers import Handlers
from dtm_contact.worker.ipc import JudgeRequest
from tests.calls.logs import MONDAY_NIGHT, record
from tests.rules.once import load_once
from tests.store.samples import RECEPTION

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    settings = Settings.defaults()
    directory = Directory(read_export(ROOT / "tests" / "directory" / "good")[0])
    return Grounds.build(directory, load_once(ROOT / "rules", zone=settings.zone), settings)


class Desk:
    """Takes calls in, judges and records them, one after the other."""

    def __init__(self, store: Store, grounds: Grounds) -> None:
        self.store = store
        self._judges = Handlers(grounds)

    def take(self, at: int, line: str = "1", *, revision: int = 0, seconds: int = 30, **leg: object) -> Claimed:
        """Take in a call that begins `at` seconds after Monday night."""
        raw = record(at=at, line=line, seconds=seconds, **leg).encode()  # type: ignore[arg-type]
        call_id = f"{MONDAY_NIGHT + at}.{line}"
        head = b'{"id": "%s", "revision": %d}\nR' % (call_id.encode(), revision)
        external_id = f"{call_id}#{revision}" if revision else call_id
        arrival = Arrival("asterisk_cdr", external_id, NOW, MEDIA_TYPE, None, head + raw, in_turn=True)
        self.store.arrivals.accept([arrival])
        claimed = self.store.arrivals.claim("worker", NOW)
        assert claimed is not None
        return claimed

    def judge(self, claimed: Claimed) -> Judgement:
        return self._judges.of(MEDIA_TYPE)(JudgeRequest(claimed.arrival, NOW), self.store)

    def record(self, claimed: Claimed, judgement: Judgement) -> CaseFile | None:
        number = self.store.cases.record(claimed, judgement, as_json(judgement), NOW)
        return None if number is None else self.store.cases.get(number)

    def call(self, at: int, line: str = "1", **leg: object) -> CaseFile | None:
        claimed = self.take(at, line, **leg)  # type: ignore[arg-type]
        return self.record(claimed, self.judge(claimed))

    def opened(self, at: int, line: str = "1", **leg: object) -> CaseFile:
        file = self.call(at, line, **leg)
        assert file is not None
        return file

    def again(self, file: CaseFile) -> CaseFile:
        return self.store.cases.get(file.case.number)


ANSWERED = {"context": "dtm-accueil", "application": "Dial", "answering": "PJSIP/201-00000001"}
OUTBOUND = {**ANSWERED, "context": "from-internal", "channel": "PJSIP/201-00000002", "answering": "PJSIP/trunk-ovh-7"}


@pytest.fixture
def desk(store: Store, grounds: Grounds) -> Desk:
    return Desk(store, grounds)


def whats(file: CaseFile) -> list[str]:
    return [event.what for event in file.events]


def test_further_calls_join_and_are_counted(desk: Desk) -> None:
    first = desk.opened(0)
    joined = desk.opened(7_200, "2", application="Playback")
    assert joined.case.number == first.case.number
    assert whats(joined) == ["opened", "joined"]
    assert text_of(joined.case.subject) == "Appel reçu bureaux fermés ; 2 appels ; message vocal laissé"
    assert joined.contacts[1].decision is not None
    assert (joined.contacts[1].decision["joins"], joined.contacts[1].decision["count"]) == (f"{MONDAY_NIGHT}.1", 2)


def test_three_calls_within_an_hour_raise_the_priority(desk: Desk) -> None:
    first = desk.opened(0, application="Playback")
    desk.opened(600, "2", application="Playback")
    third = desk.opened(1_200, "3", application="Playback")
    assert (first.case.priority, third.case.priority) == (Priority.P3, Priority.P2)
    assert third.case.due <= first.case.due


@pytest.mark.parametrize("leg", [ANSWERED, OUTBOUND], ids=["they call again", "we call them"])
def test_an_answered_call_either_way_closes_even_what_an_agent_took(desk: Desk, leg: dict[str, str]) -> None:
    first = desk.opened(0)
    with desk.store.database.writing() as connection:
        connection.execute(sa.update(cases).values(owner="Claire"))
    number = {"number": "201", "dialled": "0639980001"} if leg is OUTBOUND else {}
    closed = desk.opened(600, "2", **leg, **number)
    assert closed.case.number == first.case.number
    assert closed.case.state == "closed"
    assert closed.events[-1].what == "done"
    assert closed.events[-1].data["spoke"] is True
    assert closed.events[-1].data["owner"] == "Claire"
    later = desk.opened(1_200, "3")
    assert later.case.number != first.case.number


@pytest.mark.parametrize("leg", [ANSWERED, OUTBOUND], ids=["incoming", "outgoing"])
def test_an_answered_call_ends_the_call_back_of_a_danger_but_not_its_case(desk: Desk, leg: dict[str, str]) -> None:
    first = desk.opened(0)
    with desk.store.database.writing() as connection:
        connection.execute(sa.update(cases).values(priority=Priority.P1))
    number = {"number": "201", "dialled": "0639980001"} if leg is OUTBOUND else {}
    after = desk.opened(600, "2", **leg, **number)
    assert (after.case.number, after.case.state, after.case.priority) == (first.case.number, "open", Priority.P1)
    assert whats(after) == ["opened", "spoken"]
    assert after.contacts[-1].decision is not None
    assert after.contacts[-1].decision["closes"] == f"{MONDAY_NIGHT}.1"
    later = desk.opened(1_200, "3")
    assert later.case.number != first.case.number
    assert later.contacts[-1].decision is not None
    assert later.contacts[-1].decision["joins"] is None


def test_a_danger_whose_call_was_answered_after_all_stays_open(desk: Desk) -> None:
    opened = desk.opened(0, context="dtm-accueil", application="Dial", answered=False)
    with desk.store.database.writing() as connection:
        connection.execute(sa.update(cases).values(priority=Priority.P1))
    assert desk.call(0, revision=1, **ANSWERED) is None
    assert (desk.again(opened).case.state, whats(desk.again(opened))[-1]) == ("open", "spoken")


def test_a_call_that_could_not_be_judged_at_first_is_completed_where_it_lies(desk: Desk) -> None:
    claimed = desk.take(0)
    unread = UnreadableSummary(channel=Channel.PHONE)
    number = desk.store.cases.park(claimed, "JudgeTimeoutError", unread, RECEPTION, NOW)
    desk.store.arrivals.retry(claimed.id, "paul", NOW)
    again = desk.store.arrivals.claim("worker", NOW)
    assert again is not None
    file = desk.record(again, desk.judge(again))
    assert file is not None
    assert (file.case.number, file.case.read_in_full, len(file.contacts)) == (number, True, 1)
    # It is the call-back of its caller from now on.
    assert desk.opened(600, "2").case.number == number


def test_withheld_callers_are_a_party_each(desk: Desk) -> None:
    hidden = {"number": "anonymous", "clid": '"Anonymous" <anonymous>'}
    first, second = desk.opened(0, **hidden), desk.opened(600, "2", **hidden)
    assert first.case.number != second.case.number
    assert first.case.who.code == "caller"
    assert text_of(first.case.who).startswith("numéro masqué")


def test_a_call_that_was_answered_after_all_closes_its_own_call_back(desk: Desk) -> None:
    opened = desk.opened(0, context="dtm-accueil", application="Dial", answered=False)
    assert desk.call(0, revision=1, **ANSWERED) is None
    closed = desk.again(opened)
    assert closed.case.state == "closed"
    assert closed.events[-1].data["reason"] == {"code": "answered_after_all"}


def test_a_call_that_was_answered_after_all_leaves_the_later_ones_open(desk: Desk) -> None:
    opened = desk.opened(0, context="dtm-accueil", application="Dial", answered=False)
    desk.opened(600, "2")
    desk.call(0, revision=1, **ANSWERED)
    left = desk.again(opened)
    assert left.case.state == "open"
    assert [contact.decision and contact.decision["outcome"] for contact in left.contacts] == ["voicemail"]


def test_an_answered_call_that_becomes_known_late_serves_nobody_who_called_after_it(desk: Desk) -> None:
    opened = desk.opened(600, "2")
    assert desk.call(0, **ANSWERED) is None
    assert desk.again(opened).case.state == "open"


def test_a_call_that_becomes_known_after_its_caller_was_spoken_to_waits_for_nobody(desk: Desk) -> None:
    assert desk.call(600, "2", **ANSWERED) is None
    late = desk.opened(0)
    assert late.case.state == "closed"
    assert whats(late) == ["opened", "done"]


def test_a_call_that_nobody_took_over_after_all_opens_a_new_call_back(desk: Desk) -> None:
    assert desk.call(0, **ANSWERED) is None
    assert desk.opened(0, revision=1).case.state == "open"


def test_a_revision_that_changes_nothing_moves_nothing(desk: Desk) -> None:
    first = desk.opened(0)
    desk.opened(600, "2")
    again = desk.opened(0, revision=1, seconds=31)
    assert again.case.number == first.case.number
    assert whats(again) == ["opened", "joined", "revised"]
    assert "before" not in again.events[-1].data
    assert len(again.contacts) == 2


def test_what_was_closed_between_judging_and_recording_is_judged_again(desk: Desk) -> None:
    first = desk.opened(0)
    claimed = desk.take(600, "2")
    judgement = desk.judge(claimed)
    with desk.store.database.writing() as connection:
        connection.execute(sa.update(cases).values(state="closed", closed_at=NOW))
    with pytest.raises(ConcurrentUpdateError):
        desk.record(claimed, judgement)
    file = desk.record(claimed, desk.judge(claimed))
    assert file is not None
    assert file.case.number != first.case.number
    assert whats(file) == ["opened"]


def test_the_database_itself_holds_one_open_call_back_a_party(desk: Desk) -> None:
    desk.opened(0)
    copy = [cases.c[name] for name in cases.c.keys() if name not in {"id", "number"}]  # noqa: SIM118 - columns by name
    twin = sa.select(sa.literal("2026-999999"), *copy)
    with pytest.raises(StoreRefusedError), desk.store.database.writing() as connection:
        connection.execute(sa.insert(cases).from_select(["number", *(column.name for column in copy)], twin))


def test_an_answered_call_stands_among_the_dealings_without_a_case(desk: Desk) -> None:
    claimed = desk.take(0, **ANSWERED)  # type: ignore[arg-type]
    judgement = desk.judge(claimed)
    assert judgement.decision.kind is CaseKind.NONE
    assert desk.record(claimed, judgement) is None


def test_calls_are_claimed_one_after_the_other_and_mail_beside_them(desk: Desk) -> None:
    held = desk.take(0)
    later = Arrival("asterisk_cdr", "later", NOW, MEDIA_TYPE, None, b"", in_turn=True)
    mail = Arrival("smtp", "mail", NOW + timedelta(seconds=1), "message/rfc822", None, b"")
    desk.store.arrivals.accept([later, mail])
    claim: Callable[[], Claimed | None] = lambda: desk.store.arrivals.claim("b", NOW, in_turn_first=True)  # noqa: E731
    beside = claim()
    assert beside is not None
    assert beside.arrival.external_id == "mail"
    assert claim() is None
    desk.record(held, desk.judge(held))
    after = claim()
    assert after is not None
    assert after.arrival.external_id == "later"
