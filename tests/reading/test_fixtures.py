"""The project's own messages: who is automatic, and what none of them may lose."""

import json
from pathlib import Path

import pytest

from tests.reading.reads import contact

MAIL = Path(__file__).parents[2] / "fixtures" / "mail"
TRUTH = [json.loads(line) for line in (MAIL / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("truth", TRUTH, ids=lambda truth: truth["file"])
def test_signs_are_there_exactly_where_the_message_is_automatic(truth: dict[str, str]) -> None:
    read = contact((MAIL / truth["file"]).read_bytes())
    assert bool(read.automatic_signs) is (truth["kind"] == "automatic")


@pytest.mark.parametrize("truth", TRUTH, ids=lambda truth: truth["file"])
def test_every_message_has_a_sender_a_time_and_words(truth: dict[str, str]) -> None:
    read = contact((MAIL / truth["file"]).read_bytes())
    assert "@" in read.sender.address
    assert read.at.year == 2026
    assert read.new_text or read.forwarded
    assert "\ufffd" not in read.new_text + read.subject + read.sender.name
