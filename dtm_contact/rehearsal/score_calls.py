"""Judged calls held against the truth of a folder: `truth.jsonl` with a line a call."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from dtm_contact.model import Call, CallBackState, CaseKind, Judgement, Outcome, Priority
from dtm_contact.rehearsal.score import Miss, Score, held, id_of, place_not_wrong
from dtm_contact.rehearsal.truth import Identifier, truth_lines

RECORDS_FILE = "Master.csv"
QUEUE_LOG_FILE = "queue_log"


class CallTruth(BaseModel):
    """What is right for one call; a question whose key a line has not is not asked of that call."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    call_id: Identifier
    outcome: Outcome
    kind: CaseKind
    number: Identifier | None = None
    joins: Identifier | None = None
    closes: Identifier | None = None
    tenant_id: Identifier | None = None
    acceptable_tenant_ids: tuple[Identifier, ...] = ()
    dwelling_id: Identifier | None = None
    residence_id: Identifier | None = None
    office: Identifier | None = None
    priority: Priority | None = None
    note: str = ""

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants who may be named."""
        return frozenset(filter(None, (self.tenant_id, *self.acceptable_tenant_ids)))


def read_call_truth(folder: Path) -> dict[str, CallTruth]:
    """Return the truth of a folder by call id.

    Raises:
        InvalidFilesError: the file is missing, or a line is not what it should be; all such lines are told.
    """
    return {line.call_id: line for line in truth_lines(folder, CallTruth)}


@dataclass(frozen=True, slots=True)
class _Judged:
    """One judged call beside its truth."""

    judgement: Judgement
    truth: CallTruth

    @property
    def call(self) -> Call:
        assert self.judgement.contact.call is not None  # noqa: S101 - only calls are judged here
        return self.judgement.contact.call

    @property
    def standing(self) -> CallBackState:
        return self.judgement.contact.standing or CallBackState()

    @property
    def tenant(self) -> str | None:
        return id_of(self.judgement.match.tenant)


@dataclass(frozen=True, slots=True)
class _CallQuestion:
    """Something asked of each call whose truth has the key, or of those that `counts` says."""

    name: str
    key: str
    said: Callable[[_Judged], str | None]
    right: Callable[[_Judged], str | None]
    counts: Callable[[_Judged], bool] = lambda _judged: True
    holds: Callable[[_Judged], bool] | None = None

    def asked(self, judged: _Judged) -> bool:
        return self.key in judged.truth.model_fields_set and self.counts(judged)

    def is_right(self, judged: _Judged) -> bool:
        return self.holds(judged) if self.holds else self.said(judged) == self.right(judged)

    def missed(self, judged: _Judged) -> Miss:
        said, right = self.said(judged) or "–", self.right(judged) or "–"
        return Miss(judged.truth.call_id, self.name, said, right, judged.truth.note)


def _tenants(judged: _Judged) -> str | None:
    return " | ".join(sorted(judged.truth.tenants)) or None


_QUESTIONS = (
    _CallQuestion("outcome", "outcome", lambda it: it.call.outcome.value, lambda it: it.truth.outcome.value),
    _CallQuestion("kind", "kind", lambda it: it.judgement.decision.kind.value, lambda it: it.truth.kind.value),
    _CallQuestion("number", "number", lambda it: it.call.number, lambda it: it.truth.number),
    _CallQuestion("office", "office", lambda it: it.judgement.decision.office_id, lambda it: it.truth.office),
    _CallQuestion("joins", "joins", lambda it: it.standing.joins, lambda it: it.truth.joins),
    _CallQuestion(
        "joins, where it joins one",
        "joins",
        lambda it: it.standing.joins,
        lambda it: it.truth.joins,
        lambda it: it.truth.joins is not None,
    ),
    _CallQuestion("closes", "closes", lambda it: it.standing.closes, lambda it: it.truth.closes),
    _CallQuestion(
        "closes, where it closes one",
        "closes",
        lambda it: it.standing.closes,
        lambda it: it.truth.closes,
        lambda it: it.truth.closes is not None,
    ),
    _CallQuestion(
        "priority", "priority", lambda it: it.judgement.decision.priority.value, lambda it: it.truth.priority
    ),
    _CallQuestion(
        "tenant named and right",
        "tenant_id",
        lambda it: it.tenant,
        _tenants,
        lambda it: it.truth.tenant_id is not None,
        lambda it: it.tenant in it.truth.tenants,
    ),
    _CallQuestion(
        "no wrong tenant named",
        "tenant_id",
        lambda it: it.tenant,
        _tenants,
        holds=lambda it: it.tenant is None or it.tenant in it.truth.tenants,
    ),
    _CallQuestion(
        "dwelling",
        "dwelling_id",
        lambda it: id_of(it.judgement.match.dwelling),
        lambda it: it.truth.dwelling_id,
        lambda it: it.truth.dwelling_id is not None,
    ),
    _CallQuestion(
        "no wrong dwelling",
        "dwelling_id",
        lambda it: id_of(it.judgement.match.dwelling),
        lambda it: it.truth.dwelling_id,
        holds=lambda it: place_not_wrong(it.judgement.match.dwelling, it.truth.dwelling_id),
    ),
    _CallQuestion(
        "residence",
        "residence_id",
        lambda it: id_of(it.judgement.match.residence),
        lambda it: it.truth.residence_id,
        lambda it: it.truth.residence_id is not None,
    ),
    _CallQuestion(
        "no wrong residence",
        "residence_id",
        lambda it: id_of(it.judgement.match.residence),
        lambda it: it.truth.residence_id,
        holds=lambda it: place_not_wrong(it.judgement.match.residence, it.truth.residence_id),
    ),
)


def score_calls(judgements: Iterable[Judgement], truths: Mapping[str, CallTruth]) -> Score:
    """Hold judged calls against their truths.

    Args:
        judgements: what was judged; calls without a truth are left out.
        truths: what is right, by call id.
    """
    calls = [_Judged(found, truths[found.source]) for found in judgements if found.source in truths]
    return held(_QUESTIONS, calls)
