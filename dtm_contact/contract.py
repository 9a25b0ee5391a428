"""The decision's contract: one judgement as the JSON object that other programs rely on (version 1)."""

from typing import Any

from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import (
    Alarm,
    Call,
    CallBackState,
    CaseKind,
    ConditionTrace,
    Contact,
    Evidence,
    Finding,
    Judgement,
    Likely,
    Match,
    OnDuty,
    RuleTrace,
    Sourced,
    SourceField,
    WriterHome,
)

Json = dict[str, Any]

_CANDIDATES_SHOWN = 5
_PROBABILITY_DIGITS = 4


def as_json(judgement: Judgement, *, trace: bool = False) -> Json:
    """Return the contract's object for one judgement, ready for `json.dumps`.

    Args:
        judgement: what `judge` returned.
        trace: also every piece of evidence with its weight, and every rule with what it saw.
    """
    understanding, decision = judgement.understanding, judgement.decision
    standing = judgement.contact.standing
    found: Json = {
        "source": judgement.source,
        "channel": judgement.contact.channel,
        "kind": decision.kind.value,
        **_who(judgement.match),
        "topic": understanding.topic,
        "topics": list(understanding.topics),
        "scope": understanding.scope.value if understanding.scope else None,
        "alarm": _alarm(decision.alarm),
        "priority": decision.priority.value,
        "office": decision.office_id,
        "queue": decision.queue,
        "rule": decision.rule,
        "due": decision.due.isoformat(timespec="seconds") if decision.due else None,
        "joins": standing.joins if standing else judgement.joining.case_number,
    }
    if judgement.contact.call is not None:
        found |= _call(judgement.contact.call, standing)
    if judgement.contact.sourced is not None:
        found["sent_by"] = _sent_by(judgement.contact, judgement.contact.sourced)
    if trace:
        found["trace"] = _trace(judgement)
    return found


def _sent_by(contact: Contact, sourced: Sourced) -> Json:
    """Return which source sent it and what it asserts: the names of its fields, never what stands in them."""
    return {
        "source": sourced.source,
        "partner": sourced.partner,
        "read": sourced.read,
        "identity": "proven" if sourced.proven else "asserted",
        "fields": [each.field.value for each in sourced.fields],
        "topic": sourced.topic,
        "alarm": sourced.alarm.value,
        "answered": _answered(contact, sourced),
    }


def _answered(contact: Contact, sourced: Sourced) -> str:
    """Return who an answer would go to: the person whom the fields tell, whoever sent it, or nobody."""
    address = (sourced.answer_at or contact.sender.address).strip().lower()
    persons = {sourced.value(SourceField.EMAIL).lower(), sourced.value(SourceField.WRITER_EMAIL).lower()}
    if not address:
        return "nobody"
    return "person" if address in persons else "sender"


def _call(call: Call, standing: CallBackState | None) -> Json:
    return {
        "number": call.number,
        "outcome": call.outcome.value,
        "closes": standing.closes if standing else None,
        "count": standing.count if standing else None,
    }


def _alarm(alarm: Alarm) -> Json:
    return {
        "level": alarm.level.value,
        "raised_by": alarm.raised_by.value if alarm.raised_by else None,
        "score": _rounded(alarm.score),
        "limit": _rounded(alarm.limit),
        "why_not": text_of(alarm.why_not) or None,
    }


def _who(match: Match) -> Json:
    on_duty = match.caretakers
    return {
        "tenant": _likely(match.tenant),
        "candidates": [
            _likely(Likely(candidate.tenant_id, candidate.probability))
            for candidate in sorted(match.candidates, key=lambda each: -each.probability)[:_CANDIDATES_SHOWN]
        ],
        "dwelling": _likely(match.dwelling),
        "residence": _likely(match.residence),
        "home": _home(match.home),
        "caretaker": _on_duty(on_duty[0]) if len(on_duty) == 1 else None,
        "caretakers": [caretaker.id for caretaker in on_duty if caretaker.id],
    }


def _home(home: WriterHome | None) -> Json | None:
    return None if home is None else {"dwelling": home.dwelling_id, "residence": home.residence_id}


def _likely(likely: Likely | None) -> Json | None:
    if likely is None:
        return None
    return {"id": likely.id, "probability": _rounded(likely.probability)}


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, _PROBABILITY_DIGITS)


def _on_duty(on_duty: OnDuty) -> Json:
    return {"id": on_duty.id, "replaces": on_duty.replaces}


def _trace(judgement: Judgement) -> Json:
    match, understanding, decision = judgement.match, judgement.understanding, judgement.decision
    return {
        "rules_version": decision.rules_version,
        "model_version": decision.model_version,
        "candidates": [
            {"id": candidate.tenant_id, "score": round(candidate.score, 2), "evidence": _weighed(candidate.evidence)}
            for candidate in match.candidates
        ],
        "place": _weighed(match.place_evidence),
        "topics": [_finding(finding) for finding in understanding.findings],
        "kind": _weighed(understanding.kind_evidence) if decision.kind is not CaseKind.CASE else [],
        "raised_by": _weighed(understanding.raised_by),
        "scope": _weighed(understanding.scope_evidence),
        "asker": {"asker": understanding.asker, "evidence": _weighed(understanding.asker_evidence)},
        "wishes": [
            {"wish": wished.wish.value, "evidence": _weighed((wished.evidence,))} for wished in understanding.wishes
        ],
        "rules": [_rule(rule) for rule in decision.trace],
        "failures": list(decision.failures),
        "tags": list(decision.tags),
        "added": list(decision.added),
        "observed": list(decision.observed),
    }


def _finding(finding: Finding) -> Json:
    return {
        "topic": finding.topic,
        "points": round(finding.points, 2),
        "evidence": _weighed(finding.evidence),
        "defused": _weighed(finding.defused),
    }


def _weighed(evidence: tuple[Evidence, ...]) -> list[Json]:
    return [
        {
            "name": piece.name,
            "weight": round(piece.weight, 2),
            "seen": piece.seen,
            "span": [piece.span.part.value, piece.span.start, piece.span.end] if piece.span else None,
            "detail": piece.detail,
        }
        for piece in evidence
    ]


def _rule(rule: RuleTrace) -> Json:
    return {"rule": rule.rule, "held": rule.held, "conditions": [_condition(part) for part in rule.conditions]}


def _condition(condition: ConditionTrace) -> Json:
    return {"name": condition.name, "wanted": condition.wanted, "seen": condition.seen, "held": condition.held}
