"""`sources.yaml`: those who write by machine or by office; see `docs/sources.md`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import re2
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from dtm_contact.model import WRITER_FIELDS, AlarmLevel, Channel, Priority, Problem, SourceField, domain_of
from dtm_contact.reading.lines import lines_of
from dtm_contact.reading.notes import Notes
from dtm_contact.rules.arguments import PATTERN_LIMIT, AllowedNames
from dtm_contact.rules.document import Document, read_document, validate
from dtm_contact.rules.schedule import parse_due
from dtm_contact.rules.validation import (
    Identifier,
    InvalidValueError,
    StrictModel,
    check_address,
    cut,
    hint_for,
    one_or_several,
    shown,
)
from dtm_contact.sources import (
    IN_FIELDS,
    LABELLED,
    Answered,
    CodeMeaning,
    FormLayout,
    Source,
    SourceBook,
    SourceTrust,
    WhereToRead,
    canonical,
)
from dtm_contact.sources.entries import FormEntry, read_json, read_lines, read_page
from dtm_contact.sources.filled import Filled, fill_in
from dtm_contact.text import fold
from dtm_contact.wording import worded

SOURCES_FILE: Final = "sources.yaml"

_MOST_CODES: Final = 300
_MOST_LABELS: Final = 20
_LABELLED: Final = frozenset(LABELLED)
_FOUND_ANYWHERE: Final = frozenset(
    {SourceField.EMAIL, SourceField.PHONE, SourceField.WRITER_EMAIL, SourceField.WRITER_PHONE}
)
"""Fields whose value is found among other words of a label."""
_WHOLE: Final = frozenset({SourceField.TEXT, SourceField.IGNORED})
"""Fields that are all of their label's value."""
_WHO: Final = frozenset({SourceField.NAME, SourceField.FIRST_NAME, SourceField.LEASE, SourceField.EMAIL})
"""Fields that say who writes, which nobody may type into a text."""


def _check_sender(text: str) -> str:
    check_address(f"x{text}" if text.startswith("@") else text)
    return text.lower()


def _check_time(text: str) -> str:
    parse_due(text)
    return text


def _check_label(text: str) -> str:
    if not canonical(text):
        raise InvalidValueError(
            worded("{text} has no letter and no figure", text=shown(text)), worded("write the label as the form has it")
        )
    return text


def _check_ending(text: str) -> str:
    if text != text.strip():
        raise InvalidValueError(
            worded("{text} has blanks around it", text=shown(text)), worded("write how the line begins, without them")
        )
    return text


def _check_pattern(text: str) -> str:
    try:
        pattern = _compiled(text)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        hint = worded("RE2 syntax; look-around and back references do not exist")
        raise InvalidValueError(worded("the pattern is not valid: {said}", said=said), hint) from error
    if pattern.groups > 1:
        raise InvalidValueError(
            worded("the pattern has several groups"), worded("put brackets around the value alone; (?:…) elsewhere")
        )
    return text


def _compiled(text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    return re2.compile(text, options)


_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Label = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_check_label)]
_Labels = Annotated[tuple[_Label, ...], Field(min_length=1, max_length=_MOST_LABELS), BeforeValidator(one_or_several)]
_Ending = Annotated[str, Field(min_length=2, max_length=200), AfterValidator(_check_ending)]
_Pattern = Annotated[str, Field(min_length=1, max_length=PATTERN_LIMIT), AfterValidator(_check_pattern)]
_Sender = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_check_sender)]
_Senders = Annotated[tuple[_Sender, ...], Field(max_length=200), BeforeValidator(one_or_several)]
_Sign = Annotated[str, Field(min_length=1, max_length=40)]
_Time = Annotated[str, AfterValidator(_check_time)]


class _Where(StrictModel):
    """Where a field is read: of labels or headings, of the subject, or of a part of what stands there."""

    labels: _Labels | None = None
    heading: _Labels | None = None
    subject: _Pattern | None = None
    pattern: _Pattern | None = None
    before: _Sign | None = None
    after: _Sign | None = None

    @property
    def every_label(self) -> tuple[str, ...]:
        """All its labels, as the file has them, headings too."""
        return (*(self.labels or ()), *(self.heading or ()))

    @property
    def is_part(self) -> bool:
        """Whether it is but a part of the value of its label."""
        return bool(self.pattern or self.before or self.after)

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.every_label and self.subject is None:
            raise InvalidValueError(
                worded("this says nowhere to read"), worded("write labels: …, heading: … or subject: 'pattern'")
            )
        if self.is_part and not self.every_label:
            raise InvalidValueError(
                worded("pattern, before and after look into the value of a label"), worded("add labels: …")
            )
        if self.pattern and (self.before or self.after):
            raise InvalidValueError(
                worded("pattern already says which part"), worded("leave out before and after, or the pattern")
            )
        return self


def _check_channel(channel: Channel) -> Channel:
    if not channel.is_written:
        written = ", ".join(each.value for each in Channel if each.is_written)
        raise InvalidValueError(
            worded("nobody writes by {channel}", channel=channel.value),
            worded("write one of: {written}", written=written),
        )
    return channel


def _as_where(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {"labels": value}


def _as_code(value: Any) -> Any:
    return {"topic": value} if isinstance(value, str) else value


class _State(StrictModel):
    """What a code means beside a state."""

    topic: _Text
    priority: Literal["P2", "P3", "P4"] | None = None
    alarm: Literal["certain", "possible"] | None = None


_States = Annotated[dict[str, Annotated[_State, BeforeValidator(_as_code)]], Field(max_length=_MOST_CODES)]


class _Code(_State):
    """What a code means, and what instead beside some states."""

    states: _States = Field(default_factory=dict)


_Meant = Annotated[_Code, BeforeValidator(_as_code)]


class _Test(StrictModel):
    """A text, HTML or an object of JSON, and what is read of it: each named field's value; the topic, and the alarm."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    html: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    json_object: Annotated[dict[str, Any] | None, Field(alias="json", min_length=1)] = None
    subject: str = ""
    reads: dict[SourceField, str] = Field(default_factory=dict)
    topic: _Text | None = None
    alarm: AlarmLevel | None = None

    @model_validator(mode="after")
    def _one_message(self) -> Self:
        if [self.text, self.html, self.json_object].count(None) != 2:  # noqa: PLR2004 - one of three is given
            raise InvalidValueError(worded("a test has one message"), worded("write text: …, html: … or json: {…}"))
        return self


class _Source(StrictModel):
    label: _Text
    senders: Annotated[_Senders, Field(alias="from")] = ()
    intake: Identifier | None = None
    trust: SourceTrust = SourceTrust.VOUCHED
    reads: Annotated[tuple[FormLayout, ...], BeforeValidator(one_or_several), Field(min_length=1)] = (
        FormLayout.MESSAGE,
    )
    identity: Literal["asserted", "proven"] = "asserted"
    fields: dict[SourceField, Annotated[_Where, BeforeValidator(_as_where)]] = Field(default_factory=dict)
    needs: Annotated[tuple[SourceField, ...], BeforeValidator(one_or_several)] | None = None
    boilerplate: Annotated[tuple[_Label, ...], BeforeValidator(one_or_several), Field(max_length=100)] = ()
    ends_at: Annotated[tuple[_Ending, ...], BeforeValidator(one_or_several), Field(max_length=20)] = ()
    empty: Annotated[tuple[_Label, ...], BeforeValidator(one_or_several), Field(max_length=100)] = ()
    topic: _Meant | None = None
    topics: Annotated[dict[str, _Meant], Field(max_length=_MOST_CODES)] = Field(default_factory=dict)
    states: _States = Field(default_factory=dict)
    topics_are: Literal["binding", "hint"] = "binding"
    answers: Answered | None = None
    answers_at: Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_check_sender)] | None = None
    channel: Annotated[Channel, AfterValidator(_check_channel)] | None = None
    joins: Literal["request", "equipment"] | None = None
    office: _Text | None = None
    tests: tuple[_Test, ...] = ()


class _Partner(StrictModel):
    label: _Text
    senders: Annotated[_Senders, Field(alias="from", min_length=1)]
    trust: SourceTrust = SourceTrust.VOUCHED
    topic: _Meant | None = None
    priority: Literal["P2", "P3"] | None = None
    office: _Text | None = None
    follow_up: _Time = ""


class SourcesFile(StrictModel):
    """The sources, and the partners, by their identifiers."""

    version: Literal[1]
    sources: dict[Identifier, _Source] = Field(default_factory=dict)
    partners: dict[Identifier, _Partner] = Field(default_factory=dict)


def source_files(root: Path) -> list[Path]:
    """Return the file of the sources of a rules folder; none where it has none, for it need not have any."""
    path = root / SOURCES_FILE
    return [path] if path.is_file() or path.is_symlink() else []


def load_sources(root: Path, allowed: AllowedNames, problems: list[Problem]) -> SourceBook:
    """Read what a rules folder says of sources and partners.

    Args:
        root: the folder.
        allowed: the topics and offices that may be named.
        problems: what is wrong is added here, each fault with its place.

    Returns:
        The sources; those of a file with errors are none.
    """
    for path in source_files(root):
        document = read_document(path, root, problems)
        file = validate(document, SourcesFile, problems) if document is not None else None
        if document is None or file is None:
            break
        faults = [*_faults(document, file, allowed)]
        sources = {name: _source(name, entry) for name, entry in file.sources.items()}
        sources |= {name: _partner(name, entry) for name, entry in file.partners.items()}
        if not faults:
            faults += [
                fault for name, entry in file.sources.items() for fault in _untrue(document, name, entry, sources[name])
            ]
        problems += faults
        return SourceBook(sources)
    return SourceBook()


def _source(name: str, entry: _Source) -> Source:
    fields = {each: _where(where) for each, where in entry.fields.items()}
    answers = entry.answers or (Answered.PERSON if _answered_field(entry) in fields else Answered.NOBODY)
    # Of a voice message nothing may have been transcribed; without its caller the notice was not read.
    usual = SourceField.PHONE if entry.reads == (FormLayout.VOICEMAIL,) else SourceField.TEXT
    needs = entry.needs if entry.needs is not None else tuple({usual} & fields.keys())
    numbered = SourceField.REQUEST in fields or entry.intake is not None
    joins = SourceField(entry.joins) if entry.joins else SourceField.REQUEST if numbered else None
    return Source(
        id=name,
        label=entry.label,
        senders=entry.senders,
        intake=entry.intake or "",
        trust=entry.trust,
        layouts=entry.reads,
        fields=fields,
        needs=frozenset(needs),
        boilerplate=tuple(map(canonical, entry.boilerplate)),
        blanks=frozenset(map(canonical, entry.empty)),
        ends_at=tuple(map(fold, entry.ends_at)),
        hints=entry.topics_are == "hint",
        meanings={canonical(code): _meaning(meant) for code, meant in entry.topics.items()},
        states=_states(entry.states),
        default=_meaning(entry.topic) if entry.topic else None,
        proven=entry.identity == "proven",
        answered=answers,
        answers_at=entry.answers_at or "",
        channel=entry.channel,
        joins=joins,
        office_id=entry.office,
    )


def _answered_field(entry: _Source) -> SourceField:
    """Return the field that tells where the person is answered: who writes, where that is not who is written about."""
    return SourceField.EMAIL if WRITER_FIELDS.isdisjoint(entry.fields) else SourceField.WRITER_EMAIL


def _partner(name: str, entry: _Partner) -> Source:
    return Source(
        id=name,
        label=entry.label,
        senders=entry.senders,
        trust=entry.trust,
        default=_meaning(entry.topic) if entry.topic else None,
        answered=Answered.SENDER,
        partner=True,
        office_id=entry.office,
        follow_up=entry.follow_up,
        priority=Priority(entry.priority) if entry.priority else None,
    )


def _where(where: _Where) -> WhereToRead:
    return WhereToRead(
        tuple(dict.fromkeys(map(canonical, where.labels or ()))),
        tuple(dict.fromkeys(map(canonical, where.heading or ()))),
        _compiled(where.subject) if where.subject else None,
        _compiled(where.pattern) if where.pattern else None,
        where.before or "",
        where.after or "",
    )


def _meaning(meant: _State) -> CodeMeaning:
    priority = Priority(meant.priority) if meant.priority else None
    states = _states(meant.states) if isinstance(meant, _Code) else {}
    return CodeMeaning(meant.topic, priority, AlarmLevel(meant.alarm) if meant.alarm else AlarmLevel.NONE, states)


def _states(states: Mapping[str, _State]) -> dict[str, CodeMeaning]:
    return {canonical(state): _meaning(meant) for state, meant in states.items()}


def _faults(document: Document, file: SourcesFile, allowed: AllowedNames) -> Iterator[Problem]:
    for name in file.partners.keys() & file.sources.keys():
        yield document.problem(
            ("partners", name),
            worded("{name} is a source already", name=name),
            worded("give it another name"),
            at_key=True,
        )
    for kind, entries in (("sources", file.sources), ("partners", file.partners)):
        for name, entry in entries.items():
            yield from _unknown_names(document, (kind, name), entry, allowed)
    for name, entry in file.sources.items():
        yield from _contradictions(document, ("sources", name), entry)


def _unknown_names(
    document: Document, at: tuple[str, str], entry: _Source | _Partner, allowed: AllowedNames
) -> Iterator[Problem]:
    for where, code in _meanings(entry):
        if allowed.topics is not None and code.topic not in allowed.topics:
            yield document.problem(
                (*at, *where),
                worded("unknown topic {topic}", topic=cut(code.topic)),
                hint_for(code.topic, allowed.topics),
            )
    if entry.office and allowed.offices is not None and entry.office not in allowed.offices:
        hint = hint_for(entry.office, allowed.offices)
        yield document.problem((*at, "office"), worded("unknown office {office}", office=cut(entry.office)), hint)


def _meanings(entry: _Source | _Partner) -> Iterator[tuple[tuple[str, ...], _State]]:
    """Yield where in a block something is said to mean a topic, and which."""
    codes: dict[tuple[str, ...], _Code] = {("topic",): entry.topic} if entry.topic else {}
    if isinstance(entry, _Source):
        codes |= {("topics", code): each for code, each in entry.topics.items()}
        yield from ((("states", state), each) for state, each in entry.states.items())
    for where, code in codes.items():
        yield where, code
        yield from (((*where, "states", state), each) for state, each in code.states.items())


def _contradictions(document: Document, at: tuple[str, str], entry: _Source) -> Iterator[Problem]:
    """Yield what cannot be so of one source."""
    if not entry.senders and entry.intake is None:
        yield document.problem(
            at, worded("nobody says who this source is"), worded("add from: an address or @domain, or intake: a name")
        )
    in_fields = [layout for layout in entry.reads if layout in IN_FIELDS]
    labelled = [name for name, where in entry.fields.items() if where.every_label]
    if in_fields and not labelled:
        yield document.problem(
            at,
            worded("{form} has no field to read", form=in_fields[0]),
            worded("add fields: …, or write reads: message"),
        )
    if FormLayout.JSON in in_fields and len(in_fields) > 1 and entry.intake is None:
        hint = worded(
            "whoever fills in a form may send a file of JSON with it: write reads: json alone, or leave it out"
        )
        yield document.problem((*at, "reads"), worded("json beside another layout is never read of mail"), hint)
    if labelled and _LABELLED.isdisjoint(entry.reads):
        yield document.problem(
            (*at, "fields"),
            worded("labels are read of lines, a table, JSON or a voice message alone"),
            worded("write reads: lines, table, json or voicemail"),
        )
    yield from _useless(document, at, entry)
    yield from _unfounded(document, at, entry)
    if entry.answers_at is not None:
        yield from _not_its_own(document, at, entry.answers_at, entry)
    yield from _doubled_labels(document, at, entry)
    if entry.identity == "proven":
        yield from _unproven(document, at, entry)


def _unfounded(document: Document, at: tuple[str, str], entry: _Source) -> Iterator[Problem]:
    """Yield what a source asks of fields that it has not, or that cannot give it."""
    for number, needed in enumerate(entry.needs or ()):
        if needed not in entry.fields and not (needed is SourceField.REQUEST and entry.intake):
            hint = hint_for(needed.value, [name.value for name in entry.fields])
            yield document.problem(
                (*at, "needs", number), worded("{needed} is no field of this source", needed=needed.value), hint
            )
    told = _answered_field(entry)
    if entry.answers is Answered.PERSON and told not in entry.fields:
        yield document.problem(
            (*at, "answers"),
            worded("no field tells the person's address"),
            worded("add {field}: … to fields", field=told.value),
        )
    if SourceField.OUR_NUMBER in entry.fields and entry.trust is not SourceTrust.VOUCHED:
        hint = worded("a number that anybody could write joins no case: write trust: vouched, or leave the field out")
        where = (*at, "fields", SourceField.OUR_NUMBER.value)
        yield document.problem(where, worded("who is not vouched for can join no case"), hint, at_key=True)
    if entry.topics and SourceField.TOPIC not in entry.fields:
        yield document.problem(
            (*at, "topics"), worded("no field tells the code"), worded("add topic: … to fields"), at_key=True
        )
    if SourceField.STATE in entry.fields:
        if not any("states" in place for place, _code in _meanings(entry)):
            hint = worded("add states: … to the block, or to one of its topics; or make the label one of ignored")
            yield document.problem((*at, "fields", "state"), worded("no state means anything"), hint, at_key=True)
    else:
        for place, _code in _meanings(entry):
            if "states" in place:
                hint = worded("add state: … to fields")
                yield document.problem((*at, *place), worded("no field tells the state"), hint, at_key=True)


def _not_its_own(document: Document, at: tuple[str, str], address: str, entry: _Source) -> Iterator[Problem]:
    """Yield what keeps an address from being where the people of a source are answered."""
    where = (*at, "answers_at")
    if entry.answers is not Answered.SENDER:
        hint = worded("write answers: sender beside it")
        yield document.problem(where, worded("only those who send are answered at an address of theirs"), hint)
    domains = sorted({sender.rpartition("@")[2] for sender in entry.senders})
    if address.startswith("@") or domain_of(address) not in domains:
        hint = worded("write an address of {domains}", domains=", ".join(domains))
        yield document.problem(where, worded("this is no address of the source's own domain"), hint)


def _useless(document: Document, at: tuple[str, str], entry: _Source) -> Iterator[Problem]:
    """Yield what a block says that the way its fields are written leaves no use for."""
    for key, layouts in (
        ("ends_at", {FormLayout.JSON, FormLayout.SCAN}),
        ("boilerplate", {FormLayout.SCAN}),
        ("empty", {FormLayout.MESSAGE, FormLayout.SCAN}),
    ):
        if getattr(entry, key) and layouts.issuperset(entry.reads):
            reads = ", ".join(layout.value for layout in entry.reads)
            message = worded("{key} says nothing where reads is {reads}", key=key, reads=reads)
            yield document.problem((*at, key), message, worded("leave it out"), at_key=True)
    for name, where in entry.fields.items():
        if name in _WHOLE and where.is_part:
            message = worded("{name} is all that stands under its label", name=name.value)
            hint = worded("leave out pattern, before and after; what the form adds below is boilerplate or ends_at")
            yield document.problem((*at, "fields", name.value), message, hint)
    if SourceField.TIME in entry.fields and FormLayout.VOICEMAIL not in entry.reads:
        hint = worded("make the label one of ignored: a message counts from when it came in")
        yield document.problem(
            (*at, "fields", "time"), worded("time is read of a voice message alone"), hint, at_key=True
        )


def _doubled_labels(document: Document, at: tuple[str, str], entry: _Source) -> Iterator[Problem]:
    seen: dict[str, SourceField] = {}
    for name, where in entry.fields.items():
        for label in where.every_label:
            other = seen.setdefault(canonical(label), name)
            if other is not name and not (_is_share(entry, name) and _is_share(entry, other)):
                message = worded(
                    "the label {label} is read for {other} and for {name}",
                    label=shown(label),
                    other=other.value,
                    name=name.value,
                )
                hint = worded("leave it to one of them, or say which part is whose by before, after or pattern")
                yield document.problem((*at, "fields", name.value), message, hint)


def _is_share(entry: _Source, name: SourceField) -> bool:
    """Return whether a field takes a part of its label's value and leaves the rest to others."""
    return name not in _WHOLE and (name in _FOUND_ANYWHERE or entry.fields[name].is_part)


def _unproven(document: Document, at: tuple[str, str], entry: _Source) -> Iterator[Problem]:
    """Yield why a source cannot vouch for who writes: anybody could write in its name, or type what it reads."""
    if entry.trust is not SourceTrust.VOUCHED:
        yield document.problem(
            (*at, "trust"), worded("who is not vouched for can prove nobody"), worded("write trust: vouched")
        )
    if not WRITER_FIELDS.isdisjoint(entry.fields):
        hint = worded("write identity: asserted; who writes about somebody is not that person")
        yield document.problem((*at, "identity"), worded("the fields name a person who does not write"), hint)
    for needed in (SourceField.NAME, SourceField.LEASE):
        if needed not in entry.fields:
            hint = worded("a lease number and a name prove together; add both to fields")
            yield document.problem((*at, "identity"), worded("no field tells the {needed}", needed=needed.value), hint)
    needed_text = entry.needs is None or SourceField.TEXT in entry.needs
    if FormLayout.LINES in entry.reads and not (SourceField.TEXT in entry.fields and needed_text):
        hint = worded(
            "add text: … to fields, and to needs: without it nobody can tell what was typed from what the form wrote"
        )
        yield document.problem((*at, "identity"), worded("no field that is needed holds the person's text"), hint)
    names = list(entry.fields)
    if FormLayout.LINES in entry.reads and SourceField.TEXT in names:
        for name in names[names.index(SourceField.TEXT) + 1 :]:
            if name in _WHO:
                message = worded("{name} stands behind the text, where anybody can type it", name=name.value)
                hint = worded("if the form has it before the text, write it before; else write identity: asserted")
                yield document.problem((*at, "fields", name.value), message, hint, at_key=True)


def _untrue(document: Document, name: str, entry: _Source, source: Source) -> Iterator[Problem]:
    """Yield the tests of a source that do not come true, read as labelled lines or as an object of JSON."""
    for number, test in enumerate(entry.tests):
        at = ("sources", name, "tests", number)
        if test.json_object is not None and FormLayout.JSON not in source.layouts:
            hint = worded("write text: …, or reads: json for the source")
            yield document.problem((*at, "json"), worded("this source reads no JSON"), hint, at_key=True)
            continue
        if test.text is not None and set(IN_FIELDS) & set(source.layouts) == {FormLayout.JSON}:
            hint = worded("write json: {…}, the object as it comes")
            yield document.problem((*at, "text"), worded("this source reads nothing but JSON"), hint, at_key=True)
            continue
        filled = _read_test(source, test)
        for field, wanted in test.reads.items():
            found = filled.values.get(field, "")
            if found != wanted:
                message = worded("the test reads {value} as {field}", value=shown(found or None), field=field.value)
                yield document.problem(
                    (*at, "reads", field.value), message, worded("it expects {wanted}", wanted=shown(wanted))
                )
        values = filled.values
        meaning = source.meaning(values.get(SourceField.TOPIC, ""), values.get(SourceField.STATE, ""))
        if test.topic is not None and (meaning is None or meaning.topic != test.topic):
            message = (
                worded("the test finds the topic {topic}", topic=meaning.topic)
                if meaning
                else worded("the test finds no topic")
            )
            yield document.problem((*at, "topic"), message, worded("it expects {wanted}", wanted=test.topic))
        level = meaning.alarm if meaning is not None else AlarmLevel.NONE
        if test.alarm not in (None, level):
            message = worded("by its code the test is of alarm {level}", level=level.value)
            yield document.problem((*at, "alarm"), message, worded("it expects {wanted}", wanted=test.alarm.value))


def _read_test(source: Source, test: _Test) -> Filled:
    """Return what the fields of a source say of a test's message."""
    entries: list[FormEntry] = []
    if test.json_object is not None:
        octets = json.dumps(test.json_object, ensure_ascii=False, default=str).encode()
        return fill_in(source, read_json(octets), test.subject, typed_in=False)
    if test.html and FormLayout.TABLE in source.layouts:
        entries = read_page(test.html.encode(), "utf-8", source.labels, source.end_of_text, Notes())
    elif not _LABELLED.isdisjoint(source.layouts):
        lines = [line.text for line in lines_of(test.text or "")]
        entries = read_lines(lines[: source.end_of_text(lines)], source.labels, source.headings)
    return fill_in(source, entries, test.subject, typed_in=bool(entries) and not test.html)
