"""What follows when a case waits too long, by a clock that stands where the test sets it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact.alarms import Alarms
from dtm_contact.cases import Command, apply
from dtm_contact.directory import Directory, Office, Records, Residence
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.model import (
    CaseKind,
    ConversationMatch,
    JoinedBy,
    Judgement,
    Likely,
    Match,
    Priority,
    UnwrittenNotice,
    Withheld,
)
from dtm_contact.outbound.notices import NoticeWriter
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings, TimersSettings
from dtm_contact.store import Store, case_transaction, open_store
from dtm_contact.store.outbox import NOTICE_QUEUED, mark_bounced
from dtm_contact.store.schema import outbox
from dtm_contact.timers import Runner, Storms, running
from dtm_contact.tokens import CaseTokens
from tests.heard import Heard
from tests.rules.folders import GOOD, overlay
from tests.rules.once import load_once
from tests.store.fresh import fresh_store
from tests.store.samples import claim, judgement, open_case

OPENED = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, ten o'clock in Paris
ESCALATION = """on_call:
  - {call: [un@bailleur.example, deux@bailleur.example, trois@bailleur.example]}
escalation:
  P1:
    - {after: 10 minutes, until: taken, do: call_next}
    - {after: 20 minutes, until: taken, do: call_next}
    - {after: 30 minutes, until: taken, do: call_next}
  P3:
    - {past_due: 1 business hour, do: remind}
    - {past_due: 2 business hours, do: raise}
  any:
    - {after: 45 days, do: hand_over, to: comptes}
"""


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    folder = overlay(GOOD, tmp_path_factory.mktemp("timers") / "rules")
    text = (folder / "queues.yaml").read_text("utf-8")
    (folder / "queues.yaml").write_text(text.replace("on_call: astreinte@bailleur.example\n", ESCALATION), "utf-8")
    return load_once(folder)


DIRECTORY = Directory(
    Records(
        offices=(
            Office("agence", "Agence", "agency", "", "", "", "agence@bailleur.example", ""),
            Office("nord", "Nord", "proximity_office", "", "", "", "nord@bailleur.example", ""),
        ),
        residences=tuple(
            Residence(f"R{number}", f"R{number}", (), "Pantin", "93500", "93055", "93", "nord") for number in range(9)
        ),
    )
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    fresh_store(f"sqlite:///{tmp_path}/store.db")
    with open_store(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


class Scene:
    """A runner whose clock the test sets."""

    def __init__(
        self, store: Store, rules: RuleSet, name: str = "un", *, sends: bool = True, directory: Directory = DIRECTORY
    ) -> None:
        self.now = OPENED
        self.told: list[str] = []
        self.untaken: list[str] = []
        self.rules = rules
        self.storms = Storms()
        settings = Settings(name=name, timers=TimersSettings(storm_cases=4))
        self.post = post = (
            NoticeWriter(settings, CaseTokens(b"0" * 32, settings.outbound.sender), lambda: None) if sends else None
        )
        self.runner = Runner(
            settings,
            store,
            lambda: directory,
            Alarms(Heard(self._hear), lambda: self.now.timestamp()),  # noqa: PLW0108 - the clock moves
            rules=lambda: self.rules,
            clock=lambda: self.now,
            storms=self.storms,
            post=post,
        )

    def _hear(self, cause: str, told: str) -> None:
        (self.untaken if cause == "untaken" else self.told).append(told)

    def at(self, moment: datetime) -> int:
        self.now = moment
        return self.runner.tick()

    def after(self, **passed: float) -> int:
        return self.at(OPENED + timedelta(**passed))


@pytest.fixture
def scene(store: Store, rules: RuleSet) -> Scene:
    return Scene(store, rules)


def opened(store: Store, priority: Priority = Priority.P1, name: str = "one", match: Match | None = None) -> str:
    due = OPENED + (timedelta(minutes=15) if priority is Priority.P1 else timedelta(hours=4))
    judged = judgement(CaseKind.CASE, priority=priority, queue="nord", due=due, match=match)
    return open_case(store, name, judged, OPENED)


def letters(store: Store) -> list[tuple[str, str]]:
    """Return to whom each notice goes, and its subject."""
    with store.database.reading() as connection:
        rows = connection.execute(sa.select(outbox.c.to_address, outbox.c.raw).order_by(outbox.c.id)).all()
    return [(row.to_address, message_from_bytes(row.raw, policy=policy.default)["Subject"]) for row in rows]


def whats(store: Store, number: str) -> list[str]:
    """Return what happened to a case, but for its notices being written."""
    return [event.what for event in store.cases.get(number).events if event.what != NOTICE_QUEUED]


def take(store: Store, number: str) -> None:
    with case_transaction(store.database, "anne", OPENED) as work:
        (held,) = work.lock(number)
        work.change(held, owner="anne")
        work.add_event(held, "taken", {})


def test_a_danger_that_nobody_takes_goes_from_one_on_call_to_the_next(store: Store, scene: Scene) -> None:
    number = opened(store)
    assert scene.after(minutes=9) == 0
    assert scene.after(minutes=10) == 1
    assert scene.after(minutes=19) == 0
    assert scene.after(minutes=31) == 2
    assert letters(store) == [
        (f"{name}@bailleur.example", f"[P1] dossier {number}") for name in ("deux", "trois", "un")
    ]
    assert whats(store, number) == ["opened", "called next", "called next", "called next"]
    assert scene.after(days=2) == 0


def test_at_the_end_of_the_list_the_admins_hear_that_nobody_has_taken_it(store: Store, scene: Scene) -> None:
    number = opened(store)
    assert scene.after(minutes=20) == 2
    assert scene.untaken == []
    assert scene.after(minutes=30) == 1
    (told,) = scene.untaken
    assert told.startswith(f"Case {number}: all who are on call have been notified")
    assert "@" not in told
    last = store.cases.get(number).events[-2:]
    assert [event.data.get("again") for event in last if event.what == "called next"] == [True]


SHIFTS = """on_call:
  - {between: "00:00-10:05", call: [un@bailleur.example, deux@bailleur.example]}
  - {call: [deux@bailleur.example, trois@bailleur.example]}
"""


def test_after_a_change_of_shift_nobody_is_passed_over_and_nobody_told_twice(
    store: Store, tmp_path: Path, scene: Scene
) -> None:
    folder = overlay(GOOD, tmp_path / "rules")
    text = (folder / "queues.yaml").read_text("utf-8")
    shifts = SHIFTS + ESCALATION.partition("\n")[2].partition("\n")[2]
    (folder / "queues.yaml").write_text(text.replace("on_call: astreinte@bailleur.example\n", shifts), "utf-8")
    scene.rules = load_once(folder)
    opened(store)
    assert scene.after(minutes=20) == 2
    assert [to for to, _ in letters(store)] == ["deux@bailleur.example", "trois@bailleur.example"]


def on_call_notified(store: Store, number: str, scene: Scene) -> None:
    """Lay the notice to the first on call into the outbox, as the judgement does."""
    with case_transaction(store.database, "engine", OPENED) as work:
        (held,) = work.lock(number)
        assert scene.post is not None
        content = ("[P1] gaz", "Prenez le dossier.\n")
        notice = scene.post.notice(number, "on_call: un@bailleur.example", "un@bailleur.example", content, OPENED)
        work.put_outgoing(held, notice)


def called(judged: Judgement) -> Judgement:
    return replace(judged, decision=replace(judged.decision, notify=("on_call",)))


def test_of_a_danger_that_came_while_nothing_was_sent_the_first_on_call_hears_and_then_the_next(
    store: Store, scene: Scene
) -> None:
    judged = called(judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", due=OPENED))
    number = open_case(store, "one", judged, OPENED)
    assert store.timers.untold_dangers() == 1
    assert scene.after(days=2) == 1
    assert [to for to, _ in letters(store)] == ["un@bailleur.example"]
    assert store.timers.untold_dangers() == 0
    assert scene.after(days=2, minutes=9) == 0
    assert scene.after(days=2, minutes=31) == 3
    assert [to for to, _ in letters(store)] == [f"{name}@bailleur.example" for name in ("un", "deux", "trois", "un")]
    assert whats(store, number) == ["opened", "called next", "called next", "called next"]


def test_of_a_danger_that_was_told_when_it_came_the_first_hears_no_second_time(store: Store, scene: Scene) -> None:
    judged = called(judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", due=OPENED))
    on_call_notified(store, open_case(store, "one", judged, OPENED), scene)
    assert store.timers.untold_dangers() == 0
    assert scene.after(minutes=10) == 1
    assert [to for to, _ in letters(store)] == ["un@bailleur.example", "deux@bailleur.example"]


def test_who_has_a_danger_already_is_not_told_of_it_late(store: Store, scene: Scene) -> None:
    judged = called(judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", due=OPENED))
    take(store, open_case(store, "one", judged, OPENED))
    assert store.timers.untold_dangers() == 0
    assert scene.after(days=2) == 0
    assert letters(store) == []


def settle_next(store: Store, fate: str, at: datetime) -> str:
    """Let the mail server say what becomes of the notice that is next; return to whom it was."""
    claimed = store.outbox.claim("un", at)
    assert claimed is not None
    store.outbox.settle(claimed, fate, "550", at)
    return claimed.outgoing.to


@pytest.mark.parametrize("fate", ["refused", "no_such_address", "given_up"])
def test_where_a_notice_reaches_nobody_the_next_on_call_is_notified_at_once(
    fate: str, store: Store, scene: Scene
) -> None:
    number = opened(store)
    on_call_notified(store, number, scene)
    assert scene.after(seconds=15) == 0
    assert settle_next(store, fate, OPENED + timedelta(seconds=20)) == "un@bailleur.example"
    assert scene.after(seconds=30) == 1
    assert settle_next(store, fate, OPENED + timedelta(seconds=35)) == "deux@bailleur.example"
    assert scene.after(seconds=45) == 1
    assert settle_next(store, "sent", OPENED + timedelta(seconds=50)) == "trois@bailleur.example"
    assert scene.after(minutes=29) == 0
    assert len(scene.told) == 1
    assert all("reached nobody" in told for told in scene.told)
    events = [event.data for event in store.cases.get(number).events if event.what == "called next"]
    assert [event.get("unreached") for event in events] == [True, True]
    # The last step is not brought forward: the third has their notice.
    assert scene.after(minutes=30) == 1


def test_a_notice_that_comes_back_rings_the_next_and_one_that_was_sent_does_not(store: Store, scene: Scene) -> None:
    number = opened(store)
    on_call_notified(store, number, scene)
    settle_next(store, "sent", OPENED + timedelta(seconds=5))
    assert scene.after(minutes=4) == 0
    with store.database.writing() as connection:
        case_id = connection.execute(sa.select(outbox.c.case_id)).scalar_one()
        report = "the following address failed: un@bailleur.example: 5.1.1 unknown user"
        assert mark_bounced(connection, case_id, report, "5.1.1", OPENED) == ("un@bailleur.example",)
    act(store, number, "note", OPENED + timedelta(minutes=4), text="Un avis est revenu.")
    assert scene.after(minutes=5) == 1
    assert letters(store)[-1][0] == "deux@bailleur.example"


def test_what_failed_before_the_danger_rings_nobody_early(store: Store, scene: Scene) -> None:
    number = opened(store, Priority.P3)
    on_call_notified(store, number, scene)
    settle_next(store, "refused", OPENED + timedelta(seconds=5))
    danger(store, number, OPENED + timedelta(hours=1))
    assert scene.after(hours=1, minutes=9) == 0
    assert scene.after(hours=1, minutes=10) == 1


def test_nobody_is_notified_early_of_what_somebody_has_taken(store: Store, scene: Scene) -> None:
    number = opened(store)
    on_call_notified(store, number, scene)
    take(store, number)
    settle_next(store, "refused", OPENED + timedelta(seconds=20))
    assert scene.after(minutes=31) == 0
    assert scene.told == []


def test_once_somebody_has_taken_it_nobody_else_is_called(store: Store, scene: Scene) -> None:
    number = opened(store)
    assert scene.after(minutes=10) == 1
    take(store, number)
    assert scene.after(minutes=40) == 0
    assert len(letters(store)) == 1


def act(store: Store, number: str, verb: str, at: datetime, **arguments: object) -> None:
    apply(store, Command(verb, "anne", number, arguments), at, None)


@pytest.mark.parametrize(
    ("slip", "back"),
    [(("done", {"danger_over": "checked"}), "undo"), (("done", {"danger_over": "checked"}), "reopen")]
    + [(("take", {}), back) for back in ("undo", "release")],
    ids=["closed, undone", "closed, opened again", "taken, undone", "taken, let go"],
)
def test_what_a_slip_ended_is_told_once_it_is_taken_back(
    store: Store, scene: Scene, slip: tuple[str, dict[str, object]], back: str
) -> None:
    number = opened(store)
    act(store, number, slip[0], OPENED + timedelta(minutes=1), **slip[1])
    assert scene.after(minutes=11) == 0
    act(store, number, back, OPENED + timedelta(minutes=12))
    assert scene.after(minutes=13) == 1
    assert [to for to, _ in letters(store)] == ["deux@bailleur.example"]


def test_a_danger_merged_into_a_case_that_somebody_has_goes_on_being_told(store: Store, scene: Scene) -> None:
    danger, other = opened(store), opened(store, Priority.P3, "two")
    take(store, other)
    act(store, danger, "merge", OPENED + timedelta(minutes=5), into=other)
    assert scene.after(minutes=14) == 0
    assert scene.after(minutes=16) == 1
    assert letters(store) == [("deux@bailleur.example", f"[P1] dossier {other}")]


def test_a_restart_forgets_nothing_and_repeats_nothing(store: Store, rules: RuleSet, scene: Scene) -> None:
    opened(store)
    assert scene.after(minutes=10) == 1
    scene.runner.leave()
    again = Scene(store, rules)
    assert again.after(minutes=11) == 0
    assert again.after(minutes=20) == 1
    assert [to for to, _ in letters(store)] == ["deux@bailleur.example", "trois@bailleur.example"]


async def test_what_ends_the_daemon_is_heard_though_the_timers_cannot_be_given_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave() -> None:
        raise StoreUnavailableError("disk full")

    monkeypatch.setattr(scene.runner, "leave", leave)
    with pytest.raises(ZeroDivisionError):
        async with running(scene.runner):
            raise ZeroDivisionError


def test_what_fell_due_while_no_daemon_ran_is_done_at_the_next_start(store: Store, rules: RuleSet) -> None:
    opened(store)
    assert Scene(store, rules).after(minutes=25) == 2


def test_one_daemon_at_a_time_runs_them(store: Store, rules: RuleSet, scene: Scene) -> None:
    opened(store)
    assert scene.after(minutes=5) == 0
    other = Scene(store, rules, "deux")
    assert other.after(minutes=5.5) == 0
    assert other.after(minutes=10) == 1
    assert scene.after(minutes=10.5) == 0


def test_a_case_past_due_is_reminded_of_then_raised_once(store: Store, scene: Scene) -> None:
    number = opened(store, Priority.P3)
    assert scene.after(hours=5) == 1
    assert letters(store) == [("nord@bailleur.example", f"[P3] dossier {number}")]
    assert scene.after(hours=6) == 1
    case = store.cases.get(number).case
    assert case.priority is Priority.P2
    assert whats(store, number) == ["opened", "reminded", "escalated"]
    assert scene.after(days=10) == 0


def test_a_human_answer_makes_it_needless(store: Store, scene: Scene) -> None:
    number = opened(store, Priority.P3)
    with case_transaction(store.database, "anne", OPENED) as work:
        work.add_event(work.lock(number)[0], "replied", {})
    assert scene.after(days=60) == 0
    assert whats(store, number) == ["opened", "replied"]


def _written_by_a_colleague(store: Store, number: str, at: datetime, *, in_sent_folder: bool) -> None:
    """Lay a colleague's message to somebody outside into a case: a copy that came in, or what lies in our folder."""
    judged = judgement(CaseKind.NONE)
    joining = ConversationMatch(number, JoinedBy.THREAD, by_staff=True, answers=True, ours=in_sent_folder)
    assert store.cases.record(claim(store, f"mail {at}", at), replace(judged, joining=joining), {}, at) == number


@pytest.mark.parametrize(("priority", "passed"), [(Priority.P1, {"minutes": 10}), (Priority.P3, {"hours": 5})])
@pytest.mark.parametrize("in_sent_folder", [True, False])
def test_no_mail_that_came_in_ends_what_follows_a_danger(
    store: Store, scene: Scene, priority: Priority, passed: dict[str, float], *, in_sent_folder: bool
) -> None:
    number = opened(store, priority)
    _written_by_a_colleague(store, number, OPENED + timedelta(minutes=1), in_sent_folder=in_sent_folder)
    goes_on = priority is Priority.P1 and not in_sent_folder
    assert scene.after(**passed) == (1 if goes_on else 0)
    assert whats(store, number)[:2] == ["opened", "answered"]
    assert scene.after(days=46) == (3 if goes_on else 0)


def test_what_came_in_before_an_agent_saw_the_danger_is_no_answer_to_it(store: Store, scene: Scene) -> None:
    number = opened(store, Priority.P3)
    _written_by_a_colleague(store, number, OPENED + timedelta(minutes=1), in_sent_folder=False)
    with case_transaction(store.database, "anne", OPENED + timedelta(minutes=2)) as work:
        (held,) = work.lock(number)
        work.add_event(held, "priority", {"changed": work.change(held, priority=Priority.P1)})
    assert scene.after(minutes=15) == 1


def test_after_45_days_without_an_answer_the_head_has_it(store: Store, scene: Scene) -> None:
    number = opened(store, Priority.P4)
    take(store, number)
    assert scene.after(days=44, hours=23) == 0
    assert scene.after(days=45, minutes=1) == 1
    case = store.cases.get(number).case
    assert (case.queue, case.office_id, case.owner) == ("comptes", "agence", None)
    assert letters(store)[-1][0] == "agence@bailleur.example"
    assert scene.after(days=46) == 0


def test_a_closed_case_is_left_alone(store: Store, scene: Scene) -> None:
    number = opened(store)
    with case_transaction(store.database, "anne", OPENED) as work:
        work.change(work.lock(number)[0], state="closed", closed_at=OPENED)
    assert scene.after(days=60) == 0


def danger(store: Store, number: str, at: datetime) -> None:
    """Lay a message of danger into a case, as an answer in its thread."""
    judged = judgement(CaseKind.CASE, priority=Priority.P1, queue="nord", due=at + timedelta(minutes=15))
    joined = replace(judged, joining=ConversationMatch(number, JoinedBy.MESSAGE_ID, writer=judged.contact.sender))
    assert store.cases.record(claim(store, f"danger {at}", at), joined, {}, at) == number


def test_a_case_that_becomes_a_danger_after_days_calls_one_after_the_other(store: Store, scene: Scene) -> None:
    number = opened(store, Priority.P4)
    assert scene.after(days=3) == 0
    danger(store, number, OPENED + timedelta(days=3))
    assert scene.after(days=3, minutes=9) == 0
    assert scene.after(days=3, minutes=10) == 1
    assert scene.after(days=3, minutes=19) == 0
    assert scene.after(days=3, minutes=20) == 1
    assert scene.after(days=3, minutes=31) == 1
    assert [to for to, _ in letters(store)] == [f"{name}@bailleur.example" for name in ("deux", "trois", "un")]


def test_what_was_answered_before_the_danger_is_no_answer_to_it(store: Store, scene: Scene) -> None:
    number = opened(store, Priority.P4)
    with case_transaction(store.database, "anne", OPENED) as work:
        work.add_event(work.lock(number)[0], "replied", {})
    danger(store, number, OPENED + timedelta(days=3))
    assert scene.after(days=3, minutes=10) == 1
    with case_transaction(store.database, "anne", scene.now) as work:
        work.add_event(work.lock(number)[0], "replied", {})
    assert scene.after(days=50) == 0


def test_a_danger_that_an_agent_lowered_and_that_comes_back_calls_anew(store: Store, scene: Scene) -> None:
    number = opened(store)
    assert scene.after(minutes=31) == 3
    with case_transaction(store.database, "anne", scene.now) as work:
        (held,) = work.lock(number)
        work.add_event(held, "priority", {"changed": work.change(held, priority=Priority.P4, by_hand=("priority",))})
    assert scene.after(hours=1) == 0
    danger(store, number, OPENED + timedelta(hours=5))
    assert scene.after(hours=5, minutes=9) == 0
    assert scene.after(hours=5, minutes=10) == 1


def test_the_head_has_what_was_raised_on_the_way_no_later(store: Store, scene: Scene) -> None:
    number = opened(store, Priority.P4)
    with case_transaction(store.database, "anne", OPENED + timedelta(days=40)) as work:
        (held,) = work.lock(number)
        work.add_event(held, "priority", {"changed": work.change(held, priority=Priority.P2)})
    assert scene.after(days=44, hours=23) == 0
    assert scene.after(days=45, minutes=1) == 1
    assert store.cases.get(number).case.queue == "comptes"


def test_where_nothing_can_be_sent_the_admins_are_told(store: Store, rules: RuleSet) -> None:
    number = opened(store)
    scene = Scene(store, rules, sends=False)
    assert scene.after(minutes=10) == 1
    (told,) = scene.told
    assert number in told
    assert "nobody could be told" in told


def test_an_address_that_is_none_stops_no_other_step(store: Store, rules: RuleSet) -> None:
    records = DIRECTORY.records
    offices = tuple(replace(office, email=f"{office.office_id}@@bailleur.example") for office in records.offices)
    scene = Scene(store, rules, directory=Directory(replace(records, offices=offices)))
    number = opened(store, Priority.P3, "late")
    opened(store, Priority.P1, "danger")
    assert scene.after(hours=5) == 4
    assert whats(store, number) == ["opened", "reminded", "not sent"]
    assert [to for to, _ in letters(store)] == [f"{name}@bailleur.example" for name in ("deux", "trois", "un")]
    (told,) = scene.told
    assert number in told
    assert "@" not in told


def test_many_cases_of_one_topic_in_a_department_are_told_once(store: Store, scene: Scene) -> None:
    for number in range(3):
        opened(store, Priority.P2, f"m{number}", Match(residence=Likely(f"R{number}", 0.99)))
    scene.after(minutes=1)
    assert letters(store) == []
    for number in range(3, 6):
        opened(store, Priority.P2, f"m{number}", Match(residence=Likely(f"R{number}", 0.99)))
        opened(store, Priority.P2, f"nowhere{number}", Match())
        scene.after(minutes=number)
    assert "storm" in whats(store, "2026-000004")
    assert [to for to, _ in letters(store)] == ["un@bailleur.example"]
    assert letters(store)[0][1] == "plumbing : 4 dossiers d'un coup dans le 93"
    assert scene.storms.lasting == {("plumbing", "93")}
    scene.after(minutes=91 + 5)
    assert scene.storms.lasting == set()


def test_what_is_older_than_a_day_makes_no_storm(store: Store, scene: Scene) -> None:
    for number in range(6):
        here = Match(residence=Likely(f"R{number}", 0.99))
        judged = judgement(priority=Priority.P2, queue="nord", due=OPENED + timedelta(hours=4), match=here)
        old = replace(judged, contact=replace(judged.contact, at=OPENED - timedelta(days=2)))
        open_case(store, f"m{number}", old if number < 3 else judged, OPENED)
    scene.after(minutes=1)
    assert scene.storms.lasting == set()
    opened(store, Priority.P2, "one more", Match(residence=Likely("R7", 0.99)))
    scene.after(minutes=2)
    assert scene.storms.lasting == {("plumbing", "93")}


def test_within_a_storm_no_case_is_told_by_itself_unless_somebody_is_in_danger(store: Store, rules: RuleSet) -> None:
    scene = Scene(store, rules)
    scene.storms.lasting = frozenset({("plumbing", "93")})
    number = opened(store)
    post = NoticeWriter(Settings(), CaseTokens(b"0" * 32, Settings().outbound.sender), lambda: None)
    notice = post.notice(number, "on_call", "un@bailleur.example", ("x", "y"), OPENED)
    here = Match(residence=Likely("R1", 0.99))
    unwritten = UnwrittenNotice("on_call", Withheld.STORM)
    for priority, kept in ((Priority.P1, (notice,)), (Priority.P2, (unwritten,))):
        judged = judgement(CaseKind.CASE, priority=priority, match=here)
        assert scene.storms.without_notices(judged, DIRECTORY, (notice,)) == kept
    elsewhere = judgement(CaseKind.CASE, priority=Priority.P2, match=Match())
    assert scene.storms.without_notices(elsewhere, DIRECTORY, (notice,)) == (notice,)
