"""What we wrote ourselves and see again: in its case where there is one, never a matter of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from dtm_contact.conversation import fingerprint, is_ours, join_ours
from dtm_contact.labels.coded_text import texts_of
from dtm_contact.model import Authentication, CaseKind, Channel, Contact, Earlier, JoinedBy, KnownCase, Sent
from tests.conversation.test_joining import (
    CASES,
    COLLEAGUE,
    EARLIER,
    LEAK,
    NADIA,
    NOW,
    OUR_IDENTITY,
    US,
    Known,
    Line,
    joined,
    ours,
)

VOUCHED, NONE, FAILED = Authentication.VOUCHED, Authentication.NONE, Authentication.FAILED
OUTLOOK = "outlook-7@bailleur.example"
TO_HER = Contact(Channel.EMAIL, NOW, US, recipients=(NADIA,), message_id=OUTLOOK, new_text="Nous passons mardi.")


@dataclass
class Seen(Known):
    """The same, where the agent's own message was seen before, as a copy to our address."""

    def thread(self, message_ids: object) -> list[Earlier]:
        assert isinstance(message_ids, tuple | list)
        return [replace(EARLIER, message_id=OUTLOOK)] if OUTLOOK in message_ids else []


OUR_ANSWER = replace(TO_HER, message_id=ours(LEAK))


@pytest.mark.parametrize(
    ("contact", "channel", "expected"),
    [
        (replace(OUR_ANSWER, authentication=VOUCHED), "smtp", True),
        (replace(OUR_ANSWER, authentication=VOUCHED), "imap", True),
        (TO_HER, "imap_sent", True),
        (TO_HER, "graph_sent", True),
        (replace(TO_HER, authentication=VOUCHED), "smtp", False),
        (replace(OUR_ANSWER, message_id=ours(LEAK).replace("000101", "000105"), authentication=VOUCHED), "smtp", False),
        (replace(OUR_ANSWER, sender=NADIA, authentication=VOUCHED), "smtp", False),
        (OUR_ANSWER, "smtp", False),
        (replace(OUR_ANSWER, authentication=FAILED), "smtp", False),
    ],
)
def test_which_messages_are_ours(contact: Contact, channel: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert is_ours(contact, channel, OUR_IDENTITY, Known()) is expected


@pytest.mark.parametrize("authentication", [NONE, FAILED])
def test_what_nobody_vouches_for_is_ours_where_it_says_what_we_sent(authentication: Authentication) -> None:
    known = Known(letters=[Sent(ours(LEAK), fingerprint(OUR_ANSWER))])
    returned = replace(OUR_ANSWER, authentication=authentication)
    assert is_ours(returned, "smtp", OUR_IDENTITY, known)
    assert not is_ours(replace(returned, new_text="Ne vous déplacez pas."), "smtp", OUR_IDENTITY, known)
    assert not is_ours(replace(returned, sender=NADIA), "smtp", OUR_IDENTITY, known)
    empty = replace(returned, new_text="")
    assert not is_ours(empty, "smtp", OUR_IDENTITY, Known(letters=[Sent(ours(LEAK), "")]))


def test_our_own_answer_that_comes_back_stands_in_its_case() -> None:
    joining = join_ours(replace(TO_HER, message_id=ours(LEAK)), "smtp", OUR_IDENTITY, Known(), recipients=())
    assert (joining.case_number, joining.way, joining.answers) == (LEAK, JoinedBy.OWN, False)
    assert texts_of(joining.why) == f"notre propre message, revenu, du dossier {LEAK}"


@pytest.mark.parametrize(
    "contact",
    [replace(TO_HER, in_reply_to=(EARLIER.message_id,)), replace(TO_HER, subject=f"Re: dossier {LEAK}")],
    ids=["in the thread", "by the number"],
)
def test_what_an_agent_sends_answers_its_case(contact: Contact) -> None:
    joining = join_ours(contact, "imap_sent", OUR_IDENTITY, Known(), recipients=())
    assert (joining.case_number, joining.by_staff, joining.answers) == (LEAK, True, True)
    assert texts_of(joining.why) == f"écrit par l'un de nous dans le dossier {LEAK}"


def test_what_an_agent_sends_to_a_colleague_answers_nobody() -> None:
    contact = replace(TO_HER, in_reply_to=(EARLIER.message_id,), recipients=(COLLEAGUE,))
    joining = join_ours(contact, "imap_sent", OUR_IDENTITY, Known(), recipients=())
    assert (joining.case_number, joining.answers) == (LEAK, False)


def test_a_copy_seen_before_is_an_answer_once_it_lies_in_our_folder_of_sent_mail() -> None:
    joining = join_ours(replace(TO_HER, subject=LEAK), "imap_sent", OUR_IDENTITY, Seen(), recipients=())
    assert (joining.case_number, joining.way, joining.answers) == (LEAK, JoinedBy.SAME_MESSAGE, True)
    assert texts_of(joining.why) == f"même message de l'un de nous, déjà vu dans le dossier {LEAK}"


def test_a_copy_of_what_an_agent_wrote_answers_nobody_until_it_lies_in_our_folder_of_sent_mail() -> None:
    """Whoever passes our own words on has not sent them: the due time of the case is not met by that."""
    joining = join_ours(replace(TO_HER, subject=LEAK), "smtp", OUR_IDENTITY, Known(), recipients=())
    assert (joining.case_number, joining.answers) == (LEAK, False)


OLD = "2026-000042"


@dataclass
class Renumbered(Known):
    """The same, where the leak's case had another number before a restore."""

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        return [replace(CASES[LEAK], formerly=frozenset({OLD}))] if OLD in numbers else super().cases(numbers)


def test_what_a_lost_store_sent_stands_in_the_case_of_now() -> None:
    """Our own notice that a forwarding brings back would open a case, be told, and come back without end."""
    back = replace(TO_HER, message_id=ours(OLD))
    joining = join_ours(back, "smtp", OUR_IDENTITY, Renumbered(), recipients=())
    assert (joining.case_number, joining.way, joining.linked) == (LEAK, JoinedBy.OWN, ())
    machine = Line("", None, kind=CaseKind.AUTOMATIC, reply_to=ours(OLD))
    assert joined(machine, Renumbered()).case_number == LEAK


def test_what_belongs_to_no_case_joins_none() -> None:
    joining = join_ours(TO_HER, "imap_sent", OUR_IDENTITY, Known(), recipients=())
    assert (joining.case_number, joining.ours) == (None, True)
