"""What a glance sees of a message: its subject and texts, whatever they are packed in, and no more work than that."""

import base64
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.reading import texts_at_a_glance

MAIL = Path(__file__).parents[2] / "fixtures" / "mail"
TEXT = "Une très forte odeur de gaz dans l'escalier, venez vite. " * 5


def message(coding: str, charset: str = "utf-8", subtype: str = "plain") -> bytes:
    made = EmailMessage(policy=policy.SMTP)
    made["Subject"] = "Très urgent : ça sent le gaz"
    made.set_content(TEXT, charset=charset, cte=coding, subtype=subtype)
    return bytes(made)


def with_a_file_before() -> bytes:
    made = EmailMessage(policy=policy.SMTP)
    made["Subject"] = "Avec une pièce"
    made.set_content("x")
    made.clear_content()
    made.make_mixed()
    photo = EmailMessage(policy=policy.SMTP)
    photo.set_content(b"odeur de fleurs " * 100, "image", "jpeg")
    made.attach(photo)
    text = EmailMessage(policy=policy.SMTP)
    text.set_content(TEXT)
    made.attach(text)
    return bytes(made)


@pytest.mark.parametrize("coding", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_the_words_are_seen_whatever_they_are_packed_in(coding: str, charset: str, subtype: str) -> None:
    subject, *texts = texts_at_a_glance(message(coding, charset, subtype))
    assert subject.strip() == "Très urgent : ça sent le gaz"
    assert "très forte odeur de gaz dans l'escalier" in " ".join(" ".join(texts).split())


def test_files_are_passed_over_and_what_is_cut_off_is_read_as_far_as_it_goes() -> None:
    raw = with_a_file_before()
    texts = " ".join(texts_at_a_glance(raw))
    assert "odeur de gaz" in texts
    assert "fleurs" not in texts
    cut = message("base64")
    assert "Une très forte" in " ".join(texts_at_a_glance(cut[: cut.index(base64.b64encode(b"Une tr")[:6]) + 61]))


@given(
    st.binary(max_size=400), st.sampled_from([b"", b"Subject: =?utf-8?b?", b"Content-Transfer-Encoding: base64\n\n"])
)
def test_no_bytes_make_it_fail(rest: bytes, before: bytes) -> None:
    texts_at_a_glance(before + rest)


@pytest.mark.parametrize(
    "bait",
    [
        b"\n\n" + b"<" * 32_000,
        b"Subject: " + b"=?" * 16_000,
        b"Content-Type: multipart/mixed\n\n" + b"\n--\n\n" * 8_000,
        b"Content-Transfer-Encoding: base64\n\n" + b"=" * 32_000,
        b"\n\n" + b"&#x" * 10_000,
    ],
)
def test_baits_for_quadratic_searches_are_read_to_their_end(bait: bytes) -> None:
    assert texts_at_a_glance(bait)
