"""The cues by which matching reads a text: closed lists of words, and phrases that tell of the writer; all folded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from dtm_contact.model import Part


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- names

FEMALE_TITLES = _listed("mme mlle madame mademoiselle madam mdme sra senora senhora mrs ms miss doamna السيدة")
MALE_TITLES = _listed("m mr monsieur mesieu misieu msieu mousieu sr senor senhor domnul السيد")
TITLES = FEMALE_TITLES | MALE_TITLES | _listed("famille fam me maitre")
FAMILIES = _listed("famille fam")
AMBIGUOUS_TITLES = _listed("m me ms")
"""Titles that are words, too, in small letters without a stop."""
LAWYERS = _listed("maitre me")
PARTICLES = _listed("de da do dos du el ben bel bint le la l d n m o ait ould abd al van von di بن ابن عبد")
NOT_NAMES = (
    _listed(
        """
        je j qui que au aux a et en est ai ne pas pour sur dans avec chez votre notre vos nos mon ma mes son sa ses ce
        cette locataire bonjour bonsoir merci cordialement habite habitant demeurant domicilie domiciliee vous nous il
        elle on rue avenue allee place bat batiment esc etage porte appt residence cite tel mail objet envoye le les la
        des un une directeur directrice responsable president maire gestionnaire chef service gardien gardienne madame
        monsieur euh meme disse falou diz dijo dice said says told
        mais met pense fait dort passe sort vient veut peut doit reste donc
        شكرا جزيلا السلام عليكم سلام مرحبا تحياتي
        """
    )
    - PARTICLES
)
OTHER_SURNAME = _listed("ne nee ep epse epouse vve veuve ex")
SELF_CUES = (
    *(
        "je suis",
        "je sui",
        "m appelle",
        "mapelle",
        "mapel",
        "mapele",
        "m apel",
        "m apelle",
        "me nomme",
        "soussigne",
        "soussignee",
        "mon nom est",
        "nom",
        "my name is",
        "my name",
        "this is",
        "i am",
        "i m",
        "soy",
        "me llamo",
        "les escribe",
        "le escribe",
        "os escribe",
        "mwen rele",
        "mwen se",
        "meu nome e",
        "mi nombre es",
        "il mio nome e",
        "benim adim",
        "sunt",
        "ma numesc",
        "mi chiamo",
        "me chamo",
        "chamo me",
        "nazywam sie",
    ),
    *("انا", "اسمي"),
    *("sou", "sou a", "moi", "ici", "me presente", "signe", "signee"),
)
LABELS = _listed(
    """
    locataire locataires nom prenom titulaire demandeur demandeuse coordonnees identite expediteur expeditrice auteur
    signature contact de abonne abonnee beneficiaire adherent adherente usager usagere patient patiente
    """
)
"""Before a colon: the writer's name follows."""
SELF_WORDS = _listed("suis sommes moi soussigne soussignee ici soy انا")
RELATIVES_WRITTEN_FOR = _listed(
    """
    parents mere maman pere papa mamie tante oncle cliente client mother mum mom father dad grandmother madre padre
    abuela mae pai annem babam
    """
)
HELPED = _listed(
    """
    assure assuree societaire administre administree mandant mandante tutrice tuteur curateur curatrice client cliente
    patient patiente majeur protegee protege accompagne appelle nomme nommee prenomme
    """
)
WRITTEN_FOR = HELPED | _listed(
    """
    mere maman pere papa grand mamie mamy papi papy tante oncle parents mother mum mom father dad grandmother madre
    padre abuela mae pai annem babam
    """
)
AFFAIRS = _listed("conseil sujet accord situation dossier compte mesure interets papiers")
"""Right before a name, or with "de" between: the matter is theirs."""
REPORTING = _listed("dit dites disent repond repondu repondez repondent pretend pretendent soutient")
"""Before "que": somebody else's words follow ("on me dit que c'est le dossier de M. Roy")."""
CONFUSING = _listed("confond confondu confondez confondre confusion melange melangez melanger lieu trompe trompes")
"""Before a name: somebody was taken for whoever bears it."""
HELPERS = _listed(
    """
    assistante assistant sociale social mandataire judiciaire aide domicile auxiliaire educateur educatrice referente
    referent conseillere conseiller gerante tutelle curatelle avocat avocate notaire demande medecin traitant
    infirmiere infirmier voisin voisine ami amie
    """
)
"""Before "de" and a name: who writes helps whoever bears it ("l'assistante sociale de Mme Roy")."""
OF = _listed("de d du")
WHOM_IT_CONCERNS = _listed(
    """
    concerne concernant recu recue objet assure assuree beneficiaire declarant declarante occupant occupante protege
    protegee
    """
)
"""Right before a name: the matter is theirs."""
DETERMINERS = _listed(
    "la le l ma mon mes notre nos une un de du d locataire locataires dame personne cliente client ou"
)
CLOSINGS = _listed(
    """
    cordialement cdlt cdt cordt respectueusement salutations distinguees sinceres merci avance attente journee soiree
    amicalement bientot retour reponse comprehension sincerement svp bonne bon devoue bises bisous
    thank you thanks regards kind best sincerely gracias saludos obrigado obrigada grazie multumesc dziekuje
    """
)
"""Words that end a letter; a name follows."""
LIKE_HIM = _listed("pareil aussi idem meme comme vu")
"""Before "chez Mme Roy": a neighbour who has the same trouble."""
ON_BEHALF = _listed("pour nom part compte place")
"""Before a relative or a neighbour: the matter is theirs."""
SAYING_WHO_HE_IS = _listed("suis sommes c est cest ce se moi ici votre signe signee")
"""Before "le fils de": the writer is that one; else somebody's son is told of."""
PAPERS = _listed("bail contrat dossier compte facture quittance lettre courrier loyer boite interphone compteur")
IN_A_NAME = PAPERS | _listed("attestation avis sort est etabli etablie mettre mis mise met tout toujours")
"""Before "au nom de": whose they are, not for whom somebody writes."""
THANKED = _listed("mot merci bravo remerciement remerciements felicitations attention")
"""Before "pour": whom thanks or a word are for is mostly the caretaker."""
PARCELS = _listed("colis paquet paquets recommande livraison")
WORRIES = _listed("souci soucis inquiet inquiete inquiets inquietude peur peine")
"""Before "pour": what was left with a neighbour, and what they give; who has it writes for themselves."""
KIN = _listed(
    """
    gendre bru mari epoux epouse femme compagne compagnon conjoint conjointe fils fille frere soeur enfant enfants bebe
    neveu niece copine copain ami amie cousin cousine wife husband son daughter sister brother esposa marido esposo hijo
    hija hermana filho filha irma esim kizim oglum moitie زوجة زوجتي زوج زوجي
    """
)
UNDER_GUARD = _listed("curatelle tutelle sauvegarde habilitation")
"""After "sous" and a name: a guardian writes for whoever bears it ("a placé M. Roy sous curatelle")."""
IT_IS = _listed("c ce se ces cest sest")
""""C'est" as people write it: "cé", "sé", "c", "cest"."""
BEFORE_IT_IS = TITLES | _listed("cc coucou slt salut bjr bsr bonjour bonsoir bonjou bonswa allo alo la ici oui hello")
"""Before "c" alone where a text begins: "cc c Awa Roy"."""
WRITING = _listed("ecri ecris ecrit tape parle appelle envoie envoi vous suis habite habites vit loge demeure reside")
"""After "c'est Gaël qui": Gaël writes."""
TURKISH_I = "ben"
""""Ben Elif Öztürk", in Turkish: elsewhere it begins a surname."""
TURKISH_GREETINGS = _listed("merhaba selam iyi gunler")
CALLED = _listed("sapel sapelle sappel sappelle")
""""S'appelle" by ear."""
CUE_ENDS = (
    CALLED
    | RELATIVES_WRITTEN_FOR
    | KIN
    | LABELS
    | IT_IS
    | {"est", "pour", "sou", TURKISH_I}
    | {cue.split()[-1] for cue in SELF_CUES}
)
"""The last words of all that announces a name."""
CALLED_NOTHING = _listed(
    """
    un une le la les des du de votre locataire locataires voisin voisine habitant habitante resident residente riverain
    anonyme inconnu inconnue messagerie vocale standard repondeur
    """
)
"""Words of a mailbox's name that name nobody: "une locataire", "Messagerie vocale"."""
NEIGHBOURS = _listed("voisin voisine voisins voisines")
BESIDE = _listed("dessus dessous cote palier")
"""After a name: where a neighbour lives ("M. Roy du dessus")."""
INDEFINITE = _listed("un une des certaines certains")
"""Before a relative: not the writer's ("une maman d'élève, Mme Roy")."""
LODGES = frozenset({"loge"})
"""Of the caretaker's words the one that is also "logé"."""
CARETAKERS = _listed("gardien gardienne gardiens concierge loge portero portier remplacant remplacante")
STRANGERS = _listed(
    """
    docteur dr professeur infirmier infirmiere plombier technicien maitre avocat juge expert patron patronne collegue
    medecin assureur banquier kine notaire electricien serrurier
    """
)
GREETINGS = _listed("bonjour bonsoir cher chere salut dear hello madame monsieur")
SPEAKING = _listed("j je euh")
"""After a name: who bears it speaks on ("madame roy j'habite")."""
TELLING = _listed(
    """
    fait font est sont ont ne n nous vous met mettent crie crient dit disent jette jettent appele appelle peut peuvent
    pourra pourront va vont veut veulent refuse refusent laisse laissent
    """
)
"""After a name on its line: a sentence about who bears it, no signature."""
THE_WRITER = _listed("moi soussigne soussignee")
"""Right after a name: the writer's own ("M. Roy (moi)")."""
AT_THEIR_HOME = "chez"
"""Before a name: that is where the matter is."""
TENANCY = _listed("domicilie domiciliee demeurant nee titulaire locataire locataires")

RUNNING_A_SHOP = _listed(
    "gerant gerante gere tiens suis sommes patron patronne responsable soussigne president presidente"
)

ORGANISATIONS = _listed(
    """
    sarl sas sasu eurl sa societe entreprise plomberie electricite chauffage ascenseurs nettoyage service services
    mairie ville commune departement conseil cabinet avocat avocate avocats maitre notaire huissier commissaire
    ets etablissements facturation assurance assurances mutuelle banque ccas udaf caf cpam assistante assistant sociale
    social travailleuse travailleur mandataire tutelle tuteur tutrice curateur curatrice juridique comptabilite
    recouvrement sinistres expert hopital clinique prefecture tribunal police commissariat syndic agence direction
    ambulance ambulances expertise expertises schs hygiene tutelles curatelle secretariat creche
    """
)
"""In a display name or a signature block: the writer speaks for others."""

SERVICES = _listed(
    "mandataire avocat avocate notaire huissier tutelaire tutelle ccas udaf mairie cabinet sarl sas eurl social sociale"
)
"""On a short line under a message: the writer speaks for others, though nothing sets their signature apart."""

# --- places

SAME_PLACE = _listed("meme residence cite batiment bat")
"""After a name and a comma: what follows is where they live ("même adresse")."""
DWELLS = _listed(
    "habite habitons habitant loge logeons reside residant residons vit vivons vis demeurant domicilie domiciliee live"
)
LIVING = DWELLS | _listed("domicile sis sise adresse locataire suis")
"""Before a place: the writer says that they live there."""
FORMERLY = _listed(
    """
    etais etait etions habitais habitait habitions vivais vivait vivions logeais logeait residais residait demeurais
    demeurait louais louait habite ete vecu quitte quittee quittes rendu parti partie partis demenage demenagee
    ancien ancienne anciens anciennes ex precedent precedente autrefois jadis avant fini finie sorti sortie
    """
) - {"habite"}
"""Near a place: somebody lived there."""
NOWADAYS = _listed(
    """
    maintenant desormais aujourd present presentement actuellement actuel actuelle nouveau nouvelle nouvel ici depuis
    emmenage emmenager relogee reloge arrivee installe installee dorenavant
    """
)
"""Near a place: somebody lives there by now."""
BEFORE_A_HOUSE = LIVING | _listed("moi chez ici immeuble hall entree escalier locataire portail loge suis est")
"""Before "du" or "au" and a number: that is where they live."""
BEFORE_A_RESIDENCE = LIVING | _listed("le la les l du de des au aux o a")
BEFORE_A_PLACE = BEFORE_A_RESIDENCE | _listed("residence cite res sur")
OFFICIAL_PLACES = _listed(
    """
    bureau agence mairie ville ccas tribunal hopital metro gare commissariat barreau antenne prefecture caf cpam
    espace service mediatheque college lycee ecole stade marche
    """
)
PARKING_WORDS = _listed("box garage garages parking parkings stationnement emplacement scooter bip telecommande")
"""Near a place: where somebody parks; before a number, it is the space's, not the house's."""
NUMBER_CUES = _listed("au du le numero n no")
"""Before a house number that stands apart from its street."""
RESIDENCE_CUES = _listed("residence cite res ensemble groupe")
LOCATIVES = _listed("a au aux o chez")
ORDINAL_ENDINGS = _listed("er e em eme ieme ere re nd th st rd yem iem")
FLOOR_WORDS = _listed("etage etaje etag etg et floor piso andar")
BUILDING_WORDS = _listed("bat batiment bt bati building bldg edificio predio batiments")
STAIRCASE_WORDS = _listed("esc escalier escaliers cage staircase")
DOOR_WORDS = _listed("porte port pte appt apt appartement apparte logement door puerta porta")
SIDES = _listed("gauche droite face")
NOT_OF_FLOORS = _listed("un une la ma mon ce cette sa son leur notre")
"""Before an ordinal that counts something else ("un 4e enfant", "la 3e fois")."""
NOT_THEIR_FLOORS = _listed("cabine ascenseur")
"""Before a floor: where the lift stands."""
COUNTED = _listed(
    "enfant enfants fois jour jours places rappel relance mois semaine message mail courrier arrondissement an"
)
"""After an ordinal or a number that tells no floor and no street."""
NUMBERED = COUNTED | _listed(
    """
    semaines ans heures h euros eur pour personnes locataires janvier fevrier mars avril mai juin juillet aout septembre
    octobre novembre decembre au et ou
    """
)
"""After a number that is none of a house."""
FLATS = _listed("flat apartment home house room")
"""Before "of" and a name, after "I live": whoever bears it is whom the writer lives with."""
WHERE_OTHERS_LIVE = _listed("voisin voisins voisine voisines dame monsieur gens celui celle ceux jusqu entre autre")
"""Before a floor or a number: "la dame du 11e", "les voisins du 8", "l'autre est au 76"."""

NUMBERS: dict[str, int] = {
    "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9, "dix": 10,
    "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16, "vingt": 20, "trente": 30,
    "quarante": 40, "cinquante": 50, "soixante": 60,
}  # fmt: skip

_ORDINALS_IN_ORDER = (
    "rdc", "premier premiere first primer primeiro", "deuxieme second seconde", "troisieme third tercer", "quatrieme",
    "cinquieme", "sixieme", "septieme", "huitieme", "neuvieme", "dixieme", "onzieme", "douzieme", "treizieme",
    "quatorzieme", "quinzieme", "seizieme", "dix-septieme", "dix-huitieme",
)  # fmt: skip
ORDINALS: dict[str, str] = {
    word: str(floor) for floor, words in enumerate(_ORDINALS_IN_ORDER) for word in words.split()
}


class Statement(Enum):
    """What a contact says of its writer, or shows of them."""

    APPLICANT = auto()
    """They look for a home: such are seldom tenants, and those whom they name as tenants are not the ones concerned."""
    NOT_A_TENANT = auto()
    """They are no tenant of ours."""
    RENTS_ELSEWHERE = auto()
    """They rent from another landlord: they live in none of our residences."""
    ANONYMOUS = auto()
    """They do not give their name. To ask that it be kept from neighbours is something else."""
    LEFT = auto()
    """They have given up their home, or speak of what comes after that."""
    BORROWED = auto()
    """They write from the account of whom they live with."""
    FROM_THEIR_ACCOUNT = auto()
    """They write from the account of whom they write for."""
    WRITES_FOR = auto()
    """They write, in one way or another of saying so, for somebody else."""
    HOLDS_THE_LEASE = auto()
    """They are a tenant themselves, of whomever else they tell."""
    SPOUSE_OF = auto()
    """They tell whose husband or wife somebody is, most often they themselves."""
    OF_NO_TENANT = auto()
    """They write of a relative who is no tenant of ours."""
    DICTATED = auto()
    """They take down what another says, who signs."""
    A_WOMAN = auto()
    A_MAN = auto()
    """Which of a couple they are, by what they say of themselves and of whom they are married to."""
    DIED = auto()
    """Somebody for whom they write has died."""
    SPEAKS_OF_KIN = auto()
    """They speak of a relative."""
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
_SAID_BY_THE_WRITER = {
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
"""What counts in their own text alone, or in that of the first writer: in a subject it may be said of another."""

_THEIR_OWN = frozenset({Part.NEW, Part.FORWARDED})

_TRANSFER = _any_of(r"(?:demande|dossier|attente) (?:de |d'une |en )?(?:mutation|echange)", r"(?:ma|la|notre) mutation")


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
"""Who got somebody else's papers quotes that one's number."""

THEN_MINE = re.compile(r"(?<!pas )(?<!ni )\b(?:mon (?:numero de )?(?:bail|contrat)|le mien)\b[^.!?\n0-9]{0,30}$")
"""What stands before their own number, in spite of that."""

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
    for statement, pattern in _SAID_BY_THE_WRITER.items() if part in _THEIR_OWN else ():
        if says(folded, pattern):
            yield statement


def _is_meant(statement: Statement, folded: str) -> bool:
    """Return whether a statement found holds: who asks for a transfer looks for a home, and is a tenant of ours."""
    transfer = statement is Statement.APPLICANT and says(folded, _TRANSFER)
    return not transfer


def says(folded: str, pattern: re.Pattern[str]) -> bool:
    """Return whether a folded text holds what a pattern stands for."""
    return pattern.search(folded) is not None


_GENDERS = {Statement.A_WOMAN: "f", Statement.A_MAN: "m"}
_OF_THEIR_OWN = frozenset({Statement.SPOUSE_OF, Statement.HOLDS_THE_LEASE, Statement.DIED})


@dataclass(frozen=True, slots=True)
class WriterStatements:
    """What a text says of its writer.

    Attributes:
        said: what it says or shows of them.
        for_another: whether it names somebody for whom it is written, known or not.
    """

    said: frozenset[Statement]
    for_another: bool

    @property
    def gender(self) -> str:
        """Which of a couple they are, "f" or "m"; empty where they do not say, or say both."""
        genders = [gender for statement, gender in _GENDERS.items() if statement in self.said]
        return genders[0] if len(genders) == 1 else ""

    @property
    def of_their_own(self) -> bool:
        """Whether the writer's own case is told with that of a relative whom they name."""
        return not _OF_THEIR_OWN.isdisjoint(self.said)

    @property
    def is_borrowed(self) -> bool:
        """Whether they write from the account of whom they live with."""
        return Statement.BORROWED in self.said
