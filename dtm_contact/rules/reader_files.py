"""`topics.yaml`, `phrases*.yaml` and the learned model, read into the Reader that messages are understood by.

The model is no part of the rules: who edits them need not know of it, and a new version of the program brings a new
one. `make model` writes its file: the program's own, or a site's (`DTM_MODEL`).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import Field

from dtm_contact.errors import InvalidFilesError, UnusableModelError
from dtm_contact.model import Priority, Problem, Severity
from dtm_contact.rules.arguments import AllowedNames, DocumentValue
from dtm_contact.rules.document import Document, printable, read_document, validate
from dtm_contact.rules.instructions import ButtonEntries, Instruction, InstructionText, PartsEntry, instruction_of
from dtm_contact.rules.validation import StrictModel, cut, hint_for, quoted
from dtm_contact.text import fold
from dtm_contact.topics import (
    DangerLimits,
    DetailModel,
    Effect,
    Model,
    Phrase,
    PhraseBook,
    Reader,
    ReaderLimits,
    Topic,
    stands_in,
)
from dtm_contact.wording import worded

TOPICS_FILE: Final = "topics.yaml"
PHRASE_FILES: Final = "phrases*.yaml"
_USUAL_NAME: Final = "phrases.yaml"
_EARLIER: Final = 1
"""The version of `topics.yaml` that held the words of each topic."""

_FOR_AGENTS: Final = ("label", "instruction", "buttons")
"""What of a topic only agents read."""

NEEDED: Final = ("other", "thanks", "automatic", "spam")
"""Topics that the program itself names."""

_MOST_PHRASES: Final = 2_000

SHIPPED_MODEL: Final = Path(__file__).parents[1] / "data" / "topics.npz"
"""The model that comes with the program."""

SHIPPED_DETAILS: Final = SHIPPED_MODEL.with_name("details.npz")
"""The small model of wishes and kinds of danger beside it; it reads what any larger one has read."""

FORMER_MODEL: Final = "learned.npz"
"""What the model was called in the rules folders of earlier versions. It is not read any more."""

_LARGEST_MODEL: Final = 32_000_000
_REMAKE = worded("make it again: make model; or leave DTM_MODEL out: the program's own is read")
_REINSTALL = worded("install the program again")

Text = Annotated[str, Field(min_length=1, max_length=200)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Score = Annotated[float, Field(ge=-20, le=20)]


class _Topic(StrictModel):
    label: Text
    priority: Priority
    outage: bool = False
    momentary: bool = False
    caretaker_apart: bool = False
    instruction: InstructionText | PartsEntry = ""
    buttons: ButtonEntries = ()


_USUAL: Final = ReaderLimits()


class _Limits(StrictModel):
    """From which probability, or score of the model, something is said."""

    certain: Probability = _USUAL.danger.certain
    possible: Probability = _USUAL.danger.possible
    urgent: Score = _USUAL.urgent
    nobody: Score = _USUAL.nobody
    further: Score = _USUAL.further
    wish: Score = _USUAL.wish
    scan: Score = _USUAL.scan


class TopicsFile(StrictModel):
    """The topics by their codes, and from when the model says something."""

    version: Literal[2]
    limits: _Limits = _Limits()
    topics: dict[str, _Topic]


class _PhraseTest(StrictModel):
    text: Annotated[str, Field(min_length=1, max_length=2_000)]
    holds: bool


class _Phrase(StrictModel):
    phrase: Text
    tests: tuple[_PhraseTest, ...] = ()


class _TopicPhrase(_Phrase):
    topic: Text


class PhrasesFile(StrictModel):
    """Phrases, in lists by what they do."""

    version: Literal[1]
    always_danger: tuple[_Phrase | Text, ...] = ()
    danger: tuple[_Phrase | Text, ...] = ()
    possible: tuple[_Phrase | Text, ...] = ()
    not_danger: tuple[_Phrase | Text, ...] = ()
    frail: tuple[_Phrase | Text, ...] = ()
    request: tuple[_Phrase | Text, ...] = ()
    violence_at_home: tuple[_Phrase | Text, ...] = ()
    anonymous: tuple[_Phrase | Text, ...] = ()
    call: tuple[_Phrase | Text, ...] = ()
    no_phone: tuple[_Phrase | Text, ...] = ()
    no_post: tuple[_Phrase | Text, ...] = ()
    topic: tuple[_TopicPhrase, ...] = ()


def load_reader(root: Path, model: Model, problems: list[Problem]) -> Reader | None:
    """Read what a rules folder says of topics and phrases.

    Args:
        root: the folder.
        model: what was learned; it comes with the program, or from a file of the site's own.
        problems: what is wrong is added here, each fault with its place.

    Returns:
        The reader, or None where a file holds an error.
    """
    document = read_document(root / TOPICS_FILE, root, problems)
    file = validate(_today(document, problems), TopicsFile, problems) if document is not None else None
    topics = None
    if document is not None and file is not None:
        topics = _topics_of(file)
        missing = [code for code in NEEDED if code not in topics]
        problems += [
            document.problem(
                ("topics",), worded("the topic {code} is missing", code=code), worded("add {code}: …", code=code)
            )
            for code in missing
        ]
        problems += _crossed(document, file.limits)
        problems += _without_phrases(root, document)
    problems += _misnamed(root)
    phrases = list(_phrases(root, topics, model, problems))
    details = load_details(problems)
    if (
        file is None
        or topics is None
        or details is None
        or any(problem.severity is Severity.ERROR for problem in problems)
    ):
        return None
    limits = file.limits
    given = ReaderLimits(
        DangerLimits(limits.certain, limits.possible),
        limits.urgent, limits.nobody, limits.further, limits.wish, limits.scan,
    )  # fmt: skip
    return Reader(model, details, PhraseBook(phrases), topics, given)


def read_topics(root: Path) -> dict[str, Topic]:
    """Return the topics of a rules folder, by their codes.

    Raises:
        InvalidFilesError: `topics.yaml` holds errors.
    """
    problems: list[Problem] = []
    document = read_document(root / TOPICS_FILE, root, problems)
    file = validate(_today(document, problems), TopicsFile, problems) if document is not None else None
    if file is None:
        raise InvalidFilesError(problems)
    return _topics_of(file)


def load_instructions(root: Path, allowed: AllowedNames, problems: list[Problem]) -> dict[str, Instruction]:
    """Return what agents do of each topic of a rules folder, by their codes; none where its file holds errors.

    Args:
        root: the folder.
        allowed: what conditions and buttons may name; in `answers` the canned answers.
        problems: what is wrong with conditions and names is added here: no message is judged by them.
    """
    document = read_document(root / TOPICS_FILE, root, [])
    file = validate(_today(document, []), TopicsFile, []) if document is not None else None
    if document is None or file is None:
        return {}
    place = DocumentValue(document, allowed, problems, ("topics",))
    return {
        code: instruction_of(topic.instruction, topic.buttons, place.below(code)) for code, topic in file.topics.items()
    }


def phrase_files(root: Path) -> list[Path]:
    """Return the files of phrases of a rules folder, in the order of their names."""
    return sorted(root.glob(PHRASE_FILES))


def _topics_of(file: TopicsFile) -> dict[str, Topic]:
    return {
        code: Topic(
            code,
            topic.label,
            topic.priority,
            topic.outage,
            topic.momentary,
            topic.caretaker_apart,
        )
        for code, topic in file.topics.items()
    }


def reader_files(root: Path) -> list[Path]:
    """Return the files of a rules folder that messages are understood by, those that are missing included."""
    return [root / TOPICS_FILE, *phrase_files(root)]


def what_is_understood(root: Path) -> Mapping[str, object]:
    """Return by file what messages are understood by, without what agents alone read: labels, instructions, buttons.

    Two folders that agree here understand every message alike. A file that is no YAML stands for itself, as its bytes.
    """
    contents: dict[str, object] = {}
    for path in reader_files(root):
        if not path.exists():
            continue
        contents[path.name] = path.read_bytes()
        if path.name == TOPICS_FILE:
            with suppress(yaml.YAMLError, AttributeError, KeyError, TypeError):
                read = yaml.safe_load(path.read_bytes())
                for topic in read["topics"].values():
                    for key in _FOR_AGENTS:
                        topic.pop(key, None)
                contents[path.name] = read
    return contents


def _crossed(document: Document, limits: _Limits) -> Iterator[Problem]:
    if limits.possible > limits.certain:
        at = ("limits", "possible" if "possible" in limits.model_fields_set else "certain")
        hint = worded("write at most {certain}, or raise certain", certain=format(limits.certain, "g"))
        yield document.problem(
            at,
            worded(
                "possible ({possible}) is above certain ({certain})",
                possible=format(limits.possible, "g"),
                certain=format(limits.certain, "g"),
            ),
            hint,
        )


def _without_phrases(root: Path, document: Document) -> Iterator[Problem]:
    # Of an earlier version it is reported already that a file of phrases is wanted.
    if document.data["version"] != _EARLIER and not phrase_files(root):
        message = worded("the folder has no phrases: the model alone tells of danger")
        yield Problem(
            _USUAL_NAME, 0, 0, message, worded("take phrases.yaml as it comes with the program"), Severity.WARNING
        )


def _misnamed(root: Path) -> Iterator[Problem]:
    """Yield the files that were probably meant to hold phrases, and are not read."""
    read = {path.name for path in phrase_files(root)}
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        if path.name.lower().startswith("phrase") and path.name not in read and not path.name.endswith("~"):
            hint = worded("name it {name} or phrases-….yaml, or put it elsewhere", name=_USUAL_NAME)
            yield Problem(printable(path.name), 0, 0, worded("this file is not read"), hint, Severity.WARNING)


def _phrases(root: Path, topics: Mapping[str, Topic] | None, model: Model, problems: list[Problem]) -> Iterator[Phrase]:
    """Yield the phrases of all files, each tried on its own tests; faults are reported with their places.

    Args:
        root: the folder.
        topics: those that a phrase may name; None: not checked.
        model: what mends the words of the tests.
        problems: what is wrong is added here.
    """
    seen: dict[tuple[Effect, str | None, str], str] = {}
    for document, effect, number, entry in _written(root, problems):
        at = (effect.value, number)
        phrase = _parsed(entry, effect, at, document, problems)
        if phrase is None:
            continue
        if len(seen) == _MOST_PHRASES:
            hint = worded("at most {limit} are read, of all files together; leave some out", limit=_MOST_PHRASES)
            problems.append(document.problem(at, worded("there are too many phrases"), hint))
            return
        if phrase.topic is not None and topics is not None and phrase.topic not in topics:
            hint = hint_for(phrase.topic, topics)
            problems.append(
                document.problem((*at, "topic"), worded("unknown topic {topic}", topic=cut(phrase.topic)), hint)
            )
        key = (effect, phrase.topic, fold(phrase.text))
        if key in seen:
            hint = worded("it stands in {place} already; keep one of them", place=seen[key])
            message = worded("{phrase} is written twice", phrase=quoted(phrase.text))
            problems.append(document.problem(at, message, hint, Severity.WARNING))
        seen.setdefault(key, phrase.source)
        problems += _untrue(entry, phrase, at, document, model)
        yield phrase


def _written(root: Path, problems: list[Problem]) -> Iterator[tuple[Document, Effect, int, _Phrase]]:
    """Yield each phrase of all files as it is written: its file, the list that it stands in, its place there."""
    for path in phrase_files(root):
        document = read_document(path, root, problems)
        file = validate(document, PhrasesFile, problems) if document is not None else None
        if document is None or file is None:
            continue
        for effect in Effect:
            for number, written in enumerate(getattr(file, effect.value)):
                yield document, effect, number, _Phrase(phrase=written) if isinstance(written, str) else written


def _parsed(
    entry: _Phrase, effect: Effect, at: tuple[str | int, ...], document: Document, problems: list[Problem]
) -> Phrase | None:
    source = f"{document.file}:{document.position(at)[0]}"
    try:
        return Phrase.parse(entry.phrase, effect, entry.topic if isinstance(entry, _TopicPhrase) else None, source)
    except ValueError:
        hint = worded("write a word at least; of signs only a/b, =word and ... mean something")
        problems.append(
            document.problem(at, worded("{phrase} cannot be looked for", phrase=quoted(entry.phrase)), hint)
        )
        return None


def _untrue(
    entry: _Phrase, phrase: Phrase, at: tuple[str | int, ...], document: Document, model: Model
) -> Iterator[Problem]:
    """Yield the tests of a phrase that fail: it stands where it should not, or does not where it should."""
    for number, test in enumerate(entry.tests):
        if stands_in(phrase, test.text, model) is not test.holds:
            written = quoted(phrase.text)
            message = (
                worded("{phrase} does not stand in its test, or is denied there", phrase=written)
                if test.holds
                else worded("{phrase} stands in its test", phrase=written)
            )
            hint = worded("change the phrase, or the test")
            yield document.problem((*at, "tests", number), message, hint)


def _today(document: Document, problems: list[Problem]) -> Document:
    """Return `topics.yaml` as today's program reads it; of version 1, which held words, the topics are kept."""
    data: Any = document.data
    if not isinstance(data, dict) or data.get("version") != _EARLIER:
        return document
    hint = worded(
        "its words are not read any more: take topics.yaml and phrases.yaml of this version of the "
        "program, and write into phrases.yaml what you had added"
    )
    problems.append(
        document.problem(("version",), worded("topics.yaml is of an earlier version"), hint, Severity.WARNING)
    )
    topics = data.get("topics")
    kept = {
        code: {
            "label": topic.get("label"),
            "priority": topic.get("priority"),
            "outage": topic.get("fragile") == "outage",
            "momentary": bool(topic.get("momentary")),
        }
        for code, topic in (topics.items() if isinstance(topics, dict) else ())
        if isinstance(topic, dict)
    }
    return replace(document, data={"version": 2, "topics": kept})


def load_model(path: Path | None, problems: list[Problem]) -> Model | None:
    """Read a learned model; one that was read before is shared.

    Args:
        path: its file; None for the program's own.
        problems: what is wrong is added here.

    Returns:
        The model, or None where it cannot be used.
    """
    file = path or SHIPPED_MODEL
    try:
        status = file.stat()
        return _read(file, status.st_mtime_ns, status.st_size)
    except OSError as error:
        message, hint = (
            worded("the learned model cannot be read: {reason}", reason=error.strerror or type(error).__name__),
            worded("check DTM_MODEL"),
        )
    except UnusableModelError as error:
        message, hint = error.wording, _REMAKE
    problems.append(Problem(str(file), 0, 0, message, hint if path else _REINSTALL))
    return None


def load_details(problems: list[Problem]) -> DetailModel | None:
    """Read the model of wishes and kinds of danger; None where it cannot be used, which is added to `problems`."""
    try:
        return _read_details()
    except OSError as error:
        message = worded("the model of wishes cannot be read: {reason}", reason=error.strerror or type(error).__name__)
    except UnusableModelError as error:
        message = error.wording
    problems.append(Problem(str(SHIPPED_DETAILS), 0, 0, message, _REINSTALL))
    return None


@lru_cache(maxsize=1)
def _read_details() -> DetailModel:
    return DetailModel.unpacked(SHIPPED_DETAILS.read_bytes())


@lru_cache(maxsize=2)
def _read(file: Path, _changed: int, size: int) -> Model:
    if size > _LARGEST_MODEL:
        raise UnusableModelError(
            worded(
                "it has {size} bytes, {limit} at the most are read",
                size=format(size, ","),
                limit=format(_LARGEST_MODEL, ","),
            )
        )
    return Model.unpacked(file.read_bytes())


def former_model(folder: Path) -> list[Problem]:
    """Return a warning where a rules folder still holds the model, as those of earlier versions did; else nothing."""
    if not (folder / FORMER_MODEL).exists():
        return []
    message = worded("this file is not read any more: the learned model comes with the program")
    return [Problem(FORMER_MODEL, 0, 0, message, worded("delete it"), Severity.WARNING)]
