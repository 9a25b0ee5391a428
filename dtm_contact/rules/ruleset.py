"""A folder of rules, read whole: either sound, or all its faults at once."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from dtm_contact.directory import Residence
from dtm_contact.errors import InvalidFilesError, described
from dtm_contact.hours import PARIS
from dtm_contact.model import DANGER_QUESTION, NEUTRAL_RECEIPT, Problem, Severity
from dtm_contact.rules.answers import answer_file, answer_files, load_answers
from dtm_contact.rules.arguments import AllowedNames
from dtm_contact.rules.contacts import Contacts, contacts_files, load_contacts
from dtm_contact.rules.coverage import dangers_without_on_call, unreached_rules
from dtm_contact.rules.expression import Index, contradiction
from dtm_contact.rules.facts import residence_names
from dtm_contact.rules.free_words import FreeWords, free_words_files, load_free_words
from dtm_contact.rules.instructions import Instruction
from dtm_contact.rules.library import CannedAnswer, library_files, load_library
from dtm_contact.rules.queues import QUEUES_FILE, Queue, Queues, load_queues
from dtm_contact.rules.reader_files import former_model, load_instructions, load_model, load_reader, reader_files
from dtm_contact.rules.routing import ROUTING_FILE, Rule, load_routing
from dtm_contact.rules.source_files import load_sources, source_files
from dtm_contact.sources import SourceBook
from dtm_contact.topics import Reader
from dtm_contact.wording import worded

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules that are in force together.

    Attributes:
        reader: what messages are understood by: the model, the phrases, the topics.
        rules: the rules in order, the default last.
        desks: the queues, and how they are found for an office.
        answers: the texts of the answers, by name.
        version: a short digest of all files.
        problems: warnings, which keep nothing from taking effect, and the faults of rules that judge all the same.
        library: the canned answers, by name.
        sources: those who write by machine or by office.
        free_words: words that have no place in what agents write freely.
        contacts: whom agents call beside our own people.
        instructions: what agents do now, by topic.
        index: finds the rules that may hold.
    """

    reader: Reader
    rules: tuple[Rule, ...]
    desks: Queues
    answers: Mapping[str, str]
    version: str
    problems: tuple[Problem, ...] = ()
    library: Mapping[str, CannedAnswer] = field(default_factory=dict)
    sources: SourceBook = field(default_factory=SourceBook)
    free_words: FreeWords = field(default_factory=FreeWords)
    contacts: Contacts = field(default_factory=Contacts)
    instructions: Mapping[str, Instruction] = field(default_factory=dict)
    index: Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the index."""
        object.__setattr__(self, "index", Index([rule.when for rule in self.rules]))

    @property
    def queues(self) -> Mapping[str, Queue]:
        """The queues by their identifier."""
        return self.desks.by_id

    @property
    def model_version(self) -> str:
        """A short digest of the learned model that messages are understood by."""
        return self.reader.model.digest

    @property
    def faults(self) -> tuple[Problem, ...]:
        """What is wrong with rules that can be read; new ones with a fault do not take effect."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def default(self) -> Rule:
        """The rule that takes what no other takes."""
        return self.rules[-1]


def load_rules(
    folder: Path,
    offices: Collection[str] | None = None,
    *,
    residences: Iterable[Residence] = (),
    zone: ZoneInfo = PARIS,
    model: Path | None = None,
) -> RuleSet:
    """Read the rules of a folder: its YAML files and `answers/`.

    Args:
        folder: the folder.
        offices: the identifiers of the directory's offices, to check those that are named; None or empty: not checked.
        residences: the directory's residences, to check those that are named; empty: not checked.
        zone: whose wall clock opening hours are read on.
        model: the file of the learned model; None for the program's own.

    Raises:
        InvalidFilesError: with all problems of all files, each with its place and what would be right.
    """
    rules = load_in_force(folder, offices, residences=residences, zone=zone, model=model)
    if rules.faults:
        raise InvalidFilesError(rules.problems)
    return rules


def load_in_force(
    folder: Path,
    offices: Collection[str] | None = None,
    *,
    residences: Iterable[Residence] = (),
    zone: ZoneInfo = PARIS,
    model: Path | None = None,
) -> RuleSet:
    """Read rules that judge already: with faults that can be judged by, for which `load_rules` refuses new ones.

    A check that this version of the program has, and the one before had not, must not leave mail unjudged.

    Args:
        folder: the folder.
        offices: the identifiers of the directory's offices, to check those that are named; None or empty: not checked.
        residences: the directory's residences, to check those that are named; empty: not checked.
        zone: whose wall clock opening hours are read on.
        model: the file of the learned model; None for the program's own.

    Raises:
        InvalidFilesError: the files cannot be read as rules.
    """
    try:
        problems: list[Problem] = former_model(folder)
        version = digest(folder)
    except OSError as error:
        message, hint = (
            worded("the folder of the rules cannot be read: {error}", error=described(error)),
            worded("let this user read all in it"),
        )
        raise InvalidFilesError([Problem(ROUTING_FILE, 0, 0, message, hint)]) from None
    learned = load_model(model, problems)
    reader = load_reader(folder, learned, problems) if learned else None
    topics = reader.topics if reader else None
    queues, named = load_queues(folder, AllowedNames(topics, offices or None), zone, problems)
    answers = load_answers(folder, problems)
    # What only helps those who write is left out where it is wrong: it keeps nothing from being judged.
    for_writers: list[Problem] = []
    library = load_library(folder, topics, for_writers)
    free_words = load_free_words(folder, for_writers)
    contacts = load_contacts(folder, None if topics is None else tuple(topics), for_writers)
    sources = load_sources(folder, AllowedNames(topics, offices or None), problems)
    allowed = AllowedNames(
        topics, offices or None, named, answers, sources.sources, residences=_residences_by_name(residences)
    )
    routing = load_routing(folder, allowed, problems)
    of_agents = replace(allowed, answers=library, queues=queues.by_id if queues is not None else None)
    instructions = load_instructions(folder, of_agents, for_writers)
    faults = list(_unreached(routing)) if routing is not None else []
    if digest(folder) != version:
        problems.append(
            Problem(
                ROUTING_FILE, 0, 0, worded("a file of the rules changed while it was read"), worded("load them again")
            )
        )
    sound = not _errors(problems)
    if routing is not None and sound and not faults:
        faults.extend(_unused(answers, routing))
        faults.extend(dangers_without_on_call(routing, reader.topics) if reader else ())
    problems.extend((*faults, *for_writers))
    problems.sort(key=lambda problem: (problem.file, problem.line, problem.column))
    if reader is None or queues is None or routing is None or not sound:
        raise InvalidFilesError(problems)
    return RuleSet(
        reader,
        routing,
        queues,
        MappingProxyType(answers),
        version,
        tuple(problems),
        library,
        sources,
        free_words,
        contacts,
        instructions,
    )


def _residences_by_name(residences: Iterable[Residence]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return the residences by what rules may call them."""
    named: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for residence in residences:
        for name in dict.fromkeys(residence_names(residence)):
            named[name].append((residence.residence_id, residence.commune))
    return {name: tuple(several) for name, several in named.items()}


def yaml_files(folder: Path) -> list[Path]:
    """Return the YAML files of a folder that decide, those that are missing included."""
    others = (folder / QUEUES_FILE, folder / ROUTING_FILE)
    return [*reader_files(folder), *source_files(folder), *free_words_files(folder), *contacts_files(folder), *others]


def deciding_files(folder: Path) -> list[Path]:
    """Return all files of a folder that decide, those that are missing included: YAML and answers, but no tests."""
    return [*yaml_files(folder), *answer_files(folder), *library_files(folder)]


def digest(folder: Path) -> str:
    """Return a short digest of the names and the bytes of all files that decide; tests decide nothing."""
    whole = hashlib.sha256()
    for path in deciding_files(folder):
        if path.is_symlink() or path.is_file():
            # What a link leads to is not of the folder, and is never read.
            content = "link" if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()} {content}\n".encode("utf-8", "backslashreplace"))
    return whole.hexdigest()[:_DIGITS]


def _errors(problems: Iterable[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _unreached(rules: tuple[Rule, ...]) -> Iterator[Problem]:
    for rule in rules:
        why = contradiction(rule.when) if rule.when else None
        if why:
            yield Problem(ROUTING_FILE, *rule.place, worded("the rule {rule} can never hold", rule=rule.id), why)
    for rule, before in unreached_rules(rules):
        message = worded("the rule {rule} is never reached", rule=rule.id)
        hint = worded(
            "what {before} in line {line} and the rules above it take leaves nothing to it; move {rule} "
            "above it, or delete it",
            before=before.id,
            line=before.place[0],
            rule=rule.id,
        )
        yield Problem(ROUTING_FILE, *rule.place, message, hint)


_SENT_BY_ENGINE: Final = frozenset({DANGER_QUESTION, NEUTRAL_RECEIPT})
"""Answers that go out without a rule that names them, where they are there."""


def _unused(answers: Collection[str], rules: tuple[Rule, ...]) -> Iterator[Problem]:
    used = {rule.then.answer for rule in rules}
    for name in answers:
        if name not in used and name not in _SENT_BY_ENGINE:
            hint = worded("write answer: in a rule, or delete the file")
            yield Problem(answer_file(name), 0, 0, worded("no rule sends this answer"), hint, Severity.WARNING)
