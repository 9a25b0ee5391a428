"""What our own intake hands over is a source's by the name that it gives; in mail its headers say nothing."""

import json
from email.message import EmailMessage

import pytest

from dtm_contact.model import Channel, SourceField
from tests.sources.mails import JOLY, form, judged, mail

TENANT = {"nom": "Joly", "prenom": "Huguette", "bail": "3900689/60", "courriel": "huguette@mail.example"}


def handed_over(data: object, source: str = "agence-numerique", request: str = "77") -> EmailMessage:
    message = mail("", "depot@ici.example", "Dépôt", auto_submitted="no")
    message["X-DTM-Source"], message["X-DTM-Request"] = source, request
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    message.add_attachment(raw, maintype="application", subtype="json", filename="demande.json")
    return message


def test_an_object_is_read_by_its_source_s_block() -> None:
    asked = {"numero": "AN-2026-1", "motif": "Fuite", "texte": "Une fuite sous l'évier.\nNom : Dupont"}
    data = {"locataire": TENANT, "demande": asked}
    judgement = judged(handed_over(data), proven=False, channel="http")
    assert judgement.match.proven == (JOLY,)
    assert judgement.understanding.topic == "water_leak"
    assert judgement.contact.new_text == "Une fuite sous l'évier.\nNom : Dupont"
    assert judgement.contact.channel is Channel.FORM
    assert judgement.contact.sourced is not None
    assert judgement.contact.sourced.value(SourceField.REQUEST) == "77"
    assert judgement.contact.notes == ()


@pytest.mark.parametrize("channel", ["smtp", "imap", "file", "import"])
def test_in_mail_the_headers_of_the_intake_say_nothing(channel: str) -> None:
    judgement = judged(handed_over({"locataire": TENANT, "demande": {"texte": "fuite"}}), channel=channel)
    assert judgement.contact.sourced is None
    assert judgement.match.proven == ()


def test_what_the_intake_names_and_nobody_knows_is_any_message() -> None:
    judgement = judged(handed_over({"message": "fuite"}, source="inconnue"), proven=False, channel="http")
    assert judgement.contact.sourced is None


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b'{"message": ' + b'"x' + b"y" * 1_000_000 + b'"}',
        {"locataire": TENANT},
        b'{"demande": {"texte": {"a": 1}}}',
    ],
)
def test_what_cannot_be_read_is_a_case_that_says_so(data: object) -> None:
    judgement = judged(handed_over(data), proven=False, channel="http")
    assert judgement.decision.queue is not None
    assert judgement.contact.sourced is not None
    assert not judgement.contact.sourced.read
    assert any("n'ont pas pu être lus" in note for note in judgement.contact.notes)


def test_a_request_by_mail_and_one_by_the_intake_have_one_number() -> None:
    by_mail = judged(mail(form(request="77")))
    dropped = handed_over({"locataire": TENANT, "demande": {"texte": "Toujours rien."}})
    assert judged(dropped, proven=False, channel="http").joining.fingerprint == by_mail.joining.fingerprint
    other = handed_over({"locataire": TENANT, "demande": {"texte": "Toujours rien."}}, request="78")
    assert judged(other, proven=False, channel="http").joining.fingerprint != by_mail.joining.fingerprint


def test_a_mail_that_was_dropped_is_read_as_a_mail_of_its_source() -> None:
    dropped = mail(form(request="77"), "quelqu.un@mail.example")
    dropped["X-DTM-Source"], dropped["X-DTM-Request"] = "agence-numerique", "file-0123"
    data = json.dumps({"locataire": TENANT, "demande": {"texte": "autre"}}).encode()
    dropped.add_attachment(data, maintype="application", subtype="json", filename="demande.json")
    judgement = judged(dropped, proven=False, channel="folder")
    assert judgement.match.proven == (JOLY,)
    assert judgement.contact.new_text == "Plus de chauffage depuis hier."
    assert judgement.contact.sourced is not None
    assert judgement.contact.sourced.key == "request:77"
