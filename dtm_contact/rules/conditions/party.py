"""Conditions on who it is, where it is about, and what the register says of them."""

from typing import Final

from dtm_contact.labels.judging import LANGUAGES
from dtm_contact.model import Consent, EntryKind, KnownEntry, Reach
from dtm_contact.rules.arguments import Identifiers, OneOf, ResidenceNames, Share, TextList, YesNo
from dtm_contact.rules.conditions import ConditionOutcome, Says, percent, predicate_condition, value_condition
from dtm_contact.rules.facts import Facts, Values, office_of, residence_names, squeeze
from dtm_contact.wording import worded

_ROLES: Final = {
    "holder": "titulaire du bail",
    "co_holder": "cotitulaire du bail",
    "occupant": "occupante du logement",
    "commercial": "commerçante",
}
_KINDS: Final = {"dwelling": "un logement", "parking": "un parking", "commercial": "un local commercial"}
_LABELS = 8
"""Labels of a domain that are looked at, from its end."""


@value_condition(
    "tenant.known", YesNo(), Says("le locataire est reconnu", "le locataire n'est pas reconnu"), is_single=True
)
def tenant_known(facts: Facts) -> Values:
    """Whether the tenant is named, which is only so where it is sure who they are.

    Example: `tenant.known: false`
    """
    return ("true" if facts.match.tenant else "false",)


@value_condition(
    "tenant.role",
    OneOf(("holder", "co_holder", "occupant", "commercial")),
    Says("la personne est {}", "la personne n'est pas {}", _ROLES, of_none="le locataire n'est pas reconnu"),
    tenant__known="true",
)
def tenant_role(facts: Facts) -> Values:
    """What the named tenant is on their lease; with several leases, on that of the dwelling it is about, else on any.

    It never holds where no tenant is named.

    Example: `tenant.role: commercial`
    """
    return tuple(dict.fromkeys(lease.role for lease in facts.leases))


@predicate_condition(
    "certainty",
    Share(),
    Says("la personne la plus probable l'est à {} au moins", "personne n'est probable à {} au moins", percent),
)
def certainty(facts: Facts, wanted: float) -> ConditionOutcome:
    """How probable the likeliest person is, at least; also where it is not sure enough to name them.

    Example: `certainty: 0.9`
    """
    best = facts.match.tenant.probability if facts.match.tenant else 0.0
    if facts.match.candidates:
        best = max(best, facts.match.candidates[0].probability)
    return ConditionOutcome(best >= wanted, f"{best:.2f}")


@value_condition(
    "sender.address",
    TextList(worded("mail addresses")),
    Says("l'adresse de l'expéditeur est {}", "l'adresse de l'expéditeur n'est pas {}"),
    is_single=True,
)
def sender_address(facts: Facts) -> Values:
    """The address that the message says it is from. Anybody can write any address there.

    Example: `sender.address: contact@mairie.example`
    """
    return (facts.contact.sender.address.strip().lower(),)


@value_condition(
    "sender.domain",
    TextList(worded("mail domains")),
    Says("l'expéditeur écrit depuis {}", "l'expéditeur n'écrit pas depuis {}"),
)
def sender_domain(facts: Facts) -> Values:
    """The domain of that address, or a domain above it: `caf.example` also holds for `mail.caf.example`.

    Example: `sender.domain: caf.example`
    """
    _, at, domain = facts.contact.sender.address.strip().lower().rpartition("@")
    labels = domain.split(".") if at else []
    return tuple(".".join(labels[start:]) for start in range(len(labels) - 1, -1, -1))[:_LABELS]


@value_condition(
    "office",
    Identifiers("offices"),
    Says("le lieu relève de {}", "le lieu ne relève pas de {}", of_none="le lieu n'est pas reconnu"),
    is_single=True,
)
def office(facts: Facts) -> Values:
    """The office of the place: of the residence, or the one that all likely places have in common.

    Judged again later, it is the office that the residence has then. It never holds where no place is known.

    Example: `office: [bagnolet, pantin]`
    """
    found = office_of(facts.match, facts.directory)
    return () if found is None else (found,)


@value_condition(
    "residence",
    ResidenceNames(),
    Says("la résidence est {}", "la résidence n'est pas {}", of_none="la résidence n'est pas reconnue"),
    residence__known="true",
)
def residence(facts: Facts) -> Values:
    """The residence, by its identifier, its name or another name it goes by.

    Where several of the directory bear a name, the commune must stand behind it, or beside it as a condition.

    Example: `residence: [R012, "La Maladrerie", "Les Tilleuls (Pantin)"]`
    """
    return residence_names(facts.residence) if facts.residence else ()


@value_condition(
    "commune",
    TextList(worded("communes, by name, postcode or INSEE code")),
    Says("la commune est {}", "la commune n'est pas {}", of_none="la commune n'est pas reconnue"),
    residence__known="true",
)
def commune(facts: Facts) -> Values:
    """The commune of the residence, by name, postcode or INSEE code.

    Example: `commune: [Montreuil, "93170"]`
    """
    found = facts.residence
    return tuple(map(squeeze, (found.commune, found.postcode, found.insee_code))) if found else ()


@value_condition(
    "department",
    TextList(worded("department numbers")),
    Says("le département est {}", "le département n'est pas {}", of_none="le département n'est pas reconnu"),
    is_single=True,
    residence__known="true",
)
def department(facts: Facts) -> Values:
    """The department of the residence.

    Example: `department: "93"`
    """
    return (squeeze(facts.residence.department),) if facts.residence else ()


@value_condition(
    "residence.known", YesNo(), Says("la résidence est reconnue", "la résidence n'est pas reconnue"), is_single=True
)
def residence_known(facts: Facts) -> Values:
    """Whether the residence is sure.

    Example: `residence.known: false`
    """
    return ("true" if facts.match.residence else "false",)


@value_condition(
    "dwelling.kind",
    OneOf(("dwelling", "parking", "commercial")),
    Says("c'est {}", "ce n'est pas {}", _KINDS, of_none="le logement précis n'est pas reconnu"),
    is_single=True,
)
def dwelling_kind(facts: Facts) -> Values:
    """What kind of unit it is about, where the unit is sure: a dwelling, a parking space or a shop.

    Example: `dwelling.kind: commercial`
    """
    found = facts.match.dwelling
    return (facts.directory.dwellings[found.id].kind,) if found else ()


_CONSENT: Final = {Consent.GIVEN: "sms_consent", Consent.REFUSED: "sms_refused"}
_WORDS: Final = (
    EntryKind.PROTECTION,
    EntryKind.NEVER,
    EntryKind.REACH,
    Reach.NO_PHONE,
    Reach.NO_POST,
    EntryKind.LANGUAGE,
    *_CONSENT.values(),
)

_REGISTER: Final = {
    EntryKind.PROTECTION: "une protection",
    EntryKind.NEVER: "une adresse ou un numéro à ne jamais utiliser",
    EntryKind.REACH: "un moyen de joindre la personne",
    Reach.NO_PHONE: "« ne pas appeler »",
    Reach.NO_POST: "« ne rien envoyer »",
    EntryKind.LANGUAGE: "une langue",
    "sms_consent": "l'accord aux SMS",
    "sms_refused": "le refus des SMS",
}


@value_condition(
    "register",
    OneOf(tuple(map(str, _WORDS))),
    Says("le registre du foyer contient {}", "le registre du foyer ne contient pas {}", _REGISTER),
)
def register(facts: Facts) -> Values:
    """What agents entered in the register for whom it is about, as far as it is in force.

    `protection`: somebody of the household is protected; `never`: an address or number is never to be used; `reach`:
    how they are to be reached, of which `no_phone` is not to call and `no_post` to send nothing to their home;
    `language`: in which language to write; `sms_consent`, `sms_refused`: whether they agreed to be sent SMS. Of a home
    whose people are several, and none of them named, it is what holds for all of them.

    Example: `register: protection`
    """
    return tuple(dict.fromkeys(word for entry in facts.registered for word in _words(entry)))


def _words(entry: KnownEntry) -> Values:
    if entry.kind is EntryKind.SMS_CONSENT:
        return (_CONSENT[Consent(entry.value)],)
    narrower = (entry.value,) if entry.value in {Reach.NO_PHONE, Reach.NO_POST} else ()
    return (entry.kind.value, *narrower)


@value_condition(
    "register.language",
    TextList(worded("language codes (`pt`, `ar`)")),
    Says(
        "le registre du foyer demande d'écrire en {}", "le registre du foyer ne demande pas d'écrire en {}", LANGUAGES
    ),
    register="language",
)
def register_language(facts: Facts) -> Values:
    """The language in which to write to whom it is about, by the register; an ISO 639 code.

    Example: `register.language: pt`
    """
    return tuple(entry.value for entry in facts.registered if entry.kind is EntryKind.LANGUAGE)
