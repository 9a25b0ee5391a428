import hashlib

import pytest

from dtm_contact.reading import limits
from dtm_contact.reading.attachments import describe_octets, real_type, safe_name
from tests.reading.reads import contact

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("été 2026.pdf", "été 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\b.doc", "b.doc"),
        ("a\x00b\nc\x1b.pdf", "ab c.pdf"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("CON.txt", "_CON.txt"),
        ("lpt1", "_lpt1"),
        ("console.txt", "console.txt"),
        (" .cache. ", "cache"),
        ("..", ""),
        ("", ""),
    ],
)
def test_a_name_is_safe_to_show_and_to_save(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_ending() -> None:
    safe = safe_name("x" * 5000 + ".pdf")
    assert len(safe) == limits.NAME
    assert safe.endswith("x.pdf")


def test_a_part_without_a_name_gets_one_from_its_type() -> None:
    assert describe_octets("", b"%PDF-1.7", "application/octet-stream").name == "piece-jointe.pdf"


@pytest.mark.parametrize(
    ("octets", "declared", "real"),
    [
        (b"%PDF-1.7", "image/jpeg", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "application/octet-stream", "image/jpeg"),
        (b"\x00\x00\x00\x18ftypheic", "application/octet-stream", "image/heic"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/jpeg", "image/webp"),
        (b"MZ\x90", "application/pdf", "application/vnd.microsoft.portable-executable"),
        (b"PK\x03\x04....word/document.xml", "application/pdf", WORD),
        (b"PK\x03\x04....a.exe", "application/pdf", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword", "application/msword"),
        (b"  <!DOCTYPE html>", "image/png", "text/html"),
        (b"nom;adresse", "text/csv", "text/csv"),
        (b"", "image/png", "image/png"),
    ],
)
def test_the_type_is_what_the_content_shows(octets: bytes, declared: str, real: str) -> None:
    assert real_type(octets, declared) == real


def test_size_and_digest_are_of_the_decoded_octets() -> None:
    raw = b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0x\nLjc=\n"
    (attachment,) = contact(raw).attachments
    assert (attachment.size, attachment.sha256) == (8, hashlib.sha256(b"%PDF-1.7").hexdigest())


def test_a_named_text_is_a_file_and_the_text_where_there_is_no_other() -> None:
    named = b"--b\nContent-Type: text/plain; name=note.txt\n\ncontenu\n"
    alone = contact(b"Content-Type: multipart/mixed; boundary=b\n\n" + named + b"--b--")
    beside = contact(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbonjour\n" + named + b"--b--")
    assert (alone.new_text, alone.attachments[0].name) == ("contenu", "note.txt")
    assert (beside.new_text, beside.attachments[0].name) == ("bonjour", "note.txt")


def test_text_that_exchange_split_off_behind_a_picture_is_text() -> None:
    tail = b"--b\nContent-Type: text/plain\nContent-Disposition: inline; filename=ATT00001.txt\n\nla suite\n"
    read = contact(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nle debut\n" + tail + b"--b--")
    assert (read.new_text, read.attachments) == ("le debut\n\nla suite", ())
