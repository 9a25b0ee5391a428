import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.ingest.mailbox import envelope


@pytest.mark.parametrize(
    ("head", "mail_from", "recipients"),
    [
        (b"Return-Path: <nadia@free.example>\r\nFrom: x@y.example", "nadia@free.example", ()),
        (b"Return-Path: <>\r\nFrom: mailer-daemon@y.example", "", ()),
        (b"From: Nadia <nadia@free.example>", "nadia@free.example", ()),
        (b"", "", ()),
        (
            (
                b"Return-Path: <n@free.example>\nDelivered-To: metropole+2026@bailleur.example\n"
                b"X-Original-To: <a@b.example>"
            ),
            "n@free.example",
            ("metropole+2026@bailleur.example", "a@b.example"),
        ),
    ],
)
def test_what_the_server_wrote_down(head: bytes, mail_from: str, recipients: tuple[str, ...]) -> None:
    found = envelope(head + b"\r\n\r\nReturn-Path: <body@x.example>\r\n")
    assert (found.mail_from, found.recipients) == (mail_from, recipients)


@given(st.binary(max_size=2000))
def test_any_octets_are_read(raw: bytes) -> None:
    found = envelope(raw)
    assert all(sign.isprintable() for sign in found.mail_from + "".join(found.recipients))
