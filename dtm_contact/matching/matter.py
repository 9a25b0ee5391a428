"""Where the matter is: by the places that a contact names, and the tenant's home where none of them is it.

Who lives where is known first (`verdict.Masses`). A place named is then the tenant's home or it is not, and what the
text shows of it (`place_model`) tells how likely the matter is there in either case.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from dtm_contact.directory import Directory, in_force
from dtm_contact.matching.gazetteer import Gazetteer
from dtm_contact.matching.place_model import Meaning
from dtm_contact.matching.places import Floats, Group
from dtm_contact.model import Evidence, Likely, WriterHome

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
    meant = [frozenset(gazetteer.residence[group.meant].tolist()) for group, _meaning in places if _is_whole(group)]
    ids = list(gazetteer.residence_ids)
    return frozenset(ids[number] for residences in meant if len(residences) == 1 for number in residences)


def _is_whole(group: Group) -> bool:
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
