"""What the rules as a whole leave out: rules that are never reached, and dangers of which nobody on call is told.

A danger is what was understood to be a case with a certain alarm (P1), whatever its topic, and what a rule makes one. A
possible danger rings nobody, and is none here. For each topic, and for what has none (a call), the rules are followed
from the top as they are when a contact is decided, with what is certain of such a contact: its kind, its alarm, its
priority, its topic. A rule of which that does not say whether it holds is a way that a danger can take, unless rules
above it take all that could come to it. A rule that lowers the alarm ends the danger of what it surely holds for.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import combinations, product

from dtm_contact.model import ON_CALL, AlarmLevel, CaseKind, Priority, Problem, Severity
from dtm_contact.rules.conditions import all_conditions
from dtm_contact.rules.expression import (
    Expression,
    Not,
    Parts,
    Test,
    branches,
    conjuncts,
    excluded,
    implies,
    is_value_test,
    lasting,
    lookup_tests,
    outcome,
)
from dtm_contact.rules.routing import ROUTING_FILE, Rule
from dtm_contact.wording import EMPTY, Translatable, counted, joined, worded

_LONGEST_SPLIT = 64
"""Values of the longest list that is split to be compared with several rules."""

_CHOSEN_FROM = 6
"""Parts of which every choice is looked for; rules seldom have more than two that are no lists."""


def unreached_rules(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Yield each rule that is never reached, with the earlier rule that stands before it.

    An earlier rule stands before a later one where each of its conditions is one of the later rule's, or wider than
    one: the same condition with at least the same values. Several stand before it together where each value of one of
    its lists has one before it: the last of them is returned. One that only adds, or is only observed, stands before
    none. What `any` and `not` hold is compared as a whole. What rests on tags stands before none: a rule in between may
    have put them.
    """
    earlier = _Earlier()
    for rule in rules:
        if rule.when is not None:
            before = earlier.before(rule.when)
            if before is not None:
                yield rule, before
            elif rule.ends:
                earlier.add(rule, rule.when)


class _Earlier:
    """The rules read so far, to be found by what they ask for, so that not every pair is compared."""

    def __init__(self) -> None:
        self._numbers: dict[Expression, int] = {}
        self._names: set[tuple[str, ...]] = set()
        self._by_key: defaultdict[Hashable, list[tuple[Rule, tuple[Test, ...]]]] = defaultdict(list)

    def add(self, rule: Rule, when: Expression) -> None:
        """Put a rule under each value of its lists, with the parts that are no lists."""
        parts = tuple(conjuncts(when))
        tests = lookup_tests(when)
        names = tuple(test.condition.name for test in tests)
        others = frozenset(self._others(parts))
        self._names.add(names)
        for values in product(*(test.wanted for test in tests)):
            self._by_key[names, values, others].append((rule, tuple(filter(is_value_test, parts))))

    def before(self, when: Expression) -> Rule | None:
        """Return the rule that holds wherever `when` does, or the last of several that do together, or None."""
        parts = tuple(lasting(conjuncts(when)))
        return self._wider(parts) or self._several(parts)

    def _several(self, parts: tuple[Expression, ...]) -> Rule | None:
        for number, part in enumerate(parts):
            if is_value_test(part) and 1 < len(part.wanted) <= _LONGEST_SPLIT:
                narrowed = (replace(part, wanted=frozenset((value,))) for value in sorted(part.wanted))
                wider = [self._wider((*parts[:number], one, *parts[number + 1 :])) for one in narrowed]
                together = [rule for rule in wider if rule is not None]
                if len(together) == len(wider):
                    return max(together, key=lambda rule: rule.place)
        return None

    def _wider(self, parts: tuple[Expression, ...]) -> Rule | None:
        """Return the first rule that holds wherever all `parts` do, or None."""
        value = {part.condition.name: min(part.wanted) for part in reversed(parts) if is_value_test(part)}
        others = list(_subsets(self._others(parts)))
        wider = [
            rule
            for names in self._names
            if value.keys() >= set(names)
            for other in others
            for rule, lists in self._by_key.get((names, tuple(value[name] for name in names), other), ())
            if all(any(implies(part, each) for part in parts) for each in lists)
        ]
        return min(wider, key=lambda rule: rule.place, default=None)

    def _others(self, parts: Iterable[Expression]) -> list[int]:
        """Return the numbers of the parts that are no lists; equal parts have the same one."""
        return [self._numbers.setdefault(part, len(self._numbers)) for part in parts if not is_value_test(part)]


def _subsets(numbers: Sequence[int]) -> Iterator[frozenset[int]]:
    """Yield every choice among the first few, and all of them."""
    for size in range(min(len(numbers), _CHOSEN_FROM) + 1):
        yield from map(frozenset, combinations(numbers[:_CHOSEN_FROM], size))
    if len(numbers) > _CHOSEN_FROM:
        yield frozenset(numbers)


_MOST_FAULTS = 20
"""Faults that are looked for of one danger; who mends them checks again."""

_SHOWN_TOPICS = 6
_WITHOUT = worded("a call")
"""What is said in the place of a topic of what has none."""


class _Fault(Enum):
    """What a rule does wrong with a danger: it sets it aside, decides without telling on-call, or makes it P1 so."""

    ASIDE = auto()
    SILENT = auto()
    RAISED = auto()


@dataclass(frozen=True, slots=True)
class _Danger:
    """Contacts in which somebody may be in danger.

    Attributes:
        given: what holds for all of them.
        topic: their deciding topic, as messages name it.
        raised_by: the rule that makes them P1; None where they were understood to be.
    """

    given: Parts
    topic: str = ""
    raised_by: Rule | None = None


def dangers_without_on_call(rules: Sequence[Rule], topics: Collection[str]) -> Iterator[Problem]:
    """Yield an error for each rule by which a danger is set aside, or decided without the on-call service being told.

    A rule that says with `waiver` why that is meant is none; where it does nothing of the kind, a warning says so.

    Args:
        rules: the rules in order, the default last.
        topics: the codes of all topics.
    """
    by_fault: defaultdict[tuple[int, _Fault], list[_Danger]] = defaultdict(list)
    places = {rule.id: number for number, rule in enumerate(rules)}
    for danger in _dangers(rules, topics):
        for rule, fault in _faults(danger, rules):
            by_fault[places[rule.id], fault].append(danger)
    for (number, fault), dangers in sorted(by_fault.items(), key=lambda item: item[0][0]):
        rule = rules[number]
        if not rule.waiver and not (fault is _Fault.RAISED and (number, _Fault.SILENT) in by_fault):
            what = _listed([danger.topic for danger in dangers if danger.topic], len(topics))
            yield Problem(
                ROUTING_FILE, *rule.place, *_described(fault, rule, what, _notifying_below(number, rules, dangers))
            )
    for number, rule in enumerate(rules):
        if rule.waiver and not rule.observes and all((number, fault) not in by_fault for fault in _Fault):
            message = worded("the rule {rule} leaves no danger without on-call", rule=rule.id)
            yield Problem(ROUTING_FILE, *rule.place, message, worded("leave out waiver"), Severity.WARNING)


def _dangers(rules: Sequence[Rule], topics: Collection[str]) -> Iterator[_Danger]:
    """Yield what was understood to be a certain alarm, for each topic and for none, and what each rule makes P1."""
    urgent = (_test("kind", CaseKind.CASE), _test("alarm", AlarmLevel.CERTAIN), _test("priority", Priority.P1))
    for code in topics:
        yield _Danger((*urgent, _test("topic", code), _test("topics", code)), code)
    yield _Danger((*urgent, Not(_test("topic", *topics)), Not(_test("topics", *topics))), _WITHOUT)
    for rule in rules:
        raised = [] if rule.observes else _raised(rule, rules)
        kind = () if rule.decides else (_test("kind", CaseKind.CASE),)
        before = (_test("alarm", AlarmLevel.NONE, AlarmLevel.POSSIBLE), _test("priority", *raised))
        for branch in _branches(rule) if raised else ():
            parts = (*kind, *before, *branch)
            if not excluded(parts):
                yield _Danger(tuple(lasting(parts)), raised_by=rule)


def _raised(rule: Rule, rules: Sequence[Rule]) -> Sequence[Priority]:
    """Return the priorities, as understood, that a rule may make P1: any where another has raised it before."""
    change = rule.then.priority
    if change is None:
        return []
    lower = [priority for priority in Priority if priority is not Priority.P1]
    made = [priority for priority in lower if change.applied(priority) is Priority.P1]
    others = (each for each in rules if each is not rule and not each.decides and not each.observes)
    return lower if made and any(other.then.priority for other in others) else made


def _faults(danger: _Danger, rules: Sequence[Rule]) -> Iterator[tuple[Rule, _Fault]]:
    """Follow the rules from the top, and yield those that set a danger aside, or decide for it without on-call."""
    deciders: list[Rule] = []
    tellers: list[Rule] = []
    is_danger, is_notified, count = danger.raised_by is None, False, 0
    for rule in rules:
        raises = rule is danger.raised_by
        is_danger = is_danger or raises
        held = True if raises or rule.when is None else outcome(rule.when, danger.given)
        if rule.observes or held is False:
            continue
        if is_danger and not raises and _ends_danger(rule, rules):
            if held:
                return
            if rule.ends:
                deciders.append(rule)
                continue
        if not rule.ends:
            is_notified = is_notified or bool(held and rule.notifies_on_call)
            tellers += [rule] if rule.notifies_on_call else []
            continue
        fault = _fault(rule, danger, is_notified=is_notified) if is_danger else None
        above = deciders if fault is _Fault.ASIDE else [*deciders, *tellers]
        if fault and _is_reached(rule, danger, above):
            yield (danger.raised_by if danger.raised_by and fault is _Fault.RAISED else rule), fault
            count += not rule.waiver
        if held or count >= _MOST_FAULTS:
            return
        deciders.append(rule)


def _ends_danger(rule: Rule, rules: Sequence[Rule]) -> bool:
    """Whether a rule lowers the alarm, and none below it can make a P1 of what is left."""
    if rule.then.alarm is None:
        return False
    below = () if rule.ends else (each.then.priority for each in rules[rules.index(rule) + 1 :] if not each.observes)
    return not any(change is not None and change.may_make_danger for change in below)


def _fault(rule: Rule, danger: _Danger, *, is_notified: bool) -> _Fault | None:
    """Return what is wrong where a rule decides for a danger; `is_notified`: a rule above it notifies on-call."""
    if rule.then.opens_nothing:
        return _Fault.ASIDE
    if is_notified or rule.notifies_on_call:
        return None
    return _Fault.RAISED if danger.raised_by else _Fault.SILENT


def _is_reached(rule: Rule, danger: _Danger, above: Sequence[Rule]) -> bool:
    """Whether a danger can come to a rule for which none of the rules above it surely holds."""
    for branch in _branches(rule):
        parts = (*danger.given, *lasting(branch))
        covered = (each.when is not None and outcome(each.when, parts) for each in above)
        if not excluded((*danger.given, *branch)) and not any(covered):
            return True
    return False


def _branches(rule: Rule) -> Sequence[Parts]:
    return ((),) if rule.when is None else branches(rule.when)


def _notifying_below(number: int, rules: Sequence[Rule], dangers: Sequence[_Danger]) -> Rule | None:
    """Return the rule below which another would leave these dangers to rules that tell the on-call service."""
    takers: set[int] = set()
    for danger in dangers:
        below = (each for each in range(number + 1, len(rules)) if rules[each].ends)
        takers.add(next(each for each in below if _surely(rules[each], danger)) if number + 1 < len(rules) else number)
    return rules[max(takers)] if all(rules[each].notifies_on_call for each in takers) else None


def _surely(rule: Rule, danger: _Danger) -> bool:
    return rule.when is None or outcome(rule.when, danger.given) is True


def _described(fault: _Fault, rule: Rule, what: Translatable, below: Rule | None) -> tuple[Translatable, Translatable]:
    """Return what is wrong with a rule, and what would be right."""
    move = (
        worded("move it below {below} in line {line}, or ", below=below.id, line=below.place[0])
        if below and not rule.then.priority
        else EMPTY
    )
    meant = worded("; where it is meant, say why: waiver: …")
    match fault:
        case _Fault.ASIDE:
            hint = worded("{move}add priority: [P2, P3, P4] to its conditions{meant}", move=move, meant=meant)
            return worded(
                "the rule {rule} sets {what} aside", rule=rule.id, what=what or worded("what another rule makes P1")
            ), hint
        case _Fault.SILENT:
            hint = worded("{move}add notify: {on_call} to it{meant}", move=move, on_call=ON_CALL, meant=meant)
            return worded(
                "the rule {rule} decides for {what}, and nobody on call is told", rule=rule.id, what=what
            ), hint
        case _Fault.RAISED:
            hint = worded(
                "add notify: {on_call} to it, or raise to P2 at the most{meant}", on_call=ON_CALL, meant=meant
            )
            return worded("the rule {rule} makes cases P1, and nobody on call is told", rule=rule.id), hint


def _listed(topics: Sequence[str], of_all: int) -> Translatable:
    if len([topic for topic in topics if topic != _WITHOUT]) == of_all:
        return worded("P1 of any topic")
    rest, named = len(topics) - _SHOWN_TOPICS, joined(topics[:_SHOWN_TOPICS])
    if rest > 0:
        return counted("P1 of {topics} and {count} more", "P1 of {topics} and {count} more", rest, topics=named)
    return worded("P1 of {topics}", topics=named) if topics else EMPTY


def _test(name: str, *wanted: str) -> Test:
    return Test(all_conditions()[name], frozenset(wanted), ", ".join(wanted))
