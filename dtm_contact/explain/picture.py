"""A waterfall as a picture: SVG 1.1, with title and description, readable on a light and on a dark ground."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import accumulate
from textwrap import wrap

from dtm_contact.explain.waterfall import Waterfall, WaterfallStep, points

_WIDTH = 900
_ROW, _TOP, _LABELS, _BARS, _VALUES = 40, 104, 330, 440, 64
_LINE = 18
_WRAPPED = 112
_STYLE = """
.dtm{font:14px system-ui,sans-serif}.dtm .back{fill:#fff}.dtm text{fill:#1b1b1b}.dtm .small{fill:#555;font-size:12px}
.dtm .who{font-weight:600;font-size:16px}.dtm .value{font-variant-numeric:tabular-nums}.dtm .for{fill:#1f7a4d}
.dtm .against{fill:#b3261e}.dtm .start{fill:#8a8a8a}.dtm .total{fill:#1d4f91}
.dtm .line{stroke:#b5b5b5;stroke-dasharray:3 3}
@media (prefers-color-scheme:dark){.dtm .back{fill:#16181c}.dtm text{fill:#eee}.dtm .small{fill:#b4b4b4}
.dtm .for{fill:#5fc48f}.dtm .against{fill:#ff8a80}.dtm .start{fill:#9a9a9a}.dtm .total{fill:#8ab4f8}}
""".replace("\n", "")


_OPENING = (
    '<svg xmlns="http://www.w3.org/2000/svg" class="dtm" viewBox="0 0 {width} {height}" width="{width}" '
    'height="{height}" role="img" aria-labelledby="dtm-title dtm-desc" lang="fr">'
)


def picture(drawn: Waterfall, title: str) -> str:
    """Return the picture of a waterfall.

    Args:
        drawn: what to draw.
        title: what the picture is of, for those who do not see it and as its first line.
    """
    first = WaterfallStep(
        "au départ", "", f"1 personne sur {drawn.people:,}".replace(",", "\N{NO-BREAK SPACE}"), drawn.start
    )
    steps = [first, *drawn.steps]
    ends = list(accumulate(step.points for step in steps))
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    scale = _BARS / max(high - low, 1.0)
    notes = [line for each in drawn.not_the_second for line in wrap(each, _WRAPPED)]
    height = _TOP + _ROW * (len(steps) + 1) + 28 + _LINE * (len(notes) + 1)
    parts = [
        _OPENING.format(width=_WIDTH, height=height),
        f'<title id="dtm-title">{escape(title)}</title>',
        f'<desc id="dtm-desc">{escape(_spoken(drawn, steps))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{_WIDTH}" height="{height}"/>',
        _text(20, 28, title, "small"),
        _text(20, 54, drawn.who, "who"),
        _text(20, 76, f"{drawn.where} — {drawn.verdict}", "small"),
        *_rows(steps, ends, low, scale),
        *_notes(notes, _TOP + _ROW * (len(steps) + 1) + 24),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _spoken(drawn: Waterfall, steps: Iterable[WaterfallStep]) -> str:
    said = " ; ".join(f"{step.label} {step.seen or step.against} {points(step.points)}" for step in steps)
    total, against = points(drawn.total), " ".join(drawn.not_the_second)
    return f"{drawn.who}, {drawn.verdict}. {said} ; total {total}. {against}"


def _rows(steps: list[WaterfallStep], ends: list[float], low: float, scale: float) -> Iterator[str]:
    zero = _LABELS + (0.0 - low) * scale
    bottom = _TOP + _ROW * (len(steps) + 1)
    yield f'<line class="line" x1="{zero:.1f}" x2="{zero:.1f}" y1="{_TOP - 8}" y2="{bottom - 8}"/>'
    begun = 0.0
    for row, (step, end) in enumerate(zip(steps, ends, strict=True)):
        kind = "start" if row == 0 else "for" if step.points >= 0 else "against"
        yield from _row(_TOP + row * _ROW, step, (begun, end), (low, scale), kind)
        begun = end
    total = WaterfallStep("total", "", "au-dessus de 0 : plus probable que le hasard", ends[-1])
    yield from _row(_TOP + len(steps) * _ROW, total, (0.0, ends[-1]), (low, scale), "total")


def _row(
    top: int, step: WaterfallStep, reach: tuple[float, float], axis: tuple[float, float], kind: str
) -> Iterator[str]:
    low, scale = axis
    left, right = (_LABELS + (value - low) * scale for value in sorted(reach))
    yield _text(20, top + 13, step.label, "")
    under = "  ".join(filter(None, (f"« {step.seen} »" if step.seen else "", step.against)))
    if under:
        yield _text(20, top + 29, under if len(under) <= _CUT else f"{under[: _CUT - 1]}…", "small")
    yield f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{max(right - left, 1.5):.1f}" height="18" rx="2"/>'
    yield _text(_WIDTH - 20, top + 14, points(step.points), "value", "end")


_CUT = 46


def _notes(notes: list[str], top: int) -> Iterator[str]:
    yield _text(20, top, "Un point double, ou divise par deux, la vraisemblance.", "small")
    for number, note in enumerate(notes, start=1):
        yield _text(20, top + number * _LINE, note, "small")


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return f'<text class="{kind}" x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(printable)}</text>'
