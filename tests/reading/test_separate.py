import pytest

from dtm_contact.model import Mailbox
from dtm_contact.reading import limits, notes
from tests.reading.reads import contact, mail

ANSWER = "In-Reply-To: <x@mel.example>\n"


@pytest.mark.parametrize(
    "head",
    [
        "Le lun. 16 nov. 2026 à 10:12, A B <a@mel.example> a écrit :",
        "Le lundi 16 novembre 2026 à 10:12:00 UTC+1, A B <a@mel.example> a écrit :",
        "Le lundi 16 novembre 2026 à 10:12:00 UTC+1,\nA B\n<a@mel.example> a\nécrit :",
        "Le 16/11/2026 à 10:12, A B a écrit :",
        "Le 16 nov. 2026 à 10:12, A B <a@mel.example> a écrit :",
        "A B <a@mel.example> a écrit :",
        "On Mon, Nov 16, 2026 at 10:12 AM A B <a@mel.example> wrote:",
        "On 16 Nov 2026, at 10:12, A B <\na@mel.example> wrote:",
        "Am 16.11.2026 um 10:12 schrieb A B <a@mel.example>:",
        "Il giorno lun 16 nov 2026 alle ore 10:12 A B <a@mel.example> ha scritto:",
        "El lun, 16 nov 2026 a las 10:12, A B (<a@mel.example>) escribió:",
        "Em seg., 16 de nov. de 2026 às 10:12, A B <a@mel.example> escreveu:",
        "Op ma 16 nov. 2026 om 10:12 schreef A B <a@mel.example>:",
        "Den mån 16 nov. 2026 kl 10:12 skrev A B <a@mel.example>:",
        "pon., 16 lis 2026 o 10:12 A B <a@mel.example> napisał(a):",
        "пн, 16 нояб. 2026 г. в 10:12, A B <a@mel.example>:",
        '16.11.2026, 10:12, "A B" <a@mel.example>:',
        "De : A B\nEnvoyé : lundi 16 novembre 2026 10:12\nÀ : C\nObjet : x",
        "De : A B <a@mel.example>\n\nEnvoyé : lundi 16 novembre 2026 10:12\n\nÀ : C\n\nObjet : un objet\nlong\nCc : D",
        "*De :* A B <a@mel.example>\n*Envoyé :* lundi 16 novembre 2026 10:12\n*Objet :* x",
        "From: A B <a@mel.example>\nSent: Monday, November 16, 2026 10:12 AM\nTo: C\nSubject: x",
        "Von: A B <a@mel.example>\nGesendet: Montag, 16. November 2026 10:12\nAn: C\nBetreff: x",
        "________________________________\nDe : A B <a@mel.example>\nObjet : x",
        "De : A B <a@mel.example>\nObjet : x",
        "-----Message d'origine-----\nDe : A B\nObjet : x",
        "-------- Message d’origine --------\nDe : A B\nDate : 16/11/2026 10:12 (GMT+01:00)\nÀ : C\nObjet : x",
        '----- Mail original -----\nDe: "A B" <a@mel.example>\nÀ: c@mel.example\nEnvoyé: Lundi 16/11/2026\nObjet: x',
        "-------- Original Message --------\nSubject: x\nDate: 16/11/2026\nFrom: A B <a@mel.example>",
        "-----Original Message-----",
    ],
)
def test_what_stands_below_a_head_is_quoted(head: str) -> None:
    read = contact(mail(f"Toujours rien\n\n{head}\n\nUn texte d'avant\nsur deux lignes\n", ANSWER))
    assert read.new_text == "Toujours rien"
    assert read.quoted_text.endswith("Un texte d'avant\nsur deux lignes")


@pytest.mark.parametrize(
    "line",
    [
        "Le 12 mars 2026 la gardienne m'a écrit :",
        "Le 12 mars 2026 à 10h30, Mme Roux nous a écrit :",
        "Le 12 mars à 10h ma voisine a écrit :",
        "Mon voisin a écrit : « partez »",
        "De : la cave",
        "Objet : ma chaudière",
        "From: here to there",
        "On the 12th at 10:30 he told me:",
        "-----",
        "Voici ce que l'agence m'a répondu le 12/03/2026 à 10:30 :",
    ],
)
def test_a_persons_line_is_no_head(line: str) -> None:
    text = f"Bonjour\n{line}\nil y a une odeur de gaz"
    assert contact(mail(text, ANSWER)).new_text == text


def test_two_headers_in_a_message_of_its_own_are_a_persons() -> None:
    text = "Bonjour\nDe : A B <a@mel.example>\nObjet : ascenseur\n\nje suis bloqué dedans"
    assert contact(mail(text, "Subject: urgent\n")).new_text == text


def test_the_attribution_above_an_unmarked_answer_costs_nothing() -> None:
    """Where nothing stands above, what stands below an attribution without marks is the writer's."""
    read = contact(mail("Le 16/11/2026 à 10:12, A B <a@mel.example> a écrit :\n\nIl y a le feu\n", ANSWER))
    assert read.new_text == "Il y a le feu"


@pytest.mark.parametrize(
    "line",
    [
        "Envoyé de mon iPhone",
        "Envoyé depuis mon téléphone Orange",
        "Envoyé de mon Wiko RIDGE FAB 4G",
        "Envoyé à partir de Outlook pour Android<https://mobile.example/x>",
        "Envoyé depuis l'application Mail Orange",
        "Envoyé depuis Yahoo Mail pour iPhone",
        "Obtenir Outlook pour iOS<https://mobile.example/y>",
        "Sent from my iPhone",
        "Sent from my phone, please excuse any typos.",
        "Get Outlook for iOS",
        "Von meinem iPhone gesendet",
        "Enviado desde mi iPhone",
        "Provenance : Courrier pour Windows",
    ],
)
def test_the_line_of_a_device_is_signature(line: str) -> None:
    read = contact(mail(f"Il fait froid\n\n{line}\n"))
    assert (read.new_text, read.signature) == ("Il fait froid", line)


@pytest.mark.parametrize(
    "line",
    [
        "Envoyé de mon téléphone car je suis bloquée dans l'ascenseur",
        "envoyé par la mairie qui me dit de vous écrire",
        "Sent from my flat because the phone is dead",
    ],
)
def test_a_persons_line_is_no_devices(line: str) -> None:
    assert line in contact(mail(f"Au secours\n{line}\n")).new_text


def test_text_below_two_dashes_that_speaks_stays_text() -> None:
    text = "Bonjour,\n--\nLa gaine du 3e étage sent le gaz depuis ce matin, venez vite !"
    assert contact(mail(text)).new_text == text


def test_two_dashes_above_all_words_are_no_signature() -> None:
    assert contact(mail("-- \nJe suis coincée")).new_text == "Je suis coincée"


def test_words_on_a_notices_own_line_stay_the_writers() -> None:
    notice = "Ce message est confidentiel ; si vous avez reçu ce message par erreur, détruisez-le."
    read = contact(mail(f"Bonjour\n\nFuite de gaz au 3e étage, venez. {notice}"))
    assert read.new_text == "Bonjour\n\nFuite de gaz au 3e étage, venez."
    assert read.disclaimer.startswith("Ce message est confidentiel")


def test_a_mail_that_begins_as_a_notice_is_no_notice() -> None:
    text = "Ce message est confidentiel et destiné à la direction : merci de ne pas divulguer mes pièces jointes."
    assert contact(mail(text)).new_text == text


def test_interleaved_answers_are_new_text() -> None:
    read = contact(mail("Le 16/11/2026 à 10:12, A a écrit :\n> Froid ?\nOui\n> Depuis ?\nHier\n", ANSWER))
    assert read.new_text == "Oui\n\nHier"
    assert read.quoted_text == "Le 16/11/2026 à 10:12, A a écrit :\nFroid ?\nDepuis ?"


@pytest.mark.parametrize(
    ("subject", "forwarded"), [("TR: x", True), ("Fwd: x", True), ("x", False), ("RE: x", False), ("RE: TR: x", False)]
)
def test_an_outlook_block_is_passed_on_where_the_subject_says_so(subject: str, forwarded: bool) -> None:  # noqa: FBT001
    text = (
        "Voir ci-dessous\n\nDe : B <b@mel.example>\nEnvoyé : lundi 16 novembre 2026 10:12\nÀ : A\nObjet : x\n\nFuite\n"
    )
    read = contact(mail(text, f"Subject: {subject}\n"))
    assert read.new_text == "Voir ci-dessous"
    assert bool(read.forwarded) is forwarded
    assert ("Fuite" in read.quoted_text) is not forwarded


def test_a_bare_block_is_passed_on_unless_the_subject_answers() -> None:
    block = "De : B <b@mel.example>\nEnvoyé : lundi 16 novembre 2026 10:12\nÀ : A\nObjet : x\n\nFuite\n"
    assert contact(mail(block, "Subject: x\n")).forwarded[0].sender == Mailbox("B", "b@mel.example")
    answered = contact(mail(block, "Subject: RE: x\n"))
    assert not answered.forwarded
    assert notes.ONLY_QUOTED in answered.notes


def test_more_originals_than_the_bound_stay_as_quotation() -> None:
    block = "---------- Message transféré ---------\nDe : B <b@mel.example>\nObjet : x\n\nmot\n\n"
    read = contact(mail("voir\n\n" + block * (limits.FORWARDED + 2)))
    assert len(read.forwarded) == limits.FORWARDED
    assert notes.FORWARDED_CUT in read.notes
    assert read.quoted_text.count("Message transféré") == 2


def test_more_lines_than_the_bound_are_cut_and_told() -> None:
    read = contact(mail("x\n" * (limits.LINES + 5)))
    assert notes.TEXT_CUT in read.notes


def test_a_forward_quoted_whole_keeps_its_first_writer() -> None:
    text = (
        '> Message du 20/11/26 18:02\n> De : "B" <b@mel.example>\n> A : a@mel.example\n> Objet : rats\n>\n> Des rats\n'
    )
    read = contact(mail(text, "Subject: TR: rats\n"))
    assert [(one.sender, one.subject, one.text) for one in read.forwarded] == [
        (Mailbox("B", "b@mel.example"), "rats", "Des rats")
    ]
    assert read.quoted_text == ""


def test_a_forward_without_a_title_is_not_lost_in_the_quotation() -> None:
    text = "Le 20/11/2026 à 18:02, B C <b@mel.example> a écrit :\n> Des rats\n"
    (original,) = contact(mail(text, "Subject: Fwd: rats\n")).forwarded
    assert (original.sender, original.subject) == (Mailbox("B C", "b@mel.example"), "rats")
    assert original.text.endswith("Des rats")


def test_thunderbirds_forward_is_read() -> None:
    text = (
        "voir\n\n-------- Message transféré --------\nSujet : \trats\nDate : \tFri, 20 Nov 2026 18:02:00 +0100\n"
        "De : \tB <b@mel.example>\nPour : \ta@mel.example\n\nDes rats\n"
    )
    (original,) = contact(mail(text)).forwarded
    assert (original.sender.address, original.subject, original.text) == ("b@mel.example", "rats", "Des rats")
    assert original.at is not None
    assert original.at.isoformat() == "2026-11-20T18:02:00+01:00"


@pytest.mark.parametrize(
    "line",
    [
        "Merci mais non",
        "Monsieur,",
        "Le chauffage ne marche plus",
        "Le 3 mars il y a eu une fuite",
        "Mon adresse : a@mel.example",
        "Marie a vu le gaz fuir au 3e",
        "On est 4 dans le noir",
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_the_line_above_an_attribution_stays_the_writers(line: str, gap: str) -> None:
    head = "Le lun. 16 nov. 2026 à 10:12, A B <b@mel.example> a écrit :"
    read = contact(mail(f"{line}{gap}{head}\n\n> Alors ?\n", ANSWER))
    assert read.new_text == line
    assert read.quoted_text.startswith(head)


def test_words_beside_a_number_under_a_closing_stay_text() -> None:
    text = "Bonjour\n\nCordialement\n\nATTENTION le gaz sent dans l'escalier 06 99 00 11 22"
    assert contact(mail(text)).new_text == text


@pytest.mark.parametrize(
    "head",
    [
        "De : Mme Roux\nDate : 12/11/2026\nObjet : fuite de gaz",
        "Le 12/11/2026 à 10:30, Mme Roux a écrit :",
    ],
)
def test_a_head_without_an_address_counts_in_answers_only(head: str) -> None:
    text = f"Bonjour\n{head}\n\nVenez vite"
    assert contact(mail(text, ANSWER)).new_text == "Bonjour"
    assert contact(mail(text)).new_text == text
