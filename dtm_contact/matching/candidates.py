"""Collect whom a contact may be about, then weigh the best of them: Fellegi and Sunter's sum of named weights.

Beside names and identifiers a candidate's home is held against the places told, piece by piece, with floor and door,
and against where a caretaker who is named is on duty.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import log2
from operator import itemgetter

import numpy as np

from dtm_contact.directory.lookups import Numbers
from dtm_contact.matching import weights
from dtm_contact.matching.clues import Clues, Identity
from dtm_contact.matching.cues import BUILDING_WORDS, Statement, WriterStatements
from dtm_contact.matching.index import MatchIndex, door_key
from dtm_contact.matching.mentions import Mention, NameRole
from dtm_contact.matching.naming import Fits, Naming
from dtm_contact.matching.passages import Passage
from dtm_contact.matching.people import NOWHERE, Home, Person
from dtm_contact.matching.place_mentions import Atom, detail, is_their_own
from dtm_contact.matching.place_model import Meaning, Rented, Sums, everywhere, of_text, with_homes
from dtm_contact.matching.places import Floats, Group, PlaceWeights, as_their_home_has_it, merged, mixture
from dtm_contact.matching.rivals import Weighed, settle
from dtm_contact.model import Evidence, Part, Span

_GIVES_OWN_NAME = frozenset({NameRole.SELF, NameRole.SIGNED})


class CaretakersNamed:
    """The caretakers of the name that a contact mentions, and the entrances that they look after."""

    def __init__(self, mentions: Iterable[Mention], index: MatchIndex) -> None:
        """Look the names up; of several caretakers the first counts."""
        mentions = tuple(mentions)
        self._index = index
        self._found = _found(mentions, index)
        self.may_sign_at = _looked_after(mentions, index)

    def __bool__(self) -> bool:
        """Return whether a caretaker of the directory is named."""
        return bool(self._found)

    def bits(self, entrances: Numbers) -> Floats:
        """Return the weight, in bits, of the named caretakers for each of some entrances."""
        bits = np.zeros(len(entrances))
        for _mention, theirs in self._found:
            inside = np.isin(entrances, list(theirs))
            some = next(iter(theirs))
            here, elsewhere = self._index.caretaker_bits(some, theirs), self._index.caretaker_bits(-1, theirs)
            bits += np.where(inside, here, elsewhere)
        return bits

    def evidence(self, entrance: int) -> Iterable[Evidence]:
        """Yield the evidence that each named caretaker is for or against one entrance, with its weight in bits."""
        for mention, entrances in self._found:
            bits = self._index.caretaker_bits(entrance, entrances)
            yield Evidence("place.caretaker", round(bits, 2), mention.seen, mention.span, mention.seen)


def _found(mentions: Iterable[Mention], index: MatchIndex) -> list[tuple[Mention, frozenset[int]]]:
    """Return the first caretaker named, with the entrances that those of that name look after."""
    found = []
    for mention in mentions:
        if mention.role is NameRole.CARETAKER:
            names = dict.fromkeys((*mention.words, "".join(mention.words)))
            entrances = frozenset().union(*(index.caretakers.get(name, frozenset()) for name in names))
            if entrances:
                found.append((mention, entrances))
    return found[:1]


def _looked_after(mentions: Iterable[Mention], index: MatchIndex) -> frozenset[int]:
    """Return the entrances of a caretaker whose surname is signed with an initial: "S. Benali" may be either."""
    signed = [each for each in mentions if each.role in _GIVES_OWN_NAME and each.initials and len(each.words) == 1]
    return frozenset().union(*(index.caretakers.get(each.words[0], frozenset()) for each in signed))


Seen = tuple[str, Span | None]
"""The words of a detail, and where they stand."""


class PlaceEvidence:
    """The places of one contact, told as evidence; what holds for many entrances alike is worked out once."""

    def __init__(
        self,
        place: PlaceWeights,
        strange: Group | None,
        own_floors: Iterable[tuple[Passage, Atom]],
        index: MatchIndex,
    ) -> None:
        """Prepare them.

        Args:
            place: the groups that may mean one of our places, and what they say together.
            strange: an address that is none of ours, where nothing else was said.
            own_floors: floors that the writer calls theirs, told beside no place.
            index: the directory's.
        """
        self._place = place
        self._strange = strange
        self._index = index
        self._own_floors = {atom.values[0]: _seen(passage, atom) for passage, atom in own_floors}
        self.detailed = [group for group in place.groups if self._own_floors or group.of("floor") or group.of("door")]
        self._bits_said: dict[int, list[float]] = {}  # those of an entrance that was not named are alike
        self._told: dict[int, tuple[Evidence, ...]] = {}

    def bits(self, entrance: int) -> float:
        """Return what all places together say for an entrance."""
        return self._place.of(entrance) if entrance != NOWHERE and self._place.groups else 0.0

    def said_of(self, meant: int) -> tuple[Evidence, ...]:
        """Return what was said of the place, as it weighs for whoever lives, or parks, at an entrance."""
        told = self._told.get(meant)
        if told is None:
            label = self._index.gazetteer.entrances[meant].label
            told = self._told[meant] = self._place.evidence(self._weights_said(meant), label)
        return told

    def _weights_said(self, meant: int) -> list[float]:
        place, learnt = self._place, self._index.learnt
        at = meant if meant in place.named else NOWHERE
        bits = self._bits_said.get(at)
        if bits is None:
            shared = _shared_out(place.of(meant), place.said(meant))
            pairs = zip(place.shown, shared, strict=True)
            bits = self._bits_said[at] = [learnt.bits(name, each) for (name, _seen, _span), each in pairs]
        return bits

    def elsewhere(self, *, account: bool) -> Iterable[Evidence]:
        """Yield what an address that is none of ours says against everybody, less against the account's owner."""
        if self._strange is not None:
            least = weights.UNKNOWN_STREET if account else -math.inf
            bits = self._index.learnt.bits("place.elsewhere", max(self._strange.elsewhere_bits, least))
            yield Evidence("place.elsewhere", bits, *self._strange.where())

    def details(self, home: Home) -> Iterable[Evidence]:
        """Compare floor and door with what stands beside the best place named."""
        agreeing = [group for group in self.detailed if home.entrance in group.agreeing]
        if not agreeing:
            return
        atoms = [(group, atom) for group in agreeing for atom in group.atoms]
        floors = self._floors([(group, atom) for group, atom in atoms if atom.kind == "floor"])
        if len(floors) == 1 and home.floor:
            yield self._detail("floor", floors.popitem(), home.floor, self._index.floors)
        doors = {atom.values[0]: _words_of_detail(group, atom) for group, atom in atoms if atom.kind == "door"}
        if len(doors) == 1 and home.door:
            yield self._detail("door", doors.popitem(), door_key(home.door), self._index.doors)

    def _floors(self, beside: Sequence[tuple[Group, Atom]]) -> dict[str, Seen]:
        """Return the floors told beside a place; of several, and where there is none, those that are the writer's."""
        told = {atom.values[0]: _words_of_detail(group, atom) for group, atom in beside}
        if not told:
            return dict(self._own_floors)
        own = [atom.values[0] for group, atom in beside if is_their_own(group.passage, atom)]
        return {floor: seen for floor, seen in told.items() if floor in own} if own and len(told) > 1 else told

    def _detail(self, kind: str, said: tuple[str, Seen], known: str, shares: dict[str, float]) -> Evidence:
        fits, differs = (
            (weights.FLOOR_FITS, weights.FLOOR_DIFFERS)
            if kind == "floor"
            else (weights.DOOR_FITS, weights.DOOR_DIFFERS)
        )
        value, seen = said
        bits = log2(fits / max(shares.get(known, 1.0), 1e-3)) if value == known else differs
        return Evidence(f"place.{kind}", self._index.learnt.bits(f"place.{kind}", bits), *seen, known)


def _seen(passage: Passage, atom: Atom) -> Seen:
    return passage.seen(atom.start, atom.end), passage.span(atom.start, atom.end)


def _words_of_detail(group: Group, atom: Atom) -> Seen:
    """Return the words of a detail; of a group that was joined of several they do not stand in one passage."""
    return _seen(group.passage, atom) if group.said_at is None else (atom.values[0], None)


def _shared_out(bits: float, said: Sequence[float]) -> list[float]:
    """Share what all places said weigh together among those that speak for it: one of them is where the matter is."""
    supports = [max(each if bits > 0 else -each, 0.0) for each in said]
    total = sum(supports)
    return [bits * each / total if total else bits / len(said) for each in supports]


_CITED = frozenset({NameRole.PAIR, NameRole.NAMED, NameRole.KIN})
"""Merely spoken of, so no more surely concerned than their role says: neighbours speak of each other."""

_NOTHING: Mapping[str, Evidence] = {}
_NAMES_FOLLOWED = 12
_SAYS_SOMETHING = 0.5
_FEW_ENTRANCES = 4  # they hold a few hundred people
_MOST_ENTRANCES = 500
_MOST_HOMES = 12  # of relatives named
_DETAILS = frozenset({"place.floor", "place.door", "place.caretaker"})
_RAREST_BUILDING = 0.02  # of all dwellings: a rarer letter says no more
_CONFIRMS_A_NAME = frozenset({"place.building", "thread.greeted"})
_AT_LEAST = 4
_MOST_GROUPS = 24
_NEGLIGIBLE = 16.0
"""Bits below the best from which a person's probability is nothing."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Those who were only weighed roughly: positions of people, and their bits."""

    positions: Numbers
    scores: Floats


class Weighing:
    """One contact's evidence, held against the people and the places of the directory."""

    def __init__(self, clues: Clues, identity: Identity, index: MatchIndex, on: date) -> None:
        """Prepare what all candidates share: names read once, places weighed once."""
        self.clues = clues
        self.identity = identity
        self.index = index
        self.on = on
        # Who wants to stay unknown signs with no name: those in the text are others'.
        self.said = frozenset(clues.said)
        named = clues.mentions if Statement.ANONYMOUS not in self.said else ()
        mentions = [each for each in named if each.role is not NameRole.CARETAKER]
        self.third_party = any(each.role is NameRole.FOR for each in mentions)
        self.naming = Naming(mentions, index.people, clues, index.learnt)
        self.of_kin = [fit for fit in self.naming.of_kin if not clues.in_a_place(fit.mention)]
        self.caretakers = CaretakersNamed(clues.mentions, index)
        known = [self.rented_by(position) for position in identity.by_person]
        self.rented = Rented(
            frozenset().union(*[each.homes for each in known]), frozenset().union(*[each.parking for each in known])
        )
        theirs = self.rented.homes | self.rented.parking
        groups = [as_their_home_has_it(group, theirs, index.gazetteer) for group in clues.groups[:_MOST_GROUPS]]
        self.groups = merged(groups, index.gazetteer)
        self._shown: list[tuple[list[str], Sums]] = []
        self.meanings = self.meanings_to(self.rented)
        self.place = self._place()
        strange = [] if self.place.groups else [group for group in self.groups if group.elsewhere_bits]
        self.strange = min(strange, key=lambda group: group.elsewhere_bits) if strange else None
        # Of who writes for another, what they call their own is not that one's.
        own_floors = () if self.third_party else clues.own_floors
        self.places = PlaceEvidence(self.place, self.strange, own_floors, index)

    def rented_by(self, position: int) -> Rented:
        """Return the entrances where somebody lives, and those where they park."""
        person = self.index.people.person(position)
        homes = frozenset(home.entrance for home in person.homes_on(self.on) if home.entrance != NOWHERE)
        return Rented(homes, frozenset(person.parking))

    def meanings_to(self, rented: Rented) -> list[tuple[Group, Meaning]]:
        """Return the places named, with what each is likely to be where it is known who lives where.

        Args:
            rented: where those rent whom the contact concerns; empty where nobody is known.
        """
        groups = [group for group in self.groups if len(group.named)]
        model, gazetteer = self.index.place_model, self.index.gazetteer
        if groups and not self._shown:
            message = model.said(everywhere(self.clues.passages))
            shown = of_text(groups, gazetteer)
            self._shown = [(words, model.said(words) + model.said(rest) + message) for words, rest in shown]
        known = with_homes([words for words, _said in self._shown], groups, rented, gazetteer)
        said = [by_text + model.said(each) for (_words, by_text), each in zip(self._shown, known, strict=True)]
        return list(zip(groups, model.meanings(said), strict=True))

    def _place(self) -> PlaceWeights:
        groups = [group for group, _meaning in self.meanings]
        doubt = weights.APPLICANT_PLACE_TRUST if Statement.APPLICANT in self.said else 1.0
        lives_there = [meaning.home for _group, meaning in self.meanings]
        place = mixture(groups, lives_there, len(self.index.gazetteer.entrances))
        if doubt < 1.0:
            place.doubted(doubt)
        return place

    def collect(self) -> Numbers:
        """Return the positions of the people to look at, in order."""
        people, near = self.index.people, self._entrances_named()
        found = [np.fromiter(self.identity.by_person, np.int32)]
        room = weights.MOST_COLLECTED
        for name, _bits in _likeliest_names(self.naming.surname_bits):
            number = people.surnames.number[name]
            bearers = people.by_name.of(number)
            if room > 0:
                found.append(bearers)
            room -= len(bearers)
        if len(near):
            residents = np.concatenate([people.residents.of(entrance) for entrance in near.tolist()])
            if len(near) > _FEW_ENTRANCES:
                residents = self._called_so(residents)
            found.append(residents)
        return _distinct(np.concatenate(found))

    def _called_so(self, residents: Numbers) -> Numbers:
        """Return those who bear one of the first names said, and who lives with a relative whom the writer names."""
        people, firsts = self.index.people, self.index.people.firsts
        likely = np.zeros(len(firsts.names) + 1, np.bool_)  # the last is that of -1
        likely[[firsts.number[name] for name, _bits in _likeliest_names(self.naming.first_bits)]] = True
        chosen = residents[likely.take(people.first.take(residents))]
        if not self.of_kin:
            return chosen
        homes = {home.dwelling_id for each in chosen.tolist() for home in people.person(each).homes[-1:]}
        beside = [each for home in sorted(homes)[:_MOST_HOMES] for each in people.living_in(home)]
        return np.concatenate([chosen, np.array(beside, np.int32)])

    def _entrances_named(self) -> Numbers:
        """Return the entrances that the text singles out, the likeliest first."""
        bits = self.place.bits
        if not len(bits):
            return self.place.entrances
        near = np.flatnonzero(bits > max(1.0, bits.max() - 3.0))
        order = np.argsort(-bits[near], kind="stable")[:_MOST_ENTRANCES]
        return self.place.entrances[near[order]]

    def weigh(self, positions: Numbers) -> tuple[list[Weighed], Rest]:
        """Return the best in full, best first, and the rest with their rough scores."""
        quick = self._quick(positions)
        least = quick.max(initial=-np.inf) - _NEGLIGIBLE
        order = np.argsort(-quick, kind="stable")
        likely = int(np.count_nonzero(quick > least))
        # A few of those far behind are weighed too: the writer may name one of them, on somebody else's account.
        chosen = order[: min(max(likely, _AT_LEAST), self._most())]
        rest = order[len(chosen) : likely]
        looked_at = positions[chosen].tolist()
        if Statement.BORROWED in self.said:
            # Those who live with the account's owner, however little else speaks for them.
            looked_at += [found for found in self.identity.by_person if found not in looked_at][:_AT_LEAST]
        weighed = [self._in_full(position) for position in looked_at]
        people, learnt = len(self.index.people), self.index.learnt
        settle(weighed, people, learnt, WriterStatements(self.said, for_another=self.third_party))
        weighed.sort(key=lambda each: -each.score)
        return weighed, Rest(positions[rest], quick[rest])

    def _most(self) -> int:
        """Return how many may be weighed in full: all of an entrance where only floor and door can tell them apart."""
        of_kin = {first for fit in self.of_kin for first in fit.wording.firsts}
        nameless = not self.naming.surname_bits and of_kin.issuperset(self.naming.first_bits)
        return weights.MOST_NEIGHBOURS if nameless and self.places.detailed else weights.MOST_CANDIDATES

    def _quick(self, positions: Numbers) -> Floats:
        """Return roughly what weighing in full would, by look-ups alone: enough to choose whom to weigh."""
        people = self.index.people
        scores = self.naming.quick(positions, people)
        scores += self.place.everywhere.take(people.entrance.take(positions))
        if self.strange is not None:
            scores += self.strange.elsewhere_bits
        for position in self.identity.by_person:
            scores[np.searchsorted(positions, position)] += self.identity.bits(position)
        return scores

    def _in_full(self, position: int) -> Weighed:
        person = self.index.people.person(position)
        home = self._home(person)
        known = self.identity.by_person.get(position, _NOTHING)
        account = "email" in known
        partners = self._partners(position, person, home) if self.naming.asks_for_partners(person) else ()
        named = self.naming.weigh(person, account=account, partners=partners)
        meant = self._entrance_meant(person, home) if home is not None else NOWHERE
        evidence = [*known.values(), *named.evidence]
        if home is not None and NOWHERE not in {home.entrance, meant}:
            evidence += self.places.said_of(meant)
            if self.places.detailed:
                evidence.extend(self.places.details(home))
            evidence.extend(self.caretakers.evidence(home.entrance))
        if self.of_kin and home is not None:
            evidence.extend(self._living_with(position, person, home))
        evidence.extend(self.places.elsewhere(account=account))
        evidence.extend(self._greeting(person))
        if home is not None:
            evidence.extend(self._building(home) if named.evidence else ())
        weighed = Weighed(
            position,
            person,
            home,
            score=sum([piece.weight for piece in evidence]) + self._standing(person, home),
            evidence=sorted(evidence, key=_heaviest_first),
            role=named.fits.role,
            fits=named.fits.by_role,
            account=account,
            signed=named.signed,
            at_place=self.places.bits(meant),
        )
        if not known:
            _doubt_unknown(weighed, named.fits)
            if home is not None and home.entrance in self.caretakers.may_sign_at:
                weighed.doubt("caretaker", weights.NAMELESS)
        elif all(piece.name == "trade.cited" for piece in known.values()):
            weighed.doubt("cited", weights.NAMELESS)
        return weighed

    def _home(self, person: Person) -> Home | None:
        """Return where a person lives, of several homes the one that goes best with what was said of places."""
        homes = person.homes_on(self.on)
        if len(homes) <= 1:
            return homes[0] if homes else None
        return max(reversed(homes), key=lambda home: self.places.bits(home.entrance))

    def _partners(self, position: int, person: Person, home: Home | None) -> Sequence[str]:
        """Return the surnames mentioned that are of those who live with somebody, and not their own."""
        if home is None:
            return ()
        people, own = self.index.people, {person.surname, person.birth}
        # By their numbers first: of a large estate a whole person is made only when it comes into question.
        said = {people.surnames.number[name] for name in self.naming.surname_bits if name not in own}
        others = [each for each in people.living_in(home.dwelling_id) if each != position]
        called = [people.person(each) for each in others if people.surname.item(each) in said]
        return [each.surname for each in called if each.lived_with(home)]

    def _entrance_meant(self, person: Person, home: Home) -> int:
        """Return the entrance of their home, or that of their parking space where the places said are rather there."""
        if not person.parking:
            return home.entrance
        return max((home.entrance, *person.parking), key=self.places.bits)

    def _standing(self, person: Person, home: Home | None) -> float:
        gone = home is not None and home.left(self.on)
        leaving = weights.GONE_AND_SAYS_SO if Statement.LEFT in self.said else weights.GONE
        return weights.ROLE.get(person.role, 0.0) + (leaving if gone else 0.0)

    def _greeting(self, person: Person) -> Iterator[Evidence]:
        """Yield what it says that a message of ours, which is answered, greets somebody by name and title."""
        for name in (person.surname, person.birth):
            gender = self.clues.greeted.get(name) if name else None
            if gender is not None and {gender, person.gender} != {"f", "m"}:
                bits = self.index.learnt.bits("thread.greeted", weights.GREETED)
                yield Evidence("thread.greeted", bits, name.title(), None, person.label)
                return

    def _building(self, home: Home) -> Iterator[Evidence]:
        """Yield what a building says that is told beside no place: "Mehmet Çelik, bâtiment D"."""
        if self._named_building is None or home.entrance == NOWHERE:
            return
        letter, seen, span = self._named_building
        known, gazetteer = self.index.gazetteer.compared, self.index.gazetteer
        said, theirs = known.buildings.get(letter, NOWHERE), known.building.item(home.entrance)
        if theirs == known.buildings.get("", NOWHERE):
            return
        share = float(gazetteer.share[known.building == said].sum())
        bits = -log2(max(share, _RAREST_BUILDING)) if theirs == said else weights.BUILDING_DIFFERS
        bits = self.index.learnt.bits("place.building", bits)
        yield Evidence("place.building", bits, seen, span, gazetteer.entrances[home.entrance].label)

    @cached_property
    def _named_building(self) -> tuple[str, str, Span | None] | None:
        """The one building that the writer names where they name no place."""
        if any(group.anchored for group in self.groups):
            return None
        own = [text for text in self.clues.passages if text.part in {Part.NEW, Part.SIGNATURE}]
        told = [
            (text, read[0])
            for text in own
            for position, word in enumerate(text.words)
            if word.text in BUILDING_WORDS and (read := detail(text, position)) is not None
        ]
        found = {atom.values[0]: _seen(text, atom) for text, atom in told if atom.kind == "building"}
        if len(found) != 1:
            return None
        ((letter, (seen, span)),) = found.items()
        return letter, seen, span

    def _living_with(self, position: int, person: Person, home: Home) -> Iterable[Evidence]:
        """Yield what it says for somebody that a relative whom they live with is named: "mon mari c'est Modibo"."""
        people, told = self.index.people, list[Evidence]()
        for other in people.living_in(home.dwelling_id):
            beside = people.person(other)
            for fit in self.of_kin if other != position and beside.lived_with(home) else ():
                ratio = fit.wording.ratio(beside)
                if beside.first in fit.wording.firsts and ratio > max(1.0, fit.wording.ratio(person)):
                    bits = min(log2((1.0 + ratio) / 2.0), weights.LIVES_WITH_ONE_NAMED)
                    seen, span = fit.mention.seen, fit.mention.span
                    told.append(Evidence("home.named", round(bits, 2), seen, span, beside.label))
        yield from sorted(told, key=_heaviest_first)[:1]


def _heaviest_first(piece: Evidence) -> float:
    return -abs(piece.weight)


def _distinct(numbers: Numbers) -> Numbers:
    """Return each of some numbers once, in order; `np.unique` takes several times as long over so few."""
    numbers.sort()
    first = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first]


def _likeliest_names(bits: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return the names that a mention may well mean, the likeliest first."""
    likely = [(name, each) for name, each in bits.items() if each > _SAYS_SOMETHING]
    likely.sort(key=itemgetter(1), reverse=True)
    return likely[:_NAMES_FOLLOWED]


def _doubt_unknown(weighed: Weighed, fits: Fits) -> None:
    """Bound how surely somebody is concerned, and their household, of whom nothing known is told."""
    role = fits.role
    if role in _CITED:
        weighed.doubt("cited", role.trust)
    elif (
        fits.best < weights.THREE_NAMES
        and not _names_their_home(weighed)
        and not any(piece.name in _CONFIRMS_A_NAME and piece.weight > 0 for piece in weighed.evidence)
        and not _is_placed(weighed, 0.0 if role is NameRole.FOR else weights.PLACE_SAYS_NOTHING)
    ):
        weighed.doubt("name_alone", weights.NAME_ALONE)
    elif role is None and fits.least < 0:
        weighed.doubt("nameless", weights.NAMELESS, household=False)


def _names_their_home(weighed: Weighed) -> bool:
    """Return whether somebody whom they live with is named beside them, by more than a frequent first name."""
    return any(piece.name == "home.named" and piece.weight >= weights.NAMES_THEIR_HOME for piece in weighed.evidence)


def _is_placed(weighed: Weighed, least: float) -> bool:
    """Return whether the place said is theirs by so many bits, with the floor and the door where these fit as well."""
    if weighed.at_place >= least or weighed.at_place <= 0:
        return weighed.at_place >= least
    details = (piece.weight for piece in weighed.evidence if piece.name in _DETAILS)
    return weighed.at_place + sum(max(0.0, bits) for bits in details) >= least
