"""The trials that rules are held to: those in the rules themselves, and those in `tests/*.yaml`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dtm_contact.model import ConditionTrace, Decision, Problem, Severity
from dtm_contact.rules.decide import decide, with_what_was_spoken
from dtm_contact.rules.document import read_document, validate
from dtm_contact.rules.routing import FILE, Rule
from dtm_contact.rules.ruleset import RuleSet
from dtm_contact.rules.staging import Staged, staged
from dtm_contact.rules.suggestions import hint_for
from dtm_contact.rules.trial import Expected, FileTest, Trial
from dtm_contact.rules.validation import cut, shown

FOLDER = "tests"

_NO_QUEUE = "none"


@dataclass(frozen=True, slots=True)
class Found:
    """One trial, and what came of it.

    Attributes:
        file, place: where it stands.
        problem: what was expected and did not come true; None where all did.
        decision: what was decided, with the trace of every rule.
    """

    file: str
    place: tuple[int, int]
    problem: Problem | None
    decision: Decision


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far trials reach.

    Attributes:
        held, not_held: by rule, how many trials it held for, and for how many that name it it did not.
        conditions: how many conditions the rules have.
        both_ways: how many of them were seen both true and false.
        one_way: those that were not, as "rule: condition".
    """

    held: Mapping[str, int]
    not_held: Mapping[str, int]
    conditions: int
    both_ways: int
    one_way: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TestRun:
    """All trials of a folder of rules, once they were tried.

    Attributes:
        found: each of them, in the order of the files.
        problems: those that did not come true, and files that cannot be read.
        coverage: how far they reach.
    """

    __test__ = False

    found: tuple[Found, ...]
    problems: tuple[Problem, ...]
    coverage: Coverage

    @property
    def failed(self) -> tuple[Problem, ...]:
        """The problems that are errors."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


@dataclass(slots=True)
class _Tally:
    """What was seen of the rules by all trials."""

    held: dict[str, int] = field(default_factory=dict)
    not_held: dict[str, int] = field(default_factory=dict)
    seen: dict[tuple[str, int, str], set[bool]] = field(default_factory=dict)

    def add(self, decision: Decision) -> None:
        """Note what each condition of each rule saw."""
        for rule in decision.trace:
            for number, condition in enumerate(rule.conditions):
                outcomes = self.seen.setdefault((rule.rule, number, _name(condition)), set())
                if condition.held is not None:
                    outcomes.add(condition.held)


def _name(condition: ConditionTrace) -> str:
    return f"{condition.name}: {condition.wanted}"


def run_rule_tests(rules: RuleSet, folder: Path | None = None) -> TestRun:
    """Try the rules on their own trials, and on those in the folder's `tests/*.yaml`.

    `holds: true` expects that the rule decides (or, where it only adds or is observed, that it holds before another
    decides), `holds: false` that it does not.

    Args:
        rules: the rules.
        folder: the folder that they were read from; None leaves out the files.
    """
    problems: list[Problem] = []
    tally = _Tally()
    found = [_tried(rule, number, rules, tally) for rule in rules.rules for number in range(len(rule.tests))]
    for file, place, test in file_tests(folder, problems) if folder else ():
        found.append(_tried_in_file(file, place, test, rules, tally))
    problems.extend(each.problem for each in found if each.problem)
    problems.extend(_untried(rules, tally))
    return TestRun(tuple(found), tuple(problems), _coverage(rules, tally))


def file_tests(folder: Path, problems: list[Problem]) -> Iterator[tuple[str, tuple[int, int], FileTest]]:
    """Yield the trials of `tests/*.yaml`, each with its file and place; faults are added to `problems`."""
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        document = read_document(path, folder, problems)
        if document is None:
            continue
        if not isinstance(document.data, list):
            hint = "write each with its - at the beginning: - {rule: …, holds: true, text: …}"
            problems.append(document.problem((), f"expected a list of tests, got {shown(document.data)}", hint))
            continue
        for number in range(len(document.data)):
            test = validate(document, FileTest, problems, (number,))
            if test is not None:
                yield document.file, document.position((number,)), test


def _tried(rule: Rule, number: int, rules: RuleSet, tally: _Tally) -> Found:
    test, place = rule.tests[number], rule.test_places[number]
    stage, decision = _decided(test, rules, tally)
    problem = _strange_topic(test, rules, FILE, place) or _unexpected(rule, decision, stage, FILE, place, test.holds)
    if problem is None and test.expect is not None:
        problem = _differs(test.expect, decision, stage, FILE, place)
    return Found(FILE, place, problem, _counted(rule, decision, tally, holds=test.holds))


def _tried_in_file(file: str, place: tuple[int, int], test: FileTest, rules: RuleSet, tally: _Tally) -> Found:
    stage, decision = _decided(test, rules, tally)
    problem = _strange_topic(test, rules, file, place)
    if problem is None and test.rule is not None and test.holds is not None:
        rule = next((rule for rule in rules.rules if rule.id == test.rule), None)
        if rule is None:
            names = [rule.id for rule in rules.rules]
            problem = Problem(file, *place, f"unknown rule {cut(test.rule)}", hint_for(test.rule, names))
        else:
            problem = _unexpected(rule, decision, stage, file, place, test.holds)
            _counted(rule, decision, tally, holds=test.holds)
    if problem is None and test.expect is not None:
        problem = _differs(test.expect, decision, stage, file, place)
    return Found(file, place, problem, decision)


def _decided(test: Trial, rules: RuleSet, tally: _Tally) -> tuple[Staged, Decision]:
    stage = staged(test, rules.reader)
    understanding = stage.understanding
    if test.alarm is None and test.priority is None:
        understanding = with_what_was_spoken(
            stage.contact, stage.match, understanding, stage.now, rules, stage.directory
        )
    decision = decide(
        stage.contact,
        stage.match,
        understanding,
        stage.now,
        rules,
        stage.directory,
        history=stage.history,
        trace=True,
    )
    tally.add(decision)
    return stage, decision


def _counted(rule: Rule, decision: Decision, tally: _Tally, *, holds: bool) -> Decision:
    counts = tally.held if holds else tally.not_held
    counts[rule.id] = counts.get(rule.id, 0) + 1
    return decision


def _strange_topic(test: Trial, rules: RuleSet, file: str, place: tuple[int, int]) -> Problem | None:
    named = (*test.topic, *(earlier.topic for earlier in test.history if earlier.topic))
    for topic in named:
        if topic not in rules.reader.topics:
            return Problem(file, *place, f"unknown topic {cut(topic)}", hint_for(topic, rules.reader.topics))
    return None


def _unexpected(
    rule: Rule,
    decision: Decision,
    stage: Staged,
    file: str,
    place: tuple[int, int],
    holds: bool,  # noqa: FBT001
) -> Problem | None:
    held = rule.key in {decision.rule, *decision.added, *decision.observed}
    if held is holds:
        return None
    does = "decides" if rule.ends else "holds"
    expected = does if holds else f"does not {does.removesuffix('s')}"
    hint = f"{decision.rule} does, for {_told(stage)}" if rule.ends else f"it was {_told(stage)}"
    return Problem(file, *place, f"the test expects that {rule.id} {expected}", hint)


def _told(stage: Staged) -> str:
    understanding = stage.understanding
    topics = ", ".join(understanding.topics) or "no topic"
    return f"{understanding.kind} {understanding.priority}: {topics}"


def _differs(
    expected: Expected, decision: Decision, stage: Staged, file: str, place: tuple[int, int]
) -> Problem | None:
    found = {
        "rule": decision.rule.rpartition(":")[2],
        "queue": decision.queue or _NO_QUEUE,
        "priority": decision.priority,
        "alarm": decision.alarm.level,
        "due": decision.due.replace(tzinfo=None).isoformat(timespec="minutes") if decision.due else None,
        "notify": decision.notify,
        "answer": decision.answer,
        "tags": decision.tags,
        "joins": decision.join is not None,
    }
    for name, is_found in found.items():
        wanted = getattr(expected, name)
        if name == "due" and wanted is not None:
            wanted = datetime.fromisoformat(wanted).isoformat(timespec="minutes")
        if wanted is not None and not _is_same(wanted, is_found):
            message = f"the test expects {name} {_plain(wanted)}, and it is {_plain(is_found)}"
            return Problem(file, *place, message, f"{decision.rule} decides, for {_told(stage)}")
    return None


def _is_same(wanted: object, found: object) -> bool:
    """Whether two values are the same; in what order several were found does not matter."""
    if isinstance(wanted, tuple) and isinstance(found, tuple):
        return sorted(wanted) == sorted(found)
    return wanted == found


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) or "nobody" if isinstance(value, tuple) else str(value)


def _untried(rules: RuleSet, tally: _Tally) -> Iterator[Problem]:
    """Yield a warning for each rule without a trial that it holds for, or without one that it does not hold for."""
    for rule in rules.rules:
        for holds, counts in ((True, tally.held), (False, tally.not_held)):
            if not counts.get(rule.id) and (holds or rule.when is not None):
                message = f"no test shows that {rule.id} {'holds' if holds else 'does not hold'}"
                hint = f"add {{text: …, holds: {shown(holds)}}} to its tests"
                yield Problem(FILE, *rule.place, message, hint, Severity.WARNING)


def _coverage(rules: RuleSet, tally: _Tally) -> Coverage:
    both = {key for key, outcomes in tally.seen.items() if len(outcomes) == len((True, False))}
    one_way = tuple(
        f"{rule.rpartition(':')[2]}: {name}" for rule, number, name in tally.seen if (rule, number, name) not in both
    )
    held, not_held = (
        {rule.id: counts.get(rule.id, 0) for rule in rules.rules} for counts in (tally.held, tally.not_held)
    )
    return Coverage(held, not_held, len(tally.seen), len(both), one_way)
