from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.outbound.letters import Letter, as_html, write

LETTER = Letter(
    sender_name="Votre bailleur",
    sender="metropole@bailleur.example",
    to="nadia@free.example",
    reply_to="metropole+2026-004217.abc@bailleur.example",
    subject="Votre message au sujet de l'eau – dossier 2026-004217",
    text="Bonjour,\n\nEn attendant :\n- fermez <le> robinet ;\n- prévenez & attendez.\n\nVotre bailleur\n",
    message_id="2026-004217.1.abc@bailleur.example",
    in_reply_to="m1@free.example",
    references=("m0@free.example",),
    at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    automatic="auto-replied",
)


def parsed(letter: Letter) -> EmailMessage:
    message = message_from_bytes(write(letter), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


def test_headers() -> None:
    message = parsed(LETTER)
    assert message["From"] == "Votre bailleur <metropole@bailleur.example>"
    assert message["To"] == "nadia@free.example"
    assert message["Reply-To"] == LETTER.reply_to
    assert message["Subject"] == LETTER.subject
    assert message["Message-ID"] == "<2026-004217.1.abc@bailleur.example>"
    assert message["In-Reply-To"] == "<m1@free.example>"
    assert message["References"] == "<m0@free.example> <m1@free.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Content-Language"] == "fr"


def test_both_bodies_say_the_same() -> None:
    message = parsed(LETTER)
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().replace("\r\n", "\n") == LETTER.text
    assert (
        "<ul><li>fermez &lt;le&gt; robinet\N{NO-BREAK SPACE};</li><li>prévenez &amp; attendez.</li></ul>"
        in page.get_content()
    )


def test_what_belongs_together_stays_on_one_line() -> None:
    page = as_html("Dossier 2026-004217 : appelez le 01 62 66 73 80 ou le 0 800 47 33 33 avant 13 h 30.")
    told = page.replace("\N{NO-BREAK SPACE}", "~")
    assert '<span style="white-space: nowrap">2026-004217</span>~: appelez' in told
    assert "01~62~66~73~80 ou le 0~800~47~33~33 avant 13~h~30." in told


def test_an_agent_s_words_are_not_automatic() -> None:
    assert parsed(replace(LETTER, automatic=""))["Auto-Submitted"] is None


@given(st.text(max_size=120), st.text(max_size=120), st.lists(st.text(max_size=60), max_size=4))
def test_nothing_that_came_in_adds_a_header(subject: str, reply_to: str, references: list[str]) -> None:
    letter = replace(LETTER, subject=subject, in_reply_to=reply_to, references=tuple(references))
    raw = write(letter)
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert len(names) == len(set(names))
    allowed = {b"From", b"To", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References"}
    allowed |= {b"Auto-Submitted", b"X-Auto-Response-Suppress", b"Content-Language", b"MIME-Version", b"Content-Type"}
    assert set(names) <= allowed
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("subject", ["Fuite\r\nBcc: tous@free.example", "a\u2028Bcc: x@y.example", "a\x00b"])
def test_control_characters_end_no_line(subject: str) -> None:
    message = parsed(replace(LETTER, subject=subject))
    assert message["Bcc"] is None


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        write(replace(LETTER, to="nadia@free.example\r\nBcc: tous@free.example"))


@given(st.text(max_size=300))
def test_html_holds_no_tag_of_the_text(text: str) -> None:
    page = as_html(f"<script>{text}</script>")
    assert "<script" not in page
