"""Why a case lies where it lies, in one line for agents."""

from collections.abc import Iterable

from dtm_contact.model import Evidence, Judgement

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
    words = dict.fromkeys(" ".join(piece.seen.split())[:_WORD_LENGTH] for piece in heaviest if piece.seen.strip())
    return ", ".join(f"« {word} »" for word in list(words)[:_WORDS_SHOWN])
