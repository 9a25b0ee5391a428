"""The learned model of places: at which of the places that a text names the matter is, and at which the tenant lives.

A choice among the places named, and none of them, by what the words around each say (`features_of`): a conditional
logit (McFadden 1974). `python -m training places` makes its file; numpy alone reads it.
"""

import pkgutil
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise, takewhile
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtm_contact.errors import UnusableModelError
from dtm_contact.matching.cues import DWELLS, FORMERLY, LOCATIVES, NOWADAYS, ORGANISATIONS, PARKING_WORDS, TITLES
from dtm_contact.matching.gazetteer import Gazetteer
from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.places import Group, Stretch
from dtm_contact.model import Part
from dtm_contact.model_archive import archived, opened_archive, text_array

FORMAT: Final = 1
"""The version of the model file that this program reads."""

FILE: Final = "data/places.npz"
"""The model that comes with the program, within its package."""

QUESTIONS: Final = ("matter", "home")
"""What is asked of the places: where the matter is, and where the tenant concerned lives."""

_LEAST: Final = 1e-9

Values = NDArray[np.float32]
Sums = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Meaning:
    """How likely the matter is at a place named, and how likely the tenant lives there."""

    matter: float
    home: float


class Rented(NamedTuple):
    """The entrances where those rent whom a contact is known to concern; empty where nobody is known.

    Attributes:
        homes: where they live.
        parking: where they rent a parking space.
    """

    homes: frozenset[int] = frozenset()
    parking: frozenset[int] = frozenset()


@dataclass(frozen=True)
class PlaceModel:
    """What labelled letters have taught of places.

    Attributes:
        rows: the row of each feature.
        weights: 8-bit integers, one row a feature and one column a question; multiplied by `step` they are real.
        step: the factor of each column.
        about: what the model says of itself: the corpus's digest, and figures.
        digest: of the file, which names the model in decisions; empty for one that is not read from a file.
    """

    rows: Mapping[str, int]
    weights: NDArray[np.int8]
    step: Values
    about: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    def said(self, features: Iterable[str]) -> Sums:
        """Return what some features of a place say of each question, in steps; what else it shows is added to it."""
        known = list({row for each in features if (row := self.rows.get(each)) is not None})
        # Without `@`: BLAS takes memory for its threads, more than a judge's bound leaves.
        sums: Sums = self.weights[known].sum(axis=0, dtype=np.int64)
        return sums

    def meanings(self, said: Sequence[Sums]) -> list[Meaning]:
        """Return what each place is likely to be, by what is said of each of all that one message names."""
        if not said:
            return []
        told = np.stack(said) * self.step
        most = np.maximum(told.max(axis=0), 0.0)
        odds = np.exp(told - most)
        chances = odds / (odds.sum(axis=0) + np.exp(-most))
        return [Meaning(matter, home) for matter, home in chances.tolist()]

    def packed(self) -> bytes:
        """Return the model as the bytes of a file."""
        header = {"format": FORMAT, "questions": QUESTIONS, "about": dict(self.about)}
        features = text_array("\n".join(self.rows))
        return archived(header, {"features": features, "weights": self.weights, "step": self.step})

    @classmethod
    def unpacked(cls, content: bytes) -> "PlaceModel":
        """Return the model that the bytes of a file hold.

        Raises:
            UnusableModelError: they are damaged, or of another format.
        """
        with opened_archive(content, FORMAT) as archive:
            features, arrays = archive.lines("features"), archive.arrays
            if arrays["weights"].shape != (len(features), len(QUESTIONS)):
                raise UnusableModelError("its weights are not one row a feature")
            rows = {feature: row for row, feature in enumerate(features)}
            return cls(rows, arrays["weights"], arrays["step"], archive.header["about"], archive.digest)

    @classmethod
    def of(cls, features: Sequence[str], weights: Values, about: Mapping[str, Any]) -> "PlaceModel":
        """Return a model with its weights in steps of one byte; features that weigh nothing are left out.

        Args:
            features: in the order of the rows of `weights`.
            weights: a row a feature, a column a question.
            about: what the model shall say of itself.
        """
        step = np.maximum(np.abs(weights).max(axis=0, initial=0.0), _LEAST) / 127
        steps = np.round(weights / step).astype(np.int8)
        kept = np.flatnonzero(steps.any(axis=1))
        rows = {features[row]: place for place, row in enumerate(kept.tolist())}
        return cls(rows, steps[kept], step.astype(np.float32), about)


@cache
def shipped() -> PlaceModel:
    """Return the model that comes with the program, read once."""
    return PlaceModel.unpacked(pkgutil.get_data("dtm_contact", FILE) or b"")


_BESIDE: Final = 4
"""Words before and behind a place that are told apart by how far they stand."""
_AROUND: Final = 9
"""Words before and behind it that count wherever they stand."""
_SENTENCE: Final = 30
"""Words before and behind it within which its sentence is looked for."""
_MESSAGE: Final = 120
"""Words of the message's beginning that count wherever a place stands."""
_MOST_STRETCHES: Final = 3
_LAST_LINES: Final = 4
_SHORT_LINE: Final = 40
_ENDS: Final = frozenset(".!?;")
_SAY_LITTLE: Final = frozenset({"de", "la", "le", "l", "d", "du", "des", "les"})


def features_of(
    places: Sequence[Group], rented: Rented, passages: Iterable[Passage], gazetteer: Gazetteer
) -> list[list[str]]:
    """Return the features of each of the places that a contact names.

    Args:
        places: all of them, weighed.
        rented: where those rent whom the contact is known to concern.
        passages: what the writer says.
        gazetteer: the places of the directory.
    """
    said = list(everywhere(passages)) if places else []
    shown = of_text(places, gazetteer)
    known = with_homes([words for words, _rest in shown], places, rented, gazetteer)
    return [[*rest, *words, *homes_say, *said] for (words, rest), homes_say in zip(shown, known, strict=True)]


def of_text(places: Sequence[Group], gazetteer: Gazetteer) -> list[tuple[list[str], list[str]]]:
    """Return what the text shows of each place, whoever lives where: the words around it, and all else."""
    return [_of_text(place, places, gazetteer) for place in range(len(places))]


def with_homes(
    around: Sequence[Sequence[str]], places: Sequence[Group], rented: Rented, gazetteer: Gazetteer
) -> list[list[str]]:
    """Return what each place shows once it is known who lives where, by the words around each."""
    fits = [_fits(group, rented, gazetteer) for group in places]
    return [_with_homes(place, places, fits, around[place]) for place in range(len(places))]


def _of_text(place: int, places: Sequence[Group], gazetteer: Gazetteer) -> tuple[list[str], list[str]]:
    group = places[place]
    words: dict[str, None] = {}
    for stretch in group.stretches[:_MOST_STRETCHES]:
        words.update(dict.fromkeys(_around(stretch)))
    itself = ["always", *_itself(group, gazetteer), *_beside_others(place, places), *_spelling(group, gazetteer)]
    return list(words), itself


def _with_homes(place: int, places: Sequence[Group], fitting: Sequence[str], words: Sequence[str]) -> list[str]:
    fits = fitting[place]
    rival = "home" in (*fitting[:place], *fitting[place + 1 :])
    known = [f"known:{fits}", f"known:{fits}:{rival}:{len(places) > 1}", *_against_others(place, places, fitting)]
    return known + [f"{fits}/{word}" for word in words if word[0] in "<>~"]


def _fits(group: Group, rented: Rented, gazetteer: Gazetteer) -> str:
    """Return how a place goes with what is rented: home, a parking space, in home's residence, its town, elsewhere."""
    if not rented.homes:
        return "nobody"
    meant = group.meant
    if not rented.homes.isdisjoint(meant.tolist()):
        return "home"
    if not rented.parking.isdisjoint(meant.tolist()):
        return "parking"
    there = np.fromiter(rented.homes, np.int32)
    if np.isin(gazetteer.residence[there], gazetteer.residence[meant]).any():
        return "residence"
    if np.isin(gazetteer.compared.commune[there], gazetteer.compared.commune[meant]).any():
        return "town"
    return "elsewhere"


def _itself(group: Group, gazetteer: Gazetteer) -> Iterator[str]:
    """Yield how complete the address is, and how much it may mean."""
    kinds = sorted({atom.kind for atom in group.atoms})
    for kind in kinds:
        yield f"has:{kind}"
    house = any(atom.house for atom in group.of("street"))
    town = bool(group.of("commune") or group.of("postcode"))
    form = "+".join(kind for kind in ("street", "residence", "number", "commune") if kind in kinds)
    yield f"form:{form}:{house}:{town}"
    yield f"trust:{round(group.trust * 5)}"
    meant = group.meant
    residences = len(np.unique(gazetteer.residence[meant]))
    yield f"residences:{min(residences, 3)}"
    yield f"agrees:{bool(group.agreeing)}:{house}"
    yield f"said:{min(len(group.stretches), 3)}"
    for stretch in group.stretches:
        yield f"part:{stretch[0].part}"
    if len(group.stretches) == 1:
        yield f"only:{group.passage.part}"


def _spelling(group: Group, gazetteer: Gazetteer) -> Iterator[str]:
    """Yield how a residence's name is written, which may be a word like others, and whether a strange town follows."""
    passage = group.passage
    for atom in group.of("residence"):
        first = bisect_left(passage.words, atom.start, key=lambda word: word.start)
        said = passage.words[first : bisect_left(passage.words, atom.end, key=lambda word: word.start)]
        if not said:
            continue  # it stands in another passage
        yield f"capital:{any(word.capital for word in said)}:{passage.part}"
        yield f"name:{' '.join(word.text for word in said)}"
        yield f"exact:{said[0].text in gazetteer.names}:{min(len(said), 2)}"
    behind = bisect_left(passage.words, group.end, key=lambda word: word.start)
    following = passage.words[behind : behind + 2]
    if len(following) > 1 and following[0].text in LOCATIVES and following[1].capital:
        yield f"then:{following[1].text in gazetteer.names}"


def _beside_others(place: int, places: Sequence[Group]) -> Iterator[str]:
    """Yield how many other places are named, and which of them stands first."""
    group, anchored = places[place], [each for each in places if each.anchored]
    yield f"places:{min(len(places), 4)}"
    yield f"anchored:{min(len(anchored), 4)}:{group.anchored}"
    if not group.anchored or len(anchored) <= 1:
        return
    order = sorted(anchored, key=_standing)
    yield f"order:{'first' if order[0] is group else 'last' if order[-1] is group else 'between'}"
    text = [each for each in order if each.passage.part is group.passage.part]
    if len(text) > 1:
        yield f"here:{'first' if text[0] is group else 'last' if text[-1] is group else 'between'}"
    others = {each.passage.part for each in anchored if each is not group}
    yield from (f"beside:{group.passage.part}:{part}" for part in others)
    house = any(atom.house for atom in group.of("street"))
    if any(atom.house for each in anchored if each is not group for atom in each.of("street")):
        yield f"other_has_house:{house}"


def _against_others(place: int, places: Sequence[Group], fitting: Sequence[str]) -> Iterator[str]:
    """Yield where a place stands, how complete it is and how it goes with the homes, and the others so."""
    stands, whole, fits = _part_of_letter(places[place]), _completeness(places[place]), fitting[place]
    yield from (f"stands:{stands}", f"stands:{stands}:{fits}", f"whole:{whole}", f"whole:{whole}:{fits}")
    for other, group in enumerate(places):
        if other == place or not group.anchored:
            continue
        beside, as_whole, theirs = _part_of_letter(group), _completeness(group), fitting[other]
        yield f"lived:{_times(places[place].stretches[0])}/{_times(group.stretches[0])}"
        yield f"stands:{stands}/{beside}"
        yield f"stands:{stands}:{fits}/{beside}:{theirs}"
        yield f"whole:{whole}:{fits}/{as_whole}:{theirs}"
        yield f"fits:{fits}/{theirs}"


def _completeness(group: Group) -> str:
    """Return how complete an address is: with number and town, with a number, a street, a residence, or less."""
    if any(atom.house for atom in group.of("street")):
        town = group.of("commune") or group.of("postcode") or group.of("residence")
        return "address" if town else "house"
    return "street" if group.of("street") else "residence" if group.of("residence") else "town"


def _part_of_letter(group: Group) -> str:
    """Return where in the letter a place stands: its text before all, then the subject, then what stands below it."""
    parts = {_stands(stretch) for stretch in group.stretches}
    return next(each for each in _PARTS if each in parts)


_PARTS: Final = ("opening", "body", "subject", "forwarded", "closing", "signature")


def _stands(stretch: Stretch) -> str:
    passage, start, end = stretch
    if passage.part is not Part.NEW:
        return {Part.SUBJECT: "subject", Part.FORWARDED: "forwarded"}.get(passage.part, "signature")
    text = passage.folded.text
    line = text[text.rfind("\n", 0, start) + 1 : start]
    rest = text[end:]
    short = len(line) <= _SHORT_LINE and not rest.partition("\n")[0].strip(" .,-")
    if short and rest.strip().count("\n") < _LAST_LINES and line.count(" ") < _LAST_LINES and start > 0:
        return "closing"
    return "opening" if not _ENDS & set(text[:start].rstrip()) else "body"


def everywhere(passages: Iterable[Passage]) -> Iterator[str]:
    """Yield the words of the message's beginning, wherever a place stands."""
    said: dict[str, None] = {}
    for passage in passages:
        if passage.part in _ORDER:
            said.update(dict.fromkeys(map(_form, passage.words[:_MESSAGE])))
    yield from (f"*{word}" for word in said if word not in _SAY_LITTLE)


_ORDER: Final = {Part.SUBJECT: 0, Part.NEW: 1, Part.SIGNATURE: 2}


def _standing(group: Group) -> tuple[int, int]:
    return _ORDER.get(group.passage.part, 3), group.start


def _form(word: Word) -> str:
    return f"#{len(word.text)}" if word.text.isdigit() else word.text


def _around(stretch: Stretch) -> Iterator[str]:
    """Yield the words around a place: those beside it in order, those near it, those of its sentence."""
    passage, start, end = stretch
    words = passage.words
    first = bisect_left(words, start, key=lambda word: word.start)
    behind = bisect_left(words, end, key=lambda word: word.start)
    before = [_form(word) for word in words[max(0, first - _SENTENCE) : first]][::-1]
    after = [_form(word) for word in words[behind : behind + _SENTENCE]]
    for sign, said in (("<", before), (">", after)):
        for away, word in enumerate(said[:_BESIDE], start=1):
            yield f"{sign}{away}{word}"
        for one, other in pairwise(said[:_BESIDE]):
            yield f"{sign}{sign}{other} {one}" if sign == "<" else f"{sign}{sign}{one} {other}"
        for word in said[:_AROUND]:
            yield f"{sign}{word}"
        if not TITLES.isdisjoint(said[:_BESIDE]):
            yield f"{sign}title"
        if not ORGANISATIONS.isdisjoint(said[:_AROUND]):
            yield f"{sign}organisation"
        if not PARKING_WORDS.isdisjoint(said[:_AROUND]):
            yield f"{sign}parking"
    yield from _sentence(passage, first, behind)
    yield f"~lived:{_times(stretch)}"
    yield from _placing(passage, start, end, first)


def _sentence(passage: Passage, first: int, behind: int) -> Iterator[str]:
    """Yield the words of the sentence in which a place stands, and those that the sentence before begins with."""
    words, text = passage.words, passage.folded.text
    begin, stop = first, behind
    while begin > max(0, first - _SENTENCE) and not _breaks(text, words, begin):
        begin -= 1
    while stop < min(len(words), behind + _SENTENCE) and not _breaks(text, words, stop):
        stop += 1
    inside = [*words[begin:first], *words[behind:stop]]
    said = {_form(word) for word in inside} - _SAY_LITTLE
    for word in sorted(said):
        yield f"~{word}"
    yield f"sentence:{min(len(inside) // 4, 5)}"
    yield from (f"begins:{_form(each)}" for each in words[begin : begin + 2])


def _times(stretch: Stretch) -> str:
    """Return by the nearest word before a place, else behind it, in its sentence, when somebody lives there."""
    passage, start, end = stretch
    words, text = passage.words, passage.folded.text
    first = bisect_left(words, start, key=lambda word: word.start)
    behind = bisect_left(words, end, key=lambda word: word.start)
    before = takewhile(lambda at: not _breaks(text, words, at + 1), range(first - 1, first - 1 - _AROUND, -1))
    after = takewhile(lambda at: not _breaks(text, words, at), range(behind, behind + _AROUND))
    for sign, around in (("", before), ("then ", after)):
        for at in around:
            for when, cues in (("formerly", FORMERLY), ("nowadays", NOWADAYS), ("now", DWELLS)):
                if words[at].text in cues:
                    return f"{sign}{when}"
    return "unsaid"


def _breaks(text: str, words: Sequence[Word], position: int) -> bool:
    """Return whether a sentence ends before a word."""
    if position <= 0 or position >= len(words):
        return True
    between = text[words[position - 1].end : words[position].start]
    return not _ENDS.isdisjoint(between) or between.count("\n") > 1


def _placing(passage: Passage, start: int, end: int, first: int) -> Iterator[str]:
    """Yield where in its line and in the letter a place stands, and the marks around it."""
    text, part = passage.folded.text, passage.part
    line = text[text.rfind("\n", 0, start) + 1 : start]
    rest = text[end:].partition("\n")[0]
    yield f"line:{'begins' if not line.strip() else 'inside'}:{'ends' if not rest.strip(' .,') else 'goes on'}"
    below = text[end:].strip().count("\n")
    yield f"below:{part}:{min(below, _LAST_LINES)}"
    yield f"above:{part}:{min(text[:start].strip().count(chr(10)), _LAST_LINES)}"
    yield f"place:{part}:{5 * first // max(1, len(passage.words))}"
    yield f"<mark{text[:start].rstrip(' ')[-1:]!r}"
    yield f">mark{text[end:].lstrip(' ')[:1]!r}"
    lone = not line.strip() and not rest.strip(" .,")
    yield f"lone:{lone}:{part}"
