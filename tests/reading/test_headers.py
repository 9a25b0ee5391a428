import pytest

from dtm_contact.reading import limits
from dtm_contact.reading.decoding import decode_header
from dtm_contact.reading.headers import parse_parameters, split_head


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?q?Fuite_d=27eau?=", "Fuite d'eau"),
        (b"=?UTF-8?B?w6l0w6k=?=", "été"),
        (b"=?utf-8?B?w6l0w6?=", "ét\ufffd"),
        (b"=?utf-8?Q?=C3?= =?utf-8?Q?=A9t=C3=A9?=", "été"),
        (b"=?utf-8?Q?caf=C3=A9?=\r\n =?utf-8?Q?_noir?=", "café noir"),
        (b"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        (b"=?iso-8859-1?q?=E9t=E9?= =?utf-8?q?=C3=A9?=", "étéé"),
        (b"=?utf-8*fr?q?=C3=A9?=", "é"),
        (b"=?utf-8?q?deux mots?=", "deux mots"),
        (b"=?utf-8?q?vraiment_?_oui?=", "vraiment ? oui"),
        (b"=?utf-8?Q?sans_fin", "sans fin"),
        (b"=?utf-8?Q?fin_sans_egal?", "fin sans egal"),
        (b"=?made-up?q?=E9?=", "é"),
        (b"=?utf-7?q?d+AOk-j+AOA-?=", "déjà"),
        (b"Probl\xe8me", "Problème"),
        ("Problème".encode(), "Problème"),
        (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        (b"1 = ? 2", "1 = ? 2"),
        (b"", ""),
    ],
)
def test_encoded_words_are_read_however_broken(raw: bytes, text: str) -> None:
    assert decode_header(raw) == text


@pytest.mark.parametrize(
    ("raw", "name", "value"),
    [
        (b' text/plain; charset="UTF-8"', "charset", "UTF-8"),
        (b"text/plain;charset=utf-8;format=flowed", "format", "flowed"),
        (b'attachment; filename="a \\"b\\".pdf"', "filename", 'a "b".pdf'),
        (b"attachment; filename=deux mots.pdf", "filename", "deux mots.pdf"),
        (b"attachment; filename*=utf-8'fr'%C3%A9t%C3%A9.pdf", "filename", "été.pdf"),
        (b"attachment; filename*=iso-8859-1''%E9t%E9.pdf", "filename", "été.pdf"),
        (
            b"attachment;\r\n filename*0*=utf-8''%C3%A9;\r\n filename*1=t;\r\n filename*2*=%C3%A9.pdf",
            "filename",
            "été.pdf",
        ),
        (b'attachment; filename*1="b.pdf"; filename*0="a-"', "filename", "a-b.pdf"),
        (b'attachment; filename="=?utf-8?Q?=C3=A9t=C3=A9?=.pdf"', "filename", "été.pdf"),
        (b'attachment; filename="facture.pdf', "filename", "facture.pdf"),
        (b'attachment; filename="C:\\dossier\\a.pdf"', "filename", "C:\\dossier\\a.pdf"),
    ],
)
def test_parameters_are_read_in_every_encoding(raw: bytes, name: str, value: str) -> None:
    assert parse_parameters(raw)[1][name] == value


def test_a_value_without_parameters() -> None:
    assert parse_parameters(b" Text/HTML ;") == ("text/html", {})


def head(raw: bytes) -> tuple[dict[str, str], bytes]:
    headers, body = split_head(raw, 0, len(raw))
    return {name: headers.text(name) for name, _ in headers.fields}, raw[body:]


@pytest.mark.parametrize(
    ("raw", "names", "body"),
    [
        (b"A: 1\r\nB: 2\r\n 3\r\n\r\ntexte", {"a": "1", "b": "2 3"}, b"texte"),
        (b"From x@y Mon\nA: 1\n\ntexte", {"a": "1"}, b"texte"),
        (b"bonjour, pas d'en-tete\n\nsuite", {}, b"bonjour, pas d'en-tete\n\nsuite"),
        (b"\ntexte", {}, b"texte"),
        (b"A: 1\nligne perdue\nSubject: s\n\ntexte", {"a": "1", "subject": "s"}, b"texte"),
        (b"A: 1\nIl y a le feu\nau 3e\n\nvite", {"a": "1"}, b"Il y a le feu\nau 3e\n\nvite"),
        (b"A : 1\n\n", {"a": "1"}, b""),
        (b"A: 1", {"a": "1"}, b""),
        (b"", {}, b""),
    ],
)
def test_headers_end_where_the_text_begins(raw: bytes, names: dict[str, str], body: bytes) -> None:
    assert head(raw) == (names, body)


def test_the_first_of_several_headers_counts_and_all_are_kept() -> None:
    headers, _ = split_head(raw := b"X: 1\nX: 2\n\n", 0, len(raw))
    assert headers.text("x") == "1"
    assert headers.all_raw("x") == (b" 1\n", b" 2\n")


@pytest.mark.parametrize(
    "block",
    [
        b"".join(b"X-%d: y\n" % number for number in range(limits.HEADERS + 1)),
        b"X: " + b"y" * (limits.HEADER_OCTETS + 1) + b"\n",
        (b"X: " + b"y" * 1000 + b"\n") * 110,
    ],
    ids=["too many", "one too long", "too long together"],
)
def test_headers_beyond_a_bound_are_cut_and_the_body_is_found(block: bytes) -> None:
    raw = b"Subject: s\n" + block + b"\ntexte"
    headers, body = split_head(raw, 0, len(raw))
    assert headers.cut
    assert headers.text("subject") == "s"
    assert len(headers.fields) <= limits.HEADERS
    assert raw[body:] == b"texte"
