"""Fitting to labelled messages: the learned model, how far it is trusted, and what the strengths of words are worth."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

import numpy as np

from dtm_contact.rehearsal.examples import Example
from dtm_contact.rehearsal.learning import Sheet, writer_of
from dtm_contact.rehearsal.trust import Opinions, Tried, choose_trust, held_out, try_trust
from dtm_contact.rules.compose import Location
from dtm_contact.rules.document import read_document
from dtm_contact.rules.topics_file import FILE
from dtm_contact.topics import Entry, Learned, Lexicon, Phrase, Trust, words_of

_FACTORS = (0.75, 1.25)
"""By how much the points of a strength are tried lower and higher."""

_POINTS_TRIED_ON = 3_000
"""About so many messages are read anew for each value that is tried."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting found.

    Attributes:
        model: the learned model, trained on all messages.
        tried: what came out on batches that were left out of the training.
        points: what each strength is worth.
    """

    model: Learned
    tried: Tried
    points: Mapping[str, float]

    def numbers(self) -> dict[Location, float]:
        """Return the numbers of `topics.yaml` that were fitted, by their place in the file."""
        trust = self.tried.trust
        learned = {
            "share": trust.share,
            "most": trust.most,
            "danger_from": trust.danger_from,
            "doubt_under": trust.doubt_under,
            "aside_from": trust.aside_from,
        }
        found: dict[Location, float] = {("learned", name): value for name, value in learned.items()}
        return found | {("points", strength): value for strength, value in self.points.items()}


def fit(
    examples: Sequence[Example], lexicon: Lexicon, points: Mapping[str, float], patterns: Iterable[str] = ("*",)
) -> Fitted:
    """Fit to labelled messages.

    Each batch is judged by what was learned of other writers'. Words are only tried on batches of a pattern: on those
    that they were written for they look better than they are.

    Args:
        examples: the messages.
        lexicon: the words, without what was learned.
        points: what each strength of `topics.yaml` is worth now.
        patterns: names of the batches to judge on; `*` stands for anything.
    """
    sheet = Sheet(examples, lexicon)
    chosen = [batch for batch in {item.batch for item in examples} if _fits(batch, patterns)]
    opinions = held_out(sheet, chosen)
    tried = choose_trust(sheet, opinions)
    fitted = _fit_points(sheet, opinions, tried.trust, points)
    if fitted != points:
        _read_again(sheet, opinions, sheet.lexicon)
        tried = try_trust(sheet, opinions, tried.trust)
    return Fitted(_of_all(sheet), tried, fitted)


def learned_of(examples: Sequence[Example], lexicon: Lexicon) -> Learned:
    """Return the model learned of labelled messages, without judging it: that takes a training for each turn.

    Args:
        examples: the messages.
        lexicon: the words, without what was learned.
    """
    return _of_all(Sheet(examples, lexicon))


def _of_all(sheet: Sheet) -> Learned:
    return sheet.taught(np.arange(len(sheet.examples)), _told(sheet.examples))


def _told(examples: Sequence[Example]) -> str:
    """Return whose messages they are, and how many of each."""
    writers = Counter(writer_of(item.batch) for item in examples)
    return f"{len(examples)} labelled messages: {', '.join(f'{name} {writers[name]}' for name in sorted(writers))}"


def _fits(batch: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(batch, pattern) for pattern in patterns)


def _fit_points(sheet: Sheet, opinions: Opinions, trust: Trust, points: Mapping[str, float]) -> dict[str, float]:
    """Move the points of one strength after the other where fewer mistakes come of it; `certain` is the measure."""
    few = dict(islice(opinions.items(), 0, None, 1 + len(opinions) // _POINTS_TRIED_ON))
    loss, fitted = try_trust(sheet, few, trust).loss, dict(points)
    for strength, value in _candidates(points):
        moved = replace(sheet.lexicon, entries=_reweighed(sheet.lexicon, fitted[strength], value))
        _read_again(sheet, few, moved)
        found = try_trust(sheet, few, trust)
        if found.loss < loss:
            loss, fitted[strength], sheet.lexicon = found.loss, value, moved
    return fitted


def _read_again(sheet: Sheet, rows: Iterable[int], lexicon: Lexicon) -> None:
    for row in rows:
        sheet.words[row] = words_of(sheet.examples[row].contact, lexicon)


def _candidates(points: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for strength, value in points.items():
        if strength != "certain":
            yield from ((strength, round(value * factor, 2)) for factor in _FACTORS)


def _reweighed(lexicon: Lexicon, old: float, new: float) -> tuple[tuple[Phrase, Entry], ...]:
    return tuple(
        (phrase, replace(entry, points=new) if entry.points == old else entry) for phrase, entry in lexicon.entries
    )


def write_numbers(folder: Path, numbers: Mapping[Location, float], *, only_tell: bool = False) -> list[str]:
    """Write numbers into `topics.yaml` where they stand, and touch nothing else: no comment, no line of it moves.

    Args:
        folder: of the rules.
        numbers: by their place in the file; a place that it does not have is passed over.
        only_tell: write nothing.

    Returns:
        What is otherwise, one line each ("points.strong: 4 → 4.5").
    """
    path = folder / FILE
    document = read_document(path, folder, [])
    if document is None:
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    placed = sorted(((document.values[at], at, value) for at, value in numbers.items() if at in document.values))
    changed: list[str] = []
    # From the last place to the first, so that what is written moves no place still to come.
    for (line, column), at, value in reversed(placed):
        old, new = float(document.value(at)), f"{value:g}"
        if old != float(new):
            lines[line - 1] = _with_number(lines[line - 1], column - 1, new)
            changed.append(f"{'.'.join(map(str, at))}: {old:g} → {new}")
    if not only_tell:
        path.write_text("".join(lines), encoding="utf-8")
    return changed[::-1]


def _with_number(text: str, start: int, new: str) -> str:
    return text[:start] + new + text[start + _length_of_number(text[start:]) :]


def _length_of_number(text: str) -> int:
    return next((place for place, sign in enumerate(text) if sign not in "0123456789.-+eE"), len(text))
