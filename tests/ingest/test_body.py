"""The end of a message and its dots, however the octets are cut on the way."""

import hashlib
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dtm_contact.ingest.smtp_reception import IncomingBody, hops

END = b"\r\n.\r\n"
TRICKY = st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"..", b"a", b"\x00"]), max_size=40).map(b"".join)


def stuffed(content: bytes) -> bytes:
    """Return what a sender writes for `content`, which ends its last line (RFC 5321 section 4.5.2)."""
    dotted = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    return dotted + b".\r\n"


def received(wire: bytes, cuts: list[int]) -> tuple[bytes, bytes, bool]:
    body, rest = IncomingBody(hashlib.sha256()), b""
    for start, end in pairwise([0, *sorted(cut % (len(wire) + 1) for cut in cuts), len(wire)]):
        if body.complete:
            rest += wire[start:end]
        else:
            rest += body.feed(wire[start:end])
    return body.content(), rest, body.complete


@given(content=TRICKY, rest=TRICKY, cuts=st.lists(st.integers(0, 200), max_size=8))
@example(content=b"", rest=b"", cuts=[])
@example(content=b".", rest=b"QUIT\r\n", cuts=[1, 2, 3, 4, 5])
def test_what_was_sent_is_received(content: bytes, rest: bytes, cuts: list[int]) -> None:
    lines = content and content + b"\r\n"
    assert received(stuffed(lines) + rest, cuts) == (lines, rest, True)


@given(wire=TRICKY, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_nothing_else_ends_a_message(wire: bytes, cuts: list[int]) -> None:
    ends = END in b"\r\n" + wire
    assert received(wire, cuts)[2] is ends


def test_the_digest_is_that_of_the_content() -> None:
    digest = hashlib.sha256()
    body = IncomingBody(digest)
    for chunk in (b"..a\r", b"\n..", b"b\r\n.\r", b"\n"):
        body.feed(chunk)
    assert body.content() == b".a\r\n.b\r\n"
    assert digest.digest() == hashlib.sha256(body.content()).digest()
    assert body.size == len(body.content())


def test_a_dropped_message_is_followed_to_its_end_but_not_kept() -> None:
    body = IncomingBody(hashlib.sha256())
    body.feed(b"abc\r\n")
    body.drop()
    assert body.feed(b"def\r\n.\r\nNOOP\r\n") == b"NOOP\r\n"
    assert (body.complete, body.size, body.content()) == (True, 10, b"")


def test_a_large_message_takes_little_more_than_itself() -> None:
    size, chunk = 30_000_000, b"Bonjour, il fait froid.\r\n" * 7_000
    tracemalloc.start()
    try:
        body = IncomingBody(hashlib.sha256())
        while body.size < size:
            body.feed(chunk)
        body.feed(b".\r\n")
        content = body.content()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(content) >= size
    assert peak < 1.5 * size


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", 0),
        (b"Received: a\r\nreceived:b\r\nX-Received: c\r\nRECEIVED: d\r\n\r\nReceived: e\r\n", 3),
        (b"Received: a\nReceived: b\n\nReceived: c\n", 2),
        (b"\r\nReceived: text\r\n", 0),
        (b"Subject: a\r\n Received: folded\r\n\r\n", 0),
    ],
    ids=["empty", "header only", "bare line ends", "no header", "folded"],
)
def test_hops(content: bytes, expected: int) -> None:
    assert hops(content) == expected
