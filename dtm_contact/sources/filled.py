"""From labels and values to what a source's fields say: which label counts, what is a value, and what is only text.

A person may type into the text of a form whatever they like, "Nom : Dupont" too. Where fields are labelled lines, a
label therefore counts only where the form has it: before the text, or, if the source's block has it behind the text,
the last time that it stands there. What is no value of its field, and what stands under no label, is kept as text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from dtm_contact.model import SourceField
from dtm_contact.sources.definition import JOINED, Source, WhereToRead, matched_text
from dtm_contact.sources.entries import FormEntry, canonical
from dtm_contact.text import find_phones, phone_key

_LONGEST: Final = {SourceField.ADDRESS: 300, SourceField.PLACE: 200, SourceField.SUBJECT: 300, SourceField.TOPIC: 200}
_LONGEST_OTHER: Final = 80
_OF_NAME: Final = (SourceField.TITLE, SourceField.FIRST_NAME, SourceField.NAME)
_WORDS_OF_TEXT: Final = 3
"""Words from which a value under a label that nobody knows is read as text."""

_MAIL_ADDRESS: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")
_NUMBER: Final = re.compile(r"(?=[^\d]*\d)[\w./ °-]{1,64}")
_NAME: Final = re.compile(r"(?=.*[^\W\d_])[^\d@<>:/]{1,80}")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(slots=True)
class Filled:
    """What the fields of a message say.

    Attributes:
        values: by field, what was read.
        text: what the person wrote, and whatever else is no field.
        contradicted: fields that stand there twice, each time with another value: neither counts.
        invalid: fields whose value is none, and is read as text.
        dropped: fields whose value is none, and says nothing as text either.
        found_phone: a phone number that stood where a name belongs.
    """

    values: dict[SourceField, str] = field(default_factory=dict)
    text: str = ""
    contradicted: list[SourceField] = field(default_factory=list)
    invalid: list[SourceField] = field(default_factory=list)
    dropped: list[SourceField] = field(default_factory=list)
    found_phone: str = ""

    @property
    def name(self) -> str:
        """The name of the person, as its parts stand one after the other."""
        return " ".join(filter(None, (self.values.get(each, "") for each in _OF_NAME)))


def fill_in(source: Source, entries: Sequence[FormEntry], subject: str, *, typed_in: bool) -> Filled:
    """Return what the fields of a message say.

    Args:
        source: where each field is looked for.
        entries: the labels and values of the message, in its order.
        subject: the mail's.
        typed_in: whoever fills in a text can write lines that look like labels.
    """
    filled = Filled()
    entries = [_blanked(each, source) for each in entries]
    told, spoken = _form_and_spoken(source, entries) if typed_in else (list(entries), [])
    labels = source.labels
    beside = [each for each in told if each.label not in labels]
    rests = _Rests()
    for name, where in source.fields.items():
        found = _found(name, where, told, subject)
        _take(filled, name, found, where, rests)
        if name is SourceField.TEXT:
            spoken = [*found, *spoken]
    if filled.found_phone:
        filled.values.setdefault(SourceField.PHONE, filled.found_phone)
    beside += [FormEntry("", each, each) for each in rests.lines()]
    own = "\n".join(filter(None, (each.strip("\n") for each in _texts(spoken, source))))
    others = (_without_boilerplate(each.value, source) for each in beside if _says_something(each, typed_in=typed_in))
    filled.text = "\n\n".join(filter(None, (own, *others)))
    if own.strip():
        filled.values[SourceField.TEXT] = own
    return filled


def _blanked(entry: FormEntry, source: Source) -> FormEntry:
    """Return an entry without its value where that is how the source's program writes that there is none."""
    return replace(entry, value="") if source.blanks and canonical(entry.value) in source.blanks else entry


class _Rests:
    """What of the values of labels is no field's: what goes on below them, and parts that no field took."""

    def __init__(self) -> None:
        self._below: dict[int, str] = {}
        self._whole: dict[int, str] = {}
        self._parts: dict[int, list[str]] = {}
        self._said: dict[str, None] = {}

    def below(self, entry: FormEntry, text: str) -> None:
        """Keep what stands below the value of an entry; of several fields that read it, the one that takes most."""
        known = self._below.get(id(entry), text)
        self._below[id(entry)] = min(known, text, key=len)

    def part(self, entry: FormEntry, whole: str, part: str) -> None:
        """Note which part of an entry's value a field took, if any; what none takes is kept."""
        self._whole[id(entry)] = max(self._whole.get(id(entry), ""), whole, key=len)
        self._parts.setdefault(id(entry), []).append(part)

    def said(self, value: str) -> None:
        """Keep what cannot be a value of its field."""
        self._said[value] = None

    def lines(self) -> list[str]:
        """Return all that is to be read as text, each once; a part that no field took where it has several words."""
        untaken = filter(has_words, map(self._left, self._whole))
        return [*filter(None, dict.fromkeys((*self._below.values(), *untaken, *self._said)))]

    def _left(self, at: int) -> str:
        """Return what of the value of an entry no field took."""
        left = self._whole[at]
        for part in sorted(self._parts[at], key=len, reverse=True):
            left = left.replace(part, " ", 1) if part else left
        return left if left == self._whole[at] else " ".join(left.split())


def _form_and_spoken(source: Source, entries: Sequence[FormEntry]) -> tuple[list[FormEntry], list[FormEntry]]:
    """Part the lines that the form wrote from those within the person's text."""
    where = source.fields.get(SourceField.TEXT)
    of_text = frozenset((*where.labels, *where.headings)) if where else frozenset()
    start = next((at for at, entry in enumerate(entries) if entry.label in of_text), None)
    if start is None:
        return list(entries), []
    behind = _labels_behind_text(source)
    last = {entry.label: at for at, entry in enumerate(entries) if at > start and entry.label in behind}
    end = min(last.values(), default=len(entries))
    before = [entry for entry in entries[:start] if entry.label not in behind]
    early = [FormEntry("", entry.written, entry.written) for entry in entries[:start] if entry.label in behind]
    after = [entry for at, entry in enumerate(entries[end:], start=end) if last.get(entry.label) == at]
    late = [entry for at, entry in enumerate(entries[end:], start=end) if last.get(entry.label) != at]
    first = entries[start]
    spoken = [first, *(_as_text(entry, of_text) for entry in entries[start + 1 : end])]
    return [*before, *after], [*spoken, *early, *(_as_text(entry, of_text) for entry in late)]


def _as_text(entry: FormEntry, of_text: frozenset[str]) -> FormEntry:
    return entry if entry.label in of_text else FormEntry("", entry.written, entry.written)


def _labels_behind_text(source: Source) -> frozenset[str]:
    names = list(source.fields)
    at = names.index(SourceField.TEXT) + 1 if SourceField.TEXT in names else len(names)
    before, behind = (
        {label for name in part for label in (*source.fields[name].labels, *source.fields[name].headings)}
        for part in (names[:at], names[at:])
    )
    return frozenset(behind - before)


def _found(name: SourceField, where: WhereToRead, entries: Sequence[FormEntry], subject: str) -> list[FormEntry]:
    """Return the entries that a field is read of: those of its first label that is there, or of all its labels."""
    by_label = [[entry for entry in entries if entry.label == label] for label in (*where.labels, *where.headings)]
    if where.subject is not None:
        found = where.subject.search(subject)
        by_label.append([FormEntry("", matched_text(found), "")] if found else [])
    there = [each for each in by_label if any(entry.value for entry in each)]
    every = name in JOINED or name is SourceField.IGNORED
    return [entry for each in there for entry in each] if every else (there[0] if there else [])


def _take(filled: Filled, name: SourceField, found: Sequence[FormEntry], where: WhereToRead, rests: _Rests) -> None:
    """Keep what a field says, and what is no part of its value."""
    if name is SourceField.TEXT or not found:
        return
    if name is SourceField.IGNORED:
        for entry in found:
            rests.below(entry, _value(name, entry.value)[1])
        return
    values = dict.fromkeys(filter(None, (_read(filled, name, entry, where, rests) for entry in found)))
    # A label that stands there empty, and once more with a value, was typed by somebody that second time.
    emptied = name not in JOINED and not all(entry.value for entry in found)
    if name in JOINED:
        filled.values.update({name: ", ".join(values)[: _LONGEST[name]]} if values else {})
    elif values and (emptied or len({canonical(value) for value in values}) > 1):
        filled.contradicted.append(name)
        for value in values:
            rests.said(value)
    elif values:
        filled.values[name] = next(iter(values))


def _read(filled: Filled, name: SourceField, entry: FormEntry, where: WhereToRead, rests: _Rests) -> str:
    """Return what one entry says of a field; empty where that is nothing. What else stands there is kept as text."""
    whole, more = _value(name, entry.value)
    rests.below(entry, more)
    # What was found in the subject has been cut out of it already.
    value = where.part(whole) if where.is_part and entry.label else whole
    rests.part(entry, whole, value)
    if not value:
        return ""
    sound = _sound(name, value)
    if not sound:
        return _misplaced(filled, name, value, rests)
    if not where.is_part and has_words(value.replace(sound, " ")):
        rests.said(value)
    return sound


def _misplaced(filled: Filled, name: SourceField, value: str, rests: _Rests) -> str:
    """Return the name beside a phone that was typed there, and keep that; several other words are kept as text."""
    phones = find_phones(value) if name is SourceField.NAME else []
    if len(phones) == 1:
        _key, start, end = phones[0]
        beside = " ".join(f"{value[:start]} {value[end:]}".split()).strip(" -–—,;/()")
        called = _sound(name, beside)
        if called or not beside:
            filled.found_phone = value[start:end]
            return called
    if has_words(value):
        filled.invalid.append(name)
        rests.said(value)
    else:
        filled.dropped.append(name)
    return ""


def has_words(text: str) -> bool:
    """Return whether a value has so many words that it may be what somebody wrote."""
    return len(_WORD.findall(text)) >= _WORDS_OF_TEXT


def _value(name: SourceField, text: str) -> tuple[str, str]:
    """Return the value at the head of a text, and what goes on below it: an address may have several lines."""
    lines = text.strip("\n").split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    end = first + 1
    if name in JOINED:
        while end < len(lines) and lines[end].strip():
            end += 1
    value = ", ".join(filter(None, (" ".join(line.split()).strip(" ,") for line in lines[first:end])))
    # A dash is how programs write that nothing is there.
    value = value if value.strip(" -–—_./") else ""
    return value, "\n".join(lines[end:]).strip("\n")


def _sound(name: SourceField, value: str) -> str:
    """Return a value as its field has it; empty where it cannot be one."""
    if len(value) > _LONGEST.get(name, _LONGEST_OTHER):
        return ""
    match name:
        case SourceField.EMAIL | SourceField.WRITER_EMAIL:
            addresses = {each.lower() for each in _MAIL_ADDRESS.findall(value.lower())}
            return addresses.pop() if len(addresses) == 1 else ""
        case SourceField.PHONE | SourceField.WRITER_PHONE:
            return _phone_in(value)
        case SourceField.LEASE | SourceField.REQUEST | SourceField.OUR_NUMBER | SourceField.EQUIPMENT:
            return value if _NUMBER.fullmatch(value) else ""
        case SourceField.NAME | SourceField.FIRST_NAME | SourceField.TITLE | SourceField.WRITER_NAME:
            return value if _NAME.fullmatch(value) else ""
        case _:
            return value


def _phone_in(value: str) -> str:
    """Return the one number that a value is, or that stands in it, as it is written; empty where there are two."""
    value = value.strip(" <>[];,")
    value = value if "(" in value else value.rstrip(")")
    if phone_key(value) is not None:
        return value
    found = {key: value[start:end] for key, start, end in reversed(find_phones(value))}
    return next(iter(found.values())) if len(found) == 1 else ""


def _texts(spoken: Sequence[FormEntry], source: Source) -> Iterator[str]:
    """Yield what the person wrote; the form's own words below it are cut at its end alone."""
    lines = "\n".join(entry.value for entry in spoken).split("\n")
    while lines and (not lines[-1].strip() or source.is_boilerplate(lines[-1])):
        lines.pop()
    yield "\n".join(lines)


def _says_something(entry: FormEntry, *, typed_in: bool) -> bool:
    """Return whether what stands under no known label may be text: in tables and JSON, codes and dates are none."""
    return typed_in or has_words(entry.value)


def _without_boilerplate(text: str, source: Source) -> str:
    kept = [line for line in text.split("\n") if not source.is_boilerplate(line)]
    return "\n".join(kept).strip("\n") if any(line.strip() for line in kept) else ""
