"""`free_words.yaml`: what is hinted at in notes, what is not, and every slip in the file told with its place."""

import shutil
from pathlib import Path

import pytest

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Problem
from dtm_contact.rules import load_in_force, load_rules
from dtm_contact.rules.free_words import FREE_WORDS_FILE, MOST_HINTS, load_free_words
from tests.rules.folders import GOOD, OFFICES, SHIPPED
from tests.rules.once import load_once

HEAD = "version: 1\nreasons:\n  avis:\n    label: avis\n    why: Un avis.\n    instead: Le fait.\n"

HINTED = {
    "Mme Roy est malade depuis lundi": "Santé",
    "Fils schizophrène, passe le voir": "Santé",
    "Elle est sous dialyse, ne peut pas descendre": "Santé",
    "problèmes psychiques, prévenir la tutelle": "Santé",
    "A des problèmes de santé": "Santé",
    "Locataire alcoolique": "Santé",
    "Dame enceinte de 7 mois": "Santé",
    "LE FILS EST DROGUÉ": "Santé",
    "famille d'Africains au 4e": "Origine",
    "Monsieur maghrébin, la cinquantaine": "Origine",
    "un noir dans le hall": "Origine",
    "famille malienne": "Origine",
    "des roms sur le parking": "Origine",
    "Sans doute des gens du voyage": "Origine",
    "Famille juive, ne décroche pas le samedi": "Convictions",
    "voisine voilée": "Convictions",
    "Syndicaliste, attention": "Convictions",
    "Le monsieur est homosexuel": "Vie privée",
    "sa femme le trompe ; il trompe sa femme": "Vie privée",
    "sort de prison": "Infractions",
    "C'est un dealer": "Infractions",
    "a un casier judiciaire": "Infractions",
    "quelle connasse": "Mot blessant",
    "La vieille folle du 2e": "Mot blessant",
    "complètement débile": "Mot blessant",
    "cas soc": "Mot blessant",
    "ils vivent comme des porcs": "Mot blessant",
    "Menteuse.": "Jugement",
    "locataire procédurière": "Jugement",
    "de très mauvaise foi": "Jugement",
    "Dame pénible, rappelle sans arrêt": "Jugement",
    "Mauvais payeur": "Jugement",
    "Monsieur agressif au guichet": "Jugement",
    "code de la porte palière : 4512A": "Numéro à ne pas garder",
    "son numéro de sécurité sociale est le 1 85": "Numéro à ne pas garder",
}

HARMLESS = (
    "Il est malade du chauffage : 16 degrés depuis lundi",
    "L'odeur les rend malades, envoyer l'égoutier",
    "Gardien en arrêt maladie, voir le remplaçant",
    "Platane malade à abattre, devis demandé",
    "Une voiture sur la place handicapés depuis trois jours",
    "Rampe d'accès pour handicapés à refaire",
    "Adaptation du logement au handicap : dossier envoyé",
    "Stationné dans l'enceinte de la résidence",
    "Mur d'enceinte fissuré",
    "Musique trop forte, enceintes dans le local à vélos",
    "Parle seulement arabe, prévoir un interprète",
    "Message en arabe traduit ce jour",
    "Taches noires et moisissures noires dans la chambre",
    "Il fait noir dans l'escalier, un noir complet",
    "Le fil noir pend sous le plafonnier",
    "Rappeler M. Noir et Mme Juif au sujet du bail",
    "Fuite rue des Juifs, angle place de la Prison",
    "Mme Fou, 3e gauche, demande un badge",
    "Vestiges romains au sous-sol, le parking reste fermé",
    "La porte de la gaine est voilée, la roue du vélo aussi",
    "Secours catholique : demande de salle pour samedi",
    "Parties communes sales, commune prévenue",
    "Communiqué affiché dans les quatre halls",
    "Le syndic demande les charges syndicales de 2025",
    "Extrémité gauche du couloir : ampoule grillée",
    "Droite et gauche inversées sur le plan",
    "Il faut intégrer ces travaux au budget",
    "Agression dans le hall hier soir, plainte déposée",
    "Vol de vélos au local, plainte déposée le 3",
    "Porte condamnée pour travaux jusqu'au 12",
    "Accès condamné par le prestataire",
    "Trafic dans le hall signalé à la police, nuits du 3 et du 4",
    "Odeur de drogue signalée par trois voisins",
    "Compteur trafiqué selon le chauffagiste",
    "Garde-fou du balcon descellé",
    "Les garde-fous de la coursive",
    "Un monde fou au guichet ce matin",
    "Herbes folles le long du parking",
    "Le robinet tourne fou",
    "La poignée tourne folle",
    "Il a dit « vous êtes des connards » puis a raccroché",
    'A traité le gardien de "menteur" devant témoin',
    "Consignes de sécurité données, contrat de concierge joint",
    "Mise en demeure envoyée le 4",
    "Il demeure au 14 depuis 2012",
    "La réunion se déroule mal, le préfet y assiste",
    "Profite de l'absence du gardien pour demander",
    "Procédure d'expulsion : voir le contentieux",
    "Caractère urgent du devis confirmé",
    "Le monteur de l'ascensoriste passe mardi",
    "Locataire de bonne foi, plan d'apurement accepté",
    "Bruit insupportable la nuit, voisin du dessus",
    "Intervention impossible sans la clé du local",
    "Un chien agressif rôde dans la cour",
    "Hall crasseux, nettoyage demandé",
    "La vieille chaudière doit être changée",
    "Gros dégât des eaux, grosse fuite au 3e",
    "Adresse de messagerie invalide, rappeler",
    "Mot de passe oublié, lien renvoyé",
    "Code postal à corriger",
    "Badge rendu par Eric GAY",
    "Punaises et cafards signalés, rats au local poubelles",
    "Déplace les ordures du trottoir",
    "Vivo en Saint-Ouen con mi hijo y no hay agua caliente en la casa desde ayer, por favor",
    "",
)


def folder(tmp_path: Path, written: str, of: Path = GOOD) -> Path:
    shutil.copytree(of, tmp_path / "rules")
    (tmp_path / "rules" / FREE_WORDS_FILE).write_text(written, "utf-8")
    return tmp_path / "rules"


def test_what_has_no_place_in_a_note_is_hinted_at() -> None:
    hints = {note: load_once(SHIPPED).free_words.hints(note) for note in HINTED}
    assert {note: [hint.label for hint in told] for note, told in hints.items()} == {
        note: [label] for note, label in HINTED.items()
    }
    assert all(hint.words in note and hint.why and hint.instead for note, told in hints.items() for hint in told)


def test_what_is_of_the_trade_is_not() -> None:
    words = load_once(SHIPPED).free_words
    assert {note: [str(hint) for hint in words.hints(note)] for note in HARMLESS if words.hints(note)} == {}


def test_no_word_is_found_within_another() -> None:
    words = load_once(SHIPPED).free_words
    alone = {
        key.removeprefix("=")
        for entry in words.entries
        for key in entry.steps[0].keys
        if len(entry.steps) == 1 and key.startswith("=")
    }
    assert len(alone) > 200
    found = [word for word in alone if words.hints(f"re{word}age x{word} {word}oir")]
    assert found == []


def test_of_a_letter_only_what_hurts_is_looked_for_and_quotations_are_others_words() -> None:
    words = load_once(SHIPPED).free_words
    letter = "Nous avons noté votre maladie. Vous êtes une menteuse."
    assert [hint.words for hint in words.hints(letter)] == ["maladie", "menteuse"]
    assert [hint.words for hint in words.hints(letter, letter=True)] == ["menteuse"]
    assert words.hints("Elle dit être « menteuse »") == ()
    assert [hint.words for hint in words.hints("Elle dit être « malade »")] == ["malade"]


def test_canned_answers_and_automatic_ones_hurt_nobody() -> None:
    rules = load_once(SHIPPED)
    texts = {**rules.answers, **{name: answer.text for name, answer in rules.library.items()}}
    assert {name for name, text in texts.items() if rules.free_words.hints(text, letter=True)} == set()


def test_a_long_note_costs_little_and_is_told_of_a_few_words() -> None:
    words = load_once(SHIPPED).free_words
    assert len(words.hints("fou " * 2_000)) == 1
    many = "malade menteuse débile voleur homosexuel salafiste autiste delinquant "
    assert len(words.hints(many * 50)) == MOST_HINTS


def test_without_the_file_nothing_is_hinted_at_and_with_it_the_version_is_another(tmp_path: Path) -> None:
    assert load_once(GOOD).free_words.entries == ()
    rules = load_rules(folder(tmp_path, HEAD + "    phrases: [bavard]\n"), OFFICES)
    assert rules.version != load_once(GOOD).version
    (hint,) = rules.free_words.hints("Monsieur très bavarde")
    assert str(hint) == "« bavarde » – avis. Un avis. À la place : Le fait."


FAULTS = {
    "    phrase: [x]\n": "free_words.yaml:7:5: error: unknown key phrase (did you mean phrases?)",
    "    phrases: [12]\n": "free_words.yaml:7:15: error: expected entries (key: value) or text, got 12",
    "    phrases: [{phrase: bavard, unles: x}]\n": "unknown key unles (did you mean unless?)",
    "    phrases: ['bavard!']\n": "“bavard!” cannot be looked for (write a word at least;",
    "    phrases: [{phrase: bavard, unless: ['?']}]\n": "free_words.yaml:7:41: error: “?” cannot be looked for",
    "    phrases: [{phrase: bavard, tests: [{text: Il parle, holds: true}]}]\n": (
        "free_words.yaml:7:40: error: “bavard” is not hinted at in its test (change the phrase, or unless, or the test)"
    ),
    "    phrases: [{phrase: bavard, tests: [{text: Bavardes, holds: false}]}]\n": "is hinted at in its test",
    "  Avis 2:\n    label: x\n    why: y\n    instead: z\n": "“Avis 2” cannot be an identifier",
}


def test_every_slip_is_told_with_its_place_and_keeps_nothing_from_being_judged(tmp_path: Path) -> None:
    for written, told in FAULTS.items():
        (tmp_path / FREE_WORDS_FILE).write_text(HEAD + written, "utf-8")
        problems: list[Problem] = []
        assert load_free_words(tmp_path, problems).entries == ()
        assert any(told in str(problem) for problem in problems), problems
    rules = folder(tmp_path, HEAD + next(iter(FAULTS)))
    with pytest.raises(InvalidFilesError, match="unknown key phrase"):
        load_rules(rules, OFFICES)
    assert load_in_force(rules, OFFICES).free_words.entries == ()


def test_a_phrase_that_is_written_twice_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / FREE_WORDS_FILE).write_text(HEAD + "    phrases:\n      - bavard\n      - Bavard\n", "utf-8")
    problems: list[Problem] = []
    assert len(load_free_words(tmp_path, problems).entries) == 2
    assert [str(problem) for problem in problems] == [
        "free_words.yaml:9:9: warning: “Bavard” is written twice (it stands in line 8 already; keep one of them)"
    ]
