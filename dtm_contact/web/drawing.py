"""Drawings of figures as SVG, made here: each has a title and a description, and says nothing by colour alone.

Colours are classes of `figures.css`, so that they follow light, dark and print.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

_WIDTH: Final = 900
_BAR_ROW: Final = 58
_LABEL: Final = 250
_SCALE: Final = 76
_SHADES: Final = 5
_COURSE_HEIGHT: Final = 220
_CELL: Final = (44, 24)
_HEAD: Final = 170


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its number with the interval, the number as it is shown, whether it is worse than all."""

    label: str
    number: float | None
    low: float | None
    high: float | None
    shown: str
    is_worse: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a course: its label, the place's number and that of all, None where there is none."""

    label: str
    number: float | None
    whole: float | None


def _drawing(name: str, title: str, description: str, size: Markup, parts: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg class="drawing {n}" {s} role="img" aria-labelledby="{n}-t {n}-d">'
        '<title id="{n}-t">{t}</title><desc id="{n}-d">{d}</desc>{p}</svg>'
    ).format(s=size, n=name, t=title, d=description, p=Markup("").join(parts))


def _of_size(width: int, height: int) -> Markup:
    """Return the size of a drawing that grows and shrinks as a whole."""
    return Markup('viewBox="0 0 {w} {h}" width="{w}" height="{h}"').format(w=width, h=height)


def bars(title: str, description: str, drawn: Sequence[Bar], line: float | None) -> Markup:
    """Return bars below each other, each below its label and number, with its interval as a whisker.

    They are as wide as there is room for: where they stand is told in per cent of the width, so that letters keep
    their size on a telephone, and numbers stand beside no bar that they could push out.

    Args:
        title: what it shows.
        description: how to read it.
        drawn: the bars.
        line: where the line of the whole stands; None for none.
    """
    most = max((each.high or each.number or 0.0 for each in drawn), default=0.0)
    most = max(most, line or 0.0) or 1.0

    def at(number: float) -> str:
        return f"{98 * number / most:.2f}%"

    parts = []
    stroke = Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>')
    for row, bar in enumerate(drawn):
        top = row * _BAR_ROW
        mark = "▲ " if bar.is_worse else ""
        parts.append(Markup('<text class="label" x="0" y="{}">{}</text>').format(top + 14, _cut(bar.label, 42)))
        parts.append(Markup('<text x="0" y="{}">{}{}</text>').format(top + 31, mark, bar.shown))
        middle = top + 45
        if bar.number is not None:
            kind = "rod worse" if bar.is_worse else "rod"
            rod = Markup('<rect class="{}" x="0" y="{}" width="{}" height="14"/>')
            parts.append(rod.format(kind, middle - 7, at(bar.number)))
        if bar.low is not None and bar.high is not None:
            ends = ((bar.low, 4, bar.low), (bar.high, 4, bar.high), (bar.low, 0, bar.high))
            parts += [
                stroke.format("whisker", at(start), middle - half, at(end), middle + half) for start, half, end in ends
            ]
        if line is not None and bar.number is not None:
            parts.append(stroke.format("line", at(line), middle - 9, at(line), middle + 9))
    return _drawing(
        "barres", title, description, Markup('width="100%" height="{}"').format(len(drawn) * _BAR_ROW), parts
    )


def course(
    title: str,
    description: str,
    points: Sequence[Point],
    scale: Sequence[tuple[float, str]],
    standard: tuple[float, str] | None = None,
) -> Markup:
    """Return a line chart (SVG) of a figure by period.

    The place is a line with round marks, all offices together a dashed line with crosses; a period without a number is
    a gap.

    Args:
        title: what it shows.
        description: how to read it.
        points: the periods.
        scale: the numbers with a line of their own, and what is told of each: from 0 on, the greatest last.
        standard: what is to be reached, with its words; None for nothing.
    """
    most = scale[-1][0]
    step = (_WIDTH - _SCALE - 40) / max(1, len(points) - 1)

    def place(at: int, number: float) -> tuple[float, float]:
        return round(_SCALE + 20 + at * step, 1), round(_COURSE_HEIGHT - 30 - (_COURSE_HEIGHT - 50) * number / most, 1)

    parts = []
    for number, told in scale:
        y = place(0, number)[1]
        parts.append(Markup('<path class="axis" d="M{} {}H{}"/>').format(_SCALE, y, _WIDTH))
        parts.append(Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_SCALE - 8, y + 4, told))
    if standard is not None:
        y = place(0, standard[0])[1]
        parts.append(Markup('<path class="due" d="M{} {}H{}"/>').format(_SCALE, y, _WIDTH))
        parts.append(Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_WIDTH - 4, y - 5, standard[1]))
    for kind, values in (("line", [point.whole for point in points]), ("trace", [point.number for point in points])):
        known = [(at, place(at, number)) for at, number in enumerate(values) if number is not None]
        path = "".join(
            f"{'M' if not at or known[at - 1][0] + 1 != known[at][0] else 'L'}{x} {y}"
            for at, (_, (x, y)) in enumerate(known)
        )
        parts.append(Markup('<path class="{}" d="{}"/>').format(kind, path))
        for _, (x, y) in known:
            mark = (
                Markup('<circle class="dot" cx="{}" cy="{}" r="4"/>').format(x, y)
                if kind == "trace"
                else Markup('<path class="cross" d="M{} {}l6 6m0 -6l-6 6"/>').format(x - 3, y - 3)
            )
            parts.append(mark)
    every = max(1, len(points) // 8)
    for at, point in enumerate(points):
        if at % every == 0:
            x, _ = place(at, 0)
            anchor = "start" if at == 0 else "end" if at == len(points) - 1 else "middle"
            text = Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>')
            parts.append(text.format(x, _COURSE_HEIGHT - 8, anchor, point.label))
    return _drawing("cours", title, description, _of_size(_WIDTH, _COURSE_HEIGHT), parts)


def heat_map(
    title: str,
    description: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[int, int], int],
    marked: Collection[tuple[int, int]],
) -> Markup:
    """Return a map: a row for each residence, a column for each topic; the number stands in its cell.

    Args:
        title: what it shows.
        description: how to read it.
        rows: the labels of the residences.
        columns: those of the topics.
        cells: the numbers, by row and column; 0 is left empty.
        marked: the cells with a frame, and a triangle before their number.
    """
    most = max(cells.values(), default=0) or 1
    width, height = _CELL
    parts = []
    for at, label in enumerate(columns):
        x = _LABEL + at * width + width // 2
        turned = f"translate({x} {_HEAD - 8}) rotate(-55)"
        parts.append(Markup('<text transform="{}">{}</text>').format(turned, _cut(label, 28)))
    for row, label in enumerate(rows):
        top = _HEAD + row * height
        parts.append(Markup('<text x="0" y="{}">{}</text>').format(top + 16, _cut(label)))
        for column in range(len(columns)):
            number = cells.get((row, column), 0)
            if not number:
                continue
            x, shade = _LABEL + column * width, max(1, round(_SHADES * number / most))
            rect = Markup('<rect class="h{}" x="{}" y="{}" width="{}" height="{}"/>')
            parts.append(rect.format(shade, x + 1, top + 1, width - 2, height - 2))
            is_marked = (row, column) in marked
            if is_marked:
                frame = Markup('<rect class="frame" x="{}" y="{}" width="{}" height="{}"/>')
                parts.append(frame.format(x + 1, top + 1, width - 2, height - 2))
            text = Markup('<text class="t{}" x="{}" y="{}" text-anchor="middle">{}{}</text>')
            parts.append(text.format(shade, x + width // 2, top + 16, "▲" if is_marked else "", number))
    size = _of_size(_LABEL + len(columns) * width + 90, _HEAD + len(rows) * height + 4)
    return _drawing("carte", title, description, size, parts)


def _cut(label: str, longest: int = 34) -> Markup:
    return escape(label if len(label) <= longest else label[: longest - 1].rstrip() + "…")
