"""The text itself with the words marked that counted."""

from collections.abc import Iterable
from dataclasses import dataclass

from dtm_contact.model import Contact, Evidence, Part


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text; `mark` says what counted there ("" where nothing did)."""

    text: str
    mark: str = ""


def mark(contact: Contact, part: Part, marks: Iterable[tuple[str, Evidence]]) -> list[Segment]:
    """Cut one part's text at the words that counted.

    Args:
        contact: the contact whose text it is.
        part: which text.
        marks: a mark's name and a piece of evidence that bears it; where two overlap, the one that begins first, and of
            those the longer, is shown.
    """
    text = contact.text(part)
    spans = sorted(
        (evidence.span.start, -evidence.span.end, name)
        for name, evidence in marks
        if evidence.span is not None and evidence.span.part is part
    )
    segments: list[Segment] = []
    done = 0
    for start, negative_end, name in spans:
        end = min(-negative_end, len(text))
        if start < done or end <= start:
            continue
        segments += [Segment(text[done:start]), Segment(text[start:end], name)]
        done = end
    segments.append(Segment(text[done:]))
    return [segment for segment in segments if segment.text]
