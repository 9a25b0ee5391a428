"""What share of the labelled messages is understood; the totals stand in the report of the run (`-rP`)."""

import random
import sys
from collections import Counter
from collections.abc import Callable

import pytest

from dtm_contact.model import CaseKind, Understanding
from dtm_contact.normalize import fold
from dtm_contact.rehearsal import Example
from dtm_contact.topics import Lexicon
from tests.topics.conftest import Understand
from tests.topics.labelled import labelled

Reading = tuple[Example, Understanding]

_LONG_WORD = 6
_EVERY = 4
"""Of the messages every fourth is misspelt."""


def test_there_are_examples_of_every_topic(lexicon: Lexicon) -> None:
    seen = Counter(topic for example in labelled() for topic in example.topics)
    assert set(seen) == set(lexicon.topics)
    assert len(labelled()) >= 400


@pytest.fixture(scope="module")
def readings(lexicon: Lexicon) -> list[Reading]:
    """Each message with what is understood of it, once for all that ask."""
    return [(example, example.understood(lexicon)) for example in labelled()]


def test_most_messages_are_understood(readings: list[Reading]) -> None:
    topics = sum(found.topic in example.topics for example, found in readings)
    priorities = sum(found.priority in example.priorities for example, found in readings)
    sys.stdout.write(f"{len(readings)} messages: topic {topics}, priority {priorities}\n")
    assert topics >= 0.95 * len(readings)
    assert priorities >= 0.92 * len(readings)


def test_nobody_in_danger_is_missed(readings: list[Reading]) -> None:
    in_danger = [(example, found) for example, found in readings if example.priorities == {"P1"}]
    missed = [example.text for example, found in in_danger if found.priority != "P1"]
    sys.stdout.write(f"{len(in_danger)} messages of people in danger, {len(missed)} missed\n")
    assert len(missed) <= 0.02 * len(in_danger), missed


def test_few_false_alarms(readings: list[Reading]) -> None:
    quiet = [(example, found) for example, found in readings if "P1" not in example.priorities]
    alarms = [example.text for example, found in quiet if found.priority == "P1"]
    sys.stdout.write(f"{len(quiet)} messages of nobody in danger, {len(alarms)} false alarms\n")
    assert len(alarms) <= 0.01 * len(quiet), alarms


def test_no_persons_mail_is_set_aside_and_most_of_the_rest_is(readings: list[Reading]) -> None:
    others = [(example, found) for example, found in readings if example.kind is not CaseKind.CASE]
    told = [example for example, found in others if found.kind is example.kind]
    sys.stdout.write(f"{len(others)} automatic messages and advertisements, {len(told)} told\n")
    assert len(told) >= 0.5 * len(others)
    aside = [item.text for item, found in readings if item.kind is CaseKind.CASE and found.kind != "case"]
    # One of them may mock an advertisement, or quote one.
    assert len(aside) <= 0.001 * len(readings), aside


def _without_accents(text: str, _chance: random.Random) -> str:
    return fold(text)


def _in_capitals(text: str, _chance: random.Random) -> str:
    return text.upper()


def _with_a_slip_in_each_long_word(text: str, chance: random.Random) -> str:
    return " ".join(
        _slip(word, chance) if len(word) >= _LONG_WORD and word.isalpha() else word for word in text.split()
    )


def _slip(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word) - 1)
    letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
    return chance.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + letter + word[place:],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        )
    )


def _all_three(text: str, chance: random.Random) -> str:
    return _with_a_slip_in_each_long_word(fold(text), chance).upper()


@pytest.mark.parametrize(
    ("change", "share"),
    [(_without_accents, 0.02), (_in_capitals, 0.03), (_with_a_slip_in_each_long_word, 0.03), (_all_three, 0.06)],
    ids=["accents", "capitals", "slips", "all"],
)
def test_spelling_rarely_changes_the_topic(
    change: Callable[[str, random.Random], str],
    share: float,
    readings: list[Reading],
    read_shipped: Understand,
) -> None:
    chance = random.Random(1)  # noqa: S311 (slips of the finger, not secrets)
    sample = readings[::_EVERY]
    others = [(found, read_shipped(change(example.text, chance), example.subject)) for example, found in sample]
    changed = sum(other.topic != found.topic for found, other in others)
    sys.stdout.write(f"{change.__name__}: {changed} of {len(sample)} change\n")
    assert changed <= share * len(sample)
