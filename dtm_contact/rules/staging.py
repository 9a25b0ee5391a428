"""A trial made into what rules look at: who writes, what is understood, what was there before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from dtm_contact.directory import Address, Directory, Dwelling, Lease, Office, Records, Residence
from dtm_contact.hours import PARIS
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Attachment,
    Call,
    CaseKind,
    Contact,
    Dealings,
    Dealt,
    EntryKind,
    Evidence,
    KnownEntry,
    Likely,
    Mailbox,
    Match,
    NoHistory,
    OpenCase,
    Outcome,
    Party,
    Priority,
    Protection,
    Standing,
    Understanding,
    Wished,
)
from dtm_contact.rules.trial import EarlierContact, Registered, Trial
from dtm_contact.topics import Reader, understand

OFFICE_HOURS = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
"""When a trial's message comes, unless it says otherwise: a Tuesday on which offices are open."""

_TENANT, _DWELLING, _PLACE = "T0", "L0", "A0"
_SURE = 0.99
_SAYS_SO = "le test le dit"
# Nobody without any address or name could have brought something before.
_SOMEBODY = "locataire@tenant.example"


@dataclass(frozen=True, slots=True)
class Staged:
    """A trial, ready to be decided.

    Attributes:
        contact, match, understanding, now, directory, history: as `decide` takes them.
    """

    contact: Contact
    match: Match
    understanding: Understanding
    now: datetime
    directory: Directory
    history: "Remembered"


@dataclass(frozen=True, slots=True)
class Remembered(NoHistory):
    """A history that answers with what a trial says."""

    own: Dealings = field(default_factory=Dealings)
    neighbours: Dealings = field(default_factory=Dealings)
    entries: tuple[KnownEntry, ...] = ()

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return what the register says of the tenant, where they are asked for."""
        del on
        return [entry for entry in self.entries if entry.tenant_id in tenants]

    def dealings(self, party: Party, since: datetime) -> Dealings:
        """Return what the party brought before; of a whole residence, all."""
        found = self.neighbours if party.residence_id is not None else self.own
        return replace(found, contacts=tuple(dealt for dealt in found.contacts if dealt.at >= since))


def staged(trial: Trial, reader: Reader) -> Staged:
    """Return a trial as rules look at it; its text is understood by the reader."""
    now = datetime.fromisoformat(trial.at).replace(tzinfo=PARIS) if trial.at else OFFICE_HOURS
    contact = _contact(trial, now)
    return Staged(
        contact, _match(trial), _understanding(trial, contact, reader), now, _directory(trial), _history(trial, now)
    )


def _contact(trial: Trial, now: datetime) -> Contact:
    contact = Contact(
        trial.channel,
        now,
        Mailbox(address=trial.sender or (_SOMEBODY if trial.history else "")),
        subject=trial.subject,
        new_text=trial.text,
        language=trial.language,
        attachments=tuple(Attachment(name, _media_type(name), 1, "") for name in trial.attachments),
    )
    if trial.channel != "phone":
        return contact
    number = None if trial.withheld else "0612345678"
    key = None if trial.withheld else "+33612345678"
    call = Call("1.1", _outcome(trial), now, now, number, key, withheld=trial.withheld)
    return replace(contact, call=call, standing=_standing(trial, now))


def _outcome(trial: Trial) -> Outcome:
    return trial.outcome or Outcome.VOICEMAIL


def _standing(trial: Trial, now: datetime) -> Standing:
    count, minutes = (trial.calls.count, trial.calls.minutes) if trial.calls else (1, 1)
    step = timedelta(minutes=minutes) / max(1, count - 1)
    recent = tuple(now - step * back for back in range(count - 1, -1, -1))
    return Standing("number:+33612345678", joins="1.0" if count > 1 else None, count=count, recent=recent)


def _media_type(name: str) -> str:
    endings = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}
    return endings.get(name.lower().rpartition(".")[2], "application/octet-stream")


def _match(trial: Trial) -> Match:
    residence = trial.residence
    return Match(
        tenant=Likely(_TENANT, _SURE) if trial.role or trial.registered else None,
        dwelling=Likely(_DWELLING, _SURE) if trial.dwelling else None,
        residence=Likely(residence.id, _SURE) if residence else None,
        office_id=trial.office or (residence.office if residence else "") or None,
        equipment="elevator_alarm" if trial.equipment else None,
    )


def _directory(trial: Trial) -> Directory:
    """Return a directory that holds what the trial names, and nothing else."""
    found = trial.residence
    working = trial.office or (found.office if found else "")
    records = Records(offices=(Office(working, working, "proximity_office", "", "", "", "", ""),) if working else ())
    if found is not None:
        postcode, office = found.postcode, trial.office or found.office
        department = found.department or postcode[:2]
        residence = Residence(found.id, found.name, (), found.commune, postcode, "", department, office)
        records = replace(records, residences=(residence,))
    if trial.role or trial.dwelling:
        entrance = Address(_PLACE, found.id if found else "", "", "", "", "", "", "")
        unit = Dwelling(_DWELLING, _PLACE, trial.dwelling or "dwelling", "", "", "", "", "")
        records = replace(records, addresses=(entrance,), dwellings=(unit,))
    if trial.role:
        lease = Lease(_TENANT, "B0", _DWELLING, trial.role, "", "", "", "", "", (), None, None)
        records = replace(records, leases=(lease,))
    return Directory(records)


def _understanding(trial: Trial, contact: Contact, reader: Reader) -> Understanding:
    found = _of_call(contact.call, trial) if contact.call else understand(contact, reader)
    priority, alarm = found.priority, found.alarm
    if trial.topic:
        first = reader.topics.get(trial.topic[0])
        found = replace(found, topics=trial.topic, kind=CaseKind.CASE)
        if first is not None:
            priority, alarm = first.priority, Alarm()
    if trial.priority is not None:
        priority, alarm = trial.priority, Alarm()
    if trial.alarm is not None:
        alarm = Alarm(trial.alarm, AlarmSource.WORDS if trial.alarm is not AlarmLevel.NONE else None, why_not=_SAYS_SO)
    return replace(
        found,
        priority=priority,
        alarm=alarm,
        kind=trial.kind or found.kind,
        scope=trial.scope or found.scope,
        asker=trial.asker or found.asker,
        unread=trial.unread or found.unread,
        wishes=tuple(Wished(wish, Evidence("wish", 1.0, "")) for wish in trial.wishes) or found.wishes,
    )


def _of_call(call: Call, trial: Trial) -> Understanding:
    return Understanding.of_call(waits=call.outcome.needs_call_back, equipment=trial.equipment)


def _history(trial: Trial, now: datetime) -> Remembered:
    own = [earlier for earlier in trial.history if not earlier.neighbour]
    entries = tuple(_entries(trial.registered)) if trial.registered else ()
    return Remembered(_dealings(own, now), _dealings(trial.history, now), entries)


def _entries(registered: Registered) -> Iterator[KnownEntry]:
    if registered.protection:
        yield KnownEntry(EntryKind.PROTECTION, Protection.ORDER, _TENANT)
    if registered.never:
        yield KnownEntry(EntryKind.NEVER, _SOMEBODY, _TENANT)
    yield from (KnownEntry(EntryKind.REACH, each, _TENANT) for each in registered.reach)
    if registered.language:
        yield KnownEntry(EntryKind.LANGUAGE, registered.language.lower(), _TENANT)
    if registered.sms is not None:
        yield KnownEntry(EntryKind.SMS_CONSENT, registered.sms, _TENANT)


def _dealings(history: Sequence[EarlierContact], now: datetime) -> Dealings:
    numbered = [(f"2026-{number:06}", earlier) for number, earlier in enumerate(history, start=1)]
    numbered.sort(key=lambda each: -each[1].ago.amount)
    return Dealings(
        tuple(
            OpenCase(number, each.channel, each.topic, "", Priority.P3, now - each.ago.amount)
            for number, each in numbered
            if each.open
        ),
        tuple(
            Dealt(now - each.ago.amount, each.channel, number, each.topic, each.outcome) for number, each in numbered
        ),
    )
