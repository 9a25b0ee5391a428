"""A message or a call that rules are tried on: as a test writes it, and as the rules look at it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from dtm_contact.directory import Address, Directory, Dwelling, Lease, Office, Records, Residence
from dtm_contact.hours import PARIS
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Asker,
    Attachment,
    AutomaticSign,
    Automation,
    Call,
    CallBackState,
    CaseKind,
    Channel,
    CodedText,
    Consent,
    Contact,
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
    PartyHistory,
    PriorContact,
    Priority,
    Protection,
    Reach,
    Scope,
    Sourced,
    Understanding,
    Unread,
    Wish,
    Wished,
)
from dtm_contact.rules.schedule import DueTime, parse_due
from dtm_contact.rules.validation import Identifier, InvalidValueError, StrictModel, one_or_several, shown
from dtm_contact.topics import Reader, understand
from dtm_contact.wording import worded

Text = Annotated[str, Field(min_length=1)]
_Several = Annotated[tuple[Text, ...], BeforeValidator(one_or_several)]
_Ago = Annotated[DueTime, PlainValidator(parse_due)]
_Figures = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]


def _check_local_time(text: str) -> str:
    try:
        if text and datetime.fromisoformat(text).tzinfo is None:
            return text
    except ValueError as error:
        raise InvalidValueError(
            worded("{text} is no time", text=shown(text)), worded("write 2026-11-28T22:00")
        ) from error
    raise InvalidValueError(
        worded("{text} is no time by the clock on the wall", text=shown(text)), worded("write 2026-11-28T22:00")
    )


class SomeResidence(StrictModel):
    """The residence that a test is about; what it does not say is not known."""

    name: Text
    id: Text = "R0"
    commune: str = ""
    postcode: _Figures = ""
    department: _Figures = ""
    office: str = ""


class EarlierContact(StrictModel):
    """An earlier contact of the same person, as a test of a rule gives it.

    Attributes:
        ago: how long before.
        channel, topic, outcome: as of that contact.
        open: whether its case is still open.
        neighbour: it was by another tenant of the same residence.
    """

    ago: _Ago
    channel: Channel = Channel.EMAIL
    topic: str | None = None
    outcome: Outcome | None = None
    open: bool = False
    neighbour: bool = False


class Repeated(StrictModel):
    """Calls without an answer, this one included, in the last minutes."""

    count: Annotated[int, Field(ge=1, le=20)]
    minutes: Annotated[int, Field(ge=1, le=10_080)]


class Registered(StrictModel):
    """What the register says of the tenant, who is named by that.

    Attributes:
        protection, never: they are protected; an address or number is never to be used.
        reach: how they are to be reached.
        language: in which language to write.
        sms: whether they agreed to be sent SMS.
    """

    protection: bool = False
    never: bool = False
    reach: Annotated[tuple[Reach, ...], BeforeValidator(one_or_several)] = ()
    language: str = ""
    sms: Consent | None = None


def _as_residence(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {"name": value, "id": value}


class Trial(StrictModel):
    """A message or a call; what it does not say is as of a stranger who names no place, on a Tuesday morning.

    Attributes:
        text, subject: what the writer wrote.
        sender: the address it comes from.
        source: the source of `sources.yaml` that it comes from.
        automatic: a program sent it, as its header `Auto-Submitted` says (RFC 3834).
        at: when it comes, ISO 8601 without offset, by the clock on the wall.
        channel: how it comes.
        language, attachments: what the message declares, and the names of its files.
        outcome, withheld, equipment, calls: of a call.
        residence, office: the place, where it is known.
        role: what the named tenant is on their lease.
        dwelling: what kind of unit it is about.
        topic, priority, alarm, kind, scope, asker, unread, wishes: what was understood, in place of what the text would
            give.
        history: what the party brought before, in any order.
        registered: what the register says of the tenant; `register` in the file.
    """

    text: Text = ""
    subject: str = ""
    sender: str = ""
    source: Identifier | None = None
    automatic: bool = False
    at: Annotated[str, AfterValidator(_check_local_time)] = ""
    channel: Channel = Channel.EMAIL
    language: str = ""
    attachments: _Several = ()
    outcome: Outcome | None = None
    withheld: bool = False
    equipment: bool = False
    calls: Repeated | None = None
    residence: Annotated[SomeResidence, BeforeValidator(_as_residence)] | None = None
    office: Text | None = None
    role: Literal["holder", "co_holder", "occupant", "commercial"] | None = None
    dwelling: Literal["dwelling", "parking", "commercial"] | None = None
    topic: _Several = ()
    priority: Priority | None = None
    alarm: AlarmLevel | None = None
    kind: CaseKind | None = None
    scope: Scope | None = None
    asker: Asker | None = None
    unread: Unread | None = None
    wishes: Annotated[tuple[Wish, ...], BeforeValidator(one_or_several)] = ()
    history: tuple[EarlierContact, ...] = ()
    registered: Annotated[Registered | None, Field(alias="register")] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and not self.subject and not self.topic and self.kind is None and not self.channel.is_spoken:
            raise InvalidValueError(
                worded("the test says nothing"), worded("add text: …, or topic: …, or channel: phone")
            )
        if not self.channel.is_spoken and (self.outcome or self.withheld or self.calls):
            raise InvalidValueError(worded("only a call has an outcome"), worded("add channel: phone"))
        if self.channel.is_spoken and self.automatic:
            raise InvalidValueError(worded("a call is sent by no program"), worded("leave out automatic, or channel"))
        return self


class Expected(StrictModel):
    """What is expected of a decision; what is left out may be anything."""

    rule: Identifier | None = None
    queue: str | None = None
    priority: Priority | None = None
    alarm: AlarmLevel | None = None
    due: Annotated[str, AfterValidator(_check_local_time)] | None = None
    notify: Annotated[tuple[str, ...], BeforeValidator(one_or_several)] | None = None
    answer: str | None = None
    tags: Annotated[tuple[str, ...], BeforeValidator(one_or_several)] | None = None
    joins: bool | None = None


class RuleTest(Trial):
    """A trial for which the rule holds, or does not; and what is decided for it."""

    holds: bool
    expect: Expected | None = None


class FileTest(Trial):
    """A trial in a file of its own: which rule holds, or what is decided."""

    rule: Identifier | None = None
    holds: bool | None = None
    expect: Expected | None = None
    note: str = ""

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if (self.rule is None) != (self.holds is None):
            raise InvalidValueError(
                worded("rule and holds go together"), worded("write {rule: …, holds: true, text: …}")
            )
        if self.rule is None and (self.expect is None or self.expect == Expected()):
            raise InvalidValueError(
                worded("the test expects nothing"), worded("add rule: and holds:, or expect: {queue: …}")
            )
        return self


OFFICE_HOURS = datetime(2026, 11, 24, 10, 0, tzinfo=PARIS)
"""When a trial's message comes, unless it says otherwise: a Tuesday on which offices are open."""

_TENANT, _DWELLING, _PLACE = "T0", "L0", "A0"
_SURE = 0.99
_SENT_BY_PROGRAM = AutomaticSign(Automation.GENERATED, "Auto-Submitted: auto-generated")
_SAYS_SO = CodedText("rule_test_says_so")
# Nobody without any address or name could have brought something before.
_SOMEBODY = "locataire@tenant.example"


@dataclass(frozen=True, slots=True)
class StagedTrial:
    """A trial, ready to be decided.

    Attributes:
        contact, match, understanding, now, directory, history: as `decide` takes them.
    """

    contact: Contact
    match: Match
    understanding: Understanding
    now: datetime
    directory: Directory
    history: "TrialHistory"


@dataclass(frozen=True, slots=True)
class TrialHistory(NoHistory):
    """A history that answers with what a trial says."""

    own: PartyHistory = field(default_factory=PartyHistory)
    neighbours: PartyHistory = field(default_factory=PartyHistory)
    entries: tuple[KnownEntry, ...] = ()

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return what the register says of the tenant, where they are asked for."""
        del on
        return [entry for entry in self.entries if entry.tenant_id in tenants]

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        """Return what the party brought before; of a whole residence, all."""
        party_history = self.neighbours if party.residence_id is not None else self.own
        return replace(party_history, contacts=tuple(prior for prior in party_history.contacts if prior.at >= since))


def stage_trial(trial: Trial, reader: Reader) -> StagedTrial:
    """Return a trial as the rules look at it; its text is understood by the reader."""
    now = datetime.fromisoformat(trial.at).replace(tzinfo=PARIS) if trial.at else OFFICE_HOURS
    contact = _contact(trial, now)
    return StagedTrial(
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
        sourced=Sourced(trial.source, trial.source) if trial.source else None,
        automatic_signs=(_SENT_BY_PROGRAM,) if trial.automatic else (),
        attachments=tuple(Attachment(name, _media_type(name), 1, "") for name in trial.attachments),
    )
    if not trial.channel.is_spoken:
        return contact
    number = None if trial.withheld else "0612345678"
    key = None if trial.withheld else "+33612345678"
    call = Call("1.1", _outcome(trial), now, now, number, key, withheld=trial.withheld)
    return replace(contact, call=call, standing=_standing(trial, now))


def _outcome(trial: Trial) -> Outcome:
    return trial.outcome or Outcome.VOICEMAIL


def _standing(trial: Trial, now: datetime) -> CallBackState:
    count, minutes = (trial.calls.count, trial.calls.minutes) if trial.calls else (1, 1)
    step = timedelta(minutes=minutes) / max(1, count - 1)
    recent = tuple(now - step * back for back in range(count - 1, -1, -1))
    return CallBackState("number:+33612345678", joins="1.0" if count > 1 else None, count=count, recent=recent)


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
    place = trial.residence
    working = trial.office or (place.office if place else "")
    records = Records(offices=(Office(working, working, "proximity_office", "", "", "", "", ""),) if working else ())
    if place is not None:
        postcode, office = place.postcode, trial.office or place.office
        department = place.department or postcode[:2]
        residence = Residence(place.id, place.name, (), place.commune, postcode, "", department, office)
        records = replace(records, residences=(residence,))
    if trial.role or trial.dwelling:
        entrance = Address(_PLACE, place.id if place else "", "", "", "", "", "", "")
        unit = Dwelling(_DWELLING, _PLACE, trial.dwelling or "dwelling", "", "", "", "", "")
        records = replace(records, addresses=(entrance,), dwellings=(unit,))
    if trial.role:
        lease = Lease(_TENANT, "B0", _DWELLING, trial.role, "", "", "", "", "", (), None, None)
        records = replace(records, leases=(lease,))
    return Directory(records)


def _understanding(trial: Trial, contact: Contact, reader: Reader) -> Understanding:
    asked = _of_call(contact.call, trial) if contact.call else understand(contact, reader)
    priority, alarm = asked.priority, asked.alarm
    if trial.topic:
        first = reader.topics.get(trial.topic[0])
        asked = replace(asked, topics=trial.topic, kind=CaseKind.CASE)
        if first is not None:
            priority, alarm = first.priority, Alarm()
    if trial.priority is not None:
        priority, alarm = trial.priority, Alarm()
    if trial.alarm is not None:
        alarm = Alarm(trial.alarm, AlarmSource.WORDS if trial.alarm is not AlarmLevel.NONE else None, why_not=_SAYS_SO)
    return replace(
        asked,
        priority=priority,
        alarm=alarm,
        kind=trial.kind or asked.kind,
        scope=trial.scope or asked.scope,
        asker=trial.asker or asked.asker,
        unread=trial.unread or asked.unread,
        wishes=tuple(Wished(wish, Evidence("wish", 1.0, "")) for wish in trial.wishes) or asked.wishes,
    )


def _of_call(call: Call, trial: Trial) -> Understanding:
    return Understanding.of_call(waits=call.outcome.needs_call_back, equipment=trial.equipment)


def _history(trial: Trial, now: datetime) -> TrialHistory:
    own = [earlier for earlier in trial.history if not earlier.neighbour]
    entries = tuple(_entries(trial.registered)) if trial.registered else ()
    return TrialHistory(_party_history(own, now), _party_history(trial.history, now), entries)


def _entries(registered: Registered) -> Iterator[KnownEntry]:
    if registered.protection:
        yield KnownEntry(EntryKind.PROTECTION, Protection.ORDER, _TENANT)
    if registered.never:
        yield KnownEntry(EntryKind.NEVER, _SOMEBODY, _TENANT)
    yield from (KnownEntry(EntryKind.REACH, reach, _TENANT) for reach in registered.reach)
    if registered.language:
        yield KnownEntry(EntryKind.LANGUAGE, registered.language.lower(), _TENANT)
    if registered.sms is not None:
        yield KnownEntry(EntryKind.SMS_CONSENT, registered.sms, _TENANT)


def _party_history(history: Sequence[EarlierContact], now: datetime) -> PartyHistory:
    numbered = [(f"2026-{number:06}", earlier) for number, earlier in enumerate(history, start=1)]
    numbered.sort(key=lambda item: -item[1].ago.amount)
    return PartyHistory(
        tuple(
            OpenCase(number, earlier.channel, earlier.topic, "", Priority.P3, now - earlier.ago.amount)
            for number, earlier in numbered
            if earlier.open
        ),
        tuple(
            PriorContact(now - earlier.ago.amount, earlier.channel, number, earlier.topic, earlier.outcome)
            for number, earlier in numbered
        ),
    )
