"""Why a case lies where it does, who it is from and what it is about, as codes that labels put into words."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dtm_contact.model import (
    AlarmLevel,
    Call,
    CodedText,
    Contact,
    Evidence,
    Judgement,
    Mailbox,
    Outcome,
    Unread,
)
from dtm_contact.text import fold

NOT_READ: Final = CodedText("not_read")
"""Why a case lies where it does that stands in for an arrival that could not be judged."""

_WORDS_SHOWN = 3
_WORD_LENGTH = 60


def reasons(judgement: Judgement) -> tuple[CodedText, ...]:
    """Return the words that made the topic, those that raised the priority, the danger, and the rule.

    Of a call: what became of it, and how often the party has called by now.
    """
    understanding, decision = judgement.understanding, judgement.decision
    deciding = next((finding for finding in understanding.findings if finding.topic == understanding.topic), None)
    found = [*_of_call(judgement.contact)]
    if judgement.contact.sourced is not None:
        found.append(CodedText.plain(judgement.contact.sourced.label))
    if words := heaviest_words(deciding.evidence if deciding else ()):
        found.append(CodedText("words", {"words": words}))
    if understanding.raised_by:
        words = heaviest_words(understanding.raised_by)
        found.append(CodedText("raised_by", {"priority": decision.priority.value, "words": words}))
    level, peril = decision.alarm.level, understanding.peril
    if level is AlarmLevel.POSSIBLE or (level is AlarmLevel.CERTAIN and peril):
        found.append(CodedText.about("danger", level=level.value, peril=peril.value if peril else None))
    if understanding.unread is Unread.VOICE:
        found.append(CodedText("unheard"))
    return (*found, CodedText("rule", {"rule": decision.rule.rpartition(":")[2]}))


def _of_call(contact: Contact) -> Iterator[CodedText]:
    if contact.call is None:
        return
    yield outcome_text(contact.call.outcome)
    if contact.standing is not None and contact.standing.joins is not None:
        yield CodedText("calls", {"count": contact.standing.count})


def heaviest_words(evidence: Iterable[Evidence]) -> list[str]:
    """Return the words that say most, the heaviest first, each once and cut short."""
    chosen: list[str] = []
    for piece in sorted(evidence, key=lambda piece: -piece.weight):
        words = _cut(" ".join(piece.seen.split()))
        if words and not any(_same(words, other) for other in chosen):
            chosen.append(words)
    return chosen[:_WORDS_SHOWN]


def _cut(words: str) -> str:
    """Return words as they are, or as many of them as are read at a glance."""
    return (
        words if len(words) <= _WORD_LENGTH else f"{words[:_WORD_LENGTH].rpartition(' ')[0] or words[:_WORD_LENGTH]}…"
    )


def _same(words: str, other: str) -> bool:
    """Return whether one says no more than the other."""
    return fold(words) in fold(other) or fold(other) in fold(words)


def outcome_text(outcome: Outcome, before: Outcome | None = None) -> CodedText:
    """Return what became of a call and, where its records said otherwise before, what they said."""
    return CodedText.about("outcome", outcome=outcome.value, before=before.value if before else None)


def call_back_subject(outcomes: Sequence[Outcome]) -> CodedText:
    """Return the subject of a call-back: what became of its latest call, how often there was one, and any message.

    Args:
        outcomes: of its calls, the oldest first; one at least.
    """
    left = Outcome.VOICEMAIL in outcomes[:-1] and outcomes[-1] is not Outcome.VOICEMAIL
    return CodedText.about(
        "call_back", outcome=outcomes[-1].value, calls=len(outcomes), voice_message=True if left else None
    )


def who_calls(call: Call) -> CodedText:
    """Return a caller as the switchboard gives them: number and name; anybody can send any."""
    return CodedText.about("caller", number=call.number, name=call.name or None)


def who_wrote(judgement: Judgement) -> CodedText:
    """Return who called or wrote, as a case names them in a line."""
    call = judgement.contact.call
    return CodedText.plain(shown_mailbox(judgement.writer)) if call is None else who_calls(call)


def shown_mailbox(mailbox: Mailbox) -> str:
    """Return a mailbox in one line: the name and the address, as far as there are any."""
    if mailbox.name and mailbox.address:
        return f"{mailbox.name} <{mailbox.address}>"
    return mailbox.name or mailbox.address
