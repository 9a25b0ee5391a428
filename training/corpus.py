"""The corpus: labelled messages, one JSON object a line, in a few files compressed by xz.

Each line has `by` (who wrote it), `set`, `subject`, `text`, `topic`, `priority`, and where due `also_topics`,
`also_priorities` (what a second careful reader might say), `kind` (default `case`), `scope` (null: the text does not
say; absent: nobody labelled it), `asker`, `wishes`, `scan`, `alarm`, `lang`, and `pair` (told twice, once as a
danger and once harmlessly).
"""

import json
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from dtm_contact.model import CaseKind, Part, Priority
from dtm_contact.text import Tokens, tokenize

FOLDER: Final = Path(__file__).parent / "corpus"
LEARNED: Final = "learned"
"""Begins the names of the files that the model learns of; all others are kept aside."""

_UNLABELLED: Final = "unlabelled"


@dataclass(frozen=True, slots=True)
class Message:
    """One labelled message.

    Attributes:
        by: who wrote it: a hand is learned of, or left out, as a whole.
        set: the set it was written for.
        subject, text: what was written.
        topic, topics: the deciding topic, and all that count as right.
        priority, priorities: the same of the priority.
        kind: whether a person must see it.
        scope: how far its matter reaches; None where the text does not say, `scope_labelled` is False where nobody did.
        asker: who asks; None where the text does not say.
        wishes: how the writer wants to be treated.
        scan: it is what a copier or a mail room writes around a letter.
        lang: the language, where it is told.
        contrast: another message of the same hand is nearly the same, and one of the two tells of danger.
    """

    by: str
    set: str
    subject: str
    text: str
    topic: str
    topics: frozenset[str]
    priority: Priority
    priorities: frozenset[Priority]
    kind: CaseKind
    scope: str | None
    scope_labelled: bool
    asker: str | None
    asker_labelled: bool
    wishes: frozenset[str]
    scan: bool
    lang: str
    contrast: bool

    @property
    def danger(self) -> bool:
        """Whether somebody is in danger now."""
        return self.priority is Priority.P1

    @property
    def arguable(self) -> bool:
        """Whether a second reader might see a danger where the first sees none, or none where the first sees one."""
        return len({priority is Priority.P1 for priority in self.priorities}) > 1

    @property
    def tokens(self) -> Tokens:
        """The words of subject and text."""
        return tokenize([(Part.SUBJECT, self.subject), (Part.NEW, self.text)])


def read(paths: Iterable[Path]) -> Iterator[Message]:
    """Yield the messages of some files of the corpus, plain (`.jsonl`) or compressed (`.jsonl.xz`).

    Raises:
        ValueError: a line is not what it should be; the message says file and line.
    """
    for path in paths:
        content = path.read_bytes()
        lines = (lzma.decompress(content) if path.suffix == ".xz" else content).decode().splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                yield message(json.loads(line), path.name.partition(".")[0])
            except (KeyError, ValueError, TypeError) as error:
                raise ValueError(f"{path}:{number}: no labelled message ({type(error).__name__}: {error})") from error


def message(entry: dict[str, Any], named: str) -> Message:
    """Return the message of one line; `named` is its author and set where it does not say."""
    priority = Priority(entry["priority"])
    topics = entry.get("also_topics") or entry.get("acceptable_topics") or ()
    priorities = entry.get("also_priorities") or entry.get("acceptable_priorities") or ()
    scope = entry.get("scope", _UNLABELLED)
    return Message(
        by=entry.get("by", named),
        set=entry.get("set", named),
        subject=entry.get("subject") or "",
        text=entry["text"],
        topic=entry["topic"],
        topics=frozenset((entry["topic"], *topics)),
        priority=priority,
        priorities=frozenset((priority, *map(Priority, priorities))),
        kind=CaseKind(entry.get("kind", "case")),
        scope=None if scope in {_UNLABELLED, "null"} else scope,
        scope_labelled=scope != _UNLABELLED,
        asker=entry.get("asker"),
        asker_labelled="asker" in entry,
        wishes=frozenset(entry.get("wishes") or ()),
        scan=bool(entry.get("scan")),
        lang=entry.get("lang", ""),
        contrast="pair" in entry,
    )


def learned(folder: Path = FOLDER) -> list[Path]:
    """Return the files that the model learns of, in the order of their names."""
    return sorted(path for path in folder.glob(f"{LEARNED}*.jsonl*"))


def digest(paths: Iterable[Path]) -> str:
    """Return what a model says that it was made of: one digest over the files, in order."""
    whole = sha256()
    for path in paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()
