"""Bodies whose transfer encoding ends before the text does, is not declared, or cannot be undone."""

import base64
import hashlib

import pytest

from dtm_contact.reading import notes
from dtm_contact.reading.decoding import DecodedBody, read_body
from tests.reading.reads import contact

GAS = "Bonjour, ça sent très fort le gaz dans la cage d'escalier jusqu'à l'entrée, venez vite. Merci, N. Benali"
LIST = "_______________________________________________\nAmicale mailing list\nAmicale@listes.example\n"
SCANNER = "\n\n-- \nL'absence de virus a ete verifiee par un logiciel antivirus.\nwww.antivirus.example\n"
DISCLAIMER = "\n" + "Ce message et ses pieces jointes sont confidentiels et destines a leur destinataire. " * 30 + "\n"
GARBAGE = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(20))


def encoded(text: str, charset: str = "utf-8") -> str:
    return base64.encodebytes(text.encode(charset)).decode()


def message(body: str, encoding: str = "base64", kind: str = "text/plain; charset=utf-8") -> bytes:
    encoding = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return f"From: a@mel.example\nSubject: message\nContent-Type: {kind}\n{encoding}\n{body}".encode()


@pytest.mark.parametrize("tail", [LIST, SCANNER, DISCLAIMER], ids=["list", "scanner", "disclaimer"])
@pytest.mark.parametrize("text", [GAS, GAS[:-1], GAS[:-2]], ids=["padded", "padded twice", "without padding"])
def test_what_is_appended_to_base64_is_text(text: str, tail: str) -> None:
    read = contact(message(encoded(text) + tail))
    assert text[:90] in read.new_text
    assert tail.strip()[-20:].strip() in read.new_text + read.signature + read.disclaimer
    assert not read.undecoded


def test_a_tail_has_a_charset_of_its_own() -> None:
    body = encoded(GAS, "utf-16") + "Pièce jointe vérifiée, été comme hiver.\n"
    read = contact(message(body, kind="text/plain; charset=utf-16"))
    assert GAS[:90] in read.new_text
    assert "Pièce jointe vérifiée" in read.new_text + read.signature + read.disclaimer


def test_html_in_base64_has_a_tail_too() -> None:
    read = contact(message(encoded(f"<html><body><p>{GAS}</p></body></html>") + LIST, kind="text/html; charset=utf-8"))
    assert GAS[:90] in read.new_text


def test_words_behind_the_padding_are_no_base64() -> None:
    body = encoded("Plus d'eau chaude depuis hier !!").encode() + b"Cordialement\nVotre liste, le bureau.\n"
    assert read_body(body, "base64", "utf-8") == DecodedBody(
        b"Plus d'eau chaude depuis hier !!", b"Cordialement\nVotre liste, le bureau."
    )


@pytest.mark.parametrize("encoding", ["", "7bit", "8bit"])
def test_base64_that_no_header_tells_of_is_decoded(encoding: str) -> None:
    assert contact(message(encoded(GAS), encoding)).new_text.startswith("Bonjour, ça sent très fort le gaz")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("Bonjour, il n'y a plus d'eau.\n", "base64"),
        ("Monsieur\nJe vous prie de passer, il n'y a plus d'eau.\n", "base64"),
        ("Bonjour\n", ""),
        ("motdepassebienlongsansaucunespaceetquinestpasdubase64dutoutdutout\n", ""),
    ],
)
def test_words_are_no_base64(body: str, encoding: str) -> None:
    read = contact(message(body, encoding))
    assert read.new_text.split() == body.split()
    assert not read.undecoded


@pytest.mark.parametrize(
    "body",
    [base64.encodebytes(GARBAGE).decode(), "\n".join(line[1:] for line in encoded(GAS * 4).splitlines())],
    ids=["garbage", "letters lost"],
)
def test_what_cannot_be_decoded_is_told_and_left_out(body: str) -> None:
    read = contact(message(body))
    assert read.undecoded
    assert notes.UNDECODED in read.notes
    assert read.new_text == ""


def test_what_a_file_holds_makes_no_body_unreadable() -> None:
    picture = f"--b\n\nVoici la photo.\n--b\nContent-Type: text/plain; name=a.txt\n\n{chr(1) * 99}\n--b--\n"
    read = contact(message(picture, "", "multipart/mixed; boundary=b"))
    assert (read.new_text, read.undecoded, len(read.attachments)) == ("Voici la photo.", False, 1)


def test_an_alternative_that_reads_stands_for_one_that_does_not() -> None:
    broken = f"--b\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(GARBAGE).decode()}"
    html = f"--b\nContent-Type: text/html\n\n<p>{GAS}</p>\n--b--\n"
    both = contact(message(broken + html, "", "multipart/alternative; boundary=b"))
    assert both.new_text.startswith("Bonjour")
    assert not both.undecoded
    assert contact(message(broken + "--b--\n", "", "multipart/alternative; boundary=b")).undecoded
