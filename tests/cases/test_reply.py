"""An agent's words go to a party of the case, in its thread, and to nobody else."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from dtm_contact.cases import ChangedMeanwhileError, RefusedError, WrongArgumentError
from dtm_contact.model import Contact, Mailbox
from dtm_contact.pipeline import Grounds
from dtm_contact.settings import Outbound
from dtm_contact.tokens import Tokens
from tests.cases.conftest import Desk
from tests.store.samples import NOW

OUTBOUND = Outbound(host="relay.example", sender="metropole@bailleur.example")


@pytest.fixture
def sending(desk: Desk, grounds: Grounds) -> Desk:
    desk.grounds = replace(grounds, settings=grounds.settings.model_copy(update={"outbound": OUTBOUND}))
    return desk


def sent(desk: Desk) -> EmailMessage:
    claimed = desk.store.outbox.claim("s", NOW)
    assert claimed is not None
    message = message_from_bytes(claimed.outgoing.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert claimed.outgoing.to == message["To"]
    return message


def test_a_reply_goes_into_the_thread(sending: Desk) -> None:
    number = sending.open()
    done = sending.do(number, "reply", text="Un technicien passe demain.")
    assert [event.what for event in done.events] == ["replied"]
    message = sent(sending)
    tokens = Tokens(sending.store.outbox.signing_key(), OUTBOUND.sender)
    assert message["To"] == "nadia.benali@free.example"
    assert message["Subject"] == f"Re: Fuite sous l’évier – dossier {number}"
    assert message["In-Reply-To"] == "<m1@free.example>"
    assert tokens.case_of_message_id(message["Message-ID"].strip("<>")) == number
    assert tokens.case_of_address(message["Reply-To"]) == number
    assert message["Auto-Submitted"] is None
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Un technicien passe demain."


def test_a_reply_cannot_be_taken_back(sending: Desk) -> None:
    number = sending.open()
    sending.do(number, "reply", text="Bonjour")
    with pytest.raises(RefusedError, match="rien à annuler"):
        sending.do(number, "undo")


def test_the_second_of_two_who_answer_at_once_is_told(sending: Desk) -> None:
    number = sending.open()
    version = sending.case(number).version
    sending.do(number, "reply", "anne", text="Bonjour", expected_version=version)
    with pytest.raises(ChangedMeanwhileError):
        sending.do(number, "reply", "paul", text="Bonjour", expected_version=version)
    assert sending.store.outbox.waiting() == 1


def test_a_subject_that_bears_the_number_and_marks_grows_no_longer(sending: Desk) -> None:
    number = "2026-000001"
    subject = f"RE: Re: TR: dossier {number}"
    contact = Contact("email", NOW, Mailbox("", "n@free.example"), subject=subject, message_id="m@free.example")
    assert sending.open(contact=contact) == number
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["Subject"] == f"Re: dossier {number}"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"text": "Bonjour", "to": "inconnu@free.example"}, "ni d'un message du dossier"),
        ({"text": "Bonjour", "to": "nadia.benali@free.example\r\nBcc: x@y.example"}, "ni d'un message du dossier"),
        ({"text": "  "}, "text"),
    ],
)
def test_what_is_refused(sending: Desk, arguments: dict[str, Any], why: str) -> None:
    number = sending.open()
    with pytest.raises(WrongArgumentError, match=why):
        sending.do(number, "reply", **arguments)
    assert sending.store.outbox.waiting() == 0


def test_an_address_that_is_none_is_refused_in_words(sending: Desk) -> None:
    contact = Contact("email", NOW, Mailbox("", "nadia.@free.example"), subject="Fuite", message_id="m@free.example")
    number = sending.open(contact=contact)
    with pytest.raises(WrongArgumentError, match="aucun message ne peut être envoyé"):
        sending.do(number, "reply", text="Bonjour")
    assert sending.happened(number) == ["opened"]


def test_nothing_is_written_where_nobody_sends(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="DTM_OUTBOUND_HOST"):
        desk.do(desk.open(), "reply", text="Bonjour")
