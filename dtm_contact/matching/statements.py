"""What a contact says of its writer, where it changes whom it can be about; patterns over folded text."""

import re
from collections.abc import Iterator
from enum import Enum, auto

from dtm_contact.model import Part


class Statement(Enum):
    """What a contact says of its writer, or shows of him."""

    APPLICANT = auto()
    """He looks for a home: such are seldom tenants, and those whom they name as tenants are not the ones concerned."""
    NOT_A_TENANT = auto()
    """He is no tenant of ours."""
    RENTS_ELSEWHERE = auto()
    """He rents from another landlord: he lives in none of our residences."""
    ANONYMOUS = auto()
    """He does not give his name. To ask that it be kept from neighbours is something else."""
    LEFT = auto()
    """He has given up his home, or speaks of what comes after that."""
    BORROWED = auto()
    """He writes from the account of whom he lives with."""
    FROM_THEIR_ACCOUNT = auto()
    """He writes from the account of whom he writes for."""
    WRITES_FOR = auto()
    """He writes, in one way or another of saying so, for somebody else."""
    HOLDS_THE_LEASE = auto()
    """He is a tenant himself, of whomever else he tells."""
    SPOUSE_OF = auto()
    """He tells whose husband or wife somebody is, most often himself."""
    OF_NO_TENANT = auto()
    """He writes of a relative who is no tenant of ours."""
    DICTATED = auto()
    """He takes down what another says, who signs."""
    A_WOMAN = auto()
    A_MAN = auto()
    """Which of a couple he is, by what he says of himself and as whom he is married to."""
    DIED = auto()
    """Somebody for whom he writes has died."""
    SPEAKS_OF_KIN = auto()
    """He speaks of a relative."""
    MAY_BE_SIGNED = auto()
    """A text ends, or a line of it is labelled, with what may be a name."""


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b")


_MY_NAME = "(?:mon nom|mon identite)"
_SPOUSE = "(?:ma (?:femme|compagne|conjointe|copine|moitie)|mon (?:mari|epoux|epouse|compagnon|conjoint|copain))"
_MAILBOX = (
    "(?:(?:e ?-?)?mails?|boite(?: mail)?|adresse(?: mail)?|compte|tel|telephone|portable|ordi|ordinateur|tablette)"
)
_RELATIVE = (
    "(?:(?:grands-|beaux-)?parents|mere|maman|pere|papa|tante|oncle|grand-mere|grand-pere|mamie|papi|belle-mere"
    "|beau-pere|soeur|frere)"
)

_SAID_ANYWHERE = {
    Statement.APPLICANT: _any_of(
        r"cherch\w{0,6} (?:activement )?une? (?:f[1-6]|t[1-6]|studio|logement|appart\w*|apart\w*|maison)",
        r"(?:demandeur|demandeuse|demande) de logement(?! plus)",
        r"numero unic\w+|numero unique",
        r"(?:solicitud|solicitar|pedir) (?:de |una? )?(?:vivienda|apartamento|piso)",
        r"busco (?:una? )?(?:vivienda|apartamento|piso)",
        r"(?:procuro|pedir) (?:uma? )?(?:casa|apartamento)",
        r"cerc(?:o|hiamo) (?:una? )?(?:monolocale|bilocale|appartamento|casa|alloggio|stanza)",
        r"caut(?:am)? (?:o |un )?(?:locuinta|garsoniera|apartament)",
        r"kiralik (?:daire|ev) ariyor\w*",
        r"szukam mieszkania",
        r"(?:looking for|apply for|applying for) (?:an? )?(?:flat|apartment|home|house|housing)",
        r"pas encore (?:fait|depose) (?:de |mon )?dossier",
    ),
    Statement.NOT_A_TENANT: _any_of(
        r"suis pas (?:locataire|un de vos locataires|une de vos locataires|chez vous)",
        r"pas locataire chez vous",
        r"(?:je suis|nous sommes|on est|suis|je loue|nous louons|j'habite|je loge)\b[^.!?\n]{0,40}"
        r"(?:chez|locataire d)'? ?un autre (?:bailleur|proprietaire)",
        r"pas (?:votre|l'un de vos|l'une de vos|un de vos) locataires?",
    ),
    Statement.ANONYMOUS: _any_of(
        rf"(?:donne|donnerai|dirai|communique|communiquerai|laisse|laisserai) pas (?:ici )?{_MY_NAME}",
        rf"(?:souhaite|veux|prefere|desire) (?:pas|ne pas) (?:vous )?(?:donner|dire|laisser|communiquer) {_MY_NAME}",
        rf"sans (?:vous )?(?:donner|dire|laisser) {_MY_NAME}",
        r"(?:souhaite|prefere|veux|desire|tiens a|reste) (?:rester |garder l')?anonym\w*",
        r"lettre anonyme",
    ),
    Statement.LEFT: _any_of(
        r"depot de garantie",
        r"solde de tout compte",
        r"decompte (?:final|definitif)",
        r"ancien(?:ne)? (?:locataire|logement|appartement)",
        r"j'ai (?:quitte|rendu)",
        r"apres mon depart",
        r"caution",
    ),
}
_SAID_BY_HIMSELF = {
    Statement.RENTS_ELSEWHERE: _any_of(
        r"(?:je suis|nous sommes|j'habite|je loge|on est) (?:locataires? )?(?:chez|de|d')\s?"
        r"(?:(?!paris)[\w'-]+ ){0,2}(?:habitat|logement|domus|hlm)\b",
        r"(?:je suis|nous sommes) (?:locataires? )?(?:chez|d')\s?un autre (?:bailleur|proprietaire|organisme)",
        r"(?:marque|ecrit|bailleur est|bailleur c'est) (?!paris)(?:\w+ )?habitat\b",
    ),
    Statement.OF_NO_TENANT: _any_of(
        r"(?:elle|il) (?:n')?(?:est|habite) pas (?:locataire )?chez vous",
        r"(?:elle|il) est (?:locataire )?(?:chez|d') ?un autre (?:bailleur|organisme|proprietaire)",
    ),
    Statement.BORROWED: _any_of(
        rf"{_MAILBOX} (?:de|a) {_SPOUSE}",
        rf"(?:mail|adresse|compte|boite)\b[^.!?\n]{{0,18}}\b(?:celui|celle) de {_SPOUSE}",
        rf"c'est (?:la |le |l')?{_MAILBOX} (?:de |d')",
        r"my (?:wife|husband|partner|girlfriend|boyfriend)'?s? ?(?:e ?-?mail|mailbox|account|address|phone|computer)",
        rf"(?:je (?:passe par|me sers de|prends)|j'utilise|j'emprunte|j'ecris(?: (?:de|depuis|avec|sur))?) "
        rf"(?:la |le |l'|du )?{_MAILBOX} (?:de |d')",
    ),
    Statement.FROM_THEIR_ACCOUNT: _any_of(
        r"(?:j'ecris|je (?:vous )?ecris|j'envoie|je passe|j'utilise|j'emprunte|je me sers|je prends|je tape)\b"
        rf"[^.!?\n]{{0,25}}\b(?:sa|son) (?:messagerie|{_MAILBOX})\b",
    ),
    Statement.WRITES_FOR: _any_of(
        r"(?:j'|je )(?:vous |me permets de vous )?(?:ecris|contacte|appelle|sollicite|transmets|transfere|signale|tape)"
        r"[^.!?\n]{0,60}\b(?:pour|au sujet de|a propos de|au nom d|de la part d|concernant|la situation de)",
        rf"(?:ma|mon|mes|notre|nos) {_RELATIVE}",
        r"(?:pas|non) pour moi",
        r"merci (?:[\w']+ ){0,2}pour (?:elle|lui|eux)\b|chez moi tout va bien",
        r"(?:nous|m') ?a demande d'ecrire",
        r"c'est pour (?:ma|mon|une?|mme|mr?|madame|monsieur)\b",
        r"(?:my|our) (?:mother|mum|mom|father|dad|aunt|uncle|grandmother|grandfather|sister|brother)",
        r"(?:mi|minha|meu|la mia|mio) (?:madre|padre|mae|pai|abuela|abuelo|avo|nonna|nonno)",
        r"au nom d|de la part d|pour le compte d|a la demande d|mandat|procuration|tutelle|curatelle|tut(?:eur|rice)\b",
        r"(?:j'accompagne|accompagnons|je suis (?:sa|son|la|le|l')|sa fille|son fils|sa niece|son neveu)",
        r"(?:(?:votre|la|le) locataire|votre administre|mon client|ma cliente|la patiente|le patient)",
        r"(?:n'a|a) (?:pas|plus) (?:d'|l'|de )?(?:internet|ordinateur|mail|adresse)",
        r"ne (?:peut|sait) (?:pas|plus) (?:vous )?ecrire|ne (?:parle|lit) pas",
    ),
    Statement.HOLDS_THE_LEASE: _any_of(
        r"c'est moi (?:le|la) (?:co-?)?(?:titulaire|locataire)",
        r"(?:je suis|moi)\b[^.!?\n]{0,40}\b(?:co-?)?(?:titulaire|locataire en titre)\b",
        r"(?:je suis|moi)\b[^.!?\n]{0,30}\bsur le bail",
    ),
    Statement.SPOUSE_OF: _any_of(
        r"(?:la (?:femme|compagne|conjointe|moitie)|l'epou(?:se|x)|le (?:mari|compagnon|conjoint)) (?:de |d')",
    ),
    Statement.DICTATED: _any_of(
        r"m(?:e l)?'a dicte",
        r"m(?:e l)?e? dicte",
        r"je (?:vous )?(?:re)?copie (?:sa|la|cette|tel|telle|mot|ce)",
        r"je (?:la |le )?recopie",
        r"sous (?:sa|la|ma) dictee",
    ),
    Statement.A_WOMAN: _any_of(
        r"mon (?:mari|epoux|compagnon|conjoint|copain)",
        r"je (?:me )?suis (?:seule|enceinte|veuve|desolee|inquiete|obligee)",
        r"je (?:me )?suis (?:allee|venue|tombee|descendue|rentree|restee)",
    ),
    Statement.A_MAN: _any_of(r"ma (?:femme|compagne|conjointe|copine)", "mon epouse"),
}
"""What counts in his own text alone, or in that of the first writer: in a subject it may be said of another."""

_HIS_OWN = frozenset({Part.NEW, Part.FORWARDED})

_TRANSFER = _any_of(r"(?:demande|dossier|attente) (?:de |d'une |en )?(?:mutation|echange)", r"(?:ma|la|notre) mutation")

_ANOTHER_LANDLORD = _any_of(r"mon bailleur|(?:autre|ancien|actuel) bailleur|bailleur actuel")

OF_A_SERVICE = _any_of(
    r"(?:notre|nos) (?:beneficiaires?|patiente?s?|assuree?s?|adherente?s?|protegee?s?|societaires?|auxiliaires?)",
    r"(?:notre|votre) (?:service|association|etablissement) (?:a ete|est) (?:designe|mandate|saisi)e?",
    r"(?:mandates?|missionnes?|saisis?) par",
    r"infirmi(?:er|ere) (?:liberale?|a domicile)",
)
"""A service writes, whatever its mailbox is called."""

NOT_MY_LEASE = _any_of(
    r"(?:pas|ni) (?:du tout )?mon (?:bail|contrat|numero de bail)",
    r"(?:bail|contrat) (?:de l'autre|d'une autre|d'un autre|d'autrui)",
)
"""Who got somebody else's papers quotes his number."""

THEN_MINE = re.compile(r"(?<!pas )(?<!ni )\b(?:mon (?:numero de )?(?:bail|contrat)|le mien)\b[^.!?\n0-9]{0,30}$")
"""What stands before his own number, in spite of that."""

HAS_DIED = re.compile(
    r"\W{0,3}(?:(?:qui )?(?:est|etait|vient d'etre) )?(?:decedee?|morte?)\b"
    r"(?! de (?:froid|faim|soif|peur|rire|honte|fatigue|trouille|inquietude))|\W{0,3}nous a quitte"
)
"""Right after a name: who bears it has died."""


def said_in(folded: str, part: Part) -> Iterator[Statement]:
    """Yield what a folded text says of its writer.

    Args:
        folded: the text.
        part: which part of the contact it is.
    """
    for statement, pattern in _SAID_ANYWHERE.items():
        if says(folded, pattern) and _is_meant(statement, folded):
            yield statement
    for statement, pattern in _SAID_BY_HIMSELF.items() if part in _HIS_OWN else ():
        if says(folded, pattern):
            yield statement


def _is_meant(statement: Statement, folded: str) -> bool:
    """Tell whether a statement found holds: who asks for a transfer looks for a home, and is a tenant of ours."""
    transfer = statement is Statement.APPLICANT and says(folded, _TRANSFER)
    return not transfer or says(folded, _ANOTHER_LANDLORD)


def says(folded: str, pattern: re.Pattern[str]) -> bool:
    """Tell whether a folded text holds what a pattern stands for."""
    return pattern.search(folded) is not None
