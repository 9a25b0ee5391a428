"""The labelled messages of `examples/`: what each must be understood as."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from dtm_contact.model import CaseKind, Understanding

FOLDER = Path(__file__).parent / "examples"


@dataclass(frozen=True)
class Labelled:
    """A message and its labels; of the priorities the first is the label, the others what readers would argue about."""

    file: str
    text: str
    subject: str
    topics: frozenset[str]
    priorities: tuple[str, ...]
    kind: str

    def topic_right(self, understood: Understanding) -> bool:
        return understood.topic in self.topics

    def right(self, understood: Understanding) -> bool:
        kind = understood.kind is CaseKind(self.kind)
        return kind and self.topic_right(understood) and understood.priority in self.priorities


@cache
def labelled() -> tuple[Labelled, ...]:
    return tuple(_read())


def _read() -> Iterator[Labelled]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
            priority = entry["priority"]
            yield Labelled(
                file=path.stem,
                text=entry["text"],
                subject=entry.get("subject", ""),
                topics=frozenset((entry["topic"], *entry.get("also", ()))),
                priorities=tuple(priority) if isinstance(priority, list) else (priority,),
                kind=entry.get("kind", "case"),
            )
