"""Letters to several people, with files and more in one step; and messages that go on to somebody else."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from dtm_contact.cases import (
    Command,
    NothingAttachedError,
    RefusedError,
    UnprovenAddressError,
    WrongArgumentError,
    apply,
)
from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names, without_code
from dtm_contact.model import (
    Attachment,
    Call,
    Channel,
    ClaimedOutgoing,
    DraftKey,
    DraftKind,
    Likely,
    Mailbox,
    Match,
    Outcome,
)
from dtm_contact.pipeline import Grounds
from dtm_contact.settings import OutboundSettings
from dtm_contact.store import Account, Visibility
from tests.cases.conftest import Desk
from tests.store.samples import NOW, judgement

NADIA = "nadia.benali@free.example"
STRANGER = "assistante@sociale.example"
DIGEST = "ab" * 32


@pytest.fixture
def sending(desk: Desk, grounds: Grounds) -> Desk:
    outbound = OutboundSettings(host="relay.example", sender="metropole@bailleur.example")
    desk.grounds = replace(grounds, settings=grounds.settings.model_copy(update={"outbound": outbound}))
    desk.store.accounts.add(Account(0, "paul", "Paul Roux", "agency", "agence"), NOW)
    return desk


def claimed(desk: Desk) -> ClaimedOutgoing:
    found = desk.store.outbox.claim("s", NOW)
    assert found is not None
    return found


def letter(found: ClaimedOutgoing) -> EmailMessage:
    message = message_from_bytes(found.outgoing.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def plain(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def a_file(desk: Desk, number: str, kind: DraftKind = DraftKind.REPLY, octets: bytes = b"%PDF-") -> int:
    """Return the id of a file in Paul's draft."""
    paul = desk.store.accounts.named("paul").id
    file_id = desk.store.files.begin(DraftKey(paul, kind, number), "a.pdf", "application/pdf", NOW)
    desk.store.files.add_piece(file_id, paul, 0, octets)
    desk.store.files.finish(file_id, paul, "0" * 64)
    return file_id


def test_a_letter_goes_to_all_who_are_named_each_once(sending: Desk) -> None:
    number = sending.open()
    sending.do(number, "reply", text="Bonjour", to=NADIA, cc=[STRANGER, STRANGER.upper(), NADIA])
    found = claimed(sending)
    assert found.recipients == (NADIA, STRANGER)
    assert (letter(found)["To"], letter(found)["Cc"]) == (NADIA, STRANGER)


@pytest.mark.parametrize("argument", ["cc", "also_to"])
def test_who_may_not_write_to_anybody_writes_to_the_case_alone(sending: Desk, argument: str) -> None:
    number = sending.open()
    office = sending.case(number).office_id
    command = Command("reply", "paul", number, {"text": "Bonjour", "to": NADIA, argument: [STRANGER]})
    with pytest.raises(WrongArgumentError, match=r"(?i)ni d'un message du dossier"):
        apply(sending.store, replace(command, visibility=Visibility(office)), NOW, lambda: sending.grounds)
    assert sending.store.outbox.waiting() == 0


@pytest.mark.parametrize("wrong", ["x", "a@b c", "a@b\r\nBcc: d@e.example", "a@b,c@d.example", "<a@b.example>"])
def test_what_is_no_address_gets_no_copy(sending: Desk, wrong: str) -> None:
    number = sending.open()
    with pytest.raises(RefusedError):
        sending.do(number, "reply", text="Bonjour", to=NADIA, cc=[wrong])
    assert sending.store.outbox.waiting() == 0


def test_each_address_that_nothing_proves_asks_its_step(sending: Desk) -> None:
    number = sending.open(proven=False)
    with pytest.raises(UnprovenAddressError):
        sending.do(number, "reply", text="Bonjour", to=NADIA)
    sending.do(number, "reply", text="Bonjour", to=NADIA, unproven_ok=True)


def test_a_recipient_that_is_left_is_tried_alone(sending: Desk) -> None:
    number = sending.open()
    sending.do(number, "reply", text="Bonjour", to=NADIA, cc=[STRANGER])
    found = claimed(sending)
    sending.store.outbox.refused_for(found, {"x@free.example": "550"}, NOW)
    sending.store.outbox.retry(found, "450", NOW, [STRANGER])
    again = claimed(sending)
    assert again.recipients == (STRANGER,)
    sending.store.outbox.settle(again, "sent", "250", NOW)
    told = [event for event in sending.store.cases.get(number).events if event.what == "refused"]
    assert [event.data["to"] for event in told] == ["x@free.example"]


def test_words_are_signed_and_what_they_answer_is_quoted(sending: Desk) -> None:
    number = sending.open()
    sending.store.accounts.sign(sending.store.accounts.named("paul").id, "Paul Roux\nGestionnaire")
    sending.do(number, "reply", text="Un technicien passe.", sign=True, quote=True)
    text = plain(letter(claimed(sending)))
    said, _, rest = text.partition("\n\n-- \n")
    assert said == "Un technicien passe."
    assert rest.startswith("Paul Roux\nGestionnaire\n")
    assert "a écrit :\n> " in rest
    event = sending.store.cases.get(number).events[-1]
    assert event.data["text"] == "Un technicien passe."


@pytest.mark.parametrize(("then", "happened"), [("done", "done"), ("wait", "waiting")])
def test_a_letter_is_sent_and_its_case_ends_or_waits_in_one_step(sending: Desk, then: str, happened: str) -> None:
    number = sending.open()
    until = (NOW + timedelta(days=1)).isoformat()
    sending.do(number, "reply", text="Bonjour", then=then, until=until if then == "wait" else None)
    assert sending.happened(number)[-2:] == ["replied", happened]
    sending.do(number, "undo")
    assert sending.case(number).state == "open"
    assert sending.case(number).waiting_until is None
    assert sending.store.outbox.waiting() == 1, "no letter is taken back"


def test_what_cannot_wait_is_not_sent_either(sending: Desk) -> None:
    number = sending.open()
    with pytest.raises(WrongArgumentError):
        sending.do(number, "reply", text="Bonjour", then="wait")
    assert sending.store.outbox.waiting() == 0
    assert sending.happened(number) == ["opened"]


def test_files_go_from_the_draft_to_the_case_with_the_letter(sending: Desk) -> None:
    number = sending.open()
    file_id = a_file(sending, number)
    sending.do(number, "reply", text="Bonjour", files=[file_id])
    assert [each.file_id for each in claimed(sending).outgoing.files] == [file_id]
    file = sending.store.files.file(file_id)
    assert file is not None
    assert (file.draft_id, sending.store.files.case_number(file)) == (None, number)
    with pytest.raises(WrongArgumentError, match=r"(?i)joignez-la de nouveau"):
        sending.do(number, "reply", text="Encore", files=[file_id])


def test_a_text_that_promises_a_file_asks_once_where_none_goes_with_it(sending: Desk) -> None:
    number = sending.open()
    promise = "Bonjour, vous trouverez ci-joint le détail."
    with pytest.raises(NothingAttachedError, match="« Bonjour, vous trouverez ci-joint le détail »"):
        sending.do(number, "reply", text=promise)
    assert sending.store.outbox.claim("s", NOW) is None
    sending.do(number, "reply", text=promise, files=[a_file(sending, number)])
    sending.do(number, "reply", text=promise, without_files_ok=True)
    arrival = sending.store.cases.get(number).contacts[0].arrival_id
    with pytest.raises(NothingAttachedError):
        sending.do(number, "forward", arrival=arrival, to=NADIA, text=promise, unproven_ok=True)
    sending.do(number, "forward", arrival=arrival, to=NADIA, text=promise, unproven_ok=True, without_files_ok=True)


def test_files_that_are_too_large_in_all_are_refused(sending: Desk) -> None:
    number = sending.open()
    attachments = sending.grounds.settings.attachments.model_copy(update={"megabytes": 1})
    settings = sending.grounds.settings.model_copy(update={"attachments": attachments})
    sending.grounds = replace(sending.grounds, settings=settings)
    ids = [a_file(sending, number, octets=bytes(600 * 1024)) for _ in range(2)]
    with pytest.raises(WrongArgumentError, match=r"(?i)en tout"):
        sending.do(number, "reply", text="Bonjour", files=ids)
    sending.do(number, "reply", text="Bonjour", files=ids[:1])


def test_a_message_goes_on_with_its_files(sending: Desk) -> None:
    read = judgement()
    pieces = (Attachment("bail.pdf", "application/pdf", 9, DIGEST), Attachment("x.exe", "application/x", 9, "cd" * 32))
    number = sending.open(contact=replace(read.contact, attachments=pieces))
    arrival = sending.store.cases.get(number).contacts[0].arrival_id
    with pytest.raises(RefusedError, match=r"(?i)n'est pas d'un format"):
        sending.do(number, "forward", arrival=arrival, to=STRANGER, text="Pour vous", attached=["cd" * 32])
    sending.do(number, "forward", arrival=arrival, to=STRANGER, text="Pour vous", attached=[DIGEST])
    found = claimed(sending)
    (file,) = found.outgoing.files
    assert (file.arrival_id, file.sha256, file.name) == (arrival, DIGEST, "bail.pdf")
    message = letter(found)
    assert message["To"] == STRANGER
    assert message["In-Reply-To"] is None
    assert read.contact.new_text.splitlines()[0] in plain(message)
    assert sending.happened(number)[-1] == "forwarded"


CALL = Call("c1", Outcome.TIMEOUT, NOW, NOW, number="01 48 51 17 43", key="148511743")
BY_WORD = [
    (
        {"channel": Channel.PHONE, "call": CALL, "sender": Mailbox("", ""), "new_text": "", "subject": ""},
        "01 48 51 17 43",
    ),
    ({"channel": Channel.DESK, "new_text": "Le robinet goutte.", "subject": "Appel"}, "Le robinet goutte."),
    ({"new_text": "Le robinet goutte."}, "Le robinet goutte."),
]


@pytest.mark.parametrize(("read", "words"), BY_WORD, ids=["call", "visit", "mail"])
def test_what_was_said_goes_on_with_what_is_known(sending: Desk, read: dict[str, Any], words: str) -> None:
    records = sending.grounds.directory.records
    leases = tuple(
        replace(each, phones=("0612345678",)) if each.tenant_id == "T01" else each for each in records.leases
    )
    sending.grounds = replace(sending.grounds, directory=Directory(replace(records, leases=leases)))
    whom = Match(tenant=Likely("T01", 0.99), dwelling=Likely("L01", 0.99), residence=Likely("R01", 0.99))
    number = sending.open(contact=replace(judgement().contact, **read), match=whom)
    arrival = sending.store.cases.get(number).contacts[0].arrival_id
    sending.do(number, "forward", arrival=arrival, to=STRANGER, text="Pour vous")
    text = plain(letter(claimed(sending)))
    names = Names(sending.grounds.directory, {}, sending.grounds.settings.zone)
    assert words in text
    assert without_code(names.person("T01")) in text
    assert without_code(names.dwelling("L01")) in text
    assert "06 12 34 56 78" in text
