"""What programs put around what is said: closings, a form's labels, a copier's words; none of it is the matter."""

from dataclasses import replace

import pytest

from dtm_contact.model import (
    Attachment,
    AutomaticSign,
    Automation,
    CaseKind,
    Contact,
    Forwarded,
    Mailbox,
    Part,
    Priority,
    Unread,
)
from dtm_contact.topics import Lexicon, understand
from tests.topics.conftest import contact

CLOSING = "Ce message est généré automatiquement, merci de ne pas y répondre."
XEROX = """Please open the attached document. It was scanned and sent to you using a Xerox Multifunction Printer.

Attachment File Type: pdf, Multi-Page
Device Name: XRX9C934E
Visit http://www.xerox.example
"""
PDF = Attachment("0001.pdf", "application/pdf", 900, "")


def by_program(text: str, subject: str = "", *kinds: Automation) -> Contact:
    signs = tuple(AutomaticSign(kind, f"X-{kind.value}: 1") for kind in kinds or (Automation.GENERATED,))
    return replace(contact(text, subject), automatic_signs=signs)


def scan(text: str, subject: str, *files: Attachment) -> Contact:
    return replace(contact(text, subject), attachments=files or (PDF,))


def form(message: str) -> str:
    fields = "Nom : Mme Huguette Joly\nContrat : 3900689/60\nMotif : Autre\nDonnées personnelles : accepté"
    return f"Nouvelle demande de l'Agence numérique\n\n{fields}\nMessage :\n{message}\n\n{CLOSING}"


@pytest.mark.parametrize(
    ("text", "topic", "priority"),
    [
        (form("Ça sent très fort le gaz dans l'escalier."), "gas", Priority.P1),
        (form("Plus d'eau chaude dans toute la cage depuis hier."), "heating", Priority.P2),
        (form("Il y a des cafards dans la cuisine."), "pests", Priority.P3),
        (form("Je voudrais une attestation de loyer."), "documents", Priority.P4),
        (f"Appel d'alarme reçu à 10:11\nAppareil : 4521\nMotif : usager bloqué\n\n{CLOSING}", "elevator_trapped", "P1"),
        ("Type : Personne bloquée en cabine\nIntervention en cours, technicien attendu.", "elevator_trapped", "P1"),
        (f"L'ascenseur est à l'arrêt, remise en service prévue le 04/12.\n{CLOSING}", "elevator", Priority.P2),
        ("Zone 3 parking -1\nDétecteur DF-12 : FEU\nDe la fumée, incendie signalé", "fire", Priority.P1),
    ],
)
@pytest.mark.parametrize("signed", [True, False], ids=["with header", "without"])
def test_what_a_program_reports_or_asks_is_a_case(
    text: str, topic: str, priority: str, *, signed: bool, lexicon: Lexicon
) -> None:
    message = by_program(text, "Notification") if signed else contact(text, "Notification")
    understood = understand(message, lexicon)
    assert understood.kind is CaseKind.CASE
    if signed or CLOSING in text:
        assert (understood.topic, understood.priority) == (topic, priority)


def test_spans_of_a_form_count_in_the_whole_text(lexicon: Lexicon) -> None:
    text = form("Il y a des cafards dans la cuisine.")
    understood = understand(by_program(text), lexicon)
    seen = [evidence for evidence in understood.findings[0].evidence if evidence.span]
    assert seen
    for evidence in seen:
        assert evidence.span is not None
        assert evidence.span.part is Part.NEW
        assert text[evidence.span.start : evidence.span.end] == evidence.seen


def test_a_matter_chosen_from_a_list_counts_where_the_field_names_none(lexicon: Lexicon) -> None:
    fields = "Nom : Joly\nMotif : Fuite d'eau dans la salle de bain\nTéléphone : 06 12 34 56 78\n"
    text = f"{fields}Message : merci de me rappeler"
    assert understand(by_program(text), lexicon).topic == "water_leak"


@pytest.mark.parametrize("kind", [Automation.GENERATED, Automation.MASS])
def test_a_machines_reply_alone_is_set_aside_by_its_structure(kind: Automation, lexicon: Lexicon) -> None:
    text = "Rapport n° 12 : rien de plus à signaler."
    assert understand(by_program(text, "Rapport", Automation.REPLY), lexicon).kind is CaseKind.AUTOMATIC
    assert understand(by_program(text, "Rapport", kind), lexicon).kind is CaseKind.CASE


def test_a_reply_that_tells_of_a_danger_is_a_case(lexicon: Lexicon) -> None:
    reply = by_program("Je suis absent. Forte odeur de gaz dans ma cuisine depuis ce matin !", "", Automation.REPLY)
    assert understand(reply, lexicon).priority is Priority.P1
    absence = "Je suis absente. En cas d'urgence (fuite, gaz, ascenseur bloqué), contactez le 01 00 00 00 00."
    assert understand(by_program(absence, "", Automation.REPLY), lexicon).kind is CaseKind.AUTOMATIC


def test_an_acknowledgement_is_a_reply_by_its_words(lexicon: Lexicon) -> None:
    text = "Nous avons bien reçu votre message et vous répondrons dans les meilleurs délais."
    assert understand(by_program(text, "Votre demande 1234 a bien été enregistrée"), lexicon).kind is CaseKind.AUTOMATIC


MASS = (Automation.MASS, Automation.MASS)


@pytest.mark.parametrize(
    ("text", "subject", "kind"),
    [
        (
            "Jusqu'à dimanche, carrelage, faïence et parquet. Rendez-vous en magasin.",
            "-30 % sur le carrelage !",
            "spam",
        ),
        ("Profitez de nos offres sur les chaudières et radiateurs.", "-40 % sur les chaudières", "spam"),
        ("Les travaux du 3e commencent à 6 h du matin, ce n'est pas normal.", "[amicale] bruit", "case"),
        ("Bonjour, plus de chauffage dans tout le bâtiment B depuis samedi.", "[amicale] chauffage", "case"),
        (form("Des punaises de lit dans la chambre."), "Nouveau message", "case"),
        ("Offre -30 % : attention, forte odeur de gaz dans le hall du 4 rue des Lilas !", "Info", "case"),
    ],
)
def test_mass_mail_is_set_aside_where_it_reads_as_such(text: str, subject: str, kind: str, lexicon: Lexicon) -> None:
    message = by_program(text, subject)
    signs = tuple(AutomaticSign(Automation.MASS, f"X-{number}: 1") for number in range(2))
    understood = understand(replace(message, automatic_signs=signs), lexicon)
    assert understood.kind == kind
    assert (understood.priority is Priority.P1) == ("gaz" in text)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("", "Attached Image"),
        ("", "Image jointe"),
        ("", ""),
        ("1 pli numérisé. Voir pièce jointe.", "Courrier entrant"),
        ("", "Message from KMBT_C224"),
        (
            'This E-mail was sent from "RNP0026" (MP C3003).\n\nScan Date: 11.30.2026 10:12\nQueries to: a@b.example',
            'Message from "RNP0026"',
        ),
        (
            XEROX,
            "Scanned from a Xerox Multifunction Printer",
        ),
        ("Appareil : IM C4500\nLieu : Champigny 2e étage\nPages : 3", "Numérisation depuis l'appareil de Champigny"),
        (f"Un nouveau pli a été déposé dans votre corbeille.\n{CLOSING}", "[GED] Courrier recommandé numérisé"),
    ],
)
def test_a_scanned_letter_has_not_been_read(text: str, subject: str, lexicon: Lexicon) -> None:
    for message in (scan(text, subject), replace(scan(text, subject), automatic_signs=by_program("x").automatic_signs)):
        understood = understand(message, lexicon)
        assert (understood.kind, understood.topics, understood.priority) == (CaseKind.CASE, ("other",), Priority.P3)
        assert understood.unread is Unread.SCAN


def test_a_scan_passed_on_without_a_word_has_not_been_read_either(lexicon: Lexicon) -> None:
    original = Forwarded(Mailbox("", "copieur@mel.example"), "Attached Image", "")
    assert understand(replace(scan("", "TR: Attached Image"), forwarded=(original,)), lexicon).unread is Unread.SCAN


@pytest.mark.parametrize(
    ("message", "topic"),
    [
        (scan("Bonjour, ci-joint mon attestation d'assurance.", "Scan"), "insurance"),
        (scan("", "Numérisation : odeur de gaz au 4 rue des Lilas"), "gas"),
        (scan("", "fuite sous l'évier", Attachment("IMG_1.jpg", "image/jpeg", 9, "")), "water_leak"),
        (scan("Voir pièce jointe", "Préavis de départ"), "move_out"),
        (replace(contact("1 pli numérisé.", "Courrier entrant")), None),
        (scan("1 pli numérisé.", "Courrier", Attachment("a.docx", "application/msword", 9, "")), None),
        (scan("Numérisé. " + "Le locataire du 3e demande que la porte du hall soit réparée. " * 60, "Scan"), None),
    ],
)
def test_words_of_a_person_are_read(message: Contact, topic: str | None, lexicon: Lexicon) -> None:
    understood = understand(message, lexicon)
    assert understood.unread is None
    assert topic in {None, understood.topic}


def test_what_could_not_be_decoded_is_never_set_aside_nor_of_low_priority(lexicon: Lexicon) -> None:
    for message in (
        contact("", "Votre newsletter : se désabonner, carte cadeau"),
        by_program("", "", Automation.REPLY),
    ):
        assert understand(message, lexicon).kind is not CaseKind.CASE
        understood = understand(replace(message, undecoded=True), lexicon)
        assert (understood.kind, understood.unread) == (CaseKind.CASE, Unread.UNDECODED)
        assert understood.priority <= Priority.P3
        assert not {"automatic", "spam"} & set(understood.topics)
    document = replace(contact("", "Quittance"), undecoded=True)
    assert understand(document, lexicon).priority is Priority.P3
    assert (
        understand(replace(contact("", "Odeur de gaz dans le hall"), undecoded=True), lexicon).priority is Priority.P1
    )
