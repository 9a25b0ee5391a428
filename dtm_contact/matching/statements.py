"""What writers say of themselves, where it changes whom a contact can be about; patterns over folded text."""

import re


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b")


APPLICANT = _any_of(
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
)
"""Who looks for a home is seldom a tenant; those whom he names as such are not the ones concerned."""

NOT_A_TENANT = _any_of(
    r"suis pas (?:locataire|un de vos locataires|une de vos locataires|chez vous)",
    r"pas locataire chez vous",
    r"(?:chez|locataire d)'? ?un autre (?:bailleur|proprietaire)",
    r"pas (?:votre|l'un de vos|l'une de vos|un de vos) locataires?",
)

_MY_NAME = "(?:mon nom|mon identite)"
ANONYMOUS = _any_of(
    rf"(?:donne|donnerai|dirai|communique|communiquerai|laisse|laisserai) pas (?:ici )?{_MY_NAME}",
    rf"(?:souhaite|veux|prefere|desire) (?:pas|ne pas) (?:vous )?(?:donner|dire|laisser|communiquer) {_MY_NAME}",
    rf"sans (?:vous )?(?:donner|dire|laisser) {_MY_NAME}",
    r"(?:souhaite|prefere|veux|desire|tiens a|reste) (?:rester |garder l')?anonym\w*",
    r"lettre anonyme",
)
"""Who does not give his name. Asking that it be kept from neighbours is something else."""

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

ANOTHER_LANDLORDS = _any_of(
    r"(?:je suis|nous sommes|j'habite|je loge|on est) (?:locataires? )?(?:chez|de|d')\s?"
    r"(?:(?!paris)[\w'-]+ ){0,2}(?:habitat|logement|domus|hlm)\b",
    r"(?:je suis|nous sommes) (?:locataires? )?(?:chez|d')\s?un autre (?:bailleur|proprietaire|organisme)",
    r"(?:marque|ecrit|bailleur est|bailleur c'est) (?!paris)(?:\w+ )?habitat\b",
)
"""Who rents from another landlord lives in none of our residences."""

NAMESAKE = _any_of(
    r"(?:le |du |au |un )?meme nom",
    r"homonymes?",
    r"s'appelle comme moi",
    r"(?:on est|nous sommes|il y a|y a) deux \w+ \w+",
)
"""Who tells that somebody else bears his name."""

NOT_YOURS = _any_of(
    r"(?:elle|il) (?:n')?(?:est|habite) pas (?:locataire )?chez vous",
    r"(?:elle|il) est (?:locataire )?(?:chez|d') ?un autre (?:bailleur|organisme|proprietaire)",
)
"""Who writes of a relative that is no tenant of ours."""

DICTATED = _any_of(
    r"m(?:e l)?'a dicte",
    r"m(?:e l)?e? dicte",
    r"je (?:vous )?(?:re)?copie (?:sa|la|cette|tel|telle|mot|ce)",
    r"je (?:la |le )?recopie",
    r"sous (?:sa|la|ma) dictee",
)
"""Who takes down what another says: that one signs."""

_SPOUSE = "(?:ma (?:femme|compagne|conjointe|copine|moitie)|mon (?:mari|epoux|epouse|compagnon|conjoint|copain))"
_MAILBOX = (
    "(?:(?:e ?-?)?mails?|boite(?: mail)?|adresse(?: mail)?|compte|tel|telephone|portable|ordi|ordinateur|tablette)"
)
BORROWED = _any_of(
    rf"{_MAILBOX} (?:de|a) {_SPOUSE}",
    rf"(?:mail|adresse|compte|boite)\b[^.!?\n]{{0,18}}\b(?:celui|celle) de {_SPOUSE}",
    rf"c'est (?:la |le |l')?{_MAILBOX} (?:de |d')",
    r"my (?:wife|husband|partner|girlfriend|boyfriend)'?s? ?(?:e ?-?mail|mailbox|account|address|phone|computer)",
    rf"(?:je (?:passe par|me sers de|prends)|j'utilise|j'emprunte|j'ecris(?: (?:de|depuis|avec|sur))?) "
    rf"(?:la |le |l'|du )?{_MAILBOX} (?:de |d')",
)
"""Who writes from the account of whom he lives with."""

_RELATIVE = "(?:mere|maman|pere|papa|tante|oncle|grand-mere|grand-pere|mamie|papi|belle-mere|beau-pere|soeur|frere)"
WRITES_FOR = _any_of(
    r"(?:j'|je )(?:vous |me permets de vous )?(?:ecris|contacte|appelle|sollicite|transmets|transfere|signale|tape)"
    r"[^.!?\n]{0,60}\b(?:pour|au sujet de|a propos de|au nom d|de la part d|concernant|la situation de)",
    rf"(?:ma|mon|notre) {_RELATIVE}",
    r"(?:my|our) (?:mother|mum|mom|father|dad|aunt|uncle|grandmother|grandfather|sister|brother)",
    r"(?:mi|minha|meu|la mia|mio) (?:madre|padre|mae|pai|abuela|abuelo|avo|nonna|nonno)",
    r"au nom d|de la part d|pour le compte d|a la demande d|mandat|procuration|tutelle|curatelle|tut(?:eur|rice)\b",
    r"\b(?:j'accompagne|accompagnons|je suis (?:sa|son|la|le|l')|sa fille|son fils|sa niece|son neveu)\b",
    r"\b(?:votre locataire|la locataire|le locataire|votre administre|mon client|ma cliente|la patiente|le patient)\b",
    r"(?:n'a|a) (?:pas|plus) (?:d'|l'|de )?(?:internet|ordinateur|mail|adresse)",
    r"ne (?:peut|sait) (?:pas|plus) (?:vous )?ecrire|ne (?:parle|lit) pas",
)
"""Who says in some way that he writes for somebody else."""

HOLDS_THE_LEASE = _any_of(
    r"c'est moi (?:le|la) (?:co-?)?(?:titulaire|locataire)",
    r"(?:je suis|moi)\b[^.!?\n]{0,40}\b(?:co-?)?(?:titulaire|locataire en titre)\b",
    r"(?:je suis|moi)\b[^.!?\n]{0,30}\bsur le bail",
)
"""Who says that he is a tenant himself, of whomever else he tells."""

SPOUSE_OF = _any_of(
    r"(?:la (?:femme|compagne|conjointe)|l'epou(?:se|x)|le (?:mari|compagnon|conjoint)) (?:de |d')",
)
"""Who presents himself by whom he married."""

A_WOMAN = _any_of(
    r"mon (?:mari|epoux|compagnon|conjoint|copain)",
    r"je (?:me )?suis (?:seule|enceinte|veuve|desolee|inquiete|obligee|allee|venue|tombee|descendue|rentree|restee)",
)
A_MAN = _any_of(r"ma (?:femme|compagne|conjointe|copine)", "mon epouse")
"""What tells which of a couple writes."""

LEFT = _any_of(
    r"depot de garantie",
    r"solde de tout compte",
    r"decompte (?:final|definitif)",
    r"ancien(?:ne)? (?:locataire|logement|appartement)",
    r"j'ai (?:quitte|rendu)",
    r"apres mon depart",
    r"caution",
)


def says(folded: str, pattern: re.Pattern[str]) -> bool:
    """Tell whether a folded text holds what a pattern stands for."""
    return pattern.search(folded) is not None
