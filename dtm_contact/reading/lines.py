"""A text as lines, each with its depth of quotation: what plain texts and HTML are made into before all else."""

import re
from typing import Final, NamedTuple

from dtm_contact.reading import limits

_MARKS: Final = re.compile(r"(?:[ \t]{0,3}>){1,64}[ \t]?")


class Line(NamedTuple):
    """One line.

    Attributes:
        text: without its marks of quotation.
        depth: how many times it is quoted; 0 for the writer's own.
        opens: the layout says that what follows is quoted to the end, though no line bears a mark.
    """

    text: str
    depth: int = 0
    opens: bool = False


def lines_of(text: str) -> list[Line]:
    """Return the lines of a plain text, its `>` marks counted and taken off (RFC 3676 section 4.5).

    One line more than the limit stands for all that lies beyond it.
    """
    lines: list[Line] = []
    for row in text.split("\n", limits.LINES)[: limits.LINES + 1]:
        marks = _MARKS.match(row) if ">" in row[:5] else None
        if marks is None:
            lines.append(Line(row[: limits.LINE].rstrip()))
        else:
            lines.append(Line(row[marks.end() :][: limits.LINE].rstrip(), marks[0].count(">")))
    return lines


def text_of(lines: list[Line]) -> str:
    """Return lines as text, without empty ones at both ends, runs of empty ones as one, and without marks."""
    rows: list[str] = []
    for line in lines:
        row = line.text.rstrip()
        if row or (rows and rows[-1]):
            rows.append(row)
    return "\n".join(rows).strip("\n")
