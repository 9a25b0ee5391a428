import base64

import pytest

from dtm_contact.reading import limits, notes
from dtm_contact.reading.decoding import undo_transfer
from dtm_contact.reading.mime import parse_message
from dtm_contact.reading.notes import Notes
from tests.reading.reads import contact


def shape(raw: bytes) -> list[tuple[int, str, bytes]]:
    """Return depth, type and body of all parts, in the order of the message."""
    root = parse_message(raw, Notes())
    return [(node.depth, node.media_type, b"" if node.children else node.octets()) for node in root.walk()]


def multipart(body: bytes, boundary: bytes = b"b", subtype: bytes = b"mixed") -> bytes:
    return b'Content-Type: multipart/%s; boundary="%s"\n\n%s' % (subtype, boundary, body)


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        (b"A: 1\n\ntexte", [(0, "text/plain", b"texte")]),
        (
            multipart(b"--b\n\nun\n--b\n\ndeux\n--b--\n"),
            [(0, "multipart/mixed", b""), (1, "text/plain", b"un"), (1, "text/plain", b"deux")],
        ),
        (multipart(b"--b\r\n\r\nun\r\n--b--\r\n"), [(0, "multipart/mixed", b""), (1, "text/plain", b"un")]),
        (multipart(b"avant\n--b  \n\nun\n--b-- \napr\xe8s"), [(0, "multipart/mixed", b""), (1, "text/plain", b"un")]),
        (multipart(b"--b\n\nsans fin"), [(0, "multipart/mixed", b""), (1, "text/plain", b"sans fin")]),
        (
            multipart(b"--b\n\nun\n--bc\nencore\n--b--\n"),
            [(0, "multipart/mixed", b""), (1, "text/plain", b"un\n--bc\nencore")],
        ),
        (
            multipart(b"--b\n--b\n\nun\n--b--"),
            [(0, "multipart/mixed", b""), (1, "text/plain", b""), (1, "text/plain", b"un")],
        ),
        (b"Content-Type: multipart/mixed\n\ntexte", [(0, "multipart/mixed", b"texte")]),
        (b"Content-Type: text\n\ntexte", [(0, "text/plain", b"texte")]),
        (b"Content-Type: n'importe quoi\n\ntexte", [(0, "text/plain", b"texte")]),
        (
            multipart(b"--b\n\nSubject: s\n\ntexte\n--b--", subtype=b"digest"),
            [(0, "multipart/digest", b""), (1, "message/rfc822", b""), (2, "text/plain", b"texte")],
        ),
        (b"A: 1\r\rtexte\r", [(0, "text/plain", b"texte\n")]),
    ],
    ids=[
        "plain",
        "two",
        "crlf",
        "preamble",
        "unclosed",
        "longer mark",
        "empty",
        "no boundary",
        "no subtype",
        "no type",
        "digest",
        "cr",
    ],
)
def test_parts_stand_where_the_delimiters_say(raw: bytes, parts: list[tuple[int, str, bytes]]) -> None:
    assert shape(raw) == parts


def test_an_inner_part_that_never_closes_ends_with_its_parent() -> None:
    inner = multipart(b"--in\n\nun\n", b"in")
    raw = multipart(b"--out\n" + inner + b"--out\n\ndeux\n--out--\n", b"out")
    assert [body for _, kind, body in shape(raw) if kind == "text/plain"] == [b"un", b"deux"]


def test_an_attached_message_in_base64_is_read() -> None:
    inner = base64.encodebytes(b"Subject: s\n\ndedans")
    raw = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + inner
    assert shape(raw)[-1] == (1, "text/plain", b"dedans")


@pytest.mark.parametrize(
    ("body", "encoding", "octets"),
    [
        (b"w6l0\nw6k=", "base64", "été".encode()),
        (b"w6l0 w6k", "base64", "été".encode()),
        (b"w6l0w6k=w", "base64", "été".encode()),
        (
            b"Bonjour, il y a le feu ! Vite, s'il vous plait.",
            "base64",
            b"Bonjour, il y a le feu ! Vite, s'il vous plait.",
        ),
        (b"=C3=A9t=C3=A9=\n !", "quoted-printable", "été !".encode()),
        (b"50 =% =C3=A", "quoted-printable", b"50 =% \xc3=A"),
        (b"begin 644 a.txt\n%:&5L;&\\\n`\nend\n", "x-uuencode", b"hello"),
        (b"tel quel", "x-inconnu", b"tel quel"),
    ],
)
def test_transfer_encodings_are_undone_however_broken(body: bytes, encoding: str, octets: bytes) -> None:
    assert undo_transfer(body, encoding) == octets


def test_parts_beyond_the_bound_are_cut_and_told() -> None:
    raw = multipart(b"--b\n\nx\n" * (limits.PARTS + 50) + b"--b--\n")
    found = Notes()
    assert len(parse_message(raw, found).children) < limits.PARTS + 1
    assert notes.PARTS_CUT in found


def test_a_thousand_levels_are_cut_at_the_bound_and_told() -> None:
    levels = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(1000))
    found = Notes()
    deepest = max(node.depth for node in parse_message(levels + b"\ntexte\n", found).walk())
    assert deepest == limits.NESTING
    assert notes.NESTING_CUT in found
    assert contact(levels + b"\ntexte\n").new_text == ""


def test_encoded_messages_within_each_other_are_opened_a_few_times_only() -> None:
    raw = b"Subject: s\n\ndedans"
    for _ in range(limits.REENCODED + 3):
        raw = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(raw)
    assert max(node.copies for node in parse_message(raw, Notes()).walk()) == limits.REENCODED


def test_lines_that_only_look_like_delimiters_cost_a_bounded_search() -> None:
    raw = multipart(b"--b\n\ntexte" + b"\n--bx" * (limits.FALSE_MARKS + 10) + b"\n--b\n\nperdu\n--b--\n")
    found = Notes()
    root = parse_message(raw, found)
    assert len(root.children) == 1
    assert notes.PARTS_CUT in found
