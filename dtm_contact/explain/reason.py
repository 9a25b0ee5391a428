"""Why a case lies where it lies, in one line for agents."""

from collections.abc import Iterable

from dtm_contact.model import Evidence, Judgement
from dtm_contact.normalize import fold

_WORDS_SHOWN = 3
_WORD_LENGTH = 40


def reason(judgement: Judgement) -> str:
    """Return, in French, the words that made the topic, those that raised the priority, and the rule.

    For instance "« grosse fuite » ; P1 : « sous oxygène » ; règle urgence-autre-sujet".
    """
    understanding, decision = judgement.understanding, judgement.decision
    deciding = next((finding for finding in understanding.findings if finding.topic == understanding.topic), None)
    parts = [
        _quoted(deciding.evidence if deciding else ()),
        f"{decision.priority} : {_quoted(understanding.raised_by)}" if understanding.raised_by else "",
        f"règle {decision.rule.rpartition(':')[2]}",
    ]
    return " ; ".join(part for part in parts if part)


def _quoted(evidence: Iterable[Evidence]) -> str:
    heaviest = sorted(evidence, key=lambda piece: -piece.weight)
    chosen: list[str] = []
    for piece in heaviest:
        words = " ".join(piece.seen.split())[:_WORD_LENGTH]
        if words and not any(_same(words, other) for other in chosen):
            chosen.append(words)
    return ", ".join(f"« {words} »" for words in chosen[:_WORDS_SHOWN])


def _same(words: str, other: str) -> bool:
    """Return whether one says no more than the other."""
    return fold(words) in fold(other) or fold(other) in fold(words)
