"""What joining a conversation asks of the store, on both databases: whom we wrote to, and what we sent."""

from dataclasses import replace

import pytest

from dtm_contact.contract import as_json
from dtm_contact.conversation import fingerprint
from dtm_contact.model import (
    CaseKind,
    Channel,
    Contact,
    ConversationMatch,
    JoinedBy,
    Judgement,
    KnownCase,
    Limits,
    Mailbox,
    Outgoing,
    OutgoingKind,
    Sent,
)
from dtm_contact.outbound import Letter, write
from dtm_contact.reading import read
from dtm_contact.store import OutgoingBatch, Store
from tests.store.samples import NOW, arrival, judgement

NADIA = "nadia.benali@free.example"
WORK = Mailbox("N. Benali", "N.Benali@travail.example")
ID = "2026-000001.a1.signed@bailleur.example"
SENDER = "metropole@bailleur.example"
LETTER = Letter("Bailleur", SENDER, NADIA, SENDER, "Re: fuite", "Nous passons mardi.", ID, "", (), NOW, "auto-replied")


def sent(kind: OutgoingKind, to: str = NADIA) -> Outgoing:
    return Outgoing(kind, "accuse", to, SENDER, ID, write(LETTER))


def recorded(
    store: Store, judged: Judgement, letters: tuple[Outgoing, ...] = (), name: str = "one", channel: str = "smtp"
) -> str | None:
    store.arrivals.accept([replace(arrival(name), channel=channel)])
    claimed = store.arrivals.claim("w", NOW)
    assert claimed is not None
    mail = OutgoingBatch(lambda _: letters, Limits(9, 9))
    return store.cases.record(claimed, judged, as_json(judged), NOW, mail=mail)


def known(store: Store, number: str | None) -> KnownCase:
    assert number is not None
    with store.history() as history:
        [case] = history.cases([number])
    return case


@pytest.mark.parametrize(
    ("kind", "proven", "to", "expected"),
    [
        (OutgoingKind.REPLY, False, NADIA, {NADIA}),
        (OutgoingKind.REPLY, False, WORK.address, {WORK.address.lower()}),
        (OutgoingKind.ANSWER, True, NADIA, {NADIA}),
        (OutgoingKind.ANSWER, False, NADIA, set()),
        (OutgoingKind.ANSWER, True, WORK.address, set()),
        (OutgoingKind.NOTICE, True, NADIA, set()),
    ],
)
def test_whom_we_wrote_to_is_who_a_person_chose_or_who_was_proven(
    store: Store,
    kind: OutgoingKind,
    proven: bool,  # noqa: FBT001 - a table
    to: str,
    expected: set[str],
) -> None:
    judged = replace(judgement(), joining=ConversationMatch(proven=proven))
    case = known(store, recorded(store, judged, (sent(kind, to),)))
    assert case.sent_to == expected
    assert case.addresses == {NADIA} | expected


@pytest.mark.parametrize(
    ("channel", "expected"),
    [("imap_sent", {"n.benali@travail.example"}), ("graph_sent", {"n.benali@travail.example"}), ("smtp", set())],
)
def test_whom_an_agent_wrote_to_from_their_own_mailbox_counts(store: Store, channel: str, expected: set[str]) -> None:
    number = recorded(store, judgement())
    contact = Contact(
        Channel.EMAIL, NOW, Mailbox("", "anne@bailleur.example"), recipients=(WORK, Mailbox("Sans adresse"))
    )
    ours = judgement(CaseKind.NONE, contact=contact)
    ours = replace(
        ours, joining=ConversationMatch(number, JoinedBy.THREAD, by_staff=True, ours=True, writer=contact.sender)
    )
    assert recorded(store, ours, name="two", channel=channel) == number
    assert known(store, number).sent_to == expected


def test_what_we_sent_is_known_by_its_message_id_and_by_what_it_says(store: Store) -> None:
    recorded(store, judgement(), (sent(OutgoingKind.REPLY),))
    returned = read(replace(arrival(), raw=b"X-Forwarded: yes\r\n" + write(LETTER)))
    with store.history() as history:
        assert list(history.sent([ID, "other@free.example"])) == [Sent(ID, fingerprint(returned))]
        assert list(history.sent([])) == []
