"""Labelled messages of a folder: YAML files of texts with what each must be understood as."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import CaseKind, Contact, Priority, Problem, Scope, Severity, Understanding
from dtm_contact.rules.document import read_document, validate
from dtm_contact.topics import Lexicon, understand

READ_AS_OF = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""When the examples are taken to be written: a Tuesday in November, when it is cold."""

_Text = Annotated[str, Field(max_length=20_000)]
_Code = Annotated[str, Field(min_length=1, max_length=60)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: _Text
    subject: Annotated[str, Field(max_length=400)] = ""
    topic: _Code
    acceptable_topics: tuple[_Code, ...] = ()
    priority: Priority
    acceptable_priorities: tuple[Priority, ...] = ()
    kind: CaseKind = CaseKind.CASE
    scope: Scope | Literal["null"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and not self.subject:
            raise ValueError("write a text, or a subject where it is all that was sent")
        return self


class _Entries(RootModel[list[_Entry]]):
    """A whole file."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled message; a value among the acceptable ones counts as right too.

    Attributes:
        batch: the file's name without its ending: who wrote it, or in which manner.
        number: its place in the file, from 1.
        scope: how far its matter reaches.
        scope_labelled: its file tells the scope of every message (it says somewhere `scope: null`), so that none means
            that the text does not say.
    """

    batch: str
    number: int
    text: str
    subject: str
    topic: str
    topics: frozenset[str]
    priority: Priority
    priorities: frozenset[Priority]
    kind: CaseKind
    scope: Scope | None = None
    scope_labelled: bool = False

    @property
    def contact(self) -> Contact:
        """The message as it would be read."""
        return Contact("email", READ_AS_OF, subject=self.subject, new_text=self.text)

    def understood(self, lexicon: Lexicon) -> Understanding:
        """Return what the words and the learned model make of it."""
        return understand(self.contact, lexicon)


def read_examples(folder: Path) -> tuple[Example, ...]:
    """Return the labelled messages of a folder's YAML files, not of the folders in it, in the order of their names.

    Raises:
        InvalidFilesError: there is none, or one is not what it should be; all faults are told with their places.
    """
    problems: list[Problem] = []
    found = tuple(example for path in sorted(folder.glob("*.yaml")) for example in _read(path, problems))
    if not found and not problems:
        problems.append(Problem(str(folder), 0, 0, "the folder holds no labelled messages", "files *.yaml"))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InvalidFilesError(problems)
    return found


def _read(path: Path, problems: list[Problem]) -> Iterator[Example]:
    document = read_document(path, path.parent, problems)
    file = validate(document, _Entries, problems) if document is not None else None
    entries = file.root if file else []
    labelled = any("scope" in entry.model_fields_set and entry.scope in {None, "null"} for entry in entries)
    for number, entry in enumerate(entries, start=1):
        yield _example(path.stem, number, entry, scope_labelled=labelled)


def _example(batch: str, number: int, entry: _Entry, *, scope_labelled: bool) -> Example:
    return Example(
        batch=batch,
        number=number,
        text=entry.text,
        subject=entry.subject,
        topic=entry.topic,
        topics=frozenset((entry.topic, *entry.acceptable_topics)),
        priority=entry.priority,
        priorities=frozenset((entry.priority, *entry.acceptable_priorities)),
        kind=entry.kind,
        scope=None if entry.scope == "null" else entry.scope,
        scope_labelled=scope_labelled,
    )
