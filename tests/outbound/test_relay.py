import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from dtm_contact.model import Outgoing, OutgoingKind
from dtm_contact.outbound.relay import Fate, Relay
from dtm_contact.settings import OutboundSettings
from tests.outbound.relays import DROP, TAKE, RelayServer, relay_server

LETTER = Outgoing(
    OutgoingKind.ANSWER,
    "accuse-reception",
    "nadia@free.example",
    "metropole+1@bailleur.example",
    "1@bailleur.example",
    b"Message-ID: <1@bailleur.example>\r\nSubject: Re\r\n\r\nBonjour\r\n.\r\n",
)


def settings(port: int, **values: object) -> OutboundSettings:
    chosen: dict[str, object] = {"host": "127.0.0.1", "port": port, "security": "none", "seconds": 5.0, **values}
    return OutboundSettings.model_validate(chosen)


async def test_a_message_arrives_as_it_was_written() -> None:
    async with relay_server(RelayServer()) as server:
        sent = await Relay(settings(server.port)).send(LETTER)
    assert sent.fate is Fate.SENT
    [(mail_from, to, message)] = server.taken
    assert (mail_from, to) == (LETTER.mail_from, LETTER.to)
    assert message.get_payload() == "Bonjour\r\n.\r\n"


async def test_a_message_in_pieces_arrives_as_it_was_written() -> None:
    # Cut where a dot begins a line, and within the end of one.
    pieces = (b"Subject: Re\r\n\r\nBonjour\r", b"\n", b".\r\n..deux\r\n", b".", b"trois\r\n")

    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async with relay_server(RelayServer()) as server:
        sent = await Relay(settings(server.port)).send(LETTER, body=body())
    assert sent.fate is Fate.SENT
    [(_, _, message)] = server.taken
    assert message.get_payload() == "Bonjour\r\n.\r\n..deux\r\n.trois\r\n"


@pytest.mark.parametrize(
    ("second", "fate", "refused", "left_to"),
    [
        ("550 5.1.1 no such user", Fate.SENT, {"anne@free.example": "550 5.1.1"}, ()),
        ("450 4.2.0 greylisted", Fate.LATER, {}, ("anne@free.example",)),
    ],
)
async def test_of_several_recipients_each_is_told(
    second: str, fate: Fate, refused: dict[str, str], left_to: tuple[str, ...]
) -> None:
    letter = replace(LETTER, also_to=("anne@free.example",))
    async with relay_server(RelayServer(lambda nth: second if nth else TAKE)) as server:
        sent = await Relay(settings(server.port)).send(letter)
    assert (sent.fate, sent.refused, sent.left_to) == (fate, refused, left_to)
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("at_rcpt", "at_data", "fate", "reason"),
    [
        ("550 5.1.1 no such user", TAKE, Fate.NO_SUCH_ADDRESS, "550 5.1.1"),
        ("550 5.1.2 no such domain", TAKE, Fate.NO_SUCH_ADDRESS, "550 5.1.2"),
        ("501 5.1.3 no address", TAKE, Fate.NO_SUCH_ADDRESS, "501 5.1.3"),
        ("556 5.1.10 takes no mail", TAKE, Fate.NO_SUCH_ADDRESS, "556 5.1.10"),
        ("550 no such user", TAKE, Fate.NO_SUCH_ADDRESS, "550"),
        ("551 not local", TAKE, Fate.NO_SUCH_ADDRESS, "551"),
        ("553 not allowed", TAKE, Fate.NO_SUCH_ADDRESS, "553"),
        ("550 4.1.1 its codes contradict each other", TAKE, Fate.NO_SUCH_ADDRESS, "550"),
        ("550 5.7.1 relaying denied", TAKE, Fate.REFUSED, "550 5.7.1"),
        ("550 5.2.1 mailbox disabled", TAKE, Fate.REFUSED, "550 5.2.1"),
        ("553 5.1.8 bad sender", TAKE, Fate.REFUSED, "553 5.1.8"),
        ("552 5.2.2 mailbox full", TAKE, Fate.REFUSED, "552 5.2.2"),
        ("554 5.7.1 refused", TAKE, Fate.REFUSED, "554 5.7.1"),
        ("450 4.2.0 greylisted", TAKE, Fate.LATER, "450 4.2.0"),
        (TAKE, "554 5.6.0 refused", Fate.REFUSED, "554 5.6.0"),
        (TAKE, "550 5.1.1 at the end of the message", Fate.REFUSED, "550 5.1.1"),
        (TAKE, "451 4.3.0 try again", Fate.LATER, "451 4.3.0"),
        (TAKE, DROP, Fate.CUT, "SMTPServerDisconnected"),
    ],
)
async def test_what_an_answer_means(at_rcpt: str, at_data: str, fate: Fate, reason: str) -> None:
    async with relay_server(RelayServer(lambda _: at_rcpt, lambda _: at_data)) as server:
        sent = await Relay(settings(server.port)).send(LETTER)
    assert (sent.fate, sent.reason) == (fate, reason)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("550 5.7.1 Service refused; see https://relay.example/x", "Service refused; see https://relay.example/x"),
        ("550-5.1.1 <nadia@free.example>: no\r\n550 5.1.1 mailbox", "<<address>>: no mailbox"),
        ("550 5.1.1 User NADIA unknown, nadiane is not", "User <address> unknown, nadiane is not"),
        ("550 call +33 6 12 34 56 78", "call <number>"),
        ("550 5.7.1 \x1b[31mred\x07\tand back", "[31mred and back"),
        ("550 5.7.1", ""),
        (f"550 5.7.1 {'x' * 400}", f"{'x' * 199}…"),
    ],
    ids=["as it is", "several lines", "a mailbox without its domain", "a number", "controls", "no words", "long"],
)
async def test_what_a_server_says_is_kept_as_one_line_of_nobody(said: str, words: str) -> None:
    async with relay_server(RelayServer(lambda _: said)) as server:
        sent = await Relay(settings(server.port)).send(LETTER)
    assert (sent.words, sent.reply) == (words, f"{sent.reason} {words}".rstrip())


@pytest.mark.parametrize(
    ("first", "second", "fate", "left_to"),
    [
        ("550 5.1.1 no", "550 5.1.1 no", Fate.NO_SUCH_ADDRESS, ()),
        ("550 5.1.1 no", "550 5.7.1 spam", Fate.REFUSED, ()),
        ("550 5.1.1 no", "450 4.2.0 later", Fate.LATER, ("anne@free.example",)),
    ],
)
async def test_a_letter_that_is_taken_for_nobody(first: str, second: str, fate: Fate, left_to: tuple[str, ...]) -> None:
    letter = replace(LETTER, also_to=("anne@free.example",))
    async with relay_server(RelayServer(lambda nth: second if nth else first)) as server:
        sent = await Relay(settings(server.port)).send(letter)
    assert (sent.fate, sent.left_to) == (fate, left_to)
    assert server.taken == []


async def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sent = await Relay(settings(taken.getsockname()[1])).send(LETTER)
    assert sent.fate is Fate.DOWN


async def test_protection_is_never_given_up_silently() -> None:
    async with relay_server(RelayServer()) as server:
        sent = await Relay(settings(server.port, security="starttls")).send(LETTER)
    assert (sent.fate, sent.why) == (Fate.DOWN, "SMTP STARTTLS extension not supported by server")
    assert server.taken == []


async def test_an_unreadable_password_is_told_as_trouble_of_ours(tmp_path: object) -> None:
    sent = await Relay(settings(1, user="us", password_file=f"{tmp_path}/nowhere")).send(LETTER)
    assert (sent.fate, sent.reason) == (Fate.DOWN, "DTM_OUTBOUND_PASSWORD_FILE cannot be read")
