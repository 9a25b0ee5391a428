"""Make the model of places: of each place that a letter names, whether the matter is there and the tenant lives there.

Nobody labelled the places themselves: what is right for a letter says it. The matter is at a place that fits its
residence, and at none of those named where none fits; with the home of the tenant concerned it is the same. Beside
letters (`fixtures/letters`, `fixtures/letters_elsewhere`, `corpus/places_tp.jsonl`) there are messages with places left
open (`corpus/places_told.txt`), which are filled with addresses of the fixtures' directory.
"""

import json
import logging
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from email.utils import formataddr
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from dtm_contact.directory import Address, Directory, read_export
from dtm_contact.matching import MatchIndex
from dtm_contact.matching.candidates import Weighing
from dtm_contact.matching.clues import extract, identify
from dtm_contact.matching.households import at_home
from dtm_contact.matching.people import NOWHERE, Person
from dtm_contact.matching.place_model import QUESTIONS, PlaceModel, Rented, features_of
from dtm_contact.matching.places import Group
from dtm_contact.model import Arrival, Channel, Contact, Mailbox, NoHistory
from dtm_contact.reading import read
from dtm_contact.settings import Settings
from fixtures.hard_contacts.estate.making import Estate
from training.corpus import FOLDER

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
TOLD: Final = FOLDER / "places_told.txt"
TURNS: Final = 8
"""So many times a part of the hands is left out to learn how often the model is right about others."""

_PEOPLE: Final = 16_000
_DAY: Final = datetime(2026, 11, 24, 9, tzinfo=UTC)
_HELD_SMALL: Final = 4.0
_LEAST_SEEN: Final = 3
_LEAST_HANDS: Final = 2
_MUCH: Final = 8.0
"""A letter about other places weighs so much: there are few, and most letters are about home."""
_LITTLE: Final = 2.0
_FILLED: Final = 3
"""So many times each open message is filled."""
_NEAR, _IN_FULL, _IN_SMALL = 1 / 3, 0.6, 0.15
"""How often another place is in the same town; a name is told in full; an address is written in small letters."""
_SEED: Final = 20261130
_SLOT: Final = re.compile(r"\{(m|h|b|n|t|p|q|sign|who)\}")
_OF_A_NAME: Final = re.compile(r"(?:résidence|\b[àÀ]|où|l'|être à|de) \{")
_log = logging.getLogger("training")

Truth = Mapping[str, Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """The places of a letter.

    Attributes:
        by: the hand that wrote the letter, learned of or left out as a whole.
        places: the features of each.
        fits: for each of the `QUESTIONS`, whether each place is right; None where nobody can tell.
        weight: how much it counts.
    """

    by: str
    places: tuple[tuple[str, ...], ...]
    fits: tuple[tuple[bool, ...] | None, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter with what is right for it."""

    by: str
    contact: Contact
    truth: Truth
    weight: float = 1.0


def blank() -> PlaceModel:
    """Return a model that knows nothing, to read letters with before one is made."""
    return PlaceModel({}, np.zeros((0, len(QUESTIONS)), np.int8), np.ones(len(QUESTIONS), np.float32))


def sources() -> list[Path]:
    """Return the files that the model is made of, in order."""
    return [
        *sorted((FIXTURES / "letters").iterdir()),
        *sorted((FIXTURES / "letters_elsewhere").glob("*/*")),
        *sorted((FIXTURES / "directory").iterdir()),
        *mails(),
        TOLD,
    ]


def mails() -> list[Path]:
    """Return the files of letters that are kept as lines, in order."""
    return sorted(FOLDER.glob("places_*.jsonl"))


def examples() -> Iterator[Example]:
    """Yield every place of every letter."""
    index = _index(FIXTURES / "directory")
    yield from _of_letters(_at_rest(FIXTURES / "letters"), index)
    for path in mails():
        yield from _of_letters(_of_lines(path), index)
    yield from _of_letters(_told(index), index)
    for folder in sorted((FIXTURES / "letters_elsewhere").glob("estate_*")):
        with tempfile.TemporaryDirectory() as estate:
            Estate(_PEOPLE, int(folder.name.rpartition("_")[2])).write(Path(estate))
            yield from _of_letters(_at_rest(folder), _index(Path(estate)))


def _index(directory: Path) -> MatchIndex:
    records, _problems = read_export(directory)
    settings = Settings(domains=("bailleur.example", "parishabitat.fr", "parishabitat.example"))
    return MatchIndex.build(Directory(records), settings, place_model=blank())


def _at_rest(folder: Path) -> Iterator[Letter]:
    """Yield the letters of a folder; the letters before the dash of a file's name are its hand."""
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        contact = _read(truth["file"], (folder / truth["file"]).read_bytes())
        yield Letter(truth["file"].partition("-")[0], contact, truth)


def _of_lines(path: Path) -> Iterator[Letter]:
    """Yield the letters of a file with one JSON object a line; every second is another hand's, so that some are new."""
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        truth = json.loads(line)
        mail = EmailMessage()
        mail["From"] = formataddr((truth["from_name"], truth["from_address"]))
        mail["Subject"] = truth["subject"]
        mail["Date"] = _DAY
        mail.set_content(truth["text"])
        yield Letter(f"{path.stem}{number % 2}", _read(truth["id"], mail.as_bytes()), truth, _MUCH)


def _read(name: str, content: bytes) -> Contact:
    arrival = Arrival("file", name, _DAY, "message/rfc822", None, content)
    return read(arrival, authserv_ids=Settings.defaults().servers)


def _told(index: MatchIndex) -> Iterator[Letter]:
    """Yield open messages, filled with the addresses of people and of other places."""
    people, directory = index.people, index.directory
    settled = [at for at in range(len(people)) if index.people.entrance.item(at) != NOWHERE]
    parked = [at for at in settled if _parks_elsewhere(people.person(at), index)]
    for number, line in enumerate(TOLD.read_text("utf-8").splitlines()):
        for turn in range(_FILLED):
            random = Random(f"{_SEED} {number} {turn}")  # noqa: S311 - no secret
            of_box = "{p}" in line or "{q}" in line
            writer = people.person(random.choice(parked if of_box else settled))
            home = writer.homes[-1]
            here = directory.addresses[directory.dwellings[home.dwelling_id].address_id]
            matter, other = (_elsewhere(random, here, directory) for _ in range(2))
            concerned, theirs = (writer, here) if "{t}" not in line else _another(random, settled, here, index)
            if of_box:
                matter = directory.records.addresses[writer.parking[-1]]
            places = {"h": here, "b": here, "m": matter, "p": matter, "q": matter, "n": other, "t": theirs}
            people_named = {"sign": writer, "who": concerned}
            named = partial(_place, random, places, people_named, directory, by_name=bool(_OF_A_NAME.search(line)))
            subject, _, text = line.removeprefix("S: ").rpartition(" | ") if line.startswith("S: ") else ("", "", line)
            text = _SLOT.sub(named, text).replace("\\n", "\n")
            # Of another's account the model learns besides what it says of a place that is not its owner's.
            account = _address(writer, directory) if concerned is not writer or of_box else ""
            contact = Contact(
                Channel.EMAIL, _DAY, Mailbox("", account), subject=_SLOT.sub(named, subject), new_text=text
            )
            about = matter if "{m}" in line or "{p}" in line else theirs
            truth = {
                "kind": "case",
                "tenant_id": concerned.tenant_id,
                "dwelling_id": concerned.homes[-1].dwelling_id,
                "residence_id": about.residence_id,
                "home_residence_id": theirs.residence_id if about is matter else None,
            }
            yield Letter(f"told{number % TURNS}", contact, truth, _LITTLE)


def _parks_elsewhere(person: Person, index: MatchIndex) -> bool:
    """Return whether somebody rents a parking space in another residence than where they live."""
    residence = index.gazetteer.residence
    homes = {residence.item(home.entrance) for home in person.homes[-1:]}
    return bool(person.parking) and residence.item(person.parking[-1]) not in homes


def _another(random: Random, settled: Sequence[int], home: Address, index: MatchIndex) -> tuple[Person, Address]:
    """Return somebody of another residence, with their entrance."""
    while True:
        person = index.people.person(random.choice(settled))
        address = index.directory.address_of(person.homes[-1].dwelling_id)
        if address is not None and address.residence_id != home.residence_id:
            return person, address


def _address(person: Person, directory: Directory) -> str:
    """Return the mail address by which somebody is known, if they are."""
    return next((lease.email for lease in directory.leases_of(person.tenant_id) if lease.email), "")


def _elsewhere(random: Random, home: Address, directory: Directory) -> Address:
    """Return an entrance of another residence, one time in three in the same town."""
    every = [each for each in directory.records.addresses if each.residence_id != home.residence_id]
    near = [each for each in every if each.commune == home.commune]
    return random.choice(near if near and random.random() < _NEAR else every)


def _place(
    random: Random,
    places: Mapping[str, Address],
    people: Mapping[str, Person],
    directory: Directory,
    slot: re.Match[str],
    *,
    by_name: bool,
) -> str:
    """Return an address as one of many people writes it, or the writer's name."""
    if (person := people.get(slot.group(1))) is not None:
        return person.label if random.random() < _IN_FULL else person.label.rpartition(" ")[2]
    place = places[slot.group(1)]
    residence = directory.residences[place.residence_id].name
    if by_name:
        return f"{residence} ({place.commune})" if random.random() < _IN_FULL else residence
    street = f"{place.house_number} {place.street}"
    forms = (
        street,
        street,
        f"{street} à {place.commune}",
        f"{street} à {place.commune}",
        f"{street}, {place.postcode} {place.commune}",
        f"{street} {place.commune}",
        f"{street} ({residence}, {place.commune})",
    )
    written = random.choice(forms)
    return written.lower() if random.random() < _IN_SMALL else written


def _of_letters(letters: Iterable[Letter], index: MatchIndex) -> Iterator[Example]:
    for letter in letters:
        contact, on = letter.contact, letter.contact.at.date()
        clues = extract(contact, index)
        identity = identify(contact, clues, index, NoHistory())
        clues.mentions.extend(at_home(clues, identity, index))
        weighing = Weighing(clues, identity, index, on)
        groups = [group for group, _meaning in weighing.meanings]
        # Once as it is known from the account, and once as it is known when it is known who it is.
        known = dict.fromkeys((weighing.rented, _rented(letter.truth, on, index)))
        fits = _right(groups, letter.truth, index)
        for rented in known if groups else ():
            places = features_of(groups, rented, clues.passages, index.gazetteer)
            each_once = tuple(tuple(dict.fromkeys(place)) for place in places)
            yield Example(letter.by, each_once, fits, letter.weight / len(known))


def _rented(truth: Truth, on: date, index: MatchIndex) -> Rented:
    """Return the entrances where the tenant concerned lives, and where they park."""
    position = index.people.position(truth["tenant_id"])
    if position is None:
        return Rented()
    person = index.people.person(position)
    homes = frozenset(home.entrance for home in person.homes_on(on) if home.entrance != NOWHERE)
    return Rented(homes, frozenset(person.parking))


def _right(groups: Sequence[Group], truth: Truth, index: MatchIndex) -> tuple[tuple[bool, ...] | None, ...]:
    """Return which places are those of the matter, and which the home; None where what is right does not say it."""
    numbers, residence = index.gazetteer.residence_ids, index.gazetteer.residence
    told = [frozenset(group.meant.tolist()) for group in groups]
    residences = [{residence.item(entrance) for entrance in meant} for meant in told]
    about = numbers.get(truth["residence_id"] or "")
    matter = tuple(about in each for each in residences)
    dwelling = index.directory.dwellings.get(truth["dwelling_id"] or "")
    entrance = index.gazetteer.entrance_by_id.get(dwelling.address_id) if dwelling else None
    apart = numbers.get(truth.get("home_residence_id") or "")
    if apart is not None and (entrance is None or residence.item(entrance) != apart):
        return matter, tuple(apart in each for each in residences)
    if entrance is not None:
        return matter, tuple(entrance in each for each in told)
    return matter, None if truth["tenant_id"] is None else matter


def mislabelled(found: Sequence[Example], number: int) -> list[Example]:
    """Return the examples with one letter's places said to be what they are not, in both of its examples.

    Args:
        found: all of them; a letter's follow one another.
        number: the example to begin with, counted round.
    """
    wrong = list(found)
    at = number % len(wrong)
    first = wrong[at]
    for place in (at, at + 1):
        if place < len(wrong) and (wrong[place].by, wrong[place].fits) == (first.by, first.fits):
            turned = tuple(fits and tuple(not fit for fit in fits) for fits in first.fits)
            wrong[place] = replace(wrong[place], fits=turned)
    return wrong


def learn(found: Sequence[Example], about: Mapping[str, Any]) -> PlaceModel:
    """Return the model that examples teach: a conditional logit (McFadden 1974), held small by its squares.

    Args:
        found: what is learned of.
        about: what the model shall say of itself.
    """
    counts: Counter[str] = Counter()
    hands: dict[str, set[str]] = {}
    for example in found:
        for feature in {feature for place in example.places for feature in place}:
            counts[feature] += 1
            hands.setdefault(feature, set()).add(example.by)
    often = [each for each, count in counts.items() if count >= _LEAST_SEEN and len(hands[each]) >= _LEAST_HANDS]
    features = sorted(often)
    rows = {feature: row for row, feature in enumerate(features)}
    told = [_learned(found, question, rows) for question in range(len(QUESTIONS))]
    return PlaceModel.of(features, np.column_stack(told).astype(np.float32), about)


def _learned(found: Sequence[Example], question: int, rows: Mapping[str, int]) -> Floats:
    """Return what each feature says of one question."""
    places: list[int] = []
    columns: list[int] = []
    message: list[int] = []
    right: list[bool] = []
    weights: list[float] = []
    for example in found:
        fits = example.fits[question]
        if fits is None:
            continue
        for features, fit in zip(example.places, fits, strict=True):
            known = sorted({rows[feature] for feature in features if feature in rows})
            places.extend([len(message)] * len(known))
            columns.extend(known)
            message.append(len(weights))
            right.append(fit)
        weights.append(example.weight)
    shape = (len(message), len(rows))
    asked = _Asked(
        sparse.csr_matrix((np.ones(len(columns)), (places, columns)), shape=shape),
        np.array(message),
        np.array(right, np.float64),
        np.array(weights),
    )
    fitted = minimize(asked.loss, np.zeros(len(rows)), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(fitted.x, np.float64)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question to all letters.

    Attributes:
        lines: a row a place, a column a feature.
        message: the letter of each place.
        right: whether each place is right.
        weights: how much each letter counts.
    """

    lines: sparse.csr_matrix
    message: NDArray[np.intp]
    right: Floats
    weights: Floats

    def loss(self, told: Floats) -> tuple[float, Floats]:
        """Return how badly some weights choose (the negative logarithm of the likelihood), and its slope."""
        odds = np.exp(np.clip(self.lines @ told, -30, 30))
        letters = len(self.weights)
        every = 1.0 + np.bincount(self.message, odds, letters)
        none_right = np.bincount(self.message, self.right, letters) == 0
        chosen = np.where(none_right, 1.0, np.bincount(self.message, odds * self.right, letters))
        likely, if_right = odds / every[self.message], odds * self.right / chosen[self.message]
        slope = self.lines.T @ (self.weights[self.message] * (likely - if_right))
        loss = float((self.weights * np.log(every / chosen)).sum()) + _HELD_SMALL / 2 * float(np.square(told).sum())
        return loss, slope + _HELD_SMALL * told


def left_out(found: Sequence[Example]) -> list[tuple[frozenset[str], PlaceModel]]:
    """Return in each turn the hands that are left out, and what the others teach: every hand is left out once."""
    hands = sorted({example.by for example in found})
    order = np.random.default_rng(_SEED).permutation(len(hands))
    turns = [frozenset(hands[hand] for hand in order[turn::TURNS]) for turn in range(TURNS)]
    return [(out, learn([each for each in found if each.by not in out], {})) for out in turns]


def right(found: Sequence[Example], turns: Iterable[tuple[frozenset[str], PlaceModel]]) -> dict[str, tuple[int, int]]:
    """Return of how many letters by hands left out the likeliest place is right, and of how many, by question and kind.

    Of a letter none of whose places is right, none must be the likeliest.
    """
    told: dict[str, list[int]] = {}
    for out, model in turns:
        for example in found:
            meanings = model.meanings([model.said(place) for place in example.places]) if example.by in out else ()
            for question, fits in zip(QUESTIONS, example.fits if meanings else (), strict=False):
                if fits is None:
                    continue
                chances = [getattr(meaning, question) for meaning in meanings]
                best = int(np.argmax([*chances, 1.0 - sum(chances)]))
                kind = re.sub(r"[0-9]+$", "", example.by)
                kind = kind if kind.startswith(("places_", "told")) else "letters"
                count = told.setdefault(f"{kind}, {question}", [0, 0])
                count[0] += (*fits, not any(fits))[best]
                count[1] += 1
    return {kind: (count[0], count[1]) for kind, count in sorted(told.items())}
