"""From weighed candidates to what may be said: probabilities over all of them and "nobody in the directory"."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dtm_contact.directory import on_duty, on_duty_in_residence
from dtm_contact.matching import weights
from dtm_contact.matching.candidates import Weighing
from dtm_contact.matching.clues import Clues
from dtm_contact.matching.index import MatchIndex
from dtm_contact.matching.rivals import Weighed
from dtm_contact.model import Candidate, Evidence, Likely, Match, OnDuty

_ACCOUNTS = frozenset({"email.known", "email.confirmed"})


@dataclass(slots=True)
class Masses:
    """Unnormalised probabilities of each hypothesis, added up by person, dwelling, residence and entrance."""

    tenants: dict[str, float]
    dwellings: dict[str, float]
    residences: dict[str, float]
    entrances: dict[str, float]
    total: float

    def best(self, table: Mapping[str, float]) -> Likely | None:
        """Return the likeliest of a table."""
        if not table or self.total <= 0:
            return None
        best = max(table, key=lambda key: table[key])
        return Likely(best, min(1.0, table[best] / self.total))


def verdict(weighing: Weighing, weighed: list[Weighed], rest: list[tuple[float, int]]) -> Match:
    """Return the match: candidates with probabilities, and tenant, dwelling, residence where they are sure."""
    index = weighing.index
    masses = _masses(weighing, weighed, rest)
    thresholds = index.settings.match
    tenant = _sure(masses.best(masses.tenants), thresholds.tenant)
    dwelling = _sure(masses.best(masses.dwellings), thresholds.dwelling)
    if not _may_name(weighing.clues, weighed):
        tenant = dwelling = None
    residence = _sure(masses.best(masses.residences), thresholds.residence)
    return Match(
        candidates=_candidates(weighed, masses),
        tenant=tenant,
        dwelling=dwelling,
        residence=residence,
        office_id=_office(masses, residence, index),
        place_evidence=_place_evidence(weighing, masses),
        caretakers=_on_duty(masses, dwelling, residence, weighing),
    )


def _sure(likely: Likely | None, threshold: float) -> Likely | None:
    return likely if likely is not None and likely.probability >= threshold else None


def _may_name(clues: Clues, weighed: list[Weighed]) -> bool:
    """Tell whether a person may be named at all, however probable."""
    if clues.anonymous or clues.not_a_tenant:
        return False
    return not clues.crowded or not weighed or any(piece.name in _ACCOUNTS for piece in weighed[0].evidence)


def _masses(weighing: Weighing, weighed: list[Weighed], rest: list[tuple[float, int]]) -> Masses:
    people = weighing.index.people.all
    masses = Masses({}, {}, {}, {}, 0.0)
    prior = (1.0 - weights.UNNAMED - weights.OUTSIDER) * 2.0 ** _no_tenant(weighing) / max(len(people), 1)
    for each in weighed:
        _add(masses, each.person.tenant_id, each, prior * 2.0**each.score)
    for score, position in rest:
        homes = people[position].homes
        mass = prior * 2.0**score
        masses.total += mass
        if homes:
            _to(masses.residences, homes[-1].residence_id, mass)
            _to(masses.entrances, homes[-1].address_id, mass)
    _nobody(weighing, masses)
    return masses


def _add(masses: Masses, tenant_id: str, each: Weighed, mass: float) -> None:
    masses.total += mass
    _to(masses.tenants, tenant_id, mass * each.certainty)
    if each.home is not None:
        _to(masses.dwellings, each.home.dwelling.dwelling_id, mass * each.household_certainty)
        _to(masses.residences, each.home.residence_id, mass)
        _to(masses.entrances, each.home.address_id, mass)


def _to(table: dict[str, float], key: str, mass: float) -> None:
    if key:
        table[key] = table.get(key, 0.0) + mass


def _no_tenant(weighing: Weighing) -> float:
    """Return what the writer's own words say against his being a tenant."""
    if weighing.clues.not_a_tenant:
        return weights.NOT_A_TENANT
    return weights.APPLICANT if weighing.clues.applicant else 0.0


def _nobody(weighing: Weighing, masses: Masses) -> None:
    """Add the hypotheses of somebody unnamed at each place named, and of nobody and no place of ours."""
    clues, place = weighing.clues, weighing.place
    lone = weights.UNNAMED
    if not clues.applicant:
        lone *= 2.0 ** min((group.against_nobody for group in place.groups), default=0.0)
    if any(group.of("unknown_street") and not group.of("street") for group in weighing.groups):
        lone *= 2.0**weights.UNKNOWN_STREET
    masses.total += lone
    unweighed = (1.0 - weights.UNNAMED) * 2.0 ** (weighing.naming.missing + _no_tenant(weighing))
    somebody = unweighed + weights.OUTSIDER
    entrances = weighing.index.gazetteer.entrances
    named = 0.0
    for position, bits in place.bits.items():
        entrance = entrances[position]
        caretaker = sum(piece.weight for piece in weighing.caretaker(position))
        mass = somebody * entrance.share * 2.0 ** (bits + caretaker)
        named += entrance.share
        masses.total += mass
        _to(masses.residences, entrance.residence_id, mass)
        _to(masses.entrances, entrance.address_id, mass)
    masses.total += somebody * max(0.0, 1.0 - named) * 2.0**place.elsewhere


def _candidates(weighed: Iterable[Weighed], masses: Masses) -> tuple[Candidate, ...]:
    found = []
    for each in list(weighed)[: weights.MOST_CANDIDATES]:
        home = each.home
        found.append(
            Candidate(
                each.person.tenant_id,
                home.dwelling.dwelling_id if home else None,
                (home.residence_id or None) if home else None,
                masses.tenants[each.person.tenant_id] / masses.total if masses.total else 0.0,
                round(each.score, 2),
                tuple(each.evidence),
            )
        )
    return tuple(found)


def _office(masses: Masses, residence: Likely | None, index: MatchIndex) -> str | None:
    """Return the office of the residence, or the one that all likely places have in common."""
    residences = index.directory.residences
    if residence is not None:
        return residences[residence.id].office_id
    offices: dict[str, float] = {}
    for residence_id, mass in masses.residences.items():
        if residence_id in residences:
            _to(offices, residences[residence_id].office_id, mass)
    best = masses.best(offices)
    return best.id if best is not None and best.probability >= index.settings.match.residence else None


def _place_evidence(weighing: Weighing, masses: Masses) -> tuple[Evidence, ...]:
    best = masses.best(masses.entrances)
    if best is None or not weighing.place.groups:
        return ()
    entrance = weighing.index.gazetteer.entrance_by_id.get(best.id)
    return weighing.place.evidence(entrance, weighing.index.gazetteer) if entrance is not None else ()


def _on_duty(
    masses: Masses, dwelling: Likely | None, residence: Likely | None, weighing: Weighing
) -> tuple[OnDuty, ...]:
    """Return who is on duty at the dwelling's entrance, else at those that the text singles out, else there."""
    directory, on = weighing.index.directory, weighing.on
    if dwelling is not None:
        return on_duty(directory, directory.dwellings[dwelling.id].address_id, on)
    if residence is None:
        return ()
    here = {a.address_id: masses.entrances.get(a.address_id, 0.0) for a in directory.entrances(residence.id)}
    total = sum(here.values())
    likely = [address_id for address_id, mass in here.items() if total and mass > 0.04 * total]
    answers = {on_duty(directory, address_id, on) for address_id in likely}
    if len(answers) == 1:
        return answers.pop()
    return on_duty_in_residence(directory, residence.id, on)
