"""A message or a call that rules are tried on, as it stands in a rule or in `tests/*.yaml`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from dtm_contact.model import AlarmLevel, Asker, CaseKind, Consent, Outcome, Priority, Reach, Scope, Unread, Wish
from dtm_contact.rules.actions import Strict
from dtm_contact.rules.names import Identifier
from dtm_contact.rules.openings import DueTime, parse_due
from dtm_contact.rules.validation import InvalidValueError, one_or_several, shown

Text = Annotated[str, Field(min_length=1)]
_Several = Annotated[tuple[Text, ...], BeforeValidator(one_or_several)]
_Ago = Annotated[DueTime, PlainValidator(parse_due)]
_Figures = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) is int else value)]
_Channel = Literal["email", "phone", "desk"]


def _check_local_time(text: str) -> str:
    try:
        if text and datetime.fromisoformat(text).tzinfo is None:
            return text
    except ValueError as error:
        raise InvalidValueError(f"{shown(text)} is no time", "write 2026-11-28T22:00") from error
    raise InvalidValueError(f"{shown(text)} is no time by the clock on the wall", "write 2026-11-28T22:00")


class SomeResidence(Strict):
    """The residence that a test is about; what it does not say is not known."""

    name: Text
    id: Text = "R0"
    commune: str = ""
    postcode: _Figures = ""
    department: _Figures = ""
    office: str = ""


class EarlierContact(Strict):
    """A contact that the same party brought before.

    Attributes:
        ago: how long before.
        channel, topic, outcome: as of that contact.
        open: whether its case is still open.
        neighbour: it was somebody else of the same residence.
    """

    ago: _Ago
    channel: _Channel = "email"
    topic: str | None = None
    outcome: Outcome | None = None
    open: bool = False
    neighbour: bool = False


class Repeated(Strict):
    """Calls without an answer, this one included, in the last minutes."""

    count: Annotated[int, Field(ge=1, le=20)]
    minutes: Annotated[int, Field(ge=1, le=10_080)]


class Registered(Strict):
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


class Trial(Strict):
    """A message or a call; what it does not say is as of a stranger who names no place, on a Tuesday morning.

    Attributes:
        text, subject: what the writer wrote.
        sender: the address it comes from.
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
    at: Annotated[str, AfterValidator(_check_local_time)] = ""
    channel: _Channel = "email"
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
        if not self.text and not self.subject and not self.topic and self.kind is None and self.channel != "phone":
            raise InvalidValueError("the test says nothing", "add text: …, or topic: …, or channel: phone")
        if self.channel != "phone" and (self.outcome or self.withheld or self.calls):
            raise InvalidValueError("only a call has an outcome", "add channel: phone")
        return self


class Expected(Strict):
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
            raise InvalidValueError("rule and holds go together", "write {rule: …, holds: true, text: …}")
        if self.rule is None and (self.expect is None or self.expect == Expected()):
            raise InvalidValueError("the test expects nothing", "add rule: and holds:, or expect: {queue: …}")
        return self
