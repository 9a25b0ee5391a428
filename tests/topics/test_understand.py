"""What the shipped reader makes of messages: topics, urgency, alarms, kinds, scope, who asks, wishes."""

import pytest

from dtm_contact.model import AlarmLevel, AlarmSource, Attachment, AutomaticSign, Automation, CaseKind, Priority, Wish
from dtm_contact.topics import Reader
from tests.topics.conftest import Read

FUITE = "Bonjour, il y a une fuite sous mon évier depuis ce matin, l'eau coule dans le placard. Mme Martin"


@pytest.mark.parametrize(
    ("text", "topic", "priority"),
    [
        (FUITE, "water_leak", "P2"),
        ("Je n'ai plus de chauffage depuis hier, les radiateurs sont froids.", "heating", "P2"),
        ("Il y a des cafards dans ma cuisine, pouvez-vous traiter l'appartement ?", "pests", "P3"),
        ("Pouvez-vous m'envoyer une quittance de loyer pour mon dossier ?", "documents", "P4"),
        ("Je vous donne mon préavis, quand fait-on l'état des lieux de sortie ?", "move_out", "P3"),
        ("Je ne peux pas payer mon loyer ce mois-ci, je voudrais un échéancier.", "payment_difficulty", "P2"),
        ("My heating is broken since yesterday, no hot water, please send someone", "heating", "P2"),
        ("Tengo cucarachas en la cocina, por favor manden a alguien", "pests", "P3"),
    ],
)
def test_what_is_asked(read: Read, text: str, topic: str, priority: str) -> None:
    found = read(text)
    assert (found.topic, found.priority, found.kind) == (topic, priority, CaseKind.CASE)
    assert found.findings[0].topic == topic
    assert found.findings[0].evidence


def test_the_words_shown_stand_where_they_are_said_to(read: Read) -> None:
    found = read(FUITE, "Fuite d'eau")
    for piece in (*found.findings[0].evidence, *found.raised_by):
        assert piece.span is not None
        text = {"subject": "Fuite d'eau", "new_text": FUITE}[piece.span.part.value]
        assert text[piece.span.start : piece.span.end] == piece.seen


@pytest.mark.parametrize(
    "text",
    [
        "Il y a une forte odeur de gaz dans le hall, venez vite",
        "Une personne est bloquée dans l'ascenseur en panne, elle a du mal à respirer",
        "Il y a le feu dans la cave, de la fumée noire monte dans l'escalier",
        "Mon fils de 15 ans veut mourir, il est enfermé dans sa chambre avec des cachets",
        "Plus de chauffage depuis hier, j'ai un nourrisson de trois semaines et il fait 12 degrés",
        "Des morceaux de la façade tombent sur le trottoir devant l'entrée, un enfant a failli être touché",
        "Help, I am stuck in the lift and nobody answers the alarm",
    ],
)
def test_danger_is_certain_and_p1(read: Read, text: str) -> None:
    found = read(text)
    assert found.alarm.level is AlarmLevel.CERTAIN
    assert (found.priority, found.kind) == (Priority.P1, CaseKind.CASE)
    assert found.alarm.raised_by is not None
    assert found.raised_by


@pytest.mark.parametrize(
    "wrapping",
    [
        "{}\n\nCe message est généré automatiquement, merci de ne pas y répondre.",
        "Nom : Durand\nPrénom : Alice\nTéléphone : 01 99 00 12 34\nObjet : Demande\nMessage : {}",
        "{}\n\n--\nAlice Durand\nAssistante de direction, société Bois & Cie\nwww.bois.example | LinkedIn",
        "Bonjour, j'ai bien reçu mon avis d'échéance, merci. {} Bien cordialement",
        "Vous avez reçu un nouveau message vocal de 01 99 00 12 34.\nDurée : 0:21\nTranscription :\n{}",
    ],
)
def test_what_stands_around_a_danger_takes_nothing_away(read: Read, wrapping: str) -> None:
    found = read(wrapping.format("Il y a une forte odeur de gaz dans le hall du 84 square Henri Barbusse à Montrouge."))
    assert (found.alarm.level, found.topic, found.kind) == (AlarmLevel.CERTAIN, "gas", CaseKind.CASE)


@pytest.mark.parametrize(
    "text",
    [
        "Le bouton du 6e étage dans l'ascenseur est cassé",
        "Ma facture de gaz a doublé, à qui dois-je m'adresser ?",
        "Feu mon mari avait signé le bail avec moi, que dois-je faire ?",
        "Merci, le chauffage est réparé depuis ce matin.",
        "L'exercice incendie de mardi a été annulé, pouvez-vous confirmer la nouvelle date ?",
    ],
)
def test_words_of_danger_without_danger_wake_nobody(read: Read, text: str) -> None:
    assert read(text).alarm.level is not AlarmLevel.CERTAIN


def test_a_phrase_is_binding_and_a_denied_one_says_nothing(read: Read) -> None:
    assert read("Ça sent le gaz.").alarm.any
    denied = read("Il n'y a pas d'odeur de gaz, tout va bien.")
    assert denied.alarm.raised_by is not AlarmSource.WORDS


def test_a_request_is_never_thanks(read: Read) -> None:
    assert read("Toujours rien. Merci de faire le nécessaire.").topic != "thanks"
    assert read("Avez-vous bien reçu mon dossier ? Merci").topic != "thanks"
    assert read("Merci beaucoup pour votre aide, tout fonctionne, bonne journée à toute l'équipe").topic == "thanks"


def test_one_word_makes_no_topic(read: Read) -> None:
    found = read("rappel")
    assert (found.topic, found.priority) == ("other", Priority.P3)
    assert read("").topic == "other"


def test_names_and_streets_say_nothing(read: Read) -> None:
    assert "payment_difficulty" not in read("Bonjour, je suis Mme Odette Petit, pouvez-vous me rappeler ?").topics
    assert "access_control" not in read("Pouvez-vous me rappeler ? 26 rue de la Porte à Montreuil").topics


def test_a_reply_of_a_machine_is_set_aside_unless_it_alarms(read: Read) -> None:
    sign = AutomaticSign(Automation.REPLY, "Auto-Submitted: auto-replied")
    away = "Je suis absente du bureau jusqu'au 3 décembre. Réponse automatique."
    assert read(away, "Absente", signs=(sign,)).kind is CaseKind.AUTOMATIC
    alarming = f"{away} Il y a une forte odeur de gaz dans la cage d'escalier, venez vite !"
    assert read(alarming, "Absente", signs=(sign,)).kind is CaseKind.CASE


def test_a_header_makes_an_absence_notice_whatever_it_speaks_of_and_a_subject_does_not(read: Read) -> None:
    """Somebody who is away says who stands in for them; a person, too, may write "Absence" above a request."""
    away = "La loge est fermée jusqu'au 7 (congés). Remplacement : M. Sy, loge du 37, tous les matins."
    by_header = AutomaticSign(Automation.REPLY, "Auto-Submitted: auto-replied (vacation)")
    by_words = AutomaticSign(Automation.REPLY, "Subject: Absence")
    assert read(away, signs=(by_header,), answers=("planning@parishabitat.example",)).kind is CaseKind.AUTOMATIC
    # What answers nothing is a form whose program bears a header of answers.
    assert read(away, signs=(by_header,)).kind is CaseKind.CASE
    # A header by which a program wrote it makes an answer's words as good as a header of answers.
    generated = AutomaticSign(Automation.GENERATED, "Auto-Submitted: auto-generated")
    answering = {"answers": ("planning@parishabitat.example",)}
    assert read(away, signs=(by_words, generated), **answering).kind is CaseKind.AUTOMATIC
    assert read(away, signs=(by_words,), **answering).kind is CaseKind.CASE
    asked = "Absence de gardien depuis lundi, ma fille n'a plus de badge, pouvez-vous me rappeler ?"
    assert read(asked, signs=(by_words,)).kind is CaseKind.CASE


def test_violence_is_taken_to_be_at_home_also_where_no_phrase_says_whose(read: Read) -> None:
    heard = read("Hier soir il m'a mis un couteau sous la gorge devant sa petite sœur. Il dort là, dans le salon.")
    assert heard.alarm.certain
    assert heard.violence_at_home
    assert not read("L'ascenseur est en panne et ma voisine est bloquée dedans").violence_at_home


def test_a_scan_that_says_nothing_is_to_be_read_by_a_person(read: Read) -> None:
    scan = (Attachment("scan_0001.pdf", "application/pdf", 10_000, ""),)
    found = read("Numérisé depuis un appareil multifonction. 2 pages, 200 x 200 dpi", "Scan", attachments=scan)
    assert found.unread is not None
    assert (found.kind, found.priority) == (CaseKind.CASE, Priority.P3)
    said = read(FUITE, "Fuite", attachments=scan)
    assert (said.unread, said.topic) == (None, "water_leak")


def test_what_cannot_be_decoded_is_a_case(read: Read) -> None:
    found = read("gérée ????", undecoded=True)
    assert (found.kind, found.priority.value <= "P3") == (CaseKind.CASE, True)


def test_how_they_wish_to_be_treated(read: Read) -> None:
    text = "Il y a du trafic dans le hall tous les soirs. Surtout ne dites pas que ça vient de moi, j'ai peur."
    assert Wish.ANONYMOUS in {wished.wish for wished in read(text).wishes}
    assert not read("Il y a du trafic dans le hall tous les soirs, que faites-vous ?").wishes


def test_a_language_never_learned_is_told(read: Read) -> None:
    assert read(FUITE).readable
    assert not read("Përshëndetje, fqinji im bën shumë zhurmë natën, ju lutem ndihmoni, nuk mund të flemë më").readable


def test_a_huge_and_a_strange_text_are_read(read: Read, reader: Reader) -> None:
    for text in ("gaz " * 50_000, "\x00￿" * 2_000, "a" * 100_000, "?" * 10_000, "\n" * 10_000):
        assert read(text).topic in reader.topics
