"""What the admins say of each source: who it is, how its fields are read, what it may assert, and what it means."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from dtm_contact.model import (
    THANKS,
    WRITER_FIELDS,
    AlarmLevel,
    Authentication,
    Channel,
    Contact,
    Priority,
    SourceField,
    domain_of,
)
from dtm_contact.sources.entries import canonical
from dtm_contact.text import NEGATIONS, fold

JOINED: Final = frozenset({SourceField.TEXT, SourceField.ADDRESS, SourceField.PLACE})
"""Fields of which all labels count, one after the other; of the others the first label that is there does."""


_SAYS_NOTHING: Final = frozenset(
    {"", "bonjour", "bonsoir", "madame monsieur", "bonjour madame monsieur", "cordialement"}
)
_DENYING: Final = 2
"""Words before a code among which a negation denies it: "non terminé", "pas encore terminé"."""
_LONGEST_CLOSING: Final = 2_000
"""Characters of the closing words of a form, at the most."""


class FormLayout(StrEnum):
    """How the fields of a message are written."""

    LINES = "lines"
    """Lines that begin with a label: "Nom : Roy"."""
    TABLE = "table"
    """HTML: a table with a label and its value in a row, or labels in one row and values in the next; or labels that
    are marked as such, each before its value."""
    JSON = "json"
    """An object in JSON that came along."""
    MESSAGE = "message"
    """No fields: people or programs write as they please."""
    SCAN = "scan"
    """Files of a copier or a scanner; its own words say nothing."""
    VOICEMAIL = "voicemail"
    """A telephone system's notice of a voice message; its fields are labelled lines."""


IN_FIELDS: Final = (FormLayout.LINES, FormLayout.TABLE, FormLayout.JSON)
LABELLED: Final = (*IN_FIELDS, FormLayout.VOICEMAIL)
"""Layouts in which labels are read."""


class SourceTrust(StrEnum):
    """What our mail server must have found of the address that a source writes from."""

    VOUCHED = "vouched"
    UNLESS_FAILED = "unless_failed"
    """Nothing speaks against it: for machines of the house, whose mail passes no check."""


class Answered(StrEnum):
    """Whom an answer goes to."""

    PERSON = "person"
    """The person whom the fields tell, at their own address."""
    SENDER = "sender"
    """Whoever sent the message."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class WhereToRead:
    """Where a field is looked for.

    Attributes:
        labels: as they are compared, the first that counts first.
        headings: labels that stand alone on a line above their value, with no sign behind; as they are compared.
        subject: what finds it in the mail's subject; None: it is not looked for there.
        pattern: what finds it in the value of its label; None: it is all of that.
        before, after: signs before or behind which it stands in the value; empty: from its beginning, to its end.
    """

    labels: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    subject: Any = None
    pattern: Any = None
    before: str = ""
    after: str = ""

    @property
    def is_part(self) -> bool:
        """Whether the field is a part of its label's value, which others may share."""
        return self.pattern is not None or bool(self.before or self.after)

    def part(self, value: str) -> str:
        """Return what of the value of a label is this field's; empty where nothing is."""
        if self.pattern is not None:
            found = self.pattern.search(value)
            return matched_text(found) if found else ""
        if self.after:
            value = value.partition(self.after)[2]
        return (value.partition(self.before)[0] if self.before else value).strip()


def matched_text(seen: Any) -> str:
    """Return what a pattern found: what stands in its brackets, else all of it."""
    return str(seen.group(1) if seen.re.groups else seen.group()).strip()


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """What a code of a source means: a topic, how urgent it is, and whether somebody is in danger.

    Attributes:
        topic, priority, alarm: what it says.
        states: what it means instead, by the state that stands beside it, as that is compared.
    """

    topic: str
    priority: Priority | None = None
    alarm: AlarmLevel = AlarmLevel.NONE
    states: Mapping[str, "CodeMeaning"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """One source; see `docs/sources.md`.

    Attributes:
        id, label: its identifier, and what agents call it, in French.
        senders: addresses, and domains that begin with @, lower case.
        intake: the name by which our own intake takes in what it hands over; empty: it writes mail.
        trust: what must be found of its address.
        layouts: how its fields are written; the first by which all that it needs is read counts.
        fields: where each field is looked for, in the order of the form.
        needs: the fields without which it was not read.
        boilerplate: words of the form's own, as they are compared: a line that holds one says nothing.
        blanks: values, as they are compared, by which its program says that a field is empty.
        ends_at: beginnings, folded, of the line at which the form's own closing words begin.
        meanings: by code, as it is compared.
        states: what any code means by the state that stands beside it, unless it says so itself; as it is compared.
        hints: its codes were chosen by somebody who may not know: they fix no topic that the text says otherwise.
        default: what a code means that is not among them; None: nothing.
        proven: it vouches for who writes.
        answered: whom an answer goes to.
        answers_at: where its people are answered, whatever address its program writes from; empty: at the sender's.
        channel: by which channel the person made contact; None: as it came.
        joins: the field whose value its messages on one matter have in common; None: they have none.
        partner: people of an office or an association write.
        office_id, follow_up: as of `Sourced`.
        priority: of a partner's messages, at the least.
    """

    id: str
    label: str
    senders: tuple[str, ...] = ()
    intake: str = ""
    trust: SourceTrust = SourceTrust.VOUCHED
    layouts: tuple[FormLayout, ...] = (FormLayout.MESSAGE,)
    fields: Mapping[SourceField, WhereToRead] = field(default_factory=dict)
    needs: frozenset[SourceField] = frozenset()
    boilerplate: tuple[str, ...] = ()
    blanks: frozenset[str] = frozenset()
    ends_at: tuple[str, ...] = ()
    meanings: Mapping[str, CodeMeaning] = field(default_factory=dict)
    states: Mapping[str, CodeMeaning] = field(default_factory=dict)
    hints: bool = False
    default: CodeMeaning | None = None
    proven: bool = False
    answered: Answered = Answered.NOBODY
    answers_at: str = ""
    channel: Channel | None = None
    joins: SourceField | None = None
    partner: bool = False
    office_id: str | None = None
    follow_up: str = ""
    priority: Priority | None = None

    @property
    def labels(self) -> frozenset[str]:
        """All labels, headings too, as they are compared."""
        return frozenset(label for where in self.fields.values() for label in (*where.labels, *where.headings))

    @property
    def headings(self) -> frozenset[str]:
        """The labels that need no sign behind them where they stand alone on a line."""
        return frozenset(heading for where in self.fields.values() for heading in where.headings)

    @property
    def about_other(self) -> bool:
        """Whether those who write are not the person whom its fields name."""
        return not WRITER_FIELDS.isdisjoint(self.fields)

    def names(self, address: str) -> bool:
        """Return whether the block names an address itself, and not its domain alone."""
        return address.strip().lower() in self.senders

    def meaning(self, code: str, state: str = "") -> CodeMeaning | None:
        """Return what a code means beside a state; each as it stands there, else the longest that stands in it whole.

        What a code says of a state goes before what all codes have in common. Behind a negation nothing means that
        nothing is asked: "non terminé" is not "terminé", but "plus de chauffage" is "chauffage".
        """
        known = _known(code, self.meanings) if code else None
        meant = self.default if known is None else self.meanings[known]
        for states in (meant.states if meant is not None else {}, self.states):
            stands = _known(state, states)
            if stands is not None:
                return states[stands]
        return meant

    def is_known(self, code: str) -> bool:
        """Return whether the block gives a code a meaning of its own."""
        return _known(code, self.meanings) is not None

    def is_known_state(self, state: str) -> bool:
        """Return whether the block says what a state means, beside any code."""
        return any(_known(state, each) for each in (self.states, *(code.states for code in self.meanings.values())))

    def end_of_text(self, lines: Sequence[str]) -> int:
        """Return the place of the line at which the form's own closing words begin; else the place behind all.

        Whoever writes may type such a line too, so that the last one counts; and where what follows is longer than a
        form's closing words are, it may be theirs, and nothing ends there.
        """
        ends = [
            max((at for at, line in enumerate(lines) if fold(line).strip().startswith(head)), default=len(lines))
            for head in self.ends_at
        ]
        end = min(ends, default=len(lines))
        return end if sum(map(len, lines[end:])) <= _LONGEST_CLOSING else len(lines)

    def is_boilerplate(self, line: str) -> bool:
        """Return whether a line is the form's own: it holds one of its phrases, or no more than a greeting."""
        return canonical(line) in _SAYS_NOTHING or self.has_own_phrase(line)

    def has_own_phrase(self, line: str) -> bool:
        """Return whether a line holds one of the phrases of the form itself."""
        said = f" {canonical(line)} "
        return any(f" {phrase} " in said for phrase in self.boilerplate)

    def trusts(self, authentication: Authentication) -> bool:
        """Return whether what our server authentication of a sender is enough for this source."""
        if self.trust is SourceTrust.UNLESS_FAILED:
            return authentication is not Authentication.FAILED
        return authentication is Authentication.VOUCHED


def _known(code: str, meanings: Mapping[str, CodeMeaning]) -> str | None:
    said = canonical(code)
    if said in meanings:
        return said
    return max((known for known, meant in meanings.items() if _stands(known, meant, said)), key=len, default=None)


def _stands(known: str, meant: CodeMeaning, said: str) -> bool:
    """Return whether a code or a state stands in what was said as whole words; of thanks, where nothing denies it."""
    before_each = f" {said} ".split(f" {known} ")[:-1]
    if meant.topic != THANKS:
        return bool(before_each)
    return any(NEGATIONS.isdisjoint(before.split()[-_DENYING:]) for before in before_each)


@dataclass(frozen=True)
class SourceBook:
    """All sources, found by who hands something over."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    _senders: Mapping[str, tuple[Source, ...]] = field(init=False, repr=False, compare=False)
    _intakes: Mapping[str, tuple[Source, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the look-ups."""
        senders: defaultdict[str, tuple[Source, ...]] = defaultdict(tuple)
        intakes: defaultdict[str, tuple[Source, ...]] = defaultdict(tuple)
        for source in self.sources.values():
            for sender in source.senders:
                senders[sender] += (source,)
            if source.intake:
                intakes[source.intake] += (source,)
        object.__setattr__(self, "_senders", dict(senders))
        object.__setattr__(self, "_intakes", dict(intakes))

    def of_sender(self, contact: Contact) -> tuple[Source, ...]:
        """Return the sources that a message comes from, as our server vouches: those of the address, else the domain's.

        Whatever only looks like one is of none.
        """
        found = self.of_address(contact.sender.address)
        return tuple(source for source in found if source.trusts(contact.authentication))

    def of_address(self, address: str) -> tuple[Source, ...]:
        """Return the sources that write from an address, else those of its domain, whoever vouches for it."""
        address = address.strip().lower()
        return self._senders.get(address) or self._senders.get(f"@{domain_of(address)}", ())

    def of_intake(self, name: str) -> tuple[Source, ...]:
        """Return the sources that our own intake takes in under a name."""
        return self._intakes.get(name, ())

    @property
    def machines(self) -> frozenset[str]:
        """The addresses, and telephone companies' domains with their @, of programs that nobody answers."""
        return frozenset(self._machines())

    def _machines(self) -> Iterator[str]:
        for source in self.sources.values():
            for sender in source.senders if source.answered is not Answered.SENDER else ():
                # Of a whole domain only a telephone company's is none of people's.
                if not sender.startswith("@") or FormLayout.VOICEMAIL in source.layouts:
                    yield sender
