"""What we wrote ourselves and see again: in its case where there is one, never a matter of its own."""

from dataclasses import dataclass, replace

import pytest

from dtm_contact.conversation import is_ours, join_ours
from dtm_contact.model import Contact, Earlier, Mailbox, Way
from tests.conversation.test_joining import COLLEAGUE, EARLIER, HOUSE, LEAK, NADIA, NOW, PASSED, Known, ours

US = Mailbox("Votre bailleur", "metropole@bailleur.example")
OUTLOOK = "outlook-7@bailleur.example"
TO_HER = Contact("email", NOW, US, recipients=(NADIA,), message_id=OUTLOOK, new_text="Nous passons mardi.")


@dataclass
class Seen(Known):
    """The same, where the agent's own message was seen before, as a copy to our address."""

    def thread(self, message_ids: object) -> list[Earlier]:
        assert isinstance(message_ids, tuple | list)
        return [replace(EARLIER, message_id=OUTLOOK)] if OUTLOOK in message_ids else []


@pytest.mark.parametrize(
    ("contact", "channel", "expected"),
    [
        (replace(TO_HER, message_id=ours(LEAK)), "smtp", True),
        (replace(TO_HER, message_id=ours(LEAK)), "imap", True),
        (TO_HER, "imap_sent", True),
        (TO_HER, "smtp", False),
        (replace(TO_HER, message_id=ours(LEAK).replace("000101", "000105")), "smtp", False),
        (replace(TO_HER, message_id=ours(LEAK), sender=NADIA), "smtp", False),
    ],
)
def test_which_messages_are_ours(contact: Contact, channel: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert is_ours(contact, channel, HOUSE) is expected


def test_our_own_answer_that_comes_back_stands_in_its_case() -> None:
    joining = join_ours(replace(TO_HER, message_id=ours(LEAK)), "smtp", HOUSE, Known(), recipients=())
    assert (joining.case_number, joining.way, joining.answers) == (LEAK, Way.OWN, False)


@pytest.mark.parametrize(
    "contact",
    [replace(TO_HER, in_reply_to=(EARLIER.message_id,)), replace(TO_HER, subject=f"Re: dossier {LEAK}")],
    ids=["in the thread", "by the number"],
)
def test_what_an_agent_sends_answers_its_case(contact: Contact) -> None:
    joining = join_ours(contact, "imap_sent", HOUSE, Known(), recipients=())
    assert (joining.case_number, joining.by_staff, joining.answers) == (LEAK, True, True)


def test_what_an_agent_sends_to_a_colleague_answers_nobody() -> None:
    contact = replace(TO_HER, in_reply_to=(EARLIER.message_id,), recipients=(COLLEAGUE,))
    joining = join_ours(contact, "imap_sent", HOUSE, Known(), recipients=())
    assert (joining.case_number, joining.answers) == (LEAK, False)


def test_a_copy_is_an_answer_only_where_our_server_vouches_for_it() -> None:
    contact = replace(TO_HER, message_id=ours(LEAK).replace("1.", "2.", 1), in_reply_to=(EARLIER.message_id,))
    told = [
        join_ours(replace(contact, trusted_verdicts=verdicts), "smtp", HOUSE, Known(), recipients=()).answers
        for verdicts in ((), PASSED)
    ]
    assert told == [False, True]


def test_a_copy_seen_before_is_no_second_answer() -> None:
    joining = join_ours(replace(TO_HER, subject=LEAK), "imap_sent", HOUSE, Seen(), recipients=())
    assert (joining.case_number, joining.way, joining.answers) == (LEAK, Way.SAME_MESSAGE, False)


def test_what_belongs_to_no_case_joins_none() -> None:
    joining = join_ours(TO_HER, "imap_sent", HOUSE, Known(), recipients=())
    assert (joining.case_number, joining.ours) == (None, True)
