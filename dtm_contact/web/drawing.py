"""Drawings of figures as SVG, made here: each has a title and a description, and says nothing by colour alone.

Colours are classes of `figures.css`, so that they follow light, dark and print.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

_WIDTH: Final = 900
_ROW: Final = 30
_LABEL: Final = 250
_VALUE: Final = 270
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


def _drawing(name: str, title: str, description: str, size: tuple[int, int], parts: Iterable[Markup]) -> Markup:
    width, height = size
    return Markup(
        '<svg class="drawing" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        'aria-labelledby="{n}-t {n}-d"><title id="{n}-t">{t}</title><desc id="{n}-d">{d}</desc>{p}</svg>'
    ).format(w=width, h=height, n=name, t=title, d=description, p=Markup("").join(parts))


def bars(title: str, description: str, drawn: Sequence[Bar], line: float | None) -> Markup:
    """Return bars below each other, each with its interval as a whisker.

    Args:
        title: what it shows.
        description: how to read it.
        drawn: the bars.
        line: where the line of the whole stands; None for none.
    """
    most = max((each.high or each.number or 0.0 for each in drawn), default=0.0)
    most = max(most, line or 0.0) or 1.0
    room = _WIDTH - _LABEL - _VALUE

    def at(number: float) -> float:
        return round(_LABEL + room * number / most, 1)

    parts = []
    for row, bar in enumerate(drawn):
        top = row * _ROW + 6
        parts.append(Markup('<text x="0" y="{}">{}</text>').format(top + 14, _cut(bar.label)))
        if bar.number is not None:
            kind = "rod worse" if bar.is_worse else "rod"
            width = round(at(bar.number) - _LABEL, 1)
            parts.append(
                Markup('<rect class="{}" x="{}" y="{}" width="{}" height="18"/>').format(kind, _LABEL, top, width)
            )
        if bar.low is not None and bar.high is not None:
            path = f"M{at(bar.low)} {top + 5}v8M{at(bar.low)} {top + 9}H{at(bar.high)}M{at(bar.high)} {top + 5}v8"
            parts.append(Markup('<path class="whisker" d="{}"/>').format(path))
        mark = "▲ " if bar.is_worse else ""
        parts.append(Markup('<text x="{}" y="{}">{}{}</text>').format(_WIDTH - _VALUE + 8, top + 14, mark, bar.shown))
    height = len(drawn) * _ROW + 8
    if line is not None:
        parts.append(Markup('<path class="line" d="M{} 0V{}"/>').format(at(line), height))
    return _drawing("barres", title, description, (_WIDTH, height), parts)


def course(title: str, description: str, points: Sequence[Point], shown: Callable[[float], str]) -> Markup:
    """Return a line chart (SVG) of a figure by period.

    The place is a line with round marks, all offices together a dashed line with crosses; a period without a number is
    a gap.

    Args:
        title: what it shows.
        description: how to read it.
        points: the periods.
        shown: tells a number, for the scale.
    """
    numbers = [each for point in points for each in (point.number, point.whole) if each is not None]
    most = max(numbers, default=0.0) or 1.0
    step = (_WIDTH - 40) / max(1, len(points) - 1)

    def place(at: int, number: float) -> tuple[float, float]:
        return round(20 + at * step, 1), round(_COURSE_HEIGHT - 30 - (_COURSE_HEIGHT - 50) * number / most, 1)

    parts = [
        Markup('<path class="axis" d="M0 {y}H{w}M0 20H{w}"/>').format(y=_COURSE_HEIGHT - 30, w=_WIDTH),
        Markup('<text x="0" y="14">{}</text>').format(shown(most)),
    ]
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
    return _drawing("cours", title, description, (_WIDTH, _COURSE_HEIGHT), parts)


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
    size = (_LABEL + len(columns) * width + 90, _HEAD + len(rows) * height + 4)
    return _drawing("carte", title, description, size, parts)


def _cut(label: str, longest: int = 34) -> Markup:
    return escape(label if len(label) <= longest else label[: longest - 1].rstrip() + "…")
