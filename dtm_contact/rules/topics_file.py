"""`topics.yaml` read into the Lexicon: the words that make a topic, as the office managers keep them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Asker, Priority, Problem, Scope, Severity, Wish
from dtm_contact.normalize import fold
from dtm_contact.rules.document import Document, Location, read_document, validate
from dtm_contact.rules.learned_file import load_learned
from dtm_contact.topics import Entry, Frailty, Learned, Lexicon, Limits, Phrase, Role, Spelling, Topic, Trust

FILE = "topics.yaml"

_CONTEXT = tuple(
    Role(name)
    for name in [
        "negation",
        "bridge",
        "only",
        "trouble",
        "worry",
        "past",
        "present",
        "settled",
        "recurring",
        "hypothesis",
        "elsewhere",
        "planned",
        "dismissed",
        "figurative",
        "over",
        "point",
        "turn",
        "pivot",
        "asking",
    ]
)
_NEEDED = ("other", "thanks", "automatic", "spam")
_WORD = re.compile(r"[^\W_]+")

Strength = Literal["certain", "strong", "medium", "weak"]
Text = Annotated[str, Field(min_length=1, max_length=600)]
Phrases = list[Text]
ByStrength = dict[Strength, Phrases]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Ambiguous(_Strict):
    """Words that mean this topic only in company."""

    words: Phrases
    with_: Phrases = Field(alias="with")
    kind: Literal["sign", "thing", "request"] = "sign"
    strength: Strength = "strong"
    alone: Literal["weak", "nothing"] = "weak"


class _Severe(_Strict):
    """Words that raise the priority: by one step, or to P1."""

    to: Literal["one_step", "P1"]
    words: Phrases
    with_: Phrases = Field(alias="with", default=[])


class _Topic(_Strict):
    label: Text
    priority: Priority
    fragile: Frailty = Frailty.NONE
    momentary: bool = False
    signs: ByStrength = {}
    things: ByStrength = {}
    requests: ByStrength = {}
    ambiguous: list[_Ambiguous] = []
    except_: Phrases = Field(alias="except", default=[])
    severe: list[_Severe] = []


class _Points(_Strict):
    certain: float = Field(gt=0, le=100)
    strong: float = Field(gt=0, le=100)
    medium: float = Field(gt=0, le=100)
    weak: float = Field(gt=0, le=100)


class _Found(_Strict):
    topic: float = Field(gt=0)
    faint: float = Field(gt=0)
    automatic: float = Field(gt=0)
    spam: float = Field(gt=0)


class _Learned(_Strict):
    """How much the learned model may say beside the words."""

    share: float = Field(ge=0, le=20)
    most: float = Field(ge=0, le=100)
    danger_from: float = Field(ge=-20, le=20)
    doubt_under: float = Field(ge=-50, le=20)
    aside_from: float = Field(default=20, ge=0, le=20)


class _Spelling(_Strict):
    small_words: Phrases
    short_forms: dict[Text, Text] = {}
    not_misspelt: Phrases = []


class _Context(_Strict):
    """Words that change what others mean."""

    negation: Phrases
    bridge: Phrases = []
    only: Phrases = []
    trouble: Phrases = []
    worry: Phrases = []
    past: Phrases = []
    present: Phrases = []
    settled: Phrases = []
    recurring: Phrases = []
    hypothesis: Phrases = []
    elsewhere: Phrases = []
    planned: Phrases = []
    dismissed: Phrases = []
    figurative: Phrases = []
    over: Phrases = []
    point: Phrases = []
    turn: Phrases = []
    pivot: Phrases = []
    asking: Phrases = []


class _People(_Strict):
    great_age: int = Field(ge=50, le=120)
    infant_months: int = Field(ge=1, le=60)
    grave: Phrases
    fragile: Phrases


class _Copier(_Strict):
    """Words of copiers and mail-room software: those that only they use, and ordinary ones."""

    marks: Phrases
    words: Phrases = []


class _Topics(_Strict):
    """The whole file."""

    version: Literal[1]
    points: _Points
    found_from: _Found
    learned: _Learned | None = None
    spelling: _Spelling
    context: _Context
    ignored: Phrases = []
    people: _People
    scope: dict[Scope, Phrases] = {}
    askers: dict[Asker, Phrases] = {}
    wishes: dict[Wish, Phrases] = {}
    automatic: ByStrength = {}
    generated: Phrases = []
    copier: _Copier | None = None
    spam: ByStrength = {}
    person: ByStrength = {}
    topics: dict[str, _Topic]


@cache
def _ordinary_words() -> frozenset[str]:
    """Return the frequent French words that come with the package; a word among them is no misspelling of another."""
    lines = (files("dtm_contact.rules") / "ordinary_words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def load_words(root: Path) -> Lexicon:
    """Read `topics.yaml` of a rules folder alone, without what was learned.

    Raises:
        InvalidFilesError: with all its faults, each with its place.
    """
    problems: list[Problem] = []
    lexicon = load_lexicon(root, problems, learned=False)
    if lexicon is None:
        raise InvalidFilesError(problems)
    return lexicon


def load_lexicon(
    root: Path, problems: list[Problem], *, learned: bool = True, model: Path | None = None
) -> Lexicon | None:
    """Read `topics.yaml` of a rules folder.

    Args:
        root: the folder.
        problems: what is wrong is added here, each fault with its place.
        learned: read what was learned, too, where the file says how much that may say.
        model: the file of what was learned; None for the program's own.

    Returns:
        The lexicon, or None where the file holds an error.
    """
    document = read_document(root / FILE, root, problems)
    file = validate(document, _Topics, problems) if document is not None else None
    if document is None or file is None:
        return None
    builder = _Builder(document, file, problems)
    builder.check_topics()
    builder.add_all()
    trust = Trust(**file.learned.model_dump()) if file.learned else None
    beside = load_learned(model, trust, problems) if trust and learned else None
    sound = not any(problem.severity is Severity.ERROR for problem in problems)
    return builder.lexicon(beside) if sound else None


def points_of(root: Path) -> dict[str, float]:
    """Return what each strength is worth in a `topics.yaml` that holds no error."""
    problems: list[Problem] = []
    document = read_document(root / FILE, root, problems)
    file = validate(document, _Topics, problems) if document is not None else None
    return dict(file.points) if file is not None else {}


@dataclass(slots=True)
class _Builder:
    """Turns the file's phrases into entries, telling each that cannot be used."""

    document: Document
    file: _Topics
    problems: list[Problem]
    small_words: frozenset[str] = field(init=False)
    entries: list[tuple[Phrase, Entry]] = field(default_factory=list)
    groups: int = 0
    seen: dict[tuple[str, str, str], Location] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.small_words = frozenset(map(fold, self.file.spelling.small_words))

    def check_topics(self) -> None:
        for code in _NEEDED:
            if code not in self.file.topics:
                problem = self.document.problem(("topics",), f"the topic {code} is missing", f"add {code}: …")
                self.problems.append(problem)

    def add_all(self) -> None:
        """Turn every phrase of the file into an entry."""
        for role in _CONTEXT:
            exact = role is not Role.TROUBLE
            self._plain(role, getattr(self.file.context, role.value), ("context", role.value), exact=exact)
        self._plain(Role.EXCEPT, self.file.ignored, ("ignored",), exact=True)
        self._plain(Role.GRAVE, self.file.people.grave, ("people", "grave"))
        self._plain(Role.FRAGILE, self.file.people.fragile, ("people", "fragile"))
        for scope, phrases in self.file.scope.items():
            self._plain(Role.SCOPE, phrases, ("scope", scope), value=scope)
        for asker, phrases in self.file.askers.items():
            self._plain(Role.ASKER, phrases, ("askers", asker), value=asker)
        for wish, phrases in self.file.wishes.items():
            self._plain(Role.WISH, phrases, ("wishes", wish), value=wish)
        self._plain(Role.GENERATED, self.file.generated, ("generated",))
        for role in (Role.AUTOMATIC, Role.SPAM, Role.PERSON):
            self._strong(role, getattr(self.file, role.value), (role.value,))
        for code, topic in self.file.topics.items():
            self._topic(code, topic)

    def lexicon(self, learned: Learned | None) -> Lexicon:
        """Return what was read, with what was learned beside it; slips are mended in the words of both."""
        spelling, people, found = self.file.spelling, self.file.people, self.file.found_from
        marks, words = (self.file.copier.marks, self.file.copier.words) if self.file.copier else ([], [])
        return Lexicon(
            topics={
                code: Topic(code, topic.label, topic.priority, topic.fragile, topic.momentary)
                for code, topic in self.file.topics.items()
            },
            entries=tuple(self.entries),
            small_words=self.small_words,
            spelling=Spelling(
                words=frozenset(self._words()).union(learned.importance if learned else ()),
                not_misspelt=_ordinary_words().union(map(fold, spelling.not_misspelt)),
                short_forms={fold(short): fold(full) for short, full in spelling.short_forms.items()},
            ),
            limits=Limits(
                found.topic, found.faint, found.automatic, found.spam, people.great_age, people.infant_months
            ),
            copier=frozenset(map(fold, (*marks, *words))),
            copier_marks=frozenset(map(fold, marks)),
            learned=learned,
        )

    def _topic(self, code: str, topic: _Topic) -> None:
        at: Location = ("topics", code)
        for role in (Role.SIGN, Role.THING, Role.REQUEST):
            self._strong(role, getattr(topic, f"{role.value}s"), (*at, f"{role.value}s"), code)
        self._plain(Role.EXCEPT, topic.except_, (*at, "except"), topic=code)
        for number, severe in enumerate(topic.severe):
            self._severe(code, severe, (*at, "severe", number))
        for number, ambiguous in enumerate(topic.ambiguous):
            self._ambiguous(code, ambiguous, (*at, "ambiguous", number))

    def _severe(self, code: str, severe: _Severe, at: Location) -> None:
        self.groups += bool(severe.with_)
        group = self.groups if severe.with_ else 0
        for number, text in enumerate(severe.words):
            self._add(Entry(Role.SEVERE, text, code, group=group, value=severe.to), (*at, "words", number))
        self._companions(code, severe.with_, at)

    def _ambiguous(self, code: str, ambiguous: _Ambiguous, at: Location) -> None:
        self.groups += 1
        full = getattr(self.file.points, ambiguous.strength)
        alone = self.file.points.weak if ambiguous.alone == "weak" else 0.0
        for number, text in enumerate(ambiguous.words):
            entry = Entry(Role(ambiguous.kind), text, code, full, self.groups, alone)
            self._add(entry, (*at, "words", number))
        self._companions(code, ambiguous.with_, at)

    def _companions(self, code: str, texts: Phrases, at: Location) -> None:
        for number, text in enumerate(texts):
            self._add(Entry(Role.COMPANION, text, code, group=self.groups), (*at, "with", number))

    def _strong(self, role: Role, phrases: ByStrength, at: Location, topic: str = "") -> None:
        for strength, texts in phrases.items():
            points = getattr(self.file.points, strength)
            for number, text in enumerate(texts):
                self._add(Entry(role, text, topic, points), (*at, strength, number))

    def _plain(
        self, role: Role, texts: Phrases, at: Location, *, topic: str = "", value: str = "", exact: bool = False
    ) -> None:
        for number, text in enumerate(texts):
            self._add(Entry(role, text, topic, value=value), (*at, number), exact=exact)

    def _add(self, entry: Entry, at: Location, *, exact: bool = False) -> None:
        key = (entry.role.value, f"{entry.topic}{entry.value}{entry.group}", fold(entry.text))
        if key in self.seen:
            first = self.document.position(self.seen[key])[0]
            self._warn(at, f"“{entry.text}” is written twice", f"it stands first in line {first}; keep one of them")
            return
        self.seen[key] = at
        try:
            self.entries.append((Phrase.parse(entry.text, self.small_words, exact=exact), entry))
        except ValueError:
            hint = "write at least one word that is no small word; only letters, digits, apostrophes, -, /, = and ..."
            self.problems.append(self.document.problem(at, f"“{entry.text}” cannot be looked for", hint))

    def _warn(self, at: Location, message: str, hint: str) -> None:
        self.problems.append(self.document.problem(at, message, hint, Severity.WARNING))

    def _words(self) -> Iterator[str]:
        """Yield the words that a misspelt word may stand for."""
        for _, entry in self.entries:
            yield from _WORD.findall(fold(entry.text))
