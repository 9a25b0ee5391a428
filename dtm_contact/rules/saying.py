"""Why a rule holds, or does not, in the French clauses that its conditions declare."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dtm_contact.model import ConditionTrace, RuleTrace
from dtm_contact.rules.arguments import YesNo
from dtm_contact.rules.expression import All, Either, Expression, Not, Test
from dtm_contact.rules.routing import Rule

_MOST_VALUES: Final = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """A condition that counts for or against a rule, with what it saw.

    Attributes:
        test: the condition and what the rule wants of it.
        seen: what was seen, as the trace has it.
        is_so: what the condition says is so, with whatever `not` stands around it; None where it raised.
    """

    test: Test
    seen: str
    is_so: bool | None

    def clause(self, called: Mapping[str, str]) -> str:
        """Return what is the case, as a clause that stands behind "que".

        Args:
            called: what topics, offices and sources are called, by their codes.
        """
        says = self.test.condition.says
        if self.is_so is None:
            return "une condition n'a pas pu être vérifiée"
        if isinstance(self.test.condition.argument, YesNo):
            return {"true": says.holds, "false": says.fails}.get(self.seen) or says.of_none or says.fails
        if callable(says.values):
            return (says.holds if self.is_so else says.fails).format(says.values(self.test.wanted))
        if self.is_so or (self.seen and self.test.condition.is_single):
            return says.holds.format(self._named(self._seen, called, " et "))
        if not self.seen and says.of_none:
            return says.of_none
        return says.fails.format(self._named(sorted(self._wanted), called, " ou "))

    @property
    def _wanted(self) -> frozenset[str]:
        """The values wanted; none of a condition that wants no list of them."""
        return self.test.wanted if isinstance(self.test.wanted, frozenset) else frozenset()

    @property
    def _seen(self) -> list[str]:
        """The values seen, those wanted alone where the condition holds by them."""
        seen = self.seen.split(", ") if self._wanted else [self.seen]
        met = [value for value in seen if value in self._wanted]
        return met if met and self.is_so else seen

    @property
    def goes_without_saying(self) -> bool:
        """Whether it need not be told beside any other."""
        return self.seen in self.test.condition.says.unsaid

    def _named(self, values: Sequence[str], called: Mapping[str, str], last: str) -> str:
        kept = self.test.condition.says.values
        names = kept if isinstance(kept, Mapping) else {}
        words = [names.get(value) or (f"« {called[value]} »" if value in called else value) for value in values]
        if len(words) > _MOST_VALUES:
            return ", ".join((*words[:_MOST_VALUES], "…"))
        return last.join(filter(None, (", ".join(words[:-1]), *words[-1:])))


@dataclass(frozen=True, slots=True)
class SaidRule:
    """A rule that was asked, as it is told.

    Attributes:
        rule: the rule.
        held: whether it holds; None where that could not be told.
        reasons: where it holds those by which it does, else those that keep it from it; each `any` gives one.
        met: how many of the parts that must all hold do.
        unmet: how many do not.
    """

    rule: Rule
    held: bool | None
    reasons: tuple[Reason, ...] = ()
    met: tuple[Reason, ...] = ()
    unmet: int = 0

    def clauses(self, called: Mapping[str, str]) -> list[str]:
        """Return the reasons as clauses, each once, without what goes without saying beside others."""
        told = [reason for reason in self.reasons if not reason.goes_without_saying] or self.reasons
        return list(dict.fromkeys(reason.clause(called) for reason in told))


def said_rules(rules: Iterable[Rule], traces: Iterable[RuleTrace]) -> Iterator[SaidRule]:
    """Yield each rule that was traced, with the reasons; rules that are no more are left out.

    Args:
        rules: the rules that were asked.
        traces: what they saw.
    """
    by_key = {rule.key: rule for rule in rules}
    for trace in traces:
        rule = by_key.get(trace.rule)
        if rule is not None:
            yield said_rule(rule, trace)


def said_rule(rule: Rule, trace: RuleTrace) -> SaidRule:
    """Return a rule with why it holds or does not, of what it saw."""
    if rule.when is None:
        return SaidRule(rule, trace.held)
    conditions = iter(trace.conditions)
    parts = rule.when.parts if isinstance(rule.when, All) else (rule.when,)
    found = [_reasons_of(part, conditions, denied=False) for part in parts]
    deciding = found if trace.held else [(held, reasons) for held, reasons in found if held is trace.held]
    return SaidRule(
        rule,
        trace.held,
        tuple(reason for _held, reasons in deciding for reason in reasons),
        tuple(reason for held, reasons in found if held for reason in reasons),
        sum(held is False for held, _reasons in found),
    )


def _reasons_of(
    part: Expression, conditions: Iterator[ConditionTrace], *, denied: bool
) -> tuple[bool | None, tuple[Reason, ...]]:
    """Return whether a part holds, and why; the conditions of a trace stand in the order of its tests."""
    match part:
        case Test():
            trace = next(conditions)
            is_so = trace.held if not denied or trace.held is None else not trace.held
            return trace.held, (Reason(part, trace.seen, is_so),)
        case Not():
            return _reasons_of(part.part, conditions, denied=not denied)
        case All() | Either():
            found = [_reasons_of(each, conditions, denied=denied) for each in part.parts]
            # What is denied turns around: not all is one that is not.
            one_is_enough = isinstance(part, Either) is not denied
            return _combined(found, one_is_enough=one_is_enough)
    return None, ()


def _combined(
    found: Sequence[tuple[bool | None, tuple[Reason, ...]]], *, one_is_enough: bool
) -> tuple[bool | None, tuple[Reason, ...]]:
    deciding = next((each for each in found if each[0] is one_is_enough), None)
    if deciding is not None:
        # Of several that would do, the first tells; of several that are missing, too.
        return deciding
    held = None if any(each[0] is None for each in found) else not one_is_enough
    return held, tuple(reason for _held, reasons in found for reason in reasons)
