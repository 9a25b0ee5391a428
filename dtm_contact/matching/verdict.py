"""From weighed candidates to what may be said: probabilities over all of them and "nobody in the directory".

Who lives where is known first (`Masses`). A place named is then the tenant's home or it is not, and what the text shows
of it (`place_model`) tells how likely the matter is there in either case. An agent's own word goes before all of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import islice

import numpy as np

from dtm_contact.directory import Directory, in_force, on_duty, on_duty_in_residence
from dtm_contact.directory.lookups import Numbers
from dtm_contact.matching import weights
from dtm_contact.matching.candidates import Rest, Weighing
from dtm_contact.matching.clues import Clues
from dtm_contact.matching.cues import Statement
from dtm_contact.matching.gazetteer import Gazetteer
from dtm_contact.matching.index import MatchIndex
from dtm_contact.matching.mentions import NameRole
from dtm_contact.matching.people import NOWHERE
from dtm_contact.matching.place_model import Meaning, Rented
from dtm_contact.matching.places import Floats, Group
from dtm_contact.matching.rivals import Weighed
from dtm_contact.matching.weights import Learnt, answer_about
from dtm_contact.model import Candidate, Evidence, Likely, Match, OnDuty, Proposal, Stated, WriterHome
from dtm_contact.text import is_robot

_NEVER = 1e-12
_IN_THE_SAME_TOWN = 10.0
"""How much likelier a street of the tenant's own town is meant, where several towns have it."""


def where_the_matter_is(
    places: Sequence[tuple[Group, Meaning]], homes: Floats, otherwise: Floats, gazetteer: Gazetteer
) -> Floats:
    """Return by entrance how likely the matter is there; what is missing to 1 is nowhere of ours.

    Args:
        places: what was named, with what the text shows of it.
        homes: by entrance, how likely the tenant concerned lives there; what is missing to 1 is somebody unknown.
        otherwise: by entrance, how likely the matter is there where it is at none of the places named.
        gazetteer: the places of the directory.
    """
    unnamed = otherwise.copy()
    anchored = [group for group, _meaning in places if group.anchored]
    for group in anchored if len(anchored) > 1 else ():
        # Whose home is named beside another place has the matter there, at the other, or at neither.
        unnamed[group.meant] = 0.0
    towns = gazetteer.compared.commune
    at_home = np.bincount(towns, weights=homes, minlength=int(towns.max(initial=0)) + 1)
    near = 1.0 + _IN_THE_SAME_TOWN * at_home[towns]
    entrances = unnamed * max(0.0, 1.0 - sum(meaning.matter for _group, meaning in places))
    for group, meaning in places:
        entrances += meaning.matter * _there(group, homes, gazetteer.share * near)
    return entrances


def _there(group: Group, homes: Floats, share: Floats) -> Floats:
    """Return by entrance how likely it is the one that a place named means."""
    likely = np.zeros(len(homes))
    said = share[group.named] * np.exp2(group.weighed - group.weighed.max(initial=0.0))
    meant = group.meant
    likely[group.named] = said * (1.0 - min(1.0, float(homes[meant].sum()))) / max(float(said.sum()), _NEVER)
    likely[meant] += homes[meant]
    return likely / max(float(likely.sum()), _NEVER)


def written_out(places: Sequence[tuple[Group, Meaning]], gazetteer: Gazetteer) -> frozenset[str]:
    """Return the residences that an address with a number, or a name with its town, means and no other residence."""
    meant = [frozenset(gazetteer.residence[group.meant].tolist()) for group, _meaning in places if is_whole(group)]
    ids = list(gazetteer.residence_ids)
    return frozenset(ids[number] for residences in meant if len(residences) == 1 for number in residences)


def beside_another(residence_id: str, places: Sequence[tuple[Group, Meaning]], gazetteer: Gazetteer) -> bool:
    """Return whether a residence is named and another one of ours written out, whatever the matter is."""
    number = gazetteer.residence_ids[residence_id]
    named, others = False, []
    for group, meaning in places:
        if not group.agreeing:
            continue
        if (gazetteer.residence[group.meant] == number).any():
            named = named or group.anchored
        else:
            others.append((group, meaning))
    return named and bool(written_out(others, gazetteer))


def is_whole(group: Group) -> bool:
    """Return whether a place is written out: a street with a number, or a residence with its town or a street."""
    house = any(atom.house for atom in group.of("street"))
    return house or bool(group.of("residence") and (group.of("commune") or group.of("street")))


def home_of(tenant: Likely | None, dwelling: Likely | None, on: date, directory: Directory) -> WriterHome | None:
    """Return where the tenant lives; None where neither they nor their household is sure.

    Args:
        tenant: who is named.
        dwelling: the household that is sure.
        on: the day.
        directory: the estate.
    """
    home = directory.home(tenant.id, on) if tenant is not None and dwelling is None else None
    dwelling_id = dwelling.id if dwelling is not None else home.dwelling_id if home is not None else None
    lives_in = directory.residence_of(dwelling_id) if dwelling_id is not None else None
    return WriterHome(dwelling_id, lives_in.residence_id) if lives_in is not None else None


def unit_there(tenant: Likely | None, residence: Likely | None, on: date, directory: Directory) -> Likely | None:
    """Return the one unit that a tenant has in the residence of the matter (a parking space, a shop), if they have."""
    if tenant is None or residence is None:
        return None
    let = [lease for lease in directory.leases_of(tenant.id) if in_force(lease, on)]
    there = {
        lease.dwelling_id
        for lease in let
        if (found := directory.residence_of(lease.dwelling_id)) is not None and found.residence_id == residence.id
    }
    likely = min(tenant.probability, residence.probability)
    return Likely(there.pop(), likely) if len(there) == 1 else None


def each_place(places: Sequence[tuple[Group, Meaning]], gazetteer: Gazetteer) -> tuple[Evidence, ...]:
    """Return every address named as evidence for itself, where several are as likely the matter's."""
    found = []
    for group, _meaning in places:
        if group.anchored and len(group.named):
            best = int(group.weighed.argmax())
            name = f"place.{'street' if group.of('street') else 'residence'}"
            label = gazetteer.entrances[group.named.item(best)].label
            found.append(Evidence(name, round(float(group.weighed.item(best)), 2), *group.where(), label))
    return tuple(found)


_MOST_PROPOSED = 3
_LEAST_MASS = 1e-300
_LIKELY = 0.5
_HARDLY = 0.01
"""How likely the matter is at home's entrance, at the most, where the address of another one decides."""
_ACCOUNTS = frozenset({"email.known", "email.confirmed"})
_NAMES_NOBODY = frozenset({Statement.ANONYMOUS, Statement.RENTS_ELSEWHERE})


@dataclass
class Masses:
    """Unnormalised probabilities of each hypothesis, added up by person, dwelling, and entrance (by position)."""

    gazetteer: Gazetteer
    learnt: Learnt
    entrances: Floats = field(default_factory=lambda: np.empty(0))
    homes: Floats = field(default_factory=lambda: np.empty(0))
    """By entrance, of people alone: it is somebody who lives there."""
    tenants: dict[str, float] = field(default_factory=dict)
    dwellings: dict[str, float] = field(default_factory=dict)
    total: float = 0.0
    moved: float = 0.0
    """Of people whose account it is and who speak of another place: it is of somebody there."""

    @cached_property
    def residences(self) -> Floats:
        """By the number of the residence; asked once all is added up."""
        some = self.entrances.nonzero()[0]
        return _sums(self.gazetteer.residence[some], self.entrances[some], len(self.gazetteer.residence_ids))

    @cached_property
    def chances(self) -> dict[str, float]:
        """The probability of each tenant, before it is calibrated; likewise."""
        return {tenant_id: mass / self.total for tenant_id, mass in self.tenants.items()} if self.total else {}

    def is_at_home(self, residence_id: str | None) -> bool:
        """Return whether the matter is rather at a residence than anywhere else."""
        number = self.gazetteer.residence_ids.get(residence_id or "", NOWHERE)
        return number != NOWHERE and self.residences.item(number) >= _LIKELY * self.total

    def best(self, answer: str, table: Mapping[str, float]) -> Likely | None:
        """Return the likeliest of a table, its probability calibrated as for that answer."""
        if not table or self.total <= 0:
            return None
        best = max(table, key=table.__getitem__)
        return Likely(best, self.learnt.probability(answer, min(1.0, table[best] / self.total)))

    def likeliest(self, ids: Mapping[str, int], sums: Floats) -> Likely | None:
        """Return the likeliest residence, or office, of those that have a number; who has no identifier is none."""
        if "" in ids:
            sums[ids[""]] = 0.0
        best = int(sums.argmax()) if len(sums) else NOWHERE
        if self.total <= 0 or best == NOWHERE or not sums.item(best):
            return None
        likely = next(islice(ids, best, None))
        return Likely(likely, self.learnt.probability("residence", min(1.0, sums.item(best) / self.total)))

    def tenant(self, weighed: Sequence[Weighed]) -> tuple[Likely, float] | None:
        """Return the likeliest tenant, and the probability before it was calibrated."""
        if not self.tenants or self.total <= 0:
            return None
        best = max(self.tenants, key=self.tenants.__getitem__)
        homes = {each.person.tenant_id: each.home.dwelling_id if each.home else None for each in weighed}
        chances = ((tenant_id, homes.get(tenant_id), chance) for tenant_id, chance in self.chances.items())
        answer = answer_about(best, chances, doubted=_doubted(best, weighed))
        said = min(1.0, self.tenants[best] / self.total)
        return Likely(best, self.learnt.probability(answer, said)), said


def verdict(weighing: Weighing, weighed: list[Weighed], rest: Rest) -> Match:
    """Return the match: candidates with probabilities, and tenant, dwelling, residence where they are sure."""
    index = weighing.index
    masses = _masses(weighing, weighed, rest)
    thresholds = index.settings.match
    likeliest = masses.tenant(weighed)
    tenant = _sure(likeliest[0] if likeliest else None, thresholds.tenant)
    dwelling = _sure(masses.best("dwelling", masses.dwellings), thresholds.dwelling)
    if not _may_name(weighing.clues, weighed):
        tenant = dwelling = None
    tenant = None if tenant and _doubted(tenant.id, weighed) else tenant
    dwelling = None if dwelling and _household_doubted(dwelling.id, weighed) else dwelling
    dwelling = dwelling or _home_of(tenant, weighed)
    proven = [index.people.person(each) for each in sorted(weighing.identity.proven)]
    masses.entrances = _of_the_matter(weighing, weighed, masses)
    home = home_of(tenant, dwelling, weighing.on, index.directory)
    residence = _residence(weighing, weighed, masses, tenant, home)
    if home is None and tenant is None and residence is not None:
        home = _written_home(weighing, residence.id)
    if _is_at_another_entrance(weighing, masses, home, residence):
        dwelling = None
    elif home is not None and (
        residence.id == home.residence_id if residence is not None else masses.is_at_home(home.residence_id)
    ):
        home = None
    elif home is not None:
        dwelling = unit_there(tenant, residence, weighing.on, index.directory)
    return Match(
        candidates=_candidates(weighed, masses, likeliest),
        tenant=tenant,
        dwelling=dwelling,
        residence=residence,
        home=home,
        office_id=_office(masses, residence, index),
        place_evidence=_place_evidence(weighing, masses, residence),
        caretakers=_on_duty(masses, dwelling, residence, weighing),
        proposals=tuple(_proposals(tenant, weighing)) if tenant is not None else (),
        on_behalf=_on_behalf(weighing),
        proven=tuple(sorted(person.tenant_id for person in proven)),
        proven_homes=tuple(sorted({home.dwelling_id for person in proven for home in person.lives_in(weighing.on)})),
    )


def _residence(
    weighing: Weighing, weighed: Sequence[Weighed], masses: Masses, tenant: Likely | None, home: WriterHome | None
) -> Likely | None:
    """Return the residence of the matter, where it is sure enough: less so where it is written out, or home's.

    Home named beside another residence must be surer than all: who names both mostly tells them apart, and the matter
    is then as often at the other.
    """
    thresholds, gazetteer = weighing.index.settings.match, weighing.index.gazetteer
    likely = masses.likeliest(gazetteer.residence_ids, masses.residences)
    if likely is None or Statement.RENTS_ELSEWHERE in weighing.said:
        return None
    written = likely.id in written_out(weighing.meanings, gazetteer)
    if not written and _only_a_namesake(likely.id, weighed):
        return None
    theirs = home is not None and likely.id == home.residence_id
    if beside_another(likely.id, weighing.meanings, gazetteer) and _lives_there(likely.id, weighing, masses):
        return _sure(likely, max(thresholds.residence, thresholds.residence_beside))
    known = written or theirs or unit_there(tenant, likely, weighing.on, weighing.index.directory) is not None
    return _sure(likely, min(thresholds.residence, thresholds.residence_written) if known else thresholds.residence)


def _is_at_another_entrance(
    weighing: Weighing, masses: Masses, home: WriterHome | None, residence: Likely | None
) -> bool:
    """Return whether the matter is at an address that is written out, in the residence of home and not at its entrance.

    "Fumée dans la gaine, 14 rue du 11-Novembre-1918": who lives in the next building must not have the fire at theirs.
    Beside what may be home's own address ("livré au 27 au lieu du 23") it is not sure enough to be told.
    """
    directory, gazetteer = weighing.index.directory, weighing.index.gazetteer
    if home is None or home.dwelling_id is None or residence is None or residence.id != home.residence_id:
        return False
    entrance = gazetteer.entrance_by_id[directory.dwellings[home.dwelling_id].address_id]
    number = gazetteer.residence_ids[residence.id]
    elsewhere = (
        group.agreeing
        and any(atom.house for atom in group.of("street"))
        and entrance not in group.meant
        and (gazetteer.residence[group.meant] == number).all()
        for group, _meaning in weighing.meanings
    )
    at_home = masses.entrances.item(entrance) / masses.total
    return at_home < _HARDLY and any(elsewhere)


def _lives_there(residence_id: str, weighing: Weighing, masses: Masses) -> bool:
    """Return whether the tenant concerned rather lives in a residence, by who it is, or says surely that they do."""
    number, residence = masses.gazetteer.residence_ids[residence_id], masses.gazetteer.residence
    if masses.homes[residence == number].sum() >= _LIKELY * masses.total:
        return True
    least = weighing.index.settings.match.residence
    told = [group for group, meaning in weighing.meanings if meaning.home >= least and group.anchored]
    return any((residence[group.meant] == number).all() for group in told)


def _written_home(weighing: Weighing, residence_id: str) -> WriterHome | None:
    """Return where somebody whom nobody knows says that they live, where that is written out and not the matter's."""
    ids, least = list(weighing.index.gazetteer.residence_ids), weighing.index.settings.match.residence_written
    for group, meaning in weighing.meanings:
        meant = {ids[number] for number in weighing.index.gazetteer.residence[group.meant].tolist()}
        # A street alone, under what a firm signs, is often of another town.
        town = group.of("commune") or group.of("residence")
        whole = is_whole(group) and bool(group.agreeing) and bool(town)
        if whole and meaning.home >= least and len(meant) == 1 and residence_id not in meant:
            return WriterHome(None, meant.pop())
    return None


def _of_the_matter(weighing: Weighing, weighed: Sequence[Weighed], masses: Masses) -> Floats:
    """Return the masses of the entrances as those of where the matter is."""
    if not weighing.meanings or masses.total <= 0 or Statement.APPLICANT in weighing.said:
        return masses.entrances
    homes, otherwise = masses.homes / masses.total, masses.entrances / masses.total
    known = _known_to_rent(weighing, weighed, homes)
    meanings = weighing.meanings if known == weighing.rented else weighing.meanings_to(known)
    return masses.total * where_the_matter_is(meanings, homes, otherwise, weighing.index.gazetteer)


def _known_to_rent(weighing: Weighing, weighed: Sequence[Weighed], homes: Floats) -> Rented:
    """Return where the likeliest rents, if it is likely to be somebody of that home."""
    best = weighed[0] if weighed else None
    if best is None or best.home is None or best.home.entrance == NOWHERE:
        return weighing.rented
    return weighing.rented_by(best.position) if homes.item(best.home.entrance) >= _LIKELY else weighing.rented


def _proposals(tenant: Likely, weighing: Weighing) -> Iterator[Proposal]:
    """Yield what the tenant named brings that nobody is known by; who writes for another brings their own."""
    people, clues = weighing.index.people, weighing.clues
    known = weighing.identity.confirmed
    if _on_behalf(weighing) or clues.staff:
        return
    for kind, seens, look_up in (("address", clues.emails, people.by_email), ("number", clues.phones, people.by_phone)):
        for seen in seens[:_MOST_PROPOSED]:
            # A program's address is nobody's, whoever has it write.
            mine = kind == "number" or (seen.sender and not is_robot(seen.key))
            if mine and seen.key not in look_up and seen.key not in known:
                yield Proposal(kind, seen.key, tenant.id, seen.seen)


def _on_behalf(weighing: Weighing) -> bool:
    """Return whether who writes does so for somebody else, or for an organisation."""
    return weighing.third_party or weighing.clues.organisation


def _sure(likely: Likely | None, threshold: float) -> Likely | None:
    return likely if likely is not None and likely.probability >= threshold else None


def _only_a_namesake(residence_id: str, weighed: Iterable[Weighed]) -> bool:
    """Return whether only somebody's name speaks for a residence, and the place said is another."""
    best = next((each for each in weighed if each.home is not None and each.home.residence_id == residence_id), None)
    return best is not None and best.at_place < 0 and any(each.name == "doubt.name_alone" for each in best.evidence)


def _home_of(tenant: Likely | None, weighed: Iterable[Weighed]) -> Likely | None:
    """Return the dwelling of a tenant who is named and has no other: it is as sure as they are."""
    theirs = [each for each in weighed if tenant is not None and each.person.tenant_id == tenant.id]
    homes = {home.dwelling_id for each in theirs for home in each.person.homes}
    alone = tenant is not None and len(homes) == 1 and all(each.household_certainty == 1.0 for each in theirs)
    return Likely(homes.pop(), tenant.probability) if tenant is not None and alone else None


def _may_name(clues: Clues, weighed: list[Weighed]) -> bool:
    """Return whether a person may be named at all, however probable."""
    for_another = any(
        each.role is NameRole.FOR and each.fits.get(NameRole.FOR, 0.0) > weights.FITS_SURELY for each in weighed[:1]
    )
    if not _NAMES_NOBODY.isdisjoint(clues.said) or (Statement.NOT_A_TENANT in clues.said and not for_another):
        return False
    return not clues.crowded or not weighed or any(piece.name in _ACCOUNTS for piece in weighed[0].evidence)


def _doubted(tenant_id: str, weighed: Iterable[Weighed]) -> bool:
    """Return whether something forbids to name a tenant, however often such messages are theirs."""
    return any(each.certainty < 1.0 for each in weighed if each.person.tenant_id == tenant_id)


def _household_doubted(dwelling_id: str, weighed: Iterable[Weighed]) -> bool:
    """Return whether that holds for the likeliest of a dwelling and for their household; the best come first."""
    there = (each for each in weighed if each.home is not None and each.home.dwelling_id == dwelling_id)
    return any(each.household_certainty < 1.0 for each in islice(there, 1))


def _masses(weighing: Weighing, weighed: list[Weighed], rest: Rest) -> Masses:
    people, gazetteer = weighing.index.people, weighing.index.gazetteer
    masses = Masses(gazetteer, weighing.index.learnt)
    prior = (1.0 - weights.UNNAMED - weights.OUTSIDER) * 2.0 ** _no_tenant(weighing) / max(len(people), 1)
    at_home = [_add(masses, each, prior * 2.0**each.score) for each in weighed]
    entrances = np.array([each.home.entrance if each.home is not None else NOWHERE for each in weighed], np.int32)
    mass = np.array(at_home)
    if len(rest.positions):
        masses_of_rest = prior * np.exp2(rest.scores)
        masses.total += float(masses_of_rest.sum())
        entrances = np.concatenate((entrances, people.entrance[rest.positions]))
        mass = np.concatenate((mass, masses_of_rest))
    masses.entrances = _sums(entrances + 1, mass, len(gazetteer.entrances) + 1)[1:]
    masses.homes = masses.entrances.copy()
    _nobody(weighing, masses)
    return masses


def _add(masses: Masses, each: Weighed, mass: float) -> float:
    """Add somebody's mass, and return what of it is at their home."""
    masses.total += mass
    _to(masses.tenants, each.person.tenant_id, mass * each.certainty)
    if each.home is not None:
        _to(masses.dwellings, each.home.dwelling_id, mass * each.household_certainty)
        if each.place_certainty < 1.0 and each.home.entrance != NOWHERE:
            masses.moved += mass * (1.0 - each.place_certainty)
    return mass * each.place_certainty


def _sums(group_of: Numbers, masses: Floats, groups: int) -> Floats:
    return np.bincount(group_of, weights=masses, minlength=groups).astype(np.float64, copy=False)


def _to(table: dict[str, float], key: str, mass: float) -> None:
    if key:
        table[key] = table.get(key, 0.0) + mass


def _no_tenant(weighing: Weighing) -> float:
    """Return what the writer's own words say against their being a tenant."""
    if Statement.NOT_A_TENANT in weighing.said:
        return weights.NOT_A_TENANT
    return weights.APPLICANT if Statement.APPLICANT in weighing.said else 0.0


def _nobody(weighing: Weighing, masses: Masses) -> None:
    """Add the hypotheses of somebody unnamed at each place named, and of nobody and no place of ours."""
    place = weighing.place
    lone = weights.UNNAMED
    if Statement.APPLICANT not in weighing.said:
        lone *= 2.0 ** min((group.against_nobody for group in place.groups), default=0.0)
    masses.total += lone
    unweighed = (1.0 - weights.UNNAMED) * 2.0 ** (weighing.naming.missing + _no_tenant(weighing))
    strange = 2.0**weighing.strange.elsewhere_bits if weighing.strange is not None else 1.0
    somebody = (unweighed + weights.OUTSIDER) * strange
    share = weighing.index.gazetteer.share[place.entrances]
    bits = place.bits + weighing.caretakers.bits(place.entrances) if weighing.caretakers else place.bits
    mass = somebody * share * np.exp2(bits)
    total = float(mass.sum())
    if masses.moved:
        masses.entrances[place.entrances] += mass + masses.moved * mass / max(total, _LEAST_MASS)
    else:
        masses.entrances[place.entrances] += mass
    masses.total += total + somebody * max(0.0, 1.0 - float(share.sum())) * 2.0**place.elsewhere


def _candidates(
    weighed: Sequence[Weighed], masses: Masses, likeliest: tuple[Likely, float] | None
) -> tuple[Candidate, ...]:
    found = []
    chances = masses.chances
    best, sure, said = (
        ("", 0.0, 0.0) if likeliest is None else (likeliest[0].id, likeliest[0].probability, likeliest[1])
    )
    rest = max(1.0 - said, sum([chance for tenant_id, chance in chances.items() if tenant_id != best]))
    others = (1.0 - sure) / rest if rest > 0.0 else 0.0
    for each in weighed[: weights.MOST_CANDIDATES]:
        home, tenant_id = each.home, each.person.tenant_id
        found.append(
            Candidate(
                tenant_id,
                home.dwelling_id if home else None,
                (home.residence_id or None) if home else None,
                sure if tenant_id == best else chances.get(tenant_id, 0.0) * others,
                round(each.score, 2),
                tuple(each.evidence),
            )
        )
    return tuple(found)


def _office(masses: Masses, residence: Likely | None, index: MatchIndex) -> str | None:
    """Return the office of the residence, or the one that all likely places have in common."""
    if residence is not None:
        return index.directory.residences[residence.id].office_id
    best = masses.likeliest(index.offices, _sums(index.office, masses.residences, len(index.offices)))
    return best.id if best is not None and best.probability >= index.settings.match.residence else None


def _place_evidence(weighing: Weighing, masses: Masses, residence: Likely | None) -> tuple[Evidence, ...]:
    if residence is None and len(weighing.place.groups) > 1:
        return each_place(weighing.meanings, masses.gazetteer)
    if not weighing.place.groups:
        return ()
    best = int(masses.entrances.argmax())
    if not masses.entrances.item(best):
        return ()
    return weighing.place.evidence(weighing.place.said(best), masses.gazetteer.entrances[best].label)


def _on_duty(
    masses: Masses, dwelling: Likely | None, residence: Likely | None, weighing: Weighing
) -> tuple[OnDuty, ...]:
    """Return who is on duty at the dwelling's entrance, else at those that the text singles out, else there."""
    directory, on_duty, on = weighing.index.directory, weighing.index.on_duty, weighing.on
    if dwelling is not None:
        return on_duty(directory.dwellings[dwelling.id].address_id, on)
    if residence is None:
        return ()
    position = masses.gazetteer.entrance_by_id
    here = {a.address_id: masses.entrances.item(position[a.address_id]) for a in directory.entrances(residence.id)}
    total = sum(here.values())
    likely = [address_id for address_id, mass in here.items() if total and mass > 0.04 * total]
    answers = {on_duty(address_id, on) for address_id in likely}
    if len(answers) == 1:
        return answers.pop()
    return on_duty_in_residence(directory, residence.id, on)


_BITS = 20.0


def as_stated(weighed: Match, stated: Stated, directory: Directory, on: date) -> Match:
    """Return the match with what the agent said put in; what they said nothing of, or nothing known, stays.

    Args:
        weighed: what the words of the contact say.
        stated: what the agent said.
        directory: the estate.
        on: the day, for who is on duty.
    """
    dwelling_id = _dwelling(stated, directory, on)
    residence_id = _stated_residence(stated, dwelling_id, directory)
    named = stated.tenant_id if stated.tenant_id and directory.leases_of(stated.tenant_id) else None
    if named is None and dwelling_id is None and residence_id is None:
        return weighed
    residence = directory.residences.get(residence_id or "")
    return replace(
        weighed,
        candidates=_stated_candidates(
            weighed, named, dwelling_id, residence_id, Evidence("agent.said", _BITS, named or "", None, stated.by)
        ),
        tenant=Likely(named, 1.0) if named else _still(weighed, dwelling_id),
        dwelling=Likely(dwelling_id, 1.0) if dwelling_id else None,
        residence=Likely(residence_id, 1.0) if residence_id else None,
        home=None,
        office_id=residence.office_id if residence else weighed.office_id,
        caretakers=_caretakers(dwelling_id, residence_id, directory, on),
    )


def of_their_account(weighed: Match, label: str, directory: Directory, on: date) -> Match:
    """Return the match with whom a source vouches for named, whatever else the text says of who writes.

    Who writes for somebody else by their own account stays as weighed: the matter is that person's.

    Args:
        weighed: what all words say; its `proven` are whose the account is.
        label: what the source is called.
        directory: the estate.
        on: the day, for who is on duty.
    """
    if len(weighed.proven) != 1 or weighed.on_behalf:
        return weighed
    (named,) = weighed.proven
    if weighed.tenant is not None and weighed.tenant.id == named:
        return weighed
    home = directory.home(named, on)
    dwelling_id = home.dwelling_id if home is not None else None
    residence = directory.residence_of(dwelling_id) if dwelling_id is not None else None
    residence_id = residence.residence_id if residence is not None else None
    vouched = Evidence("source.account", _BITS, named, None, label)
    return replace(
        weighed,
        candidates=_stated_candidates(weighed, named, dwelling_id, residence_id, vouched),
        tenant=Likely(named, 1.0),
        dwelling=Likely(dwelling_id, 1.0) if dwelling_id else None,
        residence=Likely(residence_id, 1.0) if residence_id else None,
        home=None,
        office_id=residence.office_id if residence is not None else weighed.office_id,
        caretakers=_caretakers(dwelling_id, residence_id, directory, on),
    )


def at_the_place_of(placed: Match, weighed: Match, directory: Directory) -> Match:
    """Return a match whose matter is at a place that was told in a field of its own; elsewhere it stays as weighed.

    Args:
        placed: what the words of that field alone say.
        weighed: what all words say.
        directory: the estate.
    """
    if placed.residence is None or (weighed.residence is not None and weighed.residence.id == placed.residence.id):
        return weighed
    dwelling = weighed.dwelling
    lives_in = directory.residence_of(dwelling.id) if dwelling is not None else None
    home = weighed.home
    if dwelling is not None and (lives_in is None or lives_in.residence_id != placed.residence.id):
        home = WriterHome(dwelling.id, lives_in.residence_id if lives_in is not None else None)
        dwelling = placed.dwelling
    return replace(
        weighed,
        dwelling=dwelling,
        residence=placed.residence,
        home=home,
        office_id=placed.office_id,
        place_evidence=(),
        caretakers=placed.caretakers,
    )


def _dwelling(stated: Stated, directory: Directory, on: date) -> str | None:
    if stated.dwelling_id is not None:
        return stated.dwelling_id if stated.dwelling_id in directory.dwellings else None
    home = directory.home(stated.tenant_id, on) if stated.tenant_id else None
    return home.dwelling_id if home else None


def _stated_residence(stated: Stated, dwelling_id: str | None, directory: Directory) -> str | None:
    if dwelling_id is not None:
        residence = directory.residence_of(dwelling_id)
        return residence.residence_id if residence else None
    return stated.residence_id if stated.residence_id in directory.residences else None


def _still(weighed: Match, dwelling_id: str | None) -> Likely | None:
    """Return the tenant whom the words name, if they live where the agent says."""
    if weighed.tenant is None or weighed.dwelling is None or weighed.dwelling.id != dwelling_id:
        return None
    return weighed.tenant


def _stated_candidates(
    weighed: Match, named: str | None, dwelling_id: str | None, residence_id: str | None, said: Evidence
) -> tuple[Candidate, ...]:
    if named is None:
        return weighed.candidates
    first = Candidate(named, dwelling_id, residence_id, 1.0, _BITS, (said,))
    others = (replace(each, probability=0.0) for each in weighed.candidates if each.tenant_id != named)
    return (first, *others)


def _caretakers(
    dwelling_id: str | None, residence_id: str | None, directory: Directory, on: date
) -> tuple[OnDuty, ...]:
    if dwelling_id is not None:
        return on_duty(directory, directory.dwellings[dwelling_id].address_id, on)
    return on_duty_in_residence(directory, residence_id, on) if residence_id else ()
