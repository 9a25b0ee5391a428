"""The closed lists of words by which matching reads a text; folded, without accents, and nobody's names among them."""


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
"""Before "pour": what was left with a neighbour, and what he gives; who has it writes for himself."""
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
"""After "c'est Gaël qui": he writes himself."""
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
OPENING = _listed("oui allo alors")
SPEAKING = _listed("j je euh")
"""After a name: who bears it speaks on ("madame roy j'habite")."""
TELLING = _listed(
    """
    fait font est sont ont ne n nous vous met mettent crie crient dit disent jette jettent appele appelle peut peuvent
    pourra pourront va vont veut veulent refuse refusent laisse laissent
    """
)
"""After a name on its line: a sentence about who bears it, no signature."""
HIMSELF = _listed("moi soussigne soussignee")
"""Right after a name: the writer's own ("M. Roy (moi)")."""
AT_WHOSE_HOME = _listed("nou nous moi mwa lui elle eux vous mon ma mes ton ta ses sa son")
"""After "che": that is "chez", no "chemin"."""
AT_HIS_HOME = "chez"
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
"""On a short line under a message: the writer speaks for others, though nothing sets his signature apart."""

# --- places

SAME_PLACE = _listed("meme residence cite batiment bat")
"""After a name and a comma: what follows is where he lives ("même adresse")."""
DWELLS = _listed(
    "habite habitons habitant loge logeons reside residant residons vit vivons vis demeurant domicilie domiciliee live"
)
LIVING = DWELLS | _listed("domicile sis sise adresse locataire suis")
"""Before a place: the writer says that he lives there."""
BEFORE_A_HOUSE = LIVING | _listed("moi chez ici immeuble hall entree escalier locataire portail loge suis est")
"""Before "du" or "au" and a number: that is where he lives."""
BEFORE_A_RESIDENCE = LIVING | _listed("le la les l du de des au aux o a")
BEFORE_A_PLACE = BEFORE_A_RESIDENCE | _listed("residence cite res sur")
OFFICIAL_PLACES = _listed(
    """
    bureau agence mairie ville ccas tribunal hopital metro gare commissariat barreau antenne prefecture caf cpam
    espace service mediatheque college lycee ecole stade marche
    """
)
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
NOT_HIS_FLOORS = _listed("cabine ascenseur")
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
