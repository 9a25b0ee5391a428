"""What is wrapped, sealed or an invitation is read as far as it can be, and told in a note."""

import base64
import struct
from zoneinfo import ZoneInfo

import pytest

from dtm_contact.reading import notes
from dtm_contact.reading.encapsulated import signed_content, unwrap_tnef
from tests.reading.reads import contact, mail

PARIS = ZoneInfo("Europe/Paris")


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) % 65536)


WINMAIL = (
    b"\x78\x9f\x3e\x22\x01\x00"
    + attribute(1, 0x0002800C, "Il fait froid à la cave".encode("cp1252") + b"\x00")
    + attribute(2, 0x00069002, b"\x00" * 14)
    + attribute(2, 0x0006800F, b"%PDF-1.7")
    + attribute(2, 0x00018010, b"bail.pdf\x00")
)


def part(media_type: str, octets: bytes) -> bytes:
    head = f"Content-Type: {media_type}\nContent-Transfer-Encoding: base64\n\n"
    return head.encode() + base64.encodebytes(octets)


def test_winmail_is_unwrapped() -> None:
    read = contact(part('application/ms-tnef; name="winmail.dat"', WINMAIL))
    assert read.new_text == "Il fait froid à la cave"
    assert [(file.name, file.media_type) for file in read.attachments] == [("bail.pdf", "application/pdf")]
    assert read.notes == (notes.TNEF,)


@pytest.mark.parametrize(
    "octets", [b"", b"\x78\x9f\x3e\x22", b"x" * 50, WINMAIL[:20], b"\x78\x9f\x3e\x22" + b"\xff" * 80]
)
def test_a_broken_winmail_holds_nothing_and_is_told(octets: bytes) -> None:
    assert unwrap_tnef(octets).files == []
    read = contact(part('application/ms-tnef; name="winmail.dat"', octets))
    assert notes.TNEF_UNREADABLE in read.notes
    assert read.attachments[0].name == "winmail.dat"


def ber(tag: int, value: bytes) -> bytes:
    length = len(value)
    size = bytes([length]) if length < 0x80 else b"\x82" + length.to_bytes(2, "big")
    return bytes([tag]) + size + value


def signed(content: bytes) -> bytes:
    held = ber(0x30, ber(0x06, bytes.fromhex("2a864886f70d010701")) + ber(0xA0, content))
    fields = ber(0x02, b"\x01") + ber(0x31, b"") + held
    return ber(0x30, ber(0x06, bytes.fromhex("2a864886f70d010702")) + ber(0xA0, ber(0x30, fields)))


ENTITY = "Content-Type: text/plain; charset=utf-8\n\nLa chaudière fume\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        ber(0x04, ENTITY),
        ber(0x24, ber(0x04, ENTITY[:20]) + ber(0x04, ENTITY[20:])),
        b"\x24\x80" + ber(0x04, ENTITY) + b"\x00\x00",
    ],
    ids=["one piece", "two pieces", "indefinite length"],
)
def test_signed_mail_is_read_and_told_to_be_unverified(content: bytes) -> None:
    read = contact(part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", signed(content)))
    assert read.new_text == "La chaudière fume"
    assert read.notes == (notes.SIGNED,)


@pytest.mark.parametrize(
    "octets", [b"", b"\x30", b"\x30\x80\x06\xff", b"\xff" * 40, signed(b"")[:-3], b"\x30\x88" + b"\xff" * 8]
)
def test_a_broken_signature_yields_nothing(octets: bytes) -> None:
    assert not signed_content(octets)


@pytest.mark.parametrize(
    ("media_type", "note"),
    [
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", notes.ENCRYPTED),
        ("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", notes.SIGNED_UNREADABLE),
    ],
)
def test_sealed_mail_is_told(media_type: str, note: str) -> None:
    assert note in contact(part(media_type, b"\x30\x03\x02\x01\x00")).notes


def test_openpgp_text_is_freed_of_its_armour() -> None:
    signed_text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -- la lampe\n"
    signature = "-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n"
    read = contact(mail(f"avant\n{signed_text}{signature}après"))
    assert read.new_text == "avant\n-- la lampe\n\naprès"
    assert notes.SIGNED in read.notes


@pytest.mark.parametrize(
    ("start", "when"),
    [
        ("DTSTART:20261130T170000Z", ", le 30/11/2026 à 18:00"),
        ("DTSTART;TZID=America/New_York:20261130T120000", ", le 30/11/2026 à 18:00"),
        ("DTSTART;TZID=../../etc/passwd:20261130T180000", ", le 30/11/2026 à 18:00"),
        ("DTSTART;VALUE=DATE:20261130", ", le 30/11/2026"),
        ("DTSTART:99999999T999999Z", ""),
        ("DTSTART:demain", ""),
        ("X:1", ""),
    ],
)
def test_an_invitation_is_told(start: str, when: str) -> None:
    calendar = f"BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Visite\n{start}\nEND:VEVENT\nEND:VCALENDAR\n"
    read = contact(mail(calendar, content_type="text/calendar; charset=utf-8"))
    assert read.notes == (f"Invitation d'agenda : Visite{when}",)
    assert read.new_text == "Visite"
