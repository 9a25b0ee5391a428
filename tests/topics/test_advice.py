"""What a program tells everybody to do if something happened wakes nobody; what anybody reports is heard beside it."""

import pytest

from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import AlarmLevel, AutomaticSign, Automation, CaseKind, Part
from dtm_contact.text import unwrapped, without_advice
from dtm_contact.topics import Reader
from dtm_contact.topics.fields import is_advice
from tests.text.test_repeated import AWAY, REPLY, THREAD, contact
from tests.topics.conftest import Read

PROGRAM = (AutomaticSign(Automation.GENERATED, "Auto-Submitted: auto-generated"),)
MASS = (
    AutomaticSign(Automation.MASS, "Precedence: bulk"),
    AutomaticSign(Automation.MASS, "List-Unsubscribe: <https://lettre.example/stop>"),
)
FORM = """Agence en ligne
Locataire : Mme Odile Brunet
Objet : {matter}

En cas d'odeur de gaz, quittez votre logement et appelez le 18.
Ne répondez pas à ce message."""


def test_a_forms_advice_wakes_nobody_and_says_why(read: Read) -> None:
    told = read(FORM.format(matter="mon badge de parking ne marche plus"), signs=PROGRAM)
    assert told.alarm.level is AlarmLevel.POSSIBLE
    assert "quittez votre logement" in (text_of(told.alarm.why_not) or "")
    assert "gas" not in told.topics
    assert told.kind is CaseKind.CASE


@pytest.mark.parametrize(
    "field",
    ["Signalement d'une odeur de gaz : appelez-moi vite", "Odeur de gaz : appelez le gardien", "Gaz : odeur, sortez"],
)
def test_a_field_that_reads_like_advice_is_never_dropped_in_silence(field: str, read: Read) -> None:
    alarm = read(f"Locataire : Mme Roy\nBâtiment : C\n{field}\nPièce jointe : aucune", signs=PROGRAM).alarm
    assert alarm.any
    assert alarm.certain or "odeur" in (text_of(alarm.why_not) or "").lower()


def test_a_danger_beside_advice_is_heard_as_ever(read: Read) -> None:
    assert read(FORM.format(matter="forte odeur de gaz au 3e étage"), signs=PROGRAM).alarm.certain


def test_a_persons_sentence_is_no_advice(read: Read) -> None:
    text = "En cas d'odeur de gaz, appelez le 18, dit votre affiche : eh bien il y a une odeur de gaz."
    assert read(text).alarm.certain
    assert read("En cas d'odeur de gaz, quittez votre logement et appelez le 18.").alarm.certain


@pytest.mark.parametrize(
    ("advice", "report"),
    [
        ("Si vous sentez le gaz, sortez et appelez le 18.", "Si je vous écris, c'est que ça sent le gaz au 4e."),
        ("En cas d'incendie, n'empruntez pas l'ascenseur.", "L'immeuble brûle, appelez les pompiers."),
        ("Que faire en cas de fuite d'eau ?", "Que faire ? L'eau coule par le plafond depuis ce matin."),
        ("If you smell gas, leave the building and call 112.", "There is a strong smell of gas on our landing."),
    ],
)
def test_advice_is_told_from_a_report_in_the_same_words(advice: str, report: str, reader: Reader) -> None:
    assert is_advice(reader, advice)
    assert not is_advice(reader, report)


@pytest.mark.parametrize(
    "advice",
    [
        "Pour une odeur de gaz, appelez l'astreinte au 01 55 00 00 12.",
        "En cas de feu composez le 18.",
        "Si quelqu'un est bloqué dans la cabine,\ncontactez le 0 800 00 00 00.",
        "Contactez notre astreinte pour toute fuite de gaz.",
        "Pour un dépannage ou une personne bloquée : 01 99 00 72 72, 24h/24.",
    ],
)
@pytest.mark.parametrize("signs", [REPLY, ()], ids=["reply", "unsigned"])
def test_advice_of_an_absence_notice_is_not_read(advice: str, signs: tuple[AutomaticSign, ...], reader: Reader) -> None:
    notice = contact(f"{AWAY}\n\n{advice}", signs, subject="RE: panne", answers=THREAD)
    texts = without_advice(unwrapped(notice, [Part.NEW]), lambda sentence: is_advice(reader, sentence)).texts
    assert " ".join(texts[0][1].split()) == AWAY


def test_a_question_of_a_form_that_is_answered_is_no_advice() -> None:
    text = "Un danger (gaz, feu) ? Si oui, appelez le 18.\nOui\nMessage\nMa cave."
    answered = unwrapped(contact(text, PROGRAM), [Part.NEW])
    assert not without_advice(answered, lambda sentence: "18" in sentence or "?" in sentence).advice
    open_one = unwrapped(contact(text.replace("Oui\n", ""), PROGRAM), [Part.NEW])
    assert without_advice(open_one, lambda sentence: "18" in sentence).advice == ["Si oui, appelez le 18."]


def test_of_a_very_long_text_head_and_foot_are_asked_alone() -> None:
    asked: list[str] = []

    def never(sentence: str) -> bool:
        asked.append(sentence)
        return False

    without_advice(unwrapped(contact("Un mot. " * 2_000, PROGRAM), [Part.NEW]), never)
    assert len(asked) == 60


def test_a_newsletter_that_tells_of_a_danger_is_shown_and_wakes_nobody(read: Read) -> None:
    text = (
        "Notre lettre d'information de novembre ! Offre exclusive : -20 % sur l'entretien de votre chaudière.\n"
        "« Il y a le feu » : notre spectacle de l'hiver, sur réservation en ligne, places à 10 euros.\n"
        "Profitez vite de nos promotions en ligne, frais offerts. Se désabonner."
    )
    assert read(text).alarm.certain, "it must be what is sent to many that makes the difference"
    told = read(text, signs=MASS)
    assert told.alarm.level is AlarmLevel.POSSIBLE
    assert "Precedence: bulk" in (text_of(told.alarm.why_not) or "")


def test_an_alarm_sent_as_newsletters_are_is_heard(read: Read) -> None:
    assert read("ALARME ascenseur A12 : usager bloqué en cabine, rue Danton", signs=MASS).alarm.certain
    assert read("Odeur de gaz signalée cage B, immeuble évacué, pompiers sur place", signs=MASS).alarm.certain
