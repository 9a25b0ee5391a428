"""An agent's words go to a party of the case, in its thread, and to nobody else."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from dtm_contact.cases import ChangedMeanwhileError, RefusedError, UnprovenAddressError, WrongArgumentError
from dtm_contact.directory import Directory
from dtm_contact.model import AutomaticSign, Automation, Channel, Contact, Likely, Mailbox, Match, VoiceNotice
from dtm_contact.pipeline import Grounds
from dtm_contact.settings import OutboundSettings
from dtm_contact.tokens import CaseTokens
from tests.cases.conftest import Desk
from tests.store.samples import NOW

OUTBOUND = OutboundSettings(host="relay.example", sender="metropole@bailleur.example")


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
    tokens = CaseTokens(sending.store.outbox.signing_key(), OUTBOUND.sender)
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
    with pytest.raises(RefusedError, match=r"(?i)rien à annuler"):
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
    contact = Contact(Channel.EMAIL, NOW, Mailbox("", "n@free.example"), subject=subject, message_id="m@free.example")
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
    with pytest.raises(WrongArgumentError, match=f"(?i){why}"):
        sending.do(number, "reply", **arguments)
    assert sending.store.outbox.waiting() == 0


def test_an_address_that_is_none_is_refused_in_words(sending: Desk) -> None:
    contact = Contact(
        Channel.EMAIL, NOW, Mailbox("", "nadia.@free.example"), subject="Fuite", message_id="m@free.example"
    )
    number = sending.open(contact=contact)
    with pytest.raises(WrongArgumentError, match=r"(?i)aucun message ne peut être envoyé"):
        sending.do(number, "reply", text="Bonjour")
    assert sending.happened(number) == ["opened"]


def test_nothing_is_written_where_nobody_sends(desk: Desk) -> None:
    with pytest.raises(RefusedError, match=r"(?i)DTM_OUTBOUND_HOST"):
        desk.do(desk.open(), "reply", text="Bonjour")


def email(address: str, reply_to: str = "", **more: Any) -> Contact:
    number = f"{reply_to.partition('@')[0] or 'one'}.{address}"
    return Contact(Channel.EMAIL, NOW, Mailbox("", address), Mailbox("", reply_to), message_id=number, **more)


def with_address(desk: Desk, address: str, tenant_id: str = "T01") -> Match:
    """Give a tenant of the directory an address, and return a match that names them."""
    records = desk.grounds.directory.records
    leases = tuple(replace(each, email=address) if each.tenant_id == tenant_id else each for each in records.leases)
    desk.grounds = replace(desk.grounds, directory=Directory(replace(records, leases=leases)))
    return Match(tenant=Likely(tenant_id, 0.99), dwelling=Likely("L01", 0.99))


def test_to_an_unproven_address_only_where_that_is_said(sending: Desk) -> None:
    number = sending.open(proven=False)
    with pytest.raises(UnprovenAddressError, match=r"(?i)choisissez"):
        sending.do(number, "reply", text="Bonjour", unproven_ok=True)
    with pytest.raises(UnprovenAddressError, match=r"(?i)rien ne prouve"):
        sending.do(number, "reply", text="Bonjour", to="nadia.benali@free.example")
    assert sending.store.outbox.waiting() == 0
    done = sending.do(number, "reply", text="Bonjour", to="nadia.benali@free.example", unproven_ok=True)
    assert done.events[0].data["unproven"] is True
    assert sent(sending)["In-Reply-To"] == "<m1@free.example>"


def test_a_stranger_who_names_a_tenant_is_not_who_hears_the_reply(sending: Desk) -> None:
    match = with_address(sending, "huguette@free.example")
    number = sending.open(proven=False, contact=email("hj.nouveau@evil.example"), match=match)
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "huguette@free.example"
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "reply", text="Bonjour", to="hj.nouveau@evil.example")


def test_after_an_agent_named_somebody_no_reply_goes_by_itself_to_where_nobody_wrote_from(sending: Desk) -> None:
    match = replace(with_address(sending, "huguette@free.example"), tenant=None)
    number = sending.open(proven=False, contact=email("hj.nouveau@evil.example"), match=match)
    sending.do(number, "tenant", tenant="T01")
    with pytest.raises(UnprovenAddressError, match=r"(?i)choisissez"):
        sending.do(number, "reply", text="Bonjour")
    sending.do(number, "reply", text="Bonjour", to="huguette@free.example")
    assert sent(sending)["To"] == "huguette@free.example"


@pytest.mark.parametrize(
    "contact",
    [
        email("ne-pas-repondre@parishabitat.fr", "christophe@free.example"),
        email("site@parishabitat.fr", "christophe@free.example"),
        email("formulaire@bailleur-en-ligne.example", "christophe@free.example"),
        email("messages@ringover.com", voice=VoiceNotice("+33612345678")),
        email(
            "agence@en-ligne.example",
            automatic_signs=(AutomaticSign(Automation.GENERATED, "Auto-Submitted: auto-generated"),),
        ),
        email("mailer-daemon@free.example"),
    ],
    ids=lambda contact: contact.sender.address,
)
def test_a_robot_is_never_answered(sending: Desk, contact: Contact) -> None:
    match = with_address(sending, "christophe@free.example")
    number = sending.open(proven=False, contact=contact, match=match)
    with pytest.raises(WrongArgumentError):
        sending.do(number, "reply", text="Bonjour", to=contact.sender.address, unproven_ok=True)
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "christophe@free.example"


def test_who_filled_in_a_form_is_answered_in_its_thread_and_is_unproven(sending: Desk) -> None:
    contact = email("ne-pas-repondre@parishabitat.fr", "passante@free.example")
    number = sending.open(proven=False, contact=contact, match=Match())
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "reply", text="Bonjour", to="passante@free.example")
    sending.do(number, "reply", text="Bonjour", to="passante@free.example", unproven_ok=True)
    assert sent(sending)["In-Reply-To"] == f"<{contact.message_id}>"


def test_a_reply_to_that_points_elsewhere_proves_nothing(sending: Desk) -> None:
    number = sending.open(contact=email("nadia@free.example", "nadia@evil.example"))
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "nadia@free.example"
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "reply", text="Bonjour", to="nadia@evil.example")


def test_the_tenant_is_answered_and_not_the_colleague_who_wrote_last(sending: Desk) -> None:
    match = with_address(sending, "huguette@free.example")
    number = sending.open(contact=email("gardien@parishabitat.fr"), match=match)
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "huguette@free.example"


def test_an_address_that_an_agent_confirmed_is_the_tenants_until_another_household_has_it_too(sending: Desk) -> None:
    number, other = sending.open(proven=False), sending.open("two", proven=False)
    neighbour = sending.with_neighbour()
    sending.do(number, "tenant", tenant="T01", confirm=True)
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "nadia.benali@free.example"
    sending.do(other, "tenant", tenant=neighbour, confirm=True)
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "reply", text="Bonjour")


def test_who_is_proven_to_be_somebody_else_is_not_written_to_unawares(sending: Desk) -> None:
    neighbour = sending.with_neighbour()
    match = Match(tenant=Likely(neighbour, 0.99), proven=(neighbour,))
    number = sending.open(contact=email("voisin@free.example"), match=match)
    sending.do(number, "reply", text="Bonjour")
    assert sent(sending)["To"] == "voisin@free.example"
    sending.do(number, "tenant", tenant="T01")
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "reply", text="Bonjour", to="voisin@free.example")


def test_nobody_is_invited_at_an_unproven_address(sending: Desk) -> None:
    number = sending.open(proven=False)
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "appoint", slot="2026-11-24T14:00+01:00", office="nord", invite="nadia.benali@free.example")
    assert "appointed" not in sending.happened(number)
