"""Why those on call were not notified of a case, told by one command; and the outbox as operators list it."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtm_contact.cases import Command, apply
from dtm_contact.cases.knowledge import ConfigurationProvider, SiteConfiguration
from dtm_contact.cases.notification_trace import NotificationTrace, trace_notifications
from dtm_contact.cli import cli
from dtm_contact.danger_page.entries import _FATES as SHOWN_FATES
from dtm_contact.errors import InvalidFilesError
from dtm_contact.labels.events import _FATES, EVENTS, SENT_STATES, event_line
from dtm_contact.model import Urgency
from dtm_contact.rules import RuleSet, load_in_force
from dtm_contact.rules.ruleset import digest
from dtm_contact.rules.schedule import OnCall, Shift
from dtm_contact.store.outbox import ENDED_STATES, OutboxStatus
from dtm_contact.store.restores import mark_replayed, mark_restored
from dtm_contact.store.rule_versions import pack
from tests.outbound.engine import US, Engine, engine, performed

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

NOW = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
WRITER = "huguette.joly@courriel.example"
GAS = (
    f"From: Huguette Joly <{WRITER}>\r\nSubject: Odeur de gaz\r\nMessage-ID: <g@courriel.example>\r\n"
    "Date: Tue, 24 Nov 2026 23:29:00 +0100\r\n\r\nForte odeur de gaz dans le hall et dans mon logement.\r\n"
)
OLD = GAS.replace("24 Nov 2026", "3 Feb 2026")
WAIVER = "la mairie a sa propre astreinte"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path) as made:
        yield made


def judged_by(running: Engine, change: Callable[[RuleSet], RuleSet]) -> None:
    running.grounds = replace(running.grounds, rules=change(running.grounds.rules))


def traced(running: Engine, number: str, at: datetime = NOW) -> NotificationTrace:
    grounds = running.grounds
    known = SiteConfiguration(grounds.directory, grounds.rules, running.settings)
    return trace_notifications(running.store, number, known, at)


def taken_in(running: Engine, raw: str = GAS, *, backlog: bool = False) -> str:
    number = running.take(raw.encode(), WRITER, NOW, backlog=backlog)
    assert number is not None
    return number


def links(trace: NotificationTrace) -> list[tuple[str, str]]:
    return [(step.stage.value, step.what) for step in trace.steps]


def on_call_notice(running: Engine, number: str) -> int:
    found = running.store.outbox.entries(case_number=number)
    return next(each.id for each in found if each.reason.startswith("on_call:"))


def without_on_call(rules: RuleSet) -> RuleSet:
    """Return the rules, each of which that told on-call says why it does not."""
    silent = [
        replace(rule, then=rule.then.model_copy(update={"notify": ()}), waiver=WAIVER)
        if rule.notifies_on_call
        else rule
        for rule in rules.rules
    ]
    return replace(rules, rules=tuple(silent))


def unusable_on_call(rules: RuleSet) -> RuleSet:
    """Return the rules, with an address on call that mail cannot be sent to."""
    nobody = OnCall((Shift(("astreinte@bailleur@example",), None, None, None),))
    queues = {name: replace(queue, on_call=nobody) for name, queue in rules.queues.items()}
    desks = replace(rules.desks, by_id=queues, reception=replace(rules.desks.reception, on_call=nobody))
    desks = replace(desks, main={office: queues.get(queue.id, queue) for office, queue in desks.main.items()})
    return replace(rules, desks=desks)


def test_a_relay_that_refuses_is_named_with_its_code_and_every_link_before_it(running: Engine) -> None:
    number = taken_in(running)
    assert links(traced(running, number))[0][1].startswith("arrival 1: priority P1, alarm certain, raised by ")
    outgoing = on_call_notice(running, number)
    waiting = traced(running, number)
    assert waiting.answer[0].startswith(f"On-call is not notified yet: outgoing {outgoing} to ")
    assert "not tried yet: is a daemon running (dtm-contact daemons)?" in waiting.answer[0]
    assert waiting.answer[-1] == "Nobody has taken the case."
    later = NOW + timedelta(seconds=15)
    for at, code, fate in ((NOW, "451 4.2.0 greylisted", None), (later, "550 5.7.1", "refused")):
        while (claimed := running.store.outbox.claim("w", at)) is not None and claimed.id != outgoing:
            running.store.outbox.settle(claimed, "sent", "250", at)
        assert claimed is not None
        if fate is None:
            running.store.outbox.retry(claimed, code, later)
            assert f"tried 1 times, the mail server said {code}, again at" in traced(running, number).answer[0]
        else:
            running.store.outbox.settle(claimed, fate, code, NOW, f"{code} <address> is blocked")
    trace = traced(running, number)
    address = next(each.to for each in running.store.outbox.entries(case_number=number) if each.id == outgoing)
    assert (
        trace.answer[0]
        == f"On-call was not notified: outgoing {outgoing} to {address} is refused (550 5.7.1 <address> is blocked)."
    )
    told = links(trace)
    assert [stage for stage, _ in told[:3]] == ["judged", "rule", "on call"]
    assert "routing.yaml:urgence-gaz (line " in told[1][1]
    assert "notifies on_call, caretaker" in told[1][1]
    assert told[2][1].startswith(
        f"notices written to: {address} (outgoing {outgoing}, 24/11 23:30:00); by the rules of"
    )
    assert ("notice", f"outgoing {outgoing} to {address} written (on_call)") in told
    assert ("notice", f"outgoing {outgoing} refused: 550 5.7.1 <address> is blocked at attempt 2") in told


def test_whoever_was_told_is_named_and_the_list_of_today_is_marked_as_that(running: Engine) -> None:
    number = taken_in(running)
    outgoing = on_call_notice(running, number)
    address = next(each.to for each in running.store.outbox.entries(case_number=number) if each.id == outgoing)

    def others(rules: RuleSet) -> RuleSet:
        new = OnCall((Shift(("relève@bailleur.example",), None, None, None),))
        queues = {name: replace(queue, on_call=new) for name, queue in rules.queues.items()}
        desks = replace(rules.desks, by_id=queues, reception=replace(rules.desks.reception, on_call=new))
        return replace(rules, desks=desks, version="another")

    judged_by(running, others)
    (step,) = (what for stage, what in links(traced(running, number)) if stage == "on call")
    told, today = step.split("; by the rules of today, which are not those of then, on call at that time, ")
    assert told == f"notices written to: {address} (outgoing {outgoing}, 24/11 23:30:00)"
    assert today.startswith("in this order: relève@bailleur.example (queue ")


def test_a_notice_that_came_back_is_told_with_the_words_of_the_server_that_refused_it(running: Engine) -> None:
    number = taken_in(running)
    outgoing = on_call_notice(running, number)
    sent = running.sent(NOW)
    address = next(each.to for each in running.store.outbox.entries(case_number=number) if each.id == outgoing)
    notice = next(each for each in sent if each["To"] == address)
    status = (
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; 550 5.1.1 <{address}>: Recipient address\r\n    rejected: User unknown"
    )
    report = (
        "From: MAILER-DAEMON@relay.example\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        f"In-Reply-To: {notice['Message-ID']}\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI could not deliver your message.\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n{status}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {notice['Message-ID']}\r\n--b--\r\n"
    )
    back = NOW + timedelta(minutes=1)
    assert running.take(report.encode(), "", back, to=notice["Reply-To"] or US) == number
    trace = traced(running, number, back)
    said = "550 5.1.1 <<address>>: Recipient address rejected: User unknown"
    assert trace.answer[0] == f"On-call was not notified: outgoing {outgoing} to {address} is bounced ({said})."
    told = [what for stage, what in links(trace) if stage == "notice" and what.startswith(f"outgoing {outgoing} ")]
    assert told[1:] == [f"outgoing {outgoing} sent: 250 at attempt 1", f"outgoing {outgoing} bounced: {said}"]
    performed(running, back + timedelta(seconds=1))
    (called,) = [event for event in running.store.cases.get(number).events if event.what == "called next"]
    assert event_line(called.what, called.data) == (
        f"L'astreinte suivante est prévenue : {called.data['to']} ; l'avis à la précédente n'a atteint personne"
    )


def test_each_state_that_ends_a_message_has_its_words_wherever_it_is_told() -> None:
    assert set(ENDED_STATES) == set(_FATES) == set(SHOWN_FATES)
    assert set(ENDED_STATES) <= EVENTS.keys() & SENT_STATES.keys()


def test_the_notice_goes_before_the_answer_also_while_the_mail_server_is_down(running: Engine) -> None:
    number = taken_in(running)
    outgoing = on_call_notice(running, number)
    waiting = running.store.outbox.entries(case_number=number)
    assert [each.kind for each in waiting] == [*["notice"] * (len(waiting) - 1), "answer"]
    assert {each.urgency for each in waiting} == {Urgency.DANGER}
    assert waiting[0].id == outgoing
    for attempt in (1, 2):
        claimed = running.store.outbox.claim("w", NOW)
        assert claimed is not None
        assert (claimed.id, claimed.attempt) == (outgoing, attempt)
        running.store.outbox.retry(claimed, "no STARTTLS", NOW)
    trouble = "alarm relay: The mail server relay.example:587 does not take our mail (no STARTTLS): it waits here"
    answer, *_ = traced(running, number).answer
    assert answer.endswith(f"tried 2 times; {trouble}.")
    caretaker = links(traced(running, number))[-1][1]
    assert caretaker.endswith(f"not tried yet; {trouble}; outgoing {outgoing} goes before it, tried 2 times")
    assert "is a daemon running" not in caretaker
    late, *_ = traced(running, number, NOW + timedelta(minutes=5)).answer
    assert late.endswith("; not tried since 24/11 23:30:00: is a daemon running?.")


def test_the_escalation_is_told_with_who_was_called_next_also_where_the_office_has_no_queue(running: Engine) -> None:
    number = taken_in(running)
    assert running.store.cases.get(number).case.queue not in running.grounds.rules.queues
    assert performed(running, NOW + timedelta(hours=1)) > 0
    told = links(traced(running, number))
    assert any(
        stage == "escalation" and what.startswith("nobody had taken it: next on call is ") for stage, what in told
    )
    later = NOW + timedelta(minutes=1)
    assert any(step.at > later for step in traced(running, number, later).steps)


@pytest.mark.parametrize("journal", [True, False])
def test_a_notice_that_was_released_before_a_journal_was_taken_in_is_told_apart(
    running: Engine, *, journal: bool
) -> None:
    number = taken_in(running)
    with running.store.database.writing() as connection:
        mark_restored(connection, NOW, NOW, 0)
        if journal:
            mark_replayed(connection)
    (first, *_) = running.store.outbox.held()
    running.store.outbox.release([first.id], "claire", NOW)
    (told,) = [what for _stage, what in links(traced(running, number)) if "released by claire" in what]
    assert ("before an intake journal was taken in" in told) is not journal


@pytest.mark.parametrize(
    ("change", "raw", "answer"),
    [
        (
            without_on_call,
            GAS,
            (
                "On-call was not notified: the rule routing.yaml:urgence-gaz decides for this danger without on-call, "
                f"and says why: {WAIVER}."
            ),
        ),
        (unusable_on_call, GAS, "On-call was not notified: the address is none that mail can be sent to."),
        (
            lambda rules: rules,
            GAS.replace("Forte odeur de gaz dans le hall et dans mon logement.", "Le volet est cassé.").replace(
                "Odeur de gaz", "Volet"
            ),
            "On-call was not notified: the alarm of arrival 1 is none, and only a certain one calls.",
        ),
    ],
    ids=["the rule says why", "nobody on call can be written to", "no danger was seen"],
)
def test_why_nobody_on_call_was_notified(
    running: Engine, change: Callable[[RuleSet], RuleSet], raw: str, answer: str
) -> None:
    judged_by(running, change)
    assert traced(running, taken_in(running, raw)).answer[0] == answer


def test_what_was_old_when_it_came_and_what_is_not_sent_at_all_say_so(running: Engine) -> None:
    number = taken_in(running, OLD, backlog=True)
    assert "arrival 1 was old when it came" in traced(running, number).answer[0]
    silent = running.settings.outbound.model_copy(update={"host": ""})
    running.settings = running.settings.model_copy(update={"outbound": silent})
    grounds = SiteConfiguration(running.grounds.directory, running.grounds.rules, running.settings)
    apply(running.store, Command("danger", "paul", number, {}, None), NOW, lambda: grounds)
    trace = traced(running, number)
    assert trace.answer[0] == (
        "On-call was not notified when paul said that somebody is in danger: DTM_OUTBOUND_HOST names no mail server: "
        "nothing is sent."
    )
    assert ("agent", "paul said that somebody is in danger; notified: nobody") in links(trace)


def test_the_commands_print_the_chain_and_the_outbox(running: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    number = taken_in(running)
    outgoing = on_call_notice(running, number)
    claimed = running.store.outbox.claim("w", NOW)
    assert claimed is not None
    running.store.outbox.settle(claimed, "refused", "550", datetime.now(UTC))
    running.store.directory.save(running.grounds.directory.records, "import", NOW)
    monkeypatch.setenv("DTM_STORE_URL", running.settings.store.url)
    monkeypatch.setenv("DTM_RULES_DIR", str(Path(__file__).parents[2] / "rules"))

    def run(*arguments: str) -> str:
        return CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False).output

    printed = run("case", "trace", number)
    assert f"outgoing {outgoing} " in printed
    found = json.loads(run("case", "trace", number, "--json"))
    assert (found["number"], found["steps"][0]["stage"]) == (number, "judged")
    listed = [json.loads(line) for line in run("outbox", "list", "--json").splitlines()]
    assert {each["status"] for each in listed} == {"waiting", "failed"}
    assert listed[-1]["id"] == claimed.id
    assert (listed[-1]["reply"], listed[-1]["attempts"]) == ("550", 1)
    (failed,) = (json.loads(line) for line in run("outbox", "list", "--status", "failed", "--json").splitlines())
    assert failed["id"] == claimed.id
    assert "refused" in run("outbox", "list", "--case", number)
    assert [each.status for each in running.store.outbox.entries(status=OutboxStatus.HELD)] == []


def test_a_slip_in_the_folder_of_the_rules_keeps_nobody_from_what_is_in_force(running: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "edited"
    shutil.copytree(running.settings.rules.dir, folder)
    settings = running.settings.model_copy(update={"rules": running.settings.rules.model_copy(update={"dir": folder})})
    running.store.directory.save(running.grounds.directory.records, "test", NOW)
    running.store.rule_versions.put_in_force(settings.name, digest(folder), pack(folder), NOW)
    (folder / "queues.yaml").write_text("queues: [", encoding="utf-8")
    with pytest.raises(InvalidFilesError):
        load_in_force(folder)
    assert ConfigurationProvider(running.store, settings)().rules.queues.keys() == running.grounds.rules.queues.keys()
