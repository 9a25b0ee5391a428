"""What each block of `sources.yaml` makes of a message, and why: for whoever writes one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dtm_contact.model import Arrival, Contact, SourceField
from dtm_contact.sources.definition import IN_FIELDS, LABELLED, FormLayout, Source, SourceBook
from dtm_contact.sources.entries import canonical
from dtm_contact.sources.field_reader import FieldReader
from dtm_contact.sources.filled import Filled, fill_in
from dtm_contact.sources.reading import is_laid_out, layouts_of


@dataclass(frozen=True, slots=True)
class SourceTrial:
    """One block tried on one message, by the layout that reads it, else by that which finds most of what it needs.

    Attributes:
        source: the block.
        layout: how the fields were looked for.
        filled: what was found.
        missing: fields that it needs, and that were not found.
        is_laid_out: the message has what the layout reads: a table, a recording, a file.
        closing: the lines from where the form's own closing words begin, by `ends_at`: nothing of them is read.
    """

    source: Source
    layout: FormLayout
    filled: Filled
    missing: tuple[SourceField, ...]
    is_laid_out: bool
    closing: tuple[str, ...]

    @property
    def is_read(self) -> bool:
        """Whether the block reads the message; a voice message without its fields is looked at as a whole."""
        return self.is_laid_out and (not self.missing or self.layout is FormLayout.VOICEMAIL)


def try_sources(arrival: Arrival, contact: Contact, book: SourceBook) -> list[SourceTrial]:
    """Return what every block of a message's sender reads, as if our mail server had vouched for that.

    Args:
        arrival: the message.
        contact: as it was read.
        book: the sources, in the order in which they are asked.
    """
    reader = FieldReader(arrival)
    return [_tried(source, contact, reader) for source in book.of_address(contact.sender.address)]


def _tried(source: Source, contact: Contact, reader: FieldReader) -> SourceTrial:
    trials = []
    for layout in layouts_of(source, None):
        entries = reader.entries(layout, source)
        typed_in = layout in {FormLayout.LINES, FormLayout.VOICEMAIL}
        filled = fill_in(source, entries, contact.subject, typed_in=typed_in)
        missing = tuple(name for name in source.fields if name in source.needs and name not in filled.values)
        laid_out, closing = is_laid_out(source, layout, contact, entries), tuple(reader.closing(layout, source))
        trials.append(SourceTrial(source, layout, filled, missing, laid_out, closing))
    read = (trial for trial in trials if trial.is_read)
    return next(read, None) or min(
        trials, key=lambda trial: (not trial.is_laid_out, len(trial.missing), -len(trial.filled.values))
    )


@dataclass(frozen=True, slots=True)
class LabelSeen:
    """What looks like a label in a message, its value, and the field that other blocks read of such a label."""

    label: str
    value: str
    known_as: SourceField | None


def labels_seen(arrival: Arrival, book: SourceBook) -> tuple[FormLayout, list[LabelSeen]]:
    """Return how a message's fields look written, and its labels; that of HTML, and then of lines, where it has any."""
    reader = FieldReader(arrival)
    known = _usual_fields(book)
    found: Mapping[FormLayout, list[LabelSeen]] = {
        layout: [*_seen(reader, layout, known)] for layout in (FormLayout.TABLE, FormLayout.LINES, FormLayout.JSON)
    }
    best = max(
        found, key=lambda layout: sum(each.known_as is not None for each in found[layout]) or bool(found[layout])
    )
    return best, found[best]


def _seen(reader: FieldReader, layout: FormLayout, known: Mapping[str, SourceField]) -> Iterator[LabelSeen]:
    told: set[str] = set()
    for label, value in reader.labels(layout):
        if canonical(label) not in told and any(sign.isalpha() for sign in label):
            told.add(canonical(label))
            yield LabelSeen(label, value, known.get(canonical(label)))


def _usual_fields(book: SourceBook) -> dict[str, SourceField]:
    """Return which field the blocks read of each label, those that read several parts of one left out."""
    usual: dict[str, SourceField] = {}
    for source in book.sources.values():
        for name, where in source.fields.items():
            for label in where.labels if not where.is_part else ():
                usual.setdefault(label, name)
    return usual


def unread_labels(arrival: Arrival, trial: SourceTrial) -> list[str]:
    """Return the labels of a message that a block does not know, as they are written there."""
    if trial.layout not in LABELLED:
        return []
    layout = trial.layout if trial.layout in IN_FIELDS else FormLayout.LINES
    labels = dict.fromkeys(label for label, _value in FieldReader(arrival).labels(layout))
    return [label for label in labels if canonical(label) not in trial.source.labels]
