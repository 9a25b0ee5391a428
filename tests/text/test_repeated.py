"""What a machine repeats of the message that it answers is no news; what it says besides is heard."""

from datetime import UTC, datetime

import pytest

from dtm_contact.model import AutomaticSign, Automation, Channel, Contact, Part
from dtm_contact.text import is_notice, is_receipt, unwrapped

AT = datetime(2026, 11, 24, tzinfo=UTC)
REPLY = (AutomaticSign(Automation.REPLY, "Auto-Submitted: auto-replied"),)
GENERATED = (AutomaticSign(Automation.GENERATED, "Auto-Submitted: auto-generated"),)
THREAD = ("a@parishabitat.example",)
RECEIVED = "Nous avons bien reçu votre demande, enregistrée sous le numéro 4411."
AWAY = "Je suis absent jusqu'au 12, de retour le 13."


def contact(
    text: str, signs: tuple[AutomaticSign, ...] = (), *, subject: str = "", answers: tuple[str, ...] = ()
) -> Contact:
    return Contact(Channel.EMAIL, AT, subject=subject, new_text=text, automatic_signs=signs, in_reply_to=answers)


def left(of: Contact) -> str:
    """Return what is left to be read of the new text."""
    return " ".join(unwrapped(of, [Part.NEW]).texts[0][1].split())


@pytest.mark.parametrize(
    "news",
    [
        "Ça sent le gaz ici aussi, appelez quelqu'un.",
        "Une femme est bloquée dans la cabine depuis une heure.",
        "Le détecteur affiche 180 ppm, les enfants vomissent.",
    ],
)
@pytest.mark.parametrize("signs", [REPLY, ()], ids=["reply", "unsigned"])
def test_what_an_absence_notice_tells_besides_is_read(news: str, signs: tuple[AutomaticSign, ...]) -> None:
    assert news in left(contact(f"{AWAY}\n\n{news}", signs, subject="RE: panne", answers=THREAD))


@pytest.mark.parametrize(
    "echo",
    [
        "Rappel de votre message :\nÇa sent le gaz au 3.",
        "-----------------\nAccueil, 30 nov. 2026, 09:02\n\nÇa sent le gaz au 3.",
        "Votre demande initiale :\n> Ça sent le gaz au 3.",
        "Titre : odeur de gaz au 3",
        "Objet : URGENT odeur de gaz",
    ],
)
def test_a_receipt_s_copy_of_what_it_answers_is_not_read(echo: str) -> None:
    assert left(contact(f"{RECEIVED}\n\n{echo}", GENERATED, answers=THREAD)) == RECEIVED


@pytest.mark.parametrize(
    "received",
    [
        "Votre demande (88120) a été reçue. Elle est en cours d'examen par notre équipe.",
        "Votre ticket n° 88120 est reçu.",
        "Votre message a été reçu.",
    ],
)
def test_a_receipt_says_so_with_the_number_of_the_request(received: str) -> None:
    assert left(contact(f"{received}\n\nDescription :\nÇa sent le gaz au 3.", GENERATED, answers=THREAD)) == received


@pytest.mark.parametrize(
    "line", ["##- Veuillez taper votre réponse au-dessus de cette ligne -##", "Please type your reply above this line"]
)
def test_where_a_help_desk_wants_its_answer_is_not_read(line: str) -> None:
    assert left(contact(f"{line}\n\nÇa sent le gaz au 3.")) == "Ça sent le gaz au 3."


def test_the_subject_repeated_and_the_name_of_a_message_are_not_read() -> None:
    away = contact(
        "Votre courriel « fuite de gaz cage 3 » ne sera pas lu avant lundi.\n\nodeur de gaz au 14 rue des Lilas",
        REPLY,
        subject="Réponse automatique : Odeur de gaz au 14 rue des Lilas",
    )
    assert left(away) == "Votre courriel « » ne sera pas lu avant lundi."


@pytest.mark.parametrize(
    ("signs", "answers", "text"),
    [
        (GENERATED, (), f"{RECEIVED}\n\nVotre message :\nÇa sent le gaz au 3."),
        ((), THREAD, f"{RECEIVED}\n\nVotre message :\nÇa sent le gaz au 3."),
        (GENERATED, THREAD, "Nouveau commentaire\n\nVotre demande initiale :\nÇa sent le gaz au 3."),
        (
            GENERATED,
            THREAD,
            "Sur votre demande 4411 un commentaire a été reçu :\n\nDescription :\nÇa sent le gaz au 3.",
        ),
        ((), (), f"{AWAY}\n\nPour une odeur de gaz, appelez le 18."),
    ],
    ids=[
        "a form begins a thread",
        "a person answers",
        "a comment is no receipt",
        "a comment received is none",
        "a person begins a thread",
    ],
)
def test_what_is_no_notice_is_read_whole(signs: tuple[AutomaticSign, ...], answers: tuple[str, ...], text: str) -> None:
    of = contact(text, signs, answers=answers)
    assert not is_receipt(of)
    assert not is_notice(of)
    assert "gaz" in left(of)


def test_a_person_s_words_of_absence_leave_their_text_alone() -> None:
    text = f"{AWAY}\n\nVotre message :\nÇa sent le gaz au 3."
    assert "gaz" in left(contact(text, subject="RE: visite", answers=THREAD))
