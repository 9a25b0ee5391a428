"""What messages are judged by and calls are read from: the directory, the rules, the switchboard's logs."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from dtm_contact.calls.log_lines import Faults, FileLine, split_lines
from dtm_contact.calls.records import ColumnsError, RecordReader
from dtm_contact.directory import Residence
from dtm_contact.doctor.local import closed_rules
from dtm_contact.doctor.registry import CheckResult, Site, SkipError, check, days, fault, ok, warning
from dtm_contact.errors import DtmContactError, InvalidFilesError, described
from dtm_contact.model import Priority, Problem, errors_first
from dtm_contact.rules import load_in_force
from dtm_contact.rules.arguments import AllowedNames
from dtm_contact.rules.queues import load_queues
from dtm_contact.rules.reader_files import load_model
from dtm_contact.rules.schedule import Action
from dtm_contact.settings import Settings
from dtm_contact.store.rule_versions import files_in_force

_SHOWN: Final = 3
_READ_OCTETS: Final = 256 * 1024


@check("directory", "A directory has been imported, and is not older than the settings allow.")
def directory(site: Site) -> Iterator[CheckResult]:
    """Look at the age of the directory in force."""
    exported_at = site.store.directory.exported_at()
    if exported_at is None:
        yield fault("no directory has been imported: the daemon does not start", "dtm-contact directory import DIR")
        return
    age, most = site.now - exported_at, timedelta(days=site.settings.directory.max_age_days)
    message = f"the directory in force was exported {days(age.total_seconds())} ago ({exported_at:%Y-%m-%d})"
    if most and age > most:
        remedy = "see whether the export still comes and is imported: journalctl -u dtm-contact-directory"
        yield warning(f"{message}; directory.max_age_days allows {most.days}", remedy)
    else:
        yield ok(message)


@check("rules", "The rules and the learned model can be read, and the rules hold no error. Their tests are not run.")
def rules(site: Site) -> Iterator[CheckResult]:
    """Read the rules as the daemon does."""
    settings = site.settings
    if (closed := closed_rules(settings)) is not None:
        yield closed
        return
    unusable: list[Problem] = []
    model = settings.model if load_model(settings.model, unusable) is not None else None
    for problem in unusable:
        yield warning(f"model: {problem}; the program's own is heard in its place", "leave model out, or: make model")
    offices, residences = _estate(site)
    try:
        found = load_in_force(settings.rules.dir, offices, residences=residences, zone=settings.zone, model=model)
    except InvalidFilesError as error:
        yield from _faulty(settings.rules.dir, error.problems)
        return
    if found.faults:
        yield from _faulty(settings.rules.dir, found.faults)
        return
    message = f"{settings.rules.dir}: {len(found.rules)} rules, version {found.version}"
    if found.problems:
        yield warning(
            f"{message}; {len(found.problems)} warnings, the first: {found.problems[0]}", "dtm-contact rules check"
        )
    else:
        yield ok(message)


def _estate(site: Site) -> tuple[Collection[str] | None, Iterable[Residence]]:
    """Return the offices and the residences of the directory, to hold the rules against; none where there is none."""
    try:
        found = site.store.directory.in_force()
    except DtmContactError:
        return None, ()
    return found.offices, found.residences.values()


def _faulty(folder: Path, problems: tuple[Problem, ...]) -> Iterator[CheckResult]:
    for problem in errors_first(problems)[:_SHOWN]:
        yield fault(f"{folder}/{problem}", "correct it; dtm-contact rules check tells all")


@check(
    "addressees",
    "Those on call, the admins and the offices of the directory have real addresses, none of a domain that is kept for "
    "examples; the address that we send from is one that we take mail for. While nothing is sent: what of that, and of "
    "`outbound.host`, will be missing once it is. No trial (`rules.observe`) is left on beside a mail server that "
    "sends for us. A P1 has as many steps `call_next` as people are on call behind the first.",
    offline=True,
)
def addressees(site: Site) -> Iterator[CheckResult]:
    """Look at where notices, alarms and answers would go."""
    settings = site.settings
    sends = bool(settings.outbound.host) and not settings.rules.observe
    if settings.rules.observe and settings.outbound.host:
        yield warning(f"rules.observe is true, though outbound.host is set: {_UNHEARD}", _GO_LIVE)
    missing = list(_missing_to_send(site))
    if sends:
        yield from missing or [ok("all have addresses that can exist")]
        return
    if not settings.outbound.host:
        missing.append(warning("outbound.host is empty, so nothing can be sent", _RELAY))
    for each in missing:
        # Nothing is wrong while nothing is sent; on the day of the switch it would be, and nobody would look here.
        yield warning(f"nothing is sent yet; once it is: {each.message}", each.remedy)
    if not missing:
        raise SkipError("nothing is sent yet (rules.observe); nothing will be missing once it is")


def _missing_to_send(site: Site) -> Iterator[CheckResult]:
    """Yield what is wrong, once something is sent, with the addresses that it would go to and come from."""
    settings = site.settings
    for what, given in _addresses(site).items():
        if examples := [each for each in given if is_example(each)]:
            message = f"{what}: {', '.join(examples)}: nobody has such an address, so nobody is told"
            yield fault(message, _REAL)
    yield from _never_notified(settings)
    ours = {
        each.lower()
        for name, way in settings.mail_servers.items()
        if name in settings.channels
        for each in way.recipients
    }
    if ours and settings.outbound.sender.lower() not in ours:
        message = (
            f"outbound.sender: {settings.outbound.sender} is none of smtp.recipients, so replies do not come to us"
        )
        yield warning(message, "name an address that is handed to us")


def _never_notified(settings: Settings) -> Iterator[CheckResult]:
    """Yield a warning for each list of people on call that is longer than a P1 has steps to go down it."""
    queues, _names = load_queues(settings.rules.dir, AllowedNames(), settings.zone, list[Problem]())
    found: dict[tuple[tuple[str, ...], int], list[str]] = {}
    for queue in queues.by_id.values() if queues is not None else ():
        steps = sum(step.does is Action.CALL_NEXT for step in queue.escalation.get(Priority.P1, ()))
        for call in dict.fromkeys(shift.call for shift in queue.on_call.shifts):
            # The first is notified at once, and each step goes on to one more.
            if len(call) > steps + 1:
                found.setdefault((call, steps), []).append(queue.id)
    for (call, steps), names in found.items():
        message = (
            f"on_call in queues.yaml: of {len(call)} on call for a P1 of {', '.join(names)} the last "
            f"{len(call) - steps - 1} are never notified: escalation has {steps} steps call_next"
        )
        remedy = "write one more step for each below escalation, P1: {after: 45 minutes, until: taken, do: call_next}"
        yield warning(message, remedy)


_UNHEARD: Final = "nothing is sent, and nobody is told of danger (P1)"
_RELAY: Final = "name the mail server that sends for us: outbound.host"
_GO_LIVE: Final = (
    "once the trial is over: observe = false below [rules], or DTM_RULES_OBSERVE=false, which wins; "
    "docs/going-live.md tells what becomes of its open P1"
)
_REAL: Final = "write your own into rules/queues.yaml, dtm-contact.toml or the export that it comes from"
# RFC 2606 and RFC 6761: nobody can ever have one.
_EXAMPLES: Final = re.compile(r"(.*\.)?(example|invalid|test|localhost|example\.(com|net|org))")


def is_example(address: str) -> bool:
    """Tell whether an address is of a domain that is kept for examples."""
    return _EXAMPLES.fullmatch(address.rpartition("@")[2].lower()) is not None


def _addresses(site: Site) -> Mapping[str, Collection[str]]:
    """Return the addresses that something may be sent to or from, each once, by where they are written."""
    settings = site.settings
    others = {"alarm.recipients": settings.alarm.recipients, "outbound.sender": (settings.outbound.sender,)}
    return {**notified_addresses(site), **{what: tuple(dict.fromkeys(given)) for what, given in others.items()}}


def notified_addresses(site: Site) -> Mapping[str, Collection[str]]:
    """Return the addresses of those whom notices of cases go to, each once, by where they are written."""
    settings = site.settings
    found = _in_queues(settings, settings.rules.dir, "queues.yaml")
    if not site.offline:
        with suppress(SkipError, DtmContactError):
            versions = site.store.rule_versions
            if any(each.refused for each in versions.in_force()):
                # The folder's do not judge: those that do notify whom they name.
                with files_in_force(versions, settings.name, settings.rules.dir) as folder:
                    found |= _in_queues(settings, folder, "the rules in force, since those of the folder are refused")
            offices = site.store.directory.in_force().offices.values()
            found["offices of the directory"] = [office.email for office in offices if office.email]
    return {what: tuple(dict.fromkeys(given)) for what, given in found.items()}


def _in_queues(settings: Settings, folder: Path, where: str) -> dict[str, list[str]]:
    problems = list[Problem]()
    queues, _names = load_queues(folder, AllowedNames(), settings.zone, problems)
    by_id = queues.by_id.values() if queues is not None else ()
    return {
        f"on_call in {where}": [each for queue in by_id for shift in queue.on_call.shifts for each in shift.call],
        f"caretaker_away in {where}": [queue.caretaker_away for queue in by_id if queue.caretaker_away],
    }


@check(
    "switchboard",
    "Where calls are read: the switchboard's logs can be read, their lines are call records, and their times are those "
    "of the time zone in the settings.",
)
def switchboard(site: Site) -> Iterator[CheckResult]:
    """Read the end of the call records."""
    if "asterisk_cdr" not in site.settings.channels:
        raise SkipError("no calls are read: asterisk_cdr is not among the channels")
    switchboard = site.settings.switchboard
    for setting, path in (("records", switchboard.records), ("queue_log", switchboard.queue_log)):
        if path is not None and not os.access(path, os.R_OK):
            why = "cannot be read" if path.exists() else "does not exist"
            yield fault(
                f"switchboard.{setting}: {path} {why}",
                "let the daemon's user read it (group asterisk), or mend the setting",
            )
            return
    faults = Faults()
    try:
        reader = RecordReader(switchboard.records.name, switchboard.zone, faults, switchboard.columns)
        read = sum(reader.read(line) is not None for line in _last_lines(switchboard.records))
    except (OSError, ColumnsError) as error:
        yield fault(f"switchboard.records: {described(error)}", "mend switchboard.records or switchboard.columns")
        return
    wrong = reader.zone_check.problem(str(switchboard.records))
    if wrong is not None:
        yield fault(wrong.message, "set switchboard.timezone to the zone that the switchboard writes its times in")
    elif faults.total > read:
        yield fault(
            f"{switchboard.records}: {faults.total} of the last lines are no call records", "mend switchboard.columns"
        )
    elif read:
        yield ok(f"the last {read} records of {switchboard.records} can be read; their times are right")
    else:
        yield warning(f"{switchboard.records} holds no record yet", "call the number once, and look again")


def _last_lines(path: Path) -> Iterator[FileLine]:
    """Yield the last whole lines of a file."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _READ_OCTETS))
        lines = split_lines([file.read(_READ_OCTETS)])
    # The first may be the end of a line only.
    return (line for line in islice(lines, 1 if size > _READ_OCTETS else 0, None) if line.ended)
