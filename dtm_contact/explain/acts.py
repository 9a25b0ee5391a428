"""What agents are to do now of a case: the acts of the offices' instructions that hold of it, numbered in their order.

One place for the command and the desk: which topic says it, which parts hold, and what is to be asked first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from dtm_contact.directory import Directory
from dtm_contact.model import Alarm, AlarmSource, CaseKind, Judgement, KeptHistory, Priority
from dtm_contact.rules import RuleSet
from dtm_contact.rules.decide import facts_of
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.instructions import Instruction, InstructionButton
from dtm_contact.topics.reader import Topic

ANY_DANGER: Final = "danger"
"""The topic that says no more than that there is a danger."""
_ASK_PLACE: Final = "D'abord, savoir où c'est"
_ASK_DANGER: Final = "D'abord, savoir s'il y a danger"
_BEFORE_CLOSING: Final = "Avant de clore"
_OVER: Final = "Vérifiez que le danger est écarté : le dossier ne se clôt qu'en disant pourquoi."
_FIND_OUT: Final = (
    "Demandez à la personne ce qui se passe en ce moment.",
    "S'il y a danger : cliquez sur « Danger réel ». L'astreinte est alors prévenue.",
    "S'il n'y en a pas : cliquez sur « Pas de danger », puis traitez la demande.",
)


@dataclass(frozen=True, slots=True)
class ActGroup:
    """Acts that belong together, as they are shown.

    Attributes:
        label: when they are done, or what for; "" where that goes without saying.
        first: the number of the first of them, counted over all groups.
        steps: the acts.
        heading: of which topic they are, where it is another one than the group's before; "" where it is the same.
    """

    label: str
    first: int
    steps: tuple[str, ...]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Acts:
    """What is to be done of a case, and what that names at hand."""

    groups: tuple[ActGroup, ...] = ()
    buttons: tuple[InstructionButton, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.groups)


def acts_of(  # noqa: PLR0913 - all that is known of a case, and what it is held against
    judgements: Sequence[Judgement],
    topic: str | None,
    alarm: Alarm,
    rules: RuleSet,
    directory: Directory,
    now: datetime,
    *,
    to_ask: str = "",
) -> Acts:
    """Return what is to be done of a case.

    Args:
        judgements: what its contacts were judged to be, the latest last.
        topic: what the case is called now.
        alarm: the alarm as it stands now.
        rules: the rules in force.
        directory: the estate.
        now: when it is read, aware.
        to_ask: what of the place is not sure in a danger, as an act; "" where all is.
    """
    if not judgements or judgements[-1].decision.kind is not CaseKind.CASE:
        return Acts()
    told = topics_to_act_on(judgements, topic, alarm, rules)
    facts = _facts(judgements, alarm, rules, directory, now)
    sections: list[tuple[str, str, tuple[str, ...]]] = []
    if alarm.any and to_ask:
        sections.append(("", _ASK_PLACE, (to_ask,)))
    if alarm.any and not alarm.certain:
        sections.append(("", _ASK_DANGER, _FIND_OUT))
    instructions = [(each, rules.instructions.get(each.code, Instruction()).of(facts)) for each in told]
    for each, instruction in instructions:
        heading = _heading(each, told, alarm)
        sections += [(heading, part.label, part.steps) for part in instruction.parts]
    if alarm.certain:
        sections.append(("", _BEFORE_CLOSING, (_OVER,)))
    buttons = dict.fromkeys(button for _topic, instruction in instructions for button in instruction.buttons)
    return Acts(tuple(_numbered(sections)), tuple(buttons))


def topics_to_act_on(
    judgements: Sequence[Judgement], topic: str | None, alarm: Alarm, rules: RuleSet
) -> tuple[Topic, ...]:
    """Return the topics that say what is to be done: of a danger first its own, whatever the case is called since.

    Args:
        judgements: what its contacts were judged to be, the latest last.
        topic: what the case is called now.
        alarm: the alarm as it stands now.
        rules: the rules in force.
    """
    topics = rules.reader.topics
    now = topics.get(topic or "")
    if not alarm.any or (now is not None and now.priority is Priority.P1):
        return (now,) if now is not None else ()
    read = [each.understanding for each in reversed(judgements) if each.understanding.alarm.any]
    seen = (topics[code] for each in read for code in each.topics if code in topics)
    danger = next((each for each in seen if each.priority is Priority.P1), None)
    if danger is None and (alarm.certain or any(each.peril for each in read)):
        danger = topics.get(ANY_DANGER)
        # Of a danger that an agent saw in what it is called, that comes before what holds for any danger.
        if alarm.raised_by is AlarmSource.AGENT:
            return tuple(each for each in (now, danger) if each is not None)
    return tuple(each for each in (danger, now) if each is not None)


def _facts(judgements: Sequence[Judgement], alarm: Alarm, rules: RuleSet, directory: Directory, now: datetime) -> Facts:
    """Return what the conditions of the parts look at: the latest contact, of a danger the latest that tells of it."""
    in_danger = [each for each in judgements if each.understanding.alarm.any] if alarm.any else []
    judged = (in_danger or [*judgements])[-1]
    understanding = replace(
        judged.understanding,
        alarm=alarm,
        priority=alarm.priority(judged.understanding.priority),
        peril=judged.understanding.peril if alarm.any else None,
        violence_at_home=any(each.violence_at_home for each in judgements),
    )
    return facts_of(
        judged.contact, judged.match, understanding, now, rules, directory, history=KeptHistory(judged.history)
    )


def _heading(topic: Topic, told: Sequence[Topic], alarm: Alarm) -> str:
    """Return what stands above the acts of a topic; "" where they are the only ones."""
    if topic.priority is Priority.P1 and alarm.any and not alarm.certain:
        return "Si le danger se confirme"
    if len(told) == 1:
        return ""
    return "Contre le danger" if topic.priority is Priority.P1 else f"Pour « {topic.label} »"


def _numbered(sections: Sequence[tuple[str, str, tuple[str, ...]]]) -> Iterator[ActGroup]:
    number, before = 1, ""
    for heading, label, steps in sections:
        yield ActGroup(label, number, steps, heading if heading != before else "")
        number, before = number + len(steps), heading
