"""Real messages of open projects, read where they lie: set DTM_CORPORA to the folder that holds them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dtm_contact.model import Contact
from tests.reading.reads import contact
from tests.reading.test_any_bytes import assert_clean

CORPORA = Path(os.environ.get("DTM_CORPORA", ""))
pytestmark = pytest.mark.skipif(
    not os.environ.get("DTM_CORPORA"), reason="DTM_CORPORA is not set: the corpora of real mail are not here"
)
NO_BOUNCES = ("arf-", "rfc3834-", "is-not-bounce-", "rb-issue-")


def files_of(*parts: str) -> list[Path]:
    return sorted(path for path in CORPORA.joinpath(*parts).rglob("*") if path.is_file() and path.name != "LICENSE")


def as_mail(text: bytes) -> bytes:
    return b"Content-Type: text/plain; charset=utf-8\n\n" + text


@pytest.mark.parametrize("corpus", ["mikel-mail", "mimekit", "php-imap", "enmime", "sisimai"])
def test_every_real_message_is_read(corpus: str) -> None:
    paths = files_of(corpus)
    assert paths
    for path in paths:
        assert_clean(contact(path.read_bytes()))


@pytest.mark.parametrize("corpus", ["discourse-trimmer", "crisp-reply"])
def test_every_real_text_is_read_as_mail(corpus: str) -> None:
    paths = files_of(corpus)
    assert paths
    for path in paths:
        assert_clean(contact(as_mail(path.read_bytes())))


def trimmed() -> Iterator[tuple[str, Contact, str]]:
    folder = CORPORA / "discourse-trimmer" / "test"
    for path in sorted((folder / "emails").iterdir()):
        yield (
            path.stem,
            contact(as_mail(path.read_bytes())),
            (folder / "trimmed" / path.name).read_text(encoding="utf-8"),
        )


def test_new_text_is_what_the_trimmer_keeps() -> None:
    """All but six of the 64, all French ones among them.

    The trimmer keeps a forwarded text where nothing stands above it, which we tell apart as the original's, and the
    quotation between two stretches of own text, where we keep only the writer's words. Three heads without an address
    and without marks below count in answers only; as texts come here, no header says that they are.
    """
    designed = {"embedded_email_7", "embedded_email_17", "forwarded_message"}
    unmarked = {"embedded_email_1", "embedded_email_11", "email_headers_4"}
    other = {name for name, read, kept in trimmed() if "".join(read.new_text.split()) != "".join(kept.split())}
    assert other <= designed | unmarked


def test_the_original_passed_on_is_what_the_trimmer_keeps_of_a_bare_forward() -> None:
    ((read, kept),) = [(read, kept) for name, read, kept in trimmed() if name == "forwarded_message"]
    assert read.forwarded[0].text == kept.strip()
    assert read.forwarded[0].sender.address == "foo@bar.com"


def test_new_text_is_the_one_answer_that_stands_above_many_quotations() -> None:
    """All but four of the 43 texts of crisp-reply that begin with the same five lines; the quotations differ.

    Two of the four quote what stands under a device's line without any head or mark, in two a program has broken marked
    lines without marking the rest: neither can be told from what a person writes, so it stays.
    """
    kept = {"email_15", "email_german_3", "email_7", "email_8"}
    texts = {path.stem: path.read_bytes() for path in files_of("crisp-reply", "test", "fixtures")}
    answers = {name: text for name, text in texts.items() if text.startswith(b"Fusce bibendum")}
    header = b"Subject: Re: x\nIn-Reply-To: <a@tenant.example>\n"
    other = {
        name
        for name, text in answers.items()
        if contact(header + as_mail(text)).new_text.split() != b"\n".join(text.splitlines()[:5]).decode().split()
    }
    assert len(answers) == 43
    assert other <= kept


def test_nearly_all_real_bounces_carry_signs() -> None:
    """What is missed speaks Japanese or JSON, or is a person's who passes a bounce on."""
    bounces = [path for path in files_of("sisimai") if not path.name.startswith(NO_BOUNCES)]
    told = [path for path in bounces if contact(path.read_bytes()).automatic_signs]
    assert len(bounces) > 700
    assert len(told) / len(bounces) >= 0.98


@pytest.mark.parametrize("pattern", ["rfc3834-*"])
def test_real_automatic_answers_carry_signs(pattern: str) -> None:
    paths = list((CORPORA / "sisimai").rglob(pattern))
    assert paths
    assert [path.name for path in paths if not contact(path.read_bytes()).automatic_signs] == []


def test_real_mail_of_people_carries_none() -> None:
    people = [
        path
        for path in files_of("mikel-mail", "spec", "fixtures", "emails", "plain_emails")
        if not re.search(rb"(?im)^(?:auto-submitted|return-path: *<>)", path.read_bytes())
    ]
    assert [path.name for path in people if contact(path.read_bytes()).automatic_signs] == []
