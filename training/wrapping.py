"""Copies of messages as programs and habits wrap them, so that the model learns that the wrapping says nothing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from dtm_contact.model import CaseKind
from training.corpus import FOLDER, Message

WRAPPINGS: Final = FOLDER / "wrappings.jsonl"
COPIES: Final = 9_000
_LONGEST: Final = 600
"""Characters of a message that is wrapped: a longer one is hardly changed by it."""
_SEED: Final = 1130


def wrapped(messages: Sequence[Message], path: Path = WRAPPINGS, count: int = COPIES) -> list[Message]:
    """Return copies of persons' messages, each in one wrapping; half of them tell of danger.

    A copy bears the name of its hand, so that it is left out where its original is.
    """
    random = np.random.default_rng(_SEED)
    wrappings = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    short = [item for item in messages if item.kind is CaseKind.CASE and 0 < len(item.text) <= _LONGEST]
    copies: list[Message] = []
    for danger in (True, False):
        chosen = [message for message in short if message.danger is danger]
        picked = random.choice(len(chosen), min(count // 2, len(chosen)), replace=False)
        turns = random.integers(len(wrappings), size=len(picked))
        copies += (_copy(chosen[place], wrappings[turn]) for place, turn in zip(picked, turns, strict=True))
    return copies


def combined(messages: Sequence[Message], path: Path) -> Iterator[tuple[str, Message]]:
    """Yield each message in each wrapping of a file, with the wrapping's name."""
    for line in path.read_text(encoding="utf-8").splitlines():
        wrapping = json.loads(line)
        for message in messages:
            yield wrapping["id"], _copy(message, wrapping)


def _copy(message: Message, wrapping: dict[str, str]) -> Message:
    text = wrapping["text"].replace("{text}", message.text)
    return replace(message, subject=wrapping["subject"].replace("{subject}", message.subject), text=text)
