"""Conditions on where it is about."""

from dtm_contact.rules.arguments import Identifiers, OneOf, ResidenceNames, TextList, YesNo
from dtm_contact.rules.facts import Facts, Values, office_of, residence_names, squeeze
from dtm_contact.rules.registry import sees


@sees("office", Identifiers("offices"), single=True)
def office(facts: Facts) -> Values:
    """The office of the place: of the residence, or the one that all likely places have in common.

    Judged again later, it is the office that the residence has then. It never holds where no place is known.

    Example: `office: [bagnolet, pantin]`
    """
    found = office_of(facts.match, facts.directory)
    return () if found is None else (found,)


@sees("residence", ResidenceNames(), residence__known="true")
def residence(facts: Facts) -> Values:
    """The residence, by its identifier, its name or another name it goes by.

    Where several of the directory bear a name, the commune must stand behind it, or beside it as a condition.

    Example: `residence: [R012, "La Maladrerie", "Les Tilleuls (Pantin)"]`
    """
    return residence_names(facts.residence) if facts.residence else ()


@sees("commune", TextList("communes, by name, postcode or INSEE code"), residence__known="true")
def commune(facts: Facts) -> Values:
    """The commune of the residence, by name, postcode or INSEE code.

    Example: `commune: [Montreuil, "93170"]`
    """
    found = facts.residence
    return tuple(map(squeeze, (found.commune, found.postcode, found.insee_code))) if found else ()


@sees("department", TextList("department numbers"), single=True, residence__known="true")
def department(facts: Facts) -> Values:
    """The department of the residence.

    Example: `department: "93"`
    """
    return (squeeze(facts.residence.department),) if facts.residence else ()


@sees("residence.known", YesNo(), single=True)
def residence_known(facts: Facts) -> Values:
    """Whether the residence is sure.

    Example: `residence.known: false`
    """
    return ("true" if facts.match.residence else "false",)


@sees("dwelling.kind", OneOf(("dwelling", "parking", "commercial")), single=True)
def dwelling_kind(facts: Facts) -> Values:
    """What kind of unit it is about, where the unit is sure: a dwelling, a parking space or a shop.

    Example: `dwelling.kind: commercial`
    """
    found = facts.match.dwelling
    return (facts.directory.dwellings[found.id].kind,) if found else ()
