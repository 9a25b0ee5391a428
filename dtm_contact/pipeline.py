"""From an arrival to a decision, for live work, `route` and `explain` alike; no clock, network, database."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import inf

from dtm_contact.conversation import (
    MailIdentity,
    is_ours,
    join,
    join_by_rule,
    join_ours,
    tells_of_nothing_else,
)
from dtm_contact.directory import Directory
from dtm_contact.matching import MatchIndex, match
from dtm_contact.matching.people import number_key
from dtm_contact.matching.verdict import as_stated, at_the_place_of, of_their_account
from dtm_contact.model import (
    THANKS,
    Alarm,
    AlarmLevel,
    AlarmSource,
    Arrival,
    Authentication,
    CaseKind,
    CodedText,
    Contact,
    ConversationMatch,
    DangerReply,
    Decision,
    FileReader,
    History,
    Judgement,
    KnownCase,
    Mailbox,
    Match,
    NoHistory,
    NotedHistory,
    Priority,
    ScanReader,
    Sourced,
    SourceField,
    Stated,
    Understanding,
    is_sent_mail,
)
from dtm_contact.reading import read
from dtm_contact.reading.attachments import PDF
from dtm_contact.reading.letter import with_letter
from dtm_contact.rules import RuleSet, decide, with_unheard_voice
from dtm_contact.settings import Settings
from dtm_contact.sources import from_source
from dtm_contact.tokens import SHORTEST_KEY, CaseTokens
from dtm_contact.topics import Topic, is_unread_scan, understand


@dataclass(frozen=True, slots=True)
class Grounds:
    """What judging rests on, made ready once.

    Attributes:
        directory: the estate and its people.
        index: the look-ups that matching made of the directory.
        rules: the rules in force.
        settings: where days begin and end, and the names of our own mail servers.
        mail_identity: what makes a message ours: the signatures of our case numbers, and our mail domains.
        files: reads the words of PDFs that came along, in a process of its own; None: they are not read.
        scans: gives what was recognised in scanned letters; None: a person reads them.
    """

    directory: Directory
    index: MatchIndex
    rules: RuleSet
    settings: Settings
    mail_identity: MailIdentity
    files: FileReader | None = None
    scans: ScanReader | None = None

    @classmethod
    def build(
        cls,
        directory: Directory,
        rules: RuleSet,
        settings: Settings,
        tokens: CaseTokens | None = None,
        files: FileReader | None = None,
        scans: ScanReader | None = None,
    ) -> "Grounds":
        """Make the look-ups for a directory and put the rules beside them.

        Args:
            directory: the estate and its people.
            rules: the rules in force.
            settings: all settings.
            tokens: what reads the case numbers that we signed; where nothing was ever sent, none is read.
            files: what reads the words of PDFs that came along; without it they are not read.
            scans: what gives the text of scanned letters; without it a person reads them.
        """
        tokens = tokens or CaseTokens(secrets.token_bytes(SHORTEST_KEY), settings.outbound.sender)
        identity = MailIdentity(tokens, frozenset(domain.lower() for domain in settings.domains))
        return cls(directory, MatchIndex.build(directory, settings), rules, settings, identity, files, scans)


# What a contact asks for when a person said that it is a case and no topic was found beside the one that set it aside.
_UNSPECIFIC = "other"
_OF_THE_WORK = frozenset({"partner", "appointment"})
"""Topics of how a job goes, whatever is to be done."""
_LIKELIEST = 3
"""Candidates whose households the register is asked for."""
_SET_ASIDE = frozenset({CaseKind.AUTOMATIC, CaseKind.SPAM})


def judge(
    arrival: Arrival,
    now: datetime,
    grounds: Grounds,
    history: History,
    *,
    trace: bool = False,
    as_case: bool = False,
) -> Judgement:
    """Judge one arrival: who it is, what is asked, where it goes.

    Args:
        arrival: what came in.
        now: the time that due dates and duties count from, aware: the arrival's own unless fixed from outside. What was
            taken over from another mailbox is judged as of its own date, and only its due time counts from `now`.
        grounds: directory and rules.
        history: what is already known of the party.
        trace: also evaluate every rule and keep what each saw.
        as_case: somebody released it after it was set aside: it is a case, whatever it looks like.

    Raises:
        UnreadableArrivalError: the bytes exceed what reading can bear; the arrival is to be parked.
        AwaitsRecognitionError: it is a scanned letter whose text nobody has recognised yet; it is to be judged then.
    """
    zone = grounds.settings.zone
    contact = read(
        arrival,
        authserv_ids=grounds.settings.servers,
        zone=zone,
        files=grounds.files,
        file_octets=grounds.settings.pdf.octets,
        own_received=grounds.settings.own_received,
    )
    counted_from = now
    now = min(contact.at, now) if arrival.imported else now
    if not is_sent_mail(arrival.channel):
        contact = from_source(
            arrival, contact, grounds.rules.sources, grounds.index.our_numbers, grounds.mail_identity.domains
        )
    # Whoever was called waits for somebody to listen and call back, though a machine wrote it.
    as_case = as_case or contact.voice is not None
    noted = NotedHistory(history)
    if not as_case and is_ours(contact, arrival.channel, grounds.mail_identity, noted):
        return _judged_ours(arrival, contact, now, grounds, noted, trace=trace)
    today = now.astimezone(zone).date()
    brought, contact = contact, _with_scans(contact, arrival, grounds)
    matched = match(_who_writes(contact, brought), today, grounds.index, noted)
    understanding = _understood(contact, matched, grounds.rules, as_case=as_case)
    if contact.stated is not None:
        matched = as_stated(matched, contact.stated, grounds.directory, today)
        matched = _at_the_address(contact.stated.place, matched, contact, today, grounds)
    if contact.sourced is not None:
        matched = _as_its_source_places(matched, contact, contact.sourced, today, grounds)
    if understanding.kind in _SET_ASIDE:
        # Nobody is asked to see to anything, so nobody is on duty for it.
        matched = replace(matched, caretakers=())
    recipients = arrival.envelope.recipients if arrival.envelope else ()
    noted.register(whoever_it_may_be(matched, grounds.directory, today), today)
    joining = join(
        contact,
        matched,
        understanding,
        grounds.mail_identity,
        noted,
        recipients=recipients,
        now=now,
        imported=arrival.imported,
    )
    understanding = _in_its_case(contact, understanding, joining, noted, grounds.rules)
    understanding = with_unheard_voice(contact, matched, understanding, now, grounds.rules, grounds.directory)
    decision = decide(
        contact,
        matched,
        understanding,
        now,
        grounds.rules,
        grounds.directory,
        history=noted,
        trace=trace,
        counted_from=counted_from if arrival.imported else None,
    )
    if decision.join is not None:
        rule = decision.rule.rpartition(":")[2]
        joining = join_by_rule(joining, decision.join, rule, contact, matched, noted)
    return Judgement(arrival.external_id, contact, matched, understanding, decision, noted.answers(), joining)


def _as_its_source_places(matched: Match, contact: Contact, sourced: Sourced, today: date, grounds: Grounds) -> Match:
    """Return the match with whom a source vouches for, at the place that its fields tell, and with its office.

    A machine's own address is nobody's, and not to be confirmed as a tenant's; nor is that of who writes about them.
    """
    proposals = tuple(each for each in matched.proposals if each.value.strip().lower() != sourced.machine)
    matched = replace(matched, proposals=proposals)
    if sourced.about_other:
        matched = replace(matched, on_behalf=True, proposals=())
    if sourced.proven:
        matched = of_their_account(matched, sourced.label, grounds.directory, today)
    address = sourced.value(SourceField.ADDRESS) or _address_of_equipment(sourced, grounds.directory)
    matched = _at_the_address(address, matched, contact, today, grounds)
    if sourced.office_id is not None and matched.office_id is None:
        matched = replace(matched, office_id=sourced.office_id)
    return matched


def _at_the_address(address: str, matched: Match, contact: Contact, today: date, grounds: Grounds) -> Match:
    """Return the match at the place that an address in a field of its own names; where that is none of ours, as is."""
    if not address:
        return matched
    said = Contact(contact.channel, contact.at, new_text=f"Adresse : {address}")
    return at_the_place_of(match(said, today, grounds.index, NoHistory()), matched, grounds.directory)


def _address_of_equipment(sourced: Sourced, directory: Directory) -> str:
    """Return where a machine stands whose number the directory has; empty where it has none of that number."""
    number = number_key(sourced.value(SourceField.EQUIPMENT))
    machine = next((each for each in directory.records.equipment if number and number_key(each.number) == number), None)
    at = next((each for each in directory.records.addresses if machine and each.address_id == machine.address_id), None)
    return f"{at.house_number} {at.street}, {at.postcode} {at.commune}" if at is not None else ""


_OF_NAME = (SourceField.TITLE, SourceField.FIRST_NAME, SourceField.NAME)
_SCANS = frozenset({PDF, "image/tiff", "image/jpeg", "image/png"})


def _with_scans(contact: Contact, arrival: Arrival, grounds: Grounds) -> Contact:
    """Return a contact with the text of the scanned letter that it brings instead of words, where that is recognised.

    What was taken over from another mailbox is not: years of letters would stand before those of today. Nor is a letter
    of which an agent wrote down what it asks: nobody in danger waits for that.
    """
    if grounds.scans is None or arrival.imported or not is_unread_scan(contact, grounds.rules.reader):
        return contact
    settings = grounds.settings.recognition
    files = [file for file in contact.attachments if file.media_type in _SCANS and file.size <= settings.octets]
    if not files:
        return contact
    return with_letter(
        contact,
        grounds.scans(arrival.raw, files[: settings.files]),
        domains=grounds.mail_identity.domains,
        confidence=settings.confidence,
        words=settings.words,
    )


def _who_writes(contact: Contact, brought: Contact) -> Contact:
    """Return what of a contact may tell whom it concerns.

    Where somebody writes about a person whom the fields of a source name, it is that person, and nothing of the writer.
    Of a letter that was recognised badly that is only the mail's sender, or what an agent wrote down before it was
    recognised (`brought`).
    """
    if contact.sourced is not None and contact.sourced.about_other:
        concerned = " ".join(filter(None, map(contact.sourced.value, _OF_NAME)))
        about = Mailbox(concerned, contact.sourced.value(SourceField.EMAIL))
        return replace(contact, sender=about, reply_to=Mailbox(), authentication=Authentication.NONE)
    if contact.recognised is None or contact.recognised.sure:
        return contact
    if contact.stated is not None:
        return brought
    return replace(contact, sender=replace(contact.sender, name=""), subject="", new_text="", signature="")


def whoever_it_may_be(matched: Match, directory: Directory, today: date) -> tuple[str, ...]:
    """Return whom the register is asked for: whom a message is about, who may have written it, and their households."""
    people = {*matched.proven, *(each.tenant_id for each in matched.candidates[:_LIKELIEST])}
    people |= {matched.tenant.id} if matched.tenant else set()
    homes = {*matched.proven_homes, *((matched.dwelling.id,) if matched.dwelling else ())}
    people |= {each for home in homes for each in directory.household(home, today)}
    return tuple(sorted({each for person in people for each in directory.housemates(person, today)}))


def _judged_ours(
    arrival: Arrival, contact: Contact, now: datetime, grounds: Grounds, noted: NotedHistory, *, trace: bool
) -> Judgement:
    """Judge what we wrote ourselves: it stands in its case, asks for nothing, and is about nobody else."""
    recipients = arrival.envelope.recipients if arrival.envelope else ()
    joining = join_ours(contact, arrival.channel, grounds.mail_identity, noted, recipients=recipients)
    decision = decide(contact, Match(), _NOTHING_ASKED, now, grounds.rules, grounds.directory, trace=trace)
    return Judgement(
        arrival.external_id, contact, Match(), _NOTHING_ASKED, _without_case(decision), noted.answers(), joining
    )


_NOTHING_ASKED = Understanding(CaseKind.NONE, (), Priority.P4)


def _without_case(decision: Decision) -> Decision:
    """Return a decision that opens nothing, whatever the rules made of it."""
    return replace(
        decision,
        kind=CaseKind.NONE,
        priority=_NOTHING_ASKED.priority,
        queue=None,
        office_id=None,
        due=None,
        notify=(),
        answer=None,
        join=None,
        alarm=Alarm(),
    )


def understand_again(
    judgement: Judgement,
    now: datetime,
    rules: RuleSet,
    directory: Directory,
    history: History,
    *,
    as_case: bool,
) -> Understanding:
    """Return what is asked by other rules' topics, phrases and model; of a call, and of what is ours, as it was judged.

    Args:
        judgement: every step, as it was judged.
        now: when it was judged.
        rules: the other rules.
        directory: the estate.
        history: what was known of the party.
        as_case: somebody had released it.
    """
    if judgement.joining.ours or judgement.contact.call is not None:
        return judgement.understanding
    understanding = _understood(judgement.contact, judgement.match, rules, as_case=as_case)
    understanding = _in_its_case(judgement.contact, understanding, judgement.joining, history, rules)
    return with_unheard_voice(judgement.contact, judgement.match, understanding, now, rules, directory)


def decide_again(  # noqa: PLR0913 - what was judged, and what it is judged by this time
    judgement: Judgement,
    understanding: Understanding,
    now: datetime,
    rules: RuleSet,
    directory: Directory,
    history: History,
    *,
    trace: bool = False,
) -> Decision:
    """Return where other rules would have sent what was judged before. Who it is stays as it was judged.

    Args:
        judgement: every step, as it was judged.
        understanding: what is asked, as it was judged or understood again.
        now: when it was judged; a call's own end counts instead.
        rules: the other rules.
        directory: the estate.
        history: what was known of the party.
        trace: also evaluate every rule and keep what each saw.
    """
    if judgement.joining.ours:
        return judgement.decision
    contact = judgement.contact
    at = contact.call.ended_at if contact.call else now
    return decide(contact, judgement.match, understanding, at, rules, directory, history=history, trace=trace)


def _understood(contact: Contact, matched: Match, rules: RuleSet, *, as_case: bool) -> Understanding:
    # Of a stranger nothing is masked: what is understood, and so answered, must not show whom the directory knows.
    masked = matched.named_spans if matched.proven else ()
    understanding = understand(contact, rules.reader, masked, matched.cited_spans)
    if contact.stated is not None:
        understanding = _as_said(understanding, contact.stated, rules)
    if contact.sourced is not None:
        understanding = _as_its_source_says(understanding, contact.sourced, rules)
    # Whoever may be in danger is read by a person, whatever else their message looks like.
    aside = understanding.kind in _SET_ASIDE and understanding.alarm.any
    return _as_case(understanding) if as_case or aside else understanding


def _in_its_case(
    contact: Contact, understanding: Understanding, joining: ConversationMatch, history: History, rules: RuleSet
) -> Understanding:
    """Return what is asked by a message as the case that it joins lets it be understood."""
    done = contact.sourced is not None and understanding.topic == contact.sourced.topic == THANKS
    matters = understanding.topics[1:]
    case = next(iter(history.cases([joining.case_number])), None) if joining.case_number else None
    if case is None:
        # Of no case that is known it is the matter itself that somebody has to know of, where one is clearly told.
        told = [*_clearly_named(understanding, rules)] if done else []
        return replace(understanding, topics=(*told, THANKS)) if told else understanding
    if joining.danger_reply is DangerReply.YES:
        return _confirmed(understanding, case)
    if done and matters and not tells_of_nothing_else(contact, understanding, case):
        usual = rules.reader.topics[matters[0]].priority
        return replace(understanding, topics=matters, priority=understanding.alarm.priority(usual))
    return understanding


def _clearly_named(understanding: Understanding, rules: RuleSet) -> Iterator[str]:
    """Yield the matters behind the first that the text names as clearly as a second one has to be."""
    points = {finding.topic: finding.points for finding in understanding.findings}
    yield from (code for code in understanding.topics[1:] if points.get(code, -inf) >= rules.reader.limits.further)


def _confirmed(understanding: Understanding, case: KnownCase) -> Understanding:
    """Return a yes to our question whether the danger of a case is happening now: it is that danger, for certain."""
    topics = tuple(topic for topic in (*case.topics[:1], *understanding.topics) if topic != THANKS)
    return replace(
        understanding,
        kind=CaseKind.CASE,
        topics=tuple(dict.fromkeys(topics)) or (_UNSPECIFIC,),
        alarm=replace(understanding.alarm, level=AlarmLevel.CERTAIN, raised_by=AlarmSource.ANSWER, why_not=None),
    )


def _noted_by_agent(priority: Priority) -> CodedText:
    """Return why a case that an agent opens by hand gives no alarm, though what they wrote down reads like danger."""
    return CodedText("agent_noted_priority", {"priority": priority.value})


def _as_said(understanding: Understanding, stated: Stated, rules: RuleSet) -> Understanding:
    """Return what is asked as the agent says, who wrote it down: it is a case, whatever it reads like."""
    asked = _as_case(understanding)
    topic = rules.reader.topics.get(stated.topic or "")
    if topic is not None:
        others = tuple(code for code in asked.topics if code not in {topic.code, _UNSPECIFIC})
        usual = max(topic.priority, Priority.P2)
        asked = replace(asked, topics=(topic.code, *others), priority=min(asked.priority, usual))
    priority = stated.priority or (topic.priority if topic is not None else None)
    if priority is Priority.P1:
        return replace(asked, alarm=asked.alarm.raised(AlarmSource.AGENT))
    if stated.priority is None:
        return asked
    lowered = asked.alarm.lowered(AlarmLevel.NONE, _noted_by_agent(stated.priority))
    return replace(asked, priority=stated.priority, alarm=lowered)


def _as_its_source_says(understanding: Understanding, said: Sourced, rules: RuleSet) -> Understanding:
    """Return what is asked as the code of a source says; what the text tells of danger stays, and goes first."""
    asked = _as_case(understanding) if said.is_case and understanding.kind in _SET_ASIDE else understanding
    if asked.kind is not CaseKind.CASE:
        return asked
    alarm = asked.alarm
    if said.alarm is AlarmLevel.CERTAIN:
        alarm = alarm.raised(AlarmSource.SOURCE)
    elif said.alarm is AlarmLevel.POSSIBLE and not alarm.any:
        alarm = replace(alarm, level=AlarmLevel.POSSIBLE, raised_by=AlarmSource.SOURCE, why_not=None)
    topic = rules.reader.topics.get(said.topic or "")
    others = tuple(code for code in asked.topics if code not in {said.topic, _UNSPECIFIC, THANKS})
    if topic is not None and not _holds(topic, said, alarm, asked, others, rules):
        return replace(asked, alarm=alarm, priority=alarm.priority(asked.priority))
    if topic is None:
        return replace(asked, alarm=alarm, priority=alarm.priority(min(asked.priority, said.priority or Priority.P4)))
    if topic.code == THANKS:
        return replace(
            asked, topics=(THANKS, *_matters(others, rules)), alarm=alarm, priority=said.priority or topic.priority
        )
    # The code says more than words of which nothing was understood; of two matters the more urgent one counts.
    read = bool(others) or topic.code in asked.topics
    usual = said.priority or (min(topic.priority, asked.priority) if read else topic.priority)
    sharper = asked.alarm.certain and topic.priority is not Priority.P1
    topics = (*others, topic.code) if sharper else (topic.code, *others)
    return replace(asked, topics=topics, alarm=alarm, priority=alarm.priority(usual))


def _holds(
    topic: Topic, said: Sourced, alarm: Alarm, asked: Understanding, others: Sequence[str], rules: RuleSet
) -> bool:
    """Return whether the topic of a code counts beside what the text says.

    One of danger always does, and a hint only where the text says nothing. "Done" does not where the text tells of a
    danger, of a second matter, or of one that is more urgent than it usually is: a job is done, and something else was
    found.
    """
    if said.alarm is AlarmLevel.CERTAIN:
        return True
    if topic.code != THANKS:
        return not (said.hint and others)
    matters = _matters(others, rules)
    pressing = bool(matters) and asked.priority < rules.reader.topics[matters[0]].priority
    return not (alarm.any or len(matters) > 1 or pressing)


def _matters(topics: Sequence[str], rules: RuleSet) -> tuple[str, ...]:
    """Return the topics of what a job was about: where nobody is in danger, one of danger is denied, or over."""
    return tuple(
        code for code in topics if code not in _OF_THE_WORK and rules.reader.topics[code].priority is not Priority.P1
    )


def _as_case(understanding: Understanding) -> Understanding:
    topics = tuple(topic for topic in understanding.topics if topic not in _SET_ASIDE)
    return replace(
        understanding,
        kind=CaseKind.CASE,
        topics=topics or (_UNSPECIFIC,),
        priority=min(understanding.priority, Priority.P3),
    )
