"""After a restore those on call are notified once more, and it is said why; of what cannot come back, that it was."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtm_contact.backup import JournalReplay, StoreJournal, make_backup, replay, restore
from dtm_contact.cases.knowledge import SiteConfiguration
from dtm_contact.cases.notification_trace import trace_notifications
from dtm_contact.cli import cli
from dtm_contact.errors import described
from dtm_contact.journal import Journal, SentRecord
from dtm_contact.labels.events import event_line
from dtm_contact.model import Arrival
from dtm_contact.settings import StoreSettings
from dtm_contact.store import open_store
from dtm_contact.store.lost_store import LostReply
from dtm_contact.store.restores import mark_restored
from tests.heard import made_alarms
from tests.outbound.engine import ROOT, Engine, engine, engine_on, performed

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
WRITER = "huguette.joly@courriel.example"
GAS = (
    f"From: Huguette Joly <{WRITER}>\r\nSubject: Odeur de gaz\r\nMessage-ID: <NAME@courriel.example>\r\n"
    "Date: Tue, 24 Nov 2026 23:29:00 +0100\r\n\r\nForte odeur de gaz dans le hall et dans mon logement.\r\n"
)
LIFT = (
    "From: Paul Nimier <paul@courriel.example>\r\nSubject: Ascenseur\r\nMessage-ID: <lift@courriel.example>\r\n"
    "Date: Tue, 24 Nov 2026 23:31:00 +0100\r\n\r\nGaz ! Une tres forte odeur de gaz rue Hoche.\r\n"
)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def take(running: Engine, raw: str, writer: str, at: datetime) -> str:
    number = running.take(raw.encode(), writer, at)
    assert number is not None
    return number


AN_HOUR_LATER = after(60)


@contextmanager
def burnt(
    folder: Path, *, journal: bool = True, clock: datetime = AN_HOUR_LATER
) -> Iterator[tuple[Engine, str, str, JournalReplay | None]]:
    """Take a danger in, back up, take another in, lose the store; restore it by a clock, with the journal or without.

    Yields:
        What works on the restored store, the number of the danger before and of the one after the backup, and what
        the journal brought.
    """
    (folder / "lost").mkdir()
    kept = Journal(folder / "journal", 14, lambda: NOW)
    with engine(folder / "lost") as running, closing(kept):
        written = StoreJournal(kept, running.store, made_alarms())
        running.store.arrivals.on_accepted = written.arrived
        before = take(running, GAS, WRITER, NOW)
        running.sent(NOW, written)
        performed(running, after(1))
        with open_store(running.settings.store.url, read_only=True) as store:
            settings = running.settings
            backup = make_backup(settings, store, folder / "b", after(1), keep=9, secrets=False, check=False).path
        lost = take(running, LIFT, "paul@courriel.example", after(5))
        running.sent(after(5), written)
        kept.append_sent(SentRecord("to-before@us", "0", "reply", "reply", before, after(6), (("smtp", "1"),)))
        kept.append_sent(SentRecord("to-lost@us", "0", "reply", "reply", lost, after(7), (("smtp", "2"),)))
        written.look()
    place = settings.model_copy(update={"store": StoreSettings(url=f"sqlite:///{folder}/new/store.db")})
    restore(place, backup, clock)
    done = None
    if journal:
        with open_store(place.store.url) as store:
            done = replay(store, folder / "journal", clock)
    with engine_on(place) as running:
        # What comes in now is none of what came then.
        running.taken = 10
        yield running, before, lost, done


def test_the_notice_of_a_danger_whose_number_was_lost_names_both(tmp_path: Path) -> None:
    with burnt(tmp_path) as (running, _before, lost, _done):
        number = running.judge_next(after(62))
        assert number not in {None, lost}
        on_call, *_ = [each for each in running.sent(after(62)) if str(each["Subject"]).startswith("[P1]")]
        assert str(on_call["Subject"]).endswith(f"dossier {number} (avant : {lost})")
        body = on_call.get_body(("plain",))
        assert body is not None
        assert f"Dossier : {number}, le même que le {lost} d'avant la restauration" in body.get_content()
        # Of what comes in from then on nothing is said of a restore.
        take(running, GAS.replace("NAME", "later").replace("gaz", "brûlé et de fumée"), "x@courriel.example", after(63))
        subjects = [str(each["Subject"]) for each in running.sent(after(63))]
        assert subjects
        assert not [each for each in subjects if "avant" in each]


def test_replies_that_were_sent_after_the_backup_are_listed_and_stand_in_their_cases(tmp_path: Path) -> None:
    with burnt(tmp_path) as (running, before, lost, done):
        assert done is not None
        assert done.replies == (LostReply(before, after(6)), LostReply(lost, after(7)))
        running.judge_next(after(62))
        told = "Réponse envoyée avant la restauration, dont le texte est perdu"
        for number, at in ((before, after(6)), (lost, after(7))):
            file = running.store.cases.get(number)
            replies = [each for each in file.events if each.what == "reply lost"]
            assert [(each.at, event_line(each.what, each.data)) for each in replies] == [(at, told)]
            assert [each.at for each in file.events] == sorted(each.at for each in file.events)


@pytest.mark.parametrize("journal", [True, False])
def test_those_on_call_are_notified_once_more_and_the_trace_says_why(tmp_path: Path, *, journal: bool) -> None:
    with burnt(tmp_path, journal=journal) as (running, before, lost, _done):
        numbers = [before]
        told = set[str]()
        if journal:
            numbers.append(running.judge_next(after(62)) or "")
        for at in (62, 62, 75, 75):
            performed(running, after(at))
        running.sent(after(75))
        known = SiteConfiguration(running.grounds.directory, running.grounds.rules, running.settings)
        why = "the store came back from a backup of 24/11 23:31:00: what was done since is lost, and may be done again"
        for number in numbers:
            notices = [each for each in running.store.outbox.entries(case_number=number) if "@" in each.to]
            reasons = [each.reason for each in notices if each.reason.startswith(("on_call", "call next"))]
            assert len(reasons) == len(set(reasons)), "each is told once"
            trace = trace_notifications(running.store, number, known, after(76))
            told = {step.what for step in trace.steps if step.stage.value == "restore"}
            assert (why in told) is (number == before)
            again = [step.what for step in trace.steps if "it was due before the restore" in step.what]
            assert bool(again) is (number == before)
        if journal:
            was = f"it was case {lost} before the restore; on-call was notified of that at 24/11 23:35:00, and is again"
            assert any(was in each for each in told)


def test_a_number_of_before_the_restore_means_the_case_of_now(tmp_path: Path, command: Callable[..., str]) -> None:
    with burnt(tmp_path) as (running, _before, lost, _done):
        number = running.judge_next(after(62)) or ""
        running.sent(after(62))
        known = SiteConfiguration(running.grounds.directory, running.grounds.rules, running.settings)
        asked, same = (trace_notifications(running.store, each, known, after(63)) for each in (lost, number))
        assert asked == same
        assert [step for step in asked.steps if step.stage.value == "notice"]
        assert not any("nothing was written" in each for each in asked.answer)
        running.store.directory.save(running.grounds.directory.records, "import", NOW)
        hint = f"case {lost} is {number} now"
        for words in (("case", "trace"), ("case", "show"), ("outbox", "list", "--case"), ("case", "take")):
            told = command(running, *words, lost, "--json")
            assert hint in told, words
            assert number in told.replace(hint, ""), words
        assert "2026-999999" in command(running, "case", "take", "2026-999999")


UNTOLD = (
    "From: =?utf-8?q?Zo=C3=A9?= Alba <zoe@courriel.example>\r\nSubject: Fuite\r\nMessage-ID: <zoe@courriel.example>\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nForte odeur de gaz au 14 rue Hoche, 06 12 34 56 78\r\n"
)
CALM = (
    "From: Luc Roy <luc@courriel.example>\r\nSubject: Quittance\r\nMessage-ID: <luc@courriel.example>\r\n\r\n"
    "Pouvez-vous m'envoyer une quittance de loyer.\r\n"
)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command line, on the restored store."""

    def run(running: Engine, *arguments: str) -> str:
        for name, value in {
            "DTM_STORE_URL": running.settings.store.url, "DTM_CONFIG": "", "DTM_RULES_DIR": str(ROOT / "rules"),
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        result = CliRunner().invoke(cli, list(arguments))
        return result.output if result.exception is None else described(result.exception)

    return run


@contextmanager
def between(folder: Path) -> Iterator[tuple[Engine, str]]:
    """Stand between a replay and the start of the daemon: a danger that was told, one that was not, one other letter.

    Yields:
        What works on the restored store, and the number of the danger that was told, which is lost.
    """
    with burnt(folder, journal=False) as (running, _before, lost, _done):
        running.store.directory.save(running.grounds.directory.records, "import", NOW)
        with closing(Journal(folder / "journal", 14, lambda: after(8))) as kept:
            for name, raw in (("untold", UNTOLD), ("calm", CALM)):
                kept.append_arrivals([Arrival("smtp", name, after(8), "message/rfc822", None, raw.encode())])
        yield running, lost


@pytest.mark.parametrize("times", [1, 2])
def test_each_replay_names_what_waits_and_seems_a_danger_and_who_was_told(
    tmp_path: Path, command: Callable[..., str], times: int
) -> None:
    with between(tmp_path) as (running, lost):
        told = [command(running, "arrivals", "replay", f"{tmp_path}/journal") for _ in range(times)][-1]
        assert "3 arrivals wait to be judged" in told
        rows = {line.split()[0]: line for line in told.splitlines() if "smtp" in line}
        assert len(rows) == 2
        first, second = (rows[number] for number in sorted(rows, key=int))
        assert all(each in first for each in ("24/11/2026 23:35", "Paul Nimier", "Ascenseur"))
        assert first.rstrip().endswith(f"on call, 24/11 23:35, as {lost}")
        assert all(each in second for each in ("24/11/2026 23:38", "Zoé Alba <zoe@courriel.example>", "Fuite"))
        assert second.rstrip().endswith("nobody")
        assert f"of {lost} those on call were notified" in told
        assert "dtm-contact danger" in told


def test_until_it_is_judged_the_command_danger_shows_the_words_and_who_was_told(
    tmp_path: Path, command: Callable[..., str]
) -> None:
    with between(tmp_path) as (running, lost):
        command(running, "arrivals", "replay", f"{tmp_path}/journal")
        for page in (command(running, "danger"), command(running, "danger", "--html")):
            for told in (
                "3 arrivées attendent d’être lues", "2 semblent parler d’un danger", "06 12 34 56 78", "Zoé Alba",
                "Personne n’a été prévenu.", f"sous le numéro {lost} d’avant la restauration",
            ):  # fmt: skip
                assert told in page
            assert "quittance" not in page
        assert "waits to be judged: arrival " in command(running, "case", "show", lost)
        for _ in range(3):
            running.judge_next(after(62))
        page = command(running, "danger")
        assert "06 12 34 56 78" in page, "it is a case now"
        assert "arrivée" not in page


def test_what_waited_in_a_backup_may_have_been_told_as_long_as_no_journal_says(
    tmp_path: Path, command: Callable[..., str]
) -> None:
    with engine(tmp_path) as running:
        running.store.directory.save(running.grounds.directory.records, "import", NOW)
        running.store.arrivals.accept([Arrival("smtp", "1", NOW, "message/rfc822", None, UNTOLD.encode())])
        assert "Personne n’a été prévenu." in command(running, "danger")
        with running.store.database.writing() as connection:
            mark_restored(connection, NOW, after(5), 1_000)
        assert "On ne sait pas si quelqu’un a été prévenu" in command(running, "danger")


def test_what_waits_is_listed_with_sender_and_subject(tmp_path: Path, command: Callable[..., str]) -> None:
    with between(tmp_path) as (running, _lost):
        command(running, "arrivals", "replay", f"{tmp_path}/journal")
        listed = command(running, "arrivals", "list", "--waiting")
        assert all(each in listed for each in ("Zoé Alba", "Fuite", "Luc Roy", "Quittance"))
        lines = [json.loads(line) for line in command(running, "arrivals", "list", "--waiting", "--json").splitlines()]
        assert all(f"<{line['message_id']}>" in "".join(listed.split()) for line in lines)
        assert all("@" in line["message_id"] for line in lines), "the mail server's log has a mail by that"
