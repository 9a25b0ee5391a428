"""The tests of the rules: those that stand in the rules themselves, and those in `tests/*.yaml`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dtm_contact.model import Decision, Problem, Severity
from dtm_contact.rules.decide import decide, with_unheard_voice
from dtm_contact.rules.document import read_document, validate
from dtm_contact.rules.routing import ROUTING_FILE, Rule
from dtm_contact.rules.ruleset import RuleSet
from dtm_contact.rules.trial import Expected, FileTest, RuleTest, StagedTrial, Trial, stage_trial
from dtm_contact.rules.validation import cut, hint_for, shown
from dtm_contact.wording import Translatable, joined, worded

TESTS_FOLDER = "tests"

_NO_QUEUE = "none"

Place = tuple[int, int]
"""Line and column, from 1."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test, and what came of it.

    Attributes:
        file, place: where it stands.
        problem: what was expected and did not come true; None where all did.
        decision: what was decided, with the trace of every rule.
    """

    __test__ = False

    file: str
    place: Place
    problem: Problem | None
    decision: Decision


@dataclass(frozen=True, slots=True)
class TestCoverage:
    """How far the tests reach.

    Attributes:
        held, not_held: by rule, how many tests it holds for, and for how many that name it it does not.
        conditions: how many conditions the rules have.
        both_ways: how many of them were seen both true and false.
        one_way: those that were not, as "rule: condition".
    """

    __test__ = False

    held: Mapping[str, int]
    not_held: Mapping[str, int]
    conditions: int
    both_ways: int
    one_way: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TestRun:
    """All tests of a folder of rules, once they were run.

    Attributes:
        results: each of them, in the order of the files.
        problems: those that did not come true, and files that cannot be read.
        coverage: how far they reach.
    """

    __test__ = False

    results: tuple[TestResult, ...]
    problems: tuple[Problem, ...]
    coverage: TestCoverage

    @property
    def failed(self) -> tuple[Problem, ...]:
        """The problems that are errors."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def run_rule_tests(rules: RuleSet, folder: Path | None = None) -> TestRun:
    """Run the tests that stand in the rules themselves, and those in the folder's `tests/*.yaml`.

    `holds: true` expects that the rule decides (or, where it only adds or is observed, that it holds before another
    decides), `holds: false` that it does not.

    Args:
        rules: the rules.
        folder: the folder that they were read from; None leaves out the files.
    """
    problems: list[Problem] = []
    tests = [*_own_tests(rules), *(_file_tests(folder, problems) if folder else ())]
    tally = _Tally()
    results = [_run(test, rules, tally) for test in tests]
    problems.extend(result.problem for result in results if result.problem)
    problems.extend(_untested(rules, tally))
    return TestRun(tuple(results), tuple(problems), _coverage(rules, tally))


@dataclass(frozen=True, slots=True)
class _PlacedTest:
    """A test, where it stands, and the rule that it is about, by its identifier; None where it names none."""

    file: str
    place: Place
    test: RuleTest | FileTest
    rule_id: str | None

    def problem(self, message: Translatable, hint: Translatable) -> Problem:
        return Problem(self.file, *self.place, message, hint)


def _own_tests(rules: RuleSet) -> Iterator[_PlacedTest]:
    for rule in rules.rules:
        for test, place in zip(rule.tests, rule.test_places, strict=True):
            yield _PlacedTest(ROUTING_FILE, place, test, rule.id)


def _file_tests(folder: Path, problems: list[Problem]) -> Iterator[_PlacedTest]:
    """Yield the tests of `tests/*.yaml`; faults are added to `problems`."""
    for path in sorted((folder / TESTS_FOLDER).glob("*.yaml")):
        document = read_document(path, folder, problems)
        if document is None:
            continue
        if not isinstance(document.data, list):
            hint = worded("write each with its - at the beginning: - {rule: …, holds: true, text: …}")
            problems.append(
                document.problem((), worded("expected a list of tests, got {data}", data=shown(document.data)), hint)
            )
            continue
        for number in range(len(document.data)):
            test = validate(document, FileTest, problems, (number,))
            if test is not None:
                yield _PlacedTest(document.file, document.position((number,)), test, test.rule)


@dataclass(slots=True)
class _Tally:
    """What all tests saw of the rules: which ones held, and what each condition of each rule came to."""

    held: dict[str, int] = field(default_factory=dict)
    not_held: dict[str, int] = field(default_factory=dict)
    outcomes: dict[tuple[str, int, str], set[bool]] = field(default_factory=dict)

    def count(self, rule: Rule, *, holds: bool) -> None:
        """Count a test that expects that a rule holds, or that it does not."""
        counts = self.held if holds else self.not_held
        counts[rule.id] = counts.get(rule.id, 0) + 1

    def add(self, decision: Decision) -> None:
        """Note what each condition of each rule came to."""
        for rule in decision.trace:
            for number, condition in enumerate(rule.conditions):
                name = f"{condition.name}: {condition.wanted}"
                outcomes = self.outcomes.setdefault((rule.rule, number, name), set())
                if condition.held is not None:
                    outcomes.add(condition.held)


def _run(placed: _PlacedTest, rules: RuleSet, tally: _Tally) -> TestResult:
    test = placed.test
    trial, decision = _decided(test, rules)
    tally.add(decision)
    problem = _unknown_topic(placed, rules)
    if placed.rule_id is not None and test.holds is not None:
        rule = next((rule for rule in rules.rules if rule.id == placed.rule_id), None)
        if rule is not None:
            tally.count(rule, holds=test.holds)
            problem = problem or _unexpected(placed, rule, decision, trial, holds=test.holds)
        elif problem is None:
            hint = hint_for(placed.rule_id, [rule.id for rule in rules.rules])
            problem = placed.problem(worded("unknown rule {rule_id}", rule_id=cut(placed.rule_id)), hint)
    if problem is None and test.expect is not None:
        problem = _difference(placed, test.expect, decision, trial)
    return TestResult(placed.file, placed.place, problem, decision)


def _decided(test: Trial, rules: RuleSet) -> tuple[StagedTrial, Decision]:
    trial = stage_trial(test, rules.reader)
    understanding = trial.understanding
    if test.alarm is None and test.priority is None:
        understanding = with_unheard_voice(trial.contact, trial.match, understanding, trial.now, rules, trial.directory)
    decision = decide(
        trial.contact,
        trial.match,
        understanding,
        trial.now,
        rules,
        trial.directory,
        history=trial.history,
        trace=True,
    )
    return trial, decision


def _unknown_topic(placed: _PlacedTest, rules: RuleSet) -> Problem | None:
    test, topics = placed.test, rules.reader.topics
    for topic in (*test.topic, *(earlier.topic for earlier in test.history if earlier.topic)):
        if topic not in topics:
            return placed.problem(worded("unknown topic {topic}", topic=cut(topic)), hint_for(topic, topics))
    return None


def _unexpected(
    placed: _PlacedTest, rule: Rule, decision: Decision, trial: StagedTrial, *, holds: bool
) -> Problem | None:
    """Return what is wrong where a rule holds and should not, or does not and should."""
    if (rule.key in {decision.rule, *decision.added, *decision.observed}) is holds:
        return None
    expected = {
        (True, True): worded("the test expects that {rule} decides", rule=rule.id),
        (True, False): worded("the test expects that {rule} does not decide", rule=rule.id),
        (False, True): worded("the test expects that {rule} holds", rule=rule.id),
        (False, False): worded("the test expects that {rule} does not hold", rule=rule.id),
    }
    hint = (
        worded("{rule} does, for {message}", rule=decision.rule, message=_summary(trial))
        if rule.ends
        else worded("it was {message}", message=_summary(trial))
    )
    return placed.problem(expected[rule.ends, holds], hint)


def _difference(placed: _PlacedTest, expected: Expected, decision: Decision, trial: StagedTrial) -> Problem | None:
    """Return the first thing that was decided otherwise than expected."""
    actual = {
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
    for name, value in actual.items():
        wanted = getattr(expected, name)
        if name == "due" and wanted is not None:
            wanted = datetime.fromisoformat(wanted).isoformat(timespec="minutes")
        if wanted is not None and not _is_same(wanted, value):
            message = worded(
                "the test expects {name} {wanted}, and it is {value}",
                name=name,
                wanted=_plain(wanted),
                value=_plain(value),
            )
            return placed.problem(
                message, worded("{rule} decides, for {message}", rule=decision.rule, message=_summary(trial))
            )
    return None


def _summary(trial: StagedTrial) -> Translatable:
    understanding = trial.understanding
    topics = ", ".join(understanding.topics) or worded("no topic")
    return worded(
        "{kind} {priority}: {topics}", kind=understanding.kind, priority=understanding.priority, topics=topics
    )


def _is_same(wanted: object, actual: object) -> bool:
    """Whether two values are the same; in what order several stand does not matter."""
    if isinstance(wanted, tuple) and isinstance(actual, tuple):
        return sorted(wanted) == sorted(actual)
    return wanted == actual


def _plain(value: object) -> Translatable:
    if isinstance(value, tuple):
        return joined(map(str, value)) if value else worded("nobody")
    return worded("nothing") if value is None else Translatable(str(value))


def _untested(rules: RuleSet, tally: _Tally) -> Iterator[Problem]:
    """Yield a warning for each rule without a test that it holds for, or without one that it does not hold for."""
    for rule in rules.rules:
        for holds, counts in ((True, tally.held), (False, tally.not_held)):
            if not counts.get(rule.id) and (holds or rule.when is not None):
                message = (
                    worded("no test shows that {rule} holds", rule=rule.id)
                    if holds
                    else worded("no test shows that {rule} does not hold", rule=rule.id)
                )
                hint = worded("add {{text: …, holds: {holds}}} to its tests", holds=shown(holds))
                yield Problem(ROUTING_FILE, *rule.place, message, hint, Severity.WARNING)


def _coverage(rules: RuleSet, tally: _Tally) -> TestCoverage:
    both = {key for key, outcomes in tally.outcomes.items() if len(outcomes) == len((True, False))}
    one_way = tuple(
        f"{rule.rpartition(':')[2]}: {name}"
        for rule, number, name in tally.outcomes
        if (rule, number, name) not in both
    )
    held, not_held = (
        {rule.id: counts.get(rule.id, 0) for rule in rules.rules} for counts in (tally.held, tally.not_held)
    )
    return TestCoverage(held, not_held, len(tally.outcomes), len(both), one_way)
