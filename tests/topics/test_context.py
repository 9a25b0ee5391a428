"""What stands around a word decides whether it counts."""

import pytest

from dtm_contact.model import Finding, Understanding
from tests.topics.conftest import Understand


def _defused(understood: Understanding, topic: str) -> str:
    found: list[Finding] = [finding for finding in understood.findings if finding.topic == topic]
    return " | ".join(evidence.detail for finding in found for evidence in finding.defused)


@pytest.mark.parametrize(
    "text",
    [
        "Il n'y a pas de fuite d'eau chez moi.",
        "Aucune fuite d'eau constatée.",
        "Je n'ai jamais eu de fuite d'eau.",
        "Ce n'est pas une fuite d'eau.",
        "Pas de trace de fuite d'eau.",
        "Ni fuite d'eau ni moisissure.",
    ],
)
def test_a_negation_takes_a_sign_back(text: str, read: Understand) -> None:
    understood = read(text)
    assert "water_leak" not in understood.topics
    assert "nié" in _defused(understood, "water_leak")


@pytest.mark.parametrize(
    "text",
    [
        "Ce n'est pas normal cette fuite d'eau !",
        "Je ne supporte plus cette fuite d'eau.",
        "Le plombier n'est pas venu et la fuite d'eau continue.",
        "ça marche pas la fuite d'eau est toujours là",
        "La fuite d'eau n'est toujours pas réparée.",
        "Ce n'est pas qu'une fuite d'eau, c'est une cascade.",
        "Pourquoi ne pas réparer cette fuite d'eau ?",
    ],
)
def test_a_negation_of_something_else_takes_nothing_back(text: str, read: Understand) -> None:
    assert read(text).topic == "water_leak"


@pytest.mark.parametrize(
    "text",
    [
        "Plus de chauffage.",
        "On n'a pas le chauffage.",
        "Nous sommes sans chauffage.",
        "Le chauffage est en panne.",
        "Le chauffage ne marche plus.",
        "Problème de chauffage.",
        "pu de chofage",
        "Chauffage pas bon ici.",
    ],
)
def test_a_thing_that_is_missing_or_broken_counts_in_full(text: str, read: Understand) -> None:
    understood = read(text)
    assert understood.topic == "heating"
    assert understood.findings[0].points >= 4


@pytest.mark.parametrize(
    "text", ["Aucun problème de chauffage.", "Pas de souci avec le chauffage.", "Aucun souci de chauffage cette année."]
)
def test_no_trouble_with_a_thing_is_no_topic(text: str, read: Understand) -> None:
    assert read(text).topic == "other"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("La fuite d'eau est réparée.", "réparé"),
        ("La fuite d'eau a été réparée hier.", "réparé"),
        ("Pour la fuite d'eau, c'est réglé.", "réparé"),
        ("J'avais une fuite d'eau. C'est réparé.", "réparé"),
        ("L'an dernier nous avons eu une fuite d'eau.", "passé"),
        ("En 2012 il y a eu une fuite d'eau.", "passé"),
        ("J'ai peur d'une fuite d'eau.", "supposé"),
        ("En cas de fuite d'eau, qui appeler ?", "supposé"),
        ("Si jamais il y a une fuite d'eau je vous préviens.", "supposé"),
        ("Je ne vous écris pas pour la fuite d'eau.", "écarté"),
        ("Rien à voir avec la fuite d'eau.", "écarté"),
        ("Dans mon ancien logement j'avais une fuite d'eau.", "ailleurs"),
    ],
)
def test_what_is_over_feared_or_not_meant_is_told_and_does_not_count(text: str, reason: str, read: Understand) -> None:
    understood = read(text)
    assert "water_leak" not in understood.topics
    assert reason in _defused(understood, "water_leak")


@pytest.mark.parametrize(
    "text",
    [
        "L'an dernier déjà, et toujours cette fuite d'eau.",
        "La fuite d'eau est réparée mais une autre fuite d'eau a commencé au plafond.",
        "La fuite d'eau a été réparée mardi, et ça recommence.",
        "La fuite d'eau n'a pas été réparée.",
        "La fuite d'eau doit être réparée.",
        "J'ai une fuite d'eau depuis mars dernier.",
        "Je ne sais pas si c'est grave mais j'ai une fuite d'eau.",
        "Merci pour votre passage. La fuite d'eau continue.",
    ],
)
def test_what_is_still_there_counts(text: str, read: Understand) -> None:
    assert read(text).topic == "water_leak"


def test_the_text_takes_back_what_its_subject_names(read: Understand) -> None:
    understood = read("L'ascenseur remarche, merci !", subject="Ascenseur en panne")
    assert understood.topic == "thanks"
    assert "le texte dit le contraire" in _defused(understood, "elevator")


def test_an_event_of_some_days_ago_is_no_danger_now(read: Understand) -> None:
    assert read("Ma mère est coincée dans l'ascenseur.").topic == "elevator_trapped"
    assert read("Le 2 novembre ma mère a été coincée dans l'ascenseur.").topic != "elevator_trapped"
    assert read("Depuis 20 minutes, ma mère coincée dans l'ascenseur.").topic == "elevator_trapped"


def test_another_sense_is_told(read: Understand) -> None:
    understood = read("Ma facture de gaz est trop élevée.")
    assert "gas" not in understood.topics
    assert "autre sens" in _defused(understood, "gas")


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Feu mon mari était titulaire du bail.", "lease_change"),
        ("J'ai pété les plombs. Envoyez-moi ma quittance.", "documents"),
        ("Plus d'eau chaude.", "heating"),
        ("Plus d'eau.", "water_cut"),
        ("Fuite de gaz !", "gas"),
        ("Fuite du robinet.", "plumbing"),
        ("Odeur de cigarette sur le palier.", "neighbours"),
    ],
)
def test_of_two_phrases_one_inside_the_other_the_longer_counts(text: str, topic: str, read: Understand) -> None:
    assert read(text).topic == topic


def test_an_ambiguous_word_needs_its_companion(read: Understand) -> None:
    alone, accompanied = read("Il y a du plomb."), read("Il y a du plomb dans les peintures.")
    assert accompanied.topic == "damp_ventilation"
    assert accompanied.findings[0].points > alone.findings[0].points


def test_what_comes_before_the_point_is_a_story(read: Understand) -> None:
    story = "Il y a des cafards, la cave est sale, le hall aussi. Tout ça pour dire que je voudrais une quittance."
    assert read(story).topic == "documents"


def test_words_of_anger_and_reclamation_weigh_nothing(read: Understand) -> None:
    understood = read("C'est une réclamation ! C'est une honte, un scandale, inadmissible !")
    assert understood.topics == ("other",)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Je voudrais une quittance. Il y a aussi une fuite d'eau au plafond.", "water_leak"),
        ("Pouvez-vous m'envoyer une quittance ? Et aussi mon attestation de domicile.", "documents"),
        ("Ça sent le gaz. Et je voudrais un rendez-vous, une quittance, et le détail des charges.", "gas"),
    ],
)
def test_of_several_topics_the_more_urgent_decides(text: str, topic: str, read: Understand) -> None:
    understood = read(text)
    assert understood.topic == topic


def test_all_topics_found_are_named_the_deciding_one_first(read: Understand) -> None:
    understood = read("Ma porte d'entrée est cassée et j'ai des cafards dans la cuisine.")
    assert set(understood.topics) == {"access_control", "pests"}
    assert tuple(finding.topic for finding in understood.findings[:2]) == understood.topics


@pytest.mark.parametrize(
    "text",
    [
        "Je voulais vous prévenir que ça sent le gaz.",
        "Un jour sur deux ça sent le gaz dans l'escalier.",
        "Mon tour de garde est fini. Ça sent le gaz dans le hall, venez, mon immeuble entier est réveillé.",
        "Le voisin du dessus et sa facture de gaz m'importent peu : ça sent le gaz.",
        "Je ne sais pas si c'est le radiateur mais il y a une odeur de gaz.",
        "J'ai peur que ce soit le gaz, ça sent dans la cuisine.",
    ],
)
def test_a_danger_is_not_talked_away(text: str, read: Understand) -> None:
    assert read(text).topic == "gas"


@pytest.mark.parametrize(
    "text",
    [
        "En cas d'odeur de gaz, qui appeler ?",
        "Si jamais ça sent le gaz, je fais quoi ?",
        "Aucune odeur de gaz chez moi.",
    ],
)
def test_a_danger_that_is_only_supposed_or_denied_is_none(text: str, read: Understand) -> None:
    assert "gas" not in read(text).topics


def test_a_word_of_danger_inside_a_harmless_phrase_still_counts(read: Understand) -> None:
    assert read("L'ascenseur est arrêté, ma fille est coincée dedans.").topic == "elevator_trapped"
