"""Reading raises nothing, whatever the bytes are, and lets nothing out that cannot be stored or shown."""

from dataclasses import asdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtm_contact.model import Contact
from tests.reading.reads import RECEIVED_AT, contact

FRAGMENTS = st.sampled_from(
    (
        b"\n",
        b"\r\n",
        b"\r",
        b"\n\n",
        b" ",
        b"\x00",
        b"\xff",
        b"\xed\xa0\x80",
        b"\x1b$B",
        b"~{",
        b"--b\n",
        b"--b--\n",
        b">",
        b"> ",
        b"From: ",
        b"Subject: ",
        b"Date: ",
        b"Received: a; ",
        b"Reply-To: ",
        b"References: ",
        b"Content-Type: ",
        b"Content-Disposition: ",
        b"Content-Transfer-Encoding: ",
        b"multipart/mixed; boundary=b\n\n",
        b"multipart/alternative; boundary=b\n\n",
        b"multipart/report; boundary=b\n\n",
        b"multipart/signed; boundary=b\n\n",
        b"message/rfc822\n\n",
        b"text/html\n\n",
        b"text/plain\n\n",
        b"text/calendar\n\n",
        b"application/ms-tnef\n\n",
        b"application/pkcs7-mime\n\n",
        b"base64\n",
        b"quoted-printable\n",
        b"x-uuencode\n",
        b"; charset=utf-16",
        b"; charset=utf-7",
        b"; charset=hz",
        b"; format=flowed; delsp=yes",
        b"; filename*0*=utf-8''%",
        b'; name="',
        b"=?utf-8?b?",
        b"=?utf-8?q?=C3",
        b"=?x?q?",
        b"?=",
        b"<a@b.example>",
        b'"(<',
        b"Mon, 23 Nov 2026 09:30:00 +0100",
        b"Mon, 99 Foo 99999 99:99:99 +9999",
        b"Le 16/11/2026 \xc3\xa0 10:12, A <a@b.example> a \xc3\xa9crit :\n",
        b"De : A\n",
        b"Envoy\xc3\xa9 : lundi 31 f\xc3\xa9vrier 2026\n",
        b"Objet : x\n",
        b"---------- Forwarded message ---------\n",
        b"-- \n",
        b"Cordialement\n",
        b"<div>",
        b"</div>",
        b"<blockquote>",
        b"<pre>",
        b"<table><td>",
        b"<p style='display:none'>",
        b"&#xD800;",
        b"&#0;",
        b"<!--",
        b"BEGIN:VEVENT\n",
        b"DTSTART:99999999T999999Z\n",
        b"SUMMARY:\\n",
        b"\x78\x9f\x3e\x22\x01\x00",
        b"-----BEGIN PGP SIGNED MESSAGE-----\n",
    )
)


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    if isinstance(value, list | tuple):
        return [text for inner in value for text in texts(inner)]
    return []


def assert_clean(read: Contact) -> None:
    for text in texts(asdict(read)):
        text.encode("utf-8")
        assert "\x00" not in text
    for time in (read.at, *(original.at for original in read.forwarded)):
        assert time is None or (time.tzinfo is not None and time.isoformat())


@settings(max_examples=300, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=2000))
def test_any_octets_are_read(raw: bytes) -> None:
    assert_clean(contact(raw))


@settings(max_examples=600, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FRAGMENTS | st.binary(max_size=12), max_size=40))
def test_any_heap_of_pieces_of_mail_is_read(pieces: list[bytes]) -> None:
    assert_clean(contact(b"".join(pieces)))


@settings(max_examples=300, derandomize=True)
@given(st.lists(FRAGMENTS | st.binary(max_size=12), max_size=20))
def test_any_headers_give_a_time_no_more_than_a_day_ahead(pieces: list[bytes]) -> None:
    read = contact(b"Date: " + b"".join(pieces))
    assert (read.at - RECEIVED_AT).days <= 1
