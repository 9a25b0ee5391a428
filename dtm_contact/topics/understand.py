"""Contact → Understanding: what is asked, how urgent it is, whether a person wrote, how far it reaches, who asks."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from dtm_contact.model import (
    ALWAYS_DANGER,
    CALMING,
    THANKS,
    Alarm,
    AlarmLevel,
    Asker,
    Automation,
    CaseKind,
    CodedText,
    Contact,
    Evidence,
    Finding,
    Part,
    Peril,
    Priority,
    Scope,
    Span,
    Understanding,
    Unread,
    Wish,
    Wished,
)
from dtm_contact.text import (
    MASKED,
    NEGATIONS,
    FieldDanger,
    Tokens,
    Wrapping,
    has_scan_alone,
    is_notice,
    is_robot,
    tokenize,
    unwrapped,
    without_advice,
)
from dtm_contact.topics.danger import (
    OF_DANGER,
    DangerFinding,
    Settled,
    judge_danger,
    level_by_words,
    silenced_sentences,
)
from dtm_contact.topics.details import PERSONAL, expected_peril, peril_of, perils_said, settled_of, wishes_of
from dtm_contact.topics.fields import danger_of_field, is_advice
from dtm_contact.topics.kind import kind_of
from dtm_contact.topics.model import BY_OUTAGE, SCAN, URGENT, Model, Reading
from dtm_contact.topics.passages import DangerPassage, calming_passage, danger_passages
from dtm_contact.topics.phrases import Effect, Hit, unique_texts
from dtm_contact.topics.reader import SET_ASIDE, Heard, Reader

OWN_PARTS: Final = (Part.SUBJECT, Part.NEW)
"""What the writer says; a quoted reply, a signature or a disclaimer alone makes no topic."""

OTHER = "other"

_SAYS_LITTLE: Final = 15
"""Words of new text up to which what comes with it is read too."""

_CONTENT_WORDS: Final = 2
"""Content words that a message must have to be given a topic by the model; a negation is one ("plus de chauffage")."""

_CAN_READ, _CAN_READ_PAIRS = 0.68, 0.05
"""The shares of a message's words, and of its pairs, that the model must know to say what is meant."""

_SURE_ABROAD: Final = -0.5
"""The score that the likeliest topic must reach in a language that the model can hardly read."""

SURE_DANGER: Final = 1_000
"""The highest score of danger at a glance."""

_BY_PHRASE: Final = 0.9
"""What a phrase of certain danger is worth at a glance; the rest tells a leak of gas from one that was mended."""

_LEAST_DANGER: Final = 0.02
"""The probability from which a glance changes the order: three of four messages that are no danger stay below it."""

_ANY_DANGER: Final = "danger"

_BADLY_RECOGNISED: Final = CodedText("letter_read_badly")
"""Why a danger among words that were recognised badly is only possible."""

_REFUSALS: Final = (Wish.NO_PHONE, Wish.NO_POST)
_PASSAGES_TOLD: Final = 2
_OWN_WORDS: Final = 8.0
"""What a phrase of danger counts beside passages that the model hears: it is told first."""
_AROUND_A_SENTENCE: Final = " -–*•>|;:"
"""Signs of a layout that are not told with a sentence."""
_WORDS_TOLD: Final = 5
_TELLING: Final = 0.1
"""The least share that a word must have in what speaks for something to be told."""


@dataclass(frozen=True, slots=True)
class MaskedNames:
    """Where a message names people and places: spans that are not heard, and spans that are never told as a reason."""

    masked: Collection[Span] = ()
    unquoted: Collection[Span] = ()


def understand(
    contact: Contact, reader: Reader, masked: Collection[Span] = (), unquoted: Collection[Span] = ()
) -> Understanding:
    """Say what a contact asks for, and whether somebody is in danger.

    The subject and the new text are read; forwarded originals and the words of files where these say little; quoted
    text, signature and disclaimer never. What programs put around a message is cut first. Danger in the words of a file
    counts whatever the message says beside it.

    Args:
        contact: the message, parts apart.
        reader: model, phrases, topics.
        masked: spans that name people or places: they say nothing of the matter.
        unquoted: spans whose words are never told as a reason, because they name people or places: a commune is no
            ditch. What is understood does not hang on them.

    Returns:
        Topics, the deciding one first, with evidence whose spans count in `contact.text(part)`; the alarm and the
        priority that goes with it; the kind; scope, asker, wishes. A contact that says nothing known is of topic
        `other`. What nobody has read is a case of P3 at least.
    """
    if is_unread_scan(contact, reader):
        priority = min(reader.topics[OTHER].priority, Priority.P3)
        return Understanding(CaseKind.CASE, (OTHER,), priority, unread=Unread.SCAN)
    names = MaskedNames(masked, unquoted)
    understood = _as_written(contact, reader, names)
    if contact.recognised is not None and not (contact.recognised.sure and understood.readable):
        return _read_badly(understood, reader)
    return understood


def is_unread_scan(contact: Contact, reader: Reader) -> bool:
    """Return whether a contact brings a scanned letter of which nothing was read, and says nothing itself."""
    return has_scan_alone(contact) and _says_copier(contact, reader)


def _read_badly(understood: Understanding, reader: Reader) -> Understanding:
    """Return what is understood of a letter that a program recognised badly: a person reads it.

    Words of danger among what was recognised are heard all the same, as a danger that is possible.
    """
    priority = min(reader.topics[OTHER].priority, Priority.P3)
    if not understood.alarm.any:
        return Understanding(CaseKind.CASE, (OTHER,), priority, unread=Unread.SCAN)
    return replace(
        understood,
        kind=CaseKind.CASE,
        topics=tuple(dict.fromkeys((*(code for code in understood.topics if code in reader.topics), OTHER))),
        priority=min(understood.priority, priority),
        alarm=understood.alarm.lowered(AlarmLevel.POSSIBLE, _BADLY_RECOGNISED),
        unread=Unread.SCAN,
    )


def _as_written(contact: Contact, reader: Reader, names: MaskedNames) -> Understanding:
    # A machine's answer repeats the subject that it answers: ours, or the one that it was sent with.
    said = (Part.NEW,) if is_notice(contact) and contact.new_text.strip() else OWN_PARTS
    own = _understood(contact, reader, said, names)
    says_little = own.topic in {OTHER, THANKS} or len(contact.new_text.split()) <= _SAYS_LITTLE
    beside = [part for part in (Part.FORWARDED, Part.ATTACHED) if contact.text(part).strip()]
    understood = _understood(contact, reader, (*said, *beside), names) if beside and says_little else own
    return _alarmed_by_files(understood, contact, reader, names) if contact.attached_text else understood


def danger_score(texts: Iterable[str], reader: Reader) -> int:
    """Return how likely texts are to tell of danger, at a glance: good enough for an order, never for an alarm.

    The convolutional reader and the phrases of danger are asked and nothing else, and parts are not told apart: what is
    quoted counts too. That costs a third of what it costs to tell whether a message that is judged raises an alarm.

    Returns:
        The probability in thousandths; where a phrase makes an alarm, from 900 on by the probability for a certain one,
        and at the least the limit of a possible one for that; 0 where it is too small to change an order by.
    """
    tokens = tokenize([(Part.NEW, text) for text in texts])
    forms = reader.model.mended(tokens)
    hits = [hit for hit in reader.danger_phrases.find(tokens, forms, reader.model.common) if not hit.denied]
    silenced = silenced_sentences(tokens, hits)
    level = level_by_words(hit for hit in hits if tokens.sentences[hit.places[0]] not in silenced)
    said = reader.model.danger_in_order(tokens, forms, silenced)
    if level is AlarmLevel.CERTAIN:
        said = _BY_PHRASE + (1 - _BY_PHRASE) * said
    elif level is AlarmLevel.POSSIBLE:
        said = max(said, reader.limits.danger.possible)
    return round(said * SURE_DANGER) if said >= _LEAST_DANGER else 0


def _alarmed_by_files(understood: Understanding, contact: Contact, reader: Reader, names: MaskedNames) -> Understanding:
    """Return what was understood with the alarm of the files' words, read alone, where that is higher."""
    files = _understood(contact, reader, (Part.ATTACHED,), names)
    if files.alarm.level.rank <= understood.alarm.level.rank:
        return understood
    sharp = reader.topics[files.topics[0]].priority is Priority.P1
    return replace(
        understood,
        kind=CaseKind.CASE,
        topics=tuple(dict.fromkeys((*(files.topics[:1] if sharp else ()), *understood.topics))),
        priority=files.alarm.priority(min(understood.priority, files.priority)),
        alarm=files.alarm,
        peril=files.peril,
        settled=files.settled,
        findings=(*(files.findings[:1] if sharp else ()), *understood.findings),
        raised_by=files.raised_by,
    )


def _understood(contact: Contact, reader: Reader, parts: Sequence[Part], names: MaskedNames) -> Understanding:
    """Return what some parts say; advice to everybody is looked for where a danger is heard, or the matter is one."""
    wrapping = unwrapped(contact, parts, partial(danger_of_field, reader))
    whole = _as_unwrapped(contact, reader, parts, names, wrapping)
    if not whole.alarm.any and reader.topics[whole.topics[0]].priority is not Priority.P1:
        return whole
    rest = without_advice(wrapping, partial(is_advice, reader))
    if not rest.advice:
        return whole
    understood = _as_unwrapped(contact, reader, parts, names, rest)
    return understood if is_notice(contact) else _alarmed_by_advice(understood, whole, rest.advice, reader)


def _as_unwrapped(
    contact: Contact, reader: Reader, parts: Sequence[Part], names: MaskedNames, wrapping: Wrapping
) -> Understanding:
    heard = Heard.of(tokenize(wrapping.texts, names.masked), reader, names.unquoted)
    readable = _is_readable(heard.reading)
    topics = _topics(heard, reader, readable=readable)
    outage = reader.topics[topics[0]].outage
    judged = partial(
        judge_danger,
        heard.tokens,
        heard.reading,
        heard.hits,
        reader.scale,
        reader.limits.danger,
        outage=outage,
        field=wrapping.sharpest,
    )
    settled = _settled(contact, parts, wrapping, reader)
    danger = judged(settled=settled)
    peril = _peril(danger, heard, reader, _sharpest_first(topics, heard, danger, reader)[0])
    if settled is not None and settled.own:
        # Who means to die, or is beaten, is no machine's news: no sentence takes it back.
        spoken = judged(settled=settled.as_spoken)
        personal = _peril(spoken, heard, reader, _sharpest_first(topics, heard, spoken, reader)[0])
        if personal in PERSONAL:
            settled, danger, peril = settled.as_spoken, spoken, personal
    danger = replace(danger, alarm=_of_mass_mail(danger.alarm, contact, heard, reader))
    topics = _sharpest_first(topics, heard, danger, reader)
    peril = Peril.VIOLENCE if peril is None and danger.alarm.any and heard.has(Effect.VIOLENCE_AT_HOME) else peril
    if danger.alarm.certain and peril in PERSONAL and reader.topics[topics[0]].priority is not Priority.P1:
        topics = tuple(dict.fromkeys((*(code for code in (_ANY_DANGER,) if code in reader.topics), *topics)))
    evidence, peril = _evidence_of_danger(danger, peril, heard, reader, topics[0])
    kind, kind_evidence = kind_of(contact, heard, danger.alarm, reader)
    usual = base = reader.topics[topics[0]].priority
    if usual is not Priority.P1 and heard.scores[reader.model.column[URGENT]] >= reader.limits.urgent:
        usual = max(usual.raised(), Priority.P2)
    priority = danger.alarm.priority(usual)
    if contact.undecoded:
        kind, kind_evidence = CaseKind.CASE, ()
        priority = min(priority, Priority.P3)
    if kind is not CaseKind.CASE:
        topics, priority = (kind.value, *topics), reader.topics[kind.value].priority
    scope, scope_evidence = _chosen(heard, reader, "scope", [*Scope])
    asker, asker_evidence = _chosen(heard, reader, "asker", [*Asker])
    return Understanding(
        kind=kind,
        topics=topics,
        priority=priority,
        alarm=danger.alarm,
        findings=tuple(_finding(code, heard, reader) for code in topics if code in reader.model.column),
        raised_by=evidence
        or (
            words_for(URGENT, heard, reader.model, "urgency.word") if usual is not base and not danger.alarm.any else ()
        ),
        kind_evidence=kind_evidence,
        scope=Scope(scope) if scope else None,
        scope_evidence=scope_evidence,
        asker=Asker(asker) if asker else None,
        asker_evidence=asker_evidence,
        wishes=_wishes(heard, reader),
        # Violence whose author the words do not place may be at home: to write there then is what makes it worse.
        violence_at_home=heard.has(Effect.VIOLENCE_AT_HOME) or peril is Peril.VIOLENCE,
        peril=peril,
        denied=_denied(heard) or _calming(danger, heard, reader, topics),
        readable=readable,
        by_program=bool(contact.automatic_signs) or wrapping.automatic,
        settled=settled.score if settled is not None and settled.own else None,
        unread=Unread.UNDECODED if contact.undecoded else None,
    )


def _alarmed_by_advice(
    understood: Understanding, whole: Understanding, advice: Sequence[str], reader: Reader
) -> Understanding:
    """Return what was understood without advice, as a possible danger where a danger is heard with it.

    Nobody is woken by what a program tells everybody to do if something happened; but a sentence that only reads like
    that may be somebody's, so that whoever is there looks. Where the rest tells of a danger by itself, that counts: a
    message rings, or does not, whatever the frame says that it came in.

    Args:
        understood: without the advice.
        whole: with it.
        advice: the sentences that were left out; the sharpest is told.
        reader: what reads them.
    """
    if whole.alarm.level.rank <= understood.alarm.level.rank:
        return understood
    sharpest = max(advice, key=lambda sentence: _sharpness(danger_of_field(reader, "", sentence)))
    why = CodedText("advice", {"said": " ".join(sharpest.split()).strip(_AROUND_A_SENTENCE)})
    if understood.alarm.any:
        return replace(understood, alarm=replace(understood.alarm, why_not=why))
    alarm = replace(whole.alarm.lowered(AlarmLevel.POSSIBLE, why), why_not=why)
    return replace(
        understood,
        kind=CaseKind.CASE,
        topics=tuple(code for code in understood.topics if code not in SET_ASIDE) or (OTHER,),
        priority=alarm.priority(understood.priority),
        alarm=alarm,
        peril=whole.peril,
        raised_by=whole.raised_by,
        kind_evidence=(),
    )


def _sharpness(danger: FieldDanger) -> tuple[int, float]:
    return danger.level.rank, danger.probability


def _of_mass_mail(alarm: Alarm, contact: Contact, heard: Heard, reader: Reader) -> Alarm:
    """Return the alarm of what was sent to many and reads like an advertisement: shown, it wakes nobody.

    A newsletter that tells of a danger tells everybody. A service that sends its alarms as others send newsletters
    reads like the matter that it reports, and a phrase of `always_danger` counts whoever says it.
    """
    if not alarm.certain or heard.has(Effect.ALWAYS_DANGER):
        return alarm
    aside, why = kind_of(contact, heard, Alarm(), reader)
    mass = [sign.seen for sign in contact.automatic_signs if sign.kind is Automation.MASS]
    if aside is not CaseKind.SPAM or not mass or not why:
        return alarm
    return alarm.lowered(AlarmLevel.POSSIBLE, CodedText("mass_mail", {"sign": mass[0]}))


def _settled(contact: Contact, parts: Sequence[Part], wrapping: Wrapping, reader: Reader) -> Settled | None:
    """Return what a program's mail says of whether anything is still the matter; None for a person's.

    A form has one shape whoever sends it, also where nothing in its structure says that a program did: it is heard like
    a program's mail, but only what headers or the address say is a program's may say that it is over. A machine's
    answer is none of these: what it repeats is cut, and the rest is about nothing else.
    """
    by_program = any(not sign.by_words for sign in contact.automatic_signs) or is_robot(contact.sender.address)
    if not (by_program or contact.automatic_signs or wrapping.automatic or wrapping.form) or is_notice(contact):
        return None
    whole = unwrapped(contact, parts, labelled=True)
    if wrapping.advice:
        whole = without_advice(whole, partial(is_advice, reader))
    return settled_of(tokenize(whole.texts), reader.details, reader.model, by_program=by_program)


def _peril(danger: DangerFinding, heard: Heard, reader: Reader, topic: str) -> Peril | None:
    return peril_of(danger, heard.tokens, heard.reading, reader.details, reader.model, topic)


def _says_copier(contact: Contact, reader: Reader) -> bool:
    """Return whether all that a mail says is what a copier or a mail room writes around a letter."""
    parts = (Part.SUBJECT, Part.NEW, Part.SIGNATURE, Part.FORWARDED)
    reading = reader.model.read(tokenize([(part, contact.text(part)) for part in parts]))
    if not len(reading.rows):
        return True
    scores = reader.model.scores(reading)
    if float(scores[reader.model.column[SCAN]]) >= reader.limits.scan:
        return True
    # A device's name in the subject alone is no copier's phrase, but asks for nothing either.
    asks = any(float(scores[reader.model.column[code]]) >= 0 for code in reader.asked)
    return not (asks or contact.new_text.strip() or contact.forwarded)


def _topics(heard: Heard, reader: Reader, *, readable: bool) -> tuple[str, ...]:
    """Return the topics, the deciding one first: what phrases say, then the likeliest, then all that speak clearly.

    Of what the model can hardly read only a topic that it is sure of counts.
    """
    told = [hit.phrase.topic for hit in heard.hits if hit.phrase.effect is Effect.TOPIC and not hit.denied]
    named = [code for code in dict.fromkeys(told) if code is not None]
    content = {
        form
        for form in heard.tokens.forms
        if form in NEGATIONS or not (form is MASKED or form.startswith("#") or form in reader.model.common)
    }
    if len(content) < _CONTENT_WORDS or not len(heard.reading.rows):
        return tuple(named) or (OTHER,)
    # Of a language that it was not taught the convolutional reader says something all the same, by pieces of words.
    said = heard.scores if readable else reader.model.scores(heard.reading)
    scores = {code: float(said[reader.model.column[code]]) for code in reader.asked}
    if heard.tokens.asked or heard.has(Effect.REQUEST):
        scores.pop(THANKS, None)
    ordered = sorted(scores, key=lambda code: -scores[code])
    if not readable and scores[ordered[0]] < _SURE_ABROAD:
        return tuple(named) or (OTHER,)
    further = [code for code in ordered[1:] if scores[code] >= reader.limits.further and code not in {OTHER, THANKS}]
    first = [] if named and ordered[0] in {OTHER, THANKS} else ordered[:1]
    return tuple(dict.fromkeys((*named, *first, *further)))


def _sharpest_first(topics: tuple[str, ...], heard: Heard, danger: DangerFinding, reader: Reader) -> tuple[str, ...]:
    """Return the topics with that of a certain danger first, where the message asks for something else besides."""
    if not danger.alarm.certain or reader.topics[topics[0]].priority is Priority.P1:
        return topics
    scores = reader.model.scores(heard.reading.between(*danger.stretch))
    best = max(reader.asked, key=lambda code: float(scores[reader.model.column[code]]))
    return tuple(dict.fromkeys((best, *topics))) if reader.topics[best].priority is Priority.P1 else topics


def _is_readable(reading: Reading) -> bool:
    if not reading.words:
        return True
    return reading.known_words >= _CAN_READ and reading.known_pairs >= _CAN_READ_PAIRS


def _chosen(heard: Heard, reader: Reader, group: str, kinds: Sequence[str]) -> tuple[str | None, tuple[Evidence, ...]]:
    """Return the likeliest of some columns that exclude each other, with the words that say so; None: not said."""
    columns = [
        name for name in (f"{group}:none", *(f"{group}:{kind}" for kind in kinds)) if name in reader.model.column
    ]
    if not columns or not len(heard.reading.rows):
        return None, ()
    best = max(columns, key=lambda name: float(heard.scores[reader.model.column[name]]))
    kind = best.removeprefix(f"{group}:")
    return (None, ()) if kind == "none" else (kind, words_for(best, heard, reader.model, f"{group}.word"))


def _wishes(heard: Heard, reader: Reader) -> tuple[Wished, ...]:
    """Return how the writer wants to be treated: by a phrase, else by a sentence that speaks for it.

    A sentence that refuses one way by a phrase refuses another only by its other words: "do not call me at home" is
    about calls alone.
    """
    found = []
    said = {
        wish: [hit for hit in heard.hits if hit.phrase.effect.value == wish.value and not hit.denied] for wish in Wish
    }
    learned = wishes_of(heard.tokens, heard.reading, reader.details, reader.model, reader.limits.wish)
    refused = {place for wish in _REFUSALS for hit in said[wish] for place in hit.places}
    further = learned
    if refused and any(wish in learned and not said[wish] for wish in _REFUSALS):
        mended = reader.model.mended(heard.tokens)
        forms = [MASKED if place in refused else form for place, form in enumerate(mended)]
        rest = reader.model.read(heard.tokens, (), forms, in_order=False)
        further = wishes_of(heard.tokens, rest, reader.details, reader.model, reader.limits.wish)
    for wish in Wish:
        if said[wish]:
            found.append(Wished(wish, _marked("wish.word", 1.0, said[wish][0], heard.tokens)))
        elif wish in learned and (wish in further or wish not in _REFUSALS):
            found.append(Wished(wish, learned[wish]))
    return tuple(found)


def _finding(code: str, heard: Heard, reader: Reader) -> Finding:
    points = round(float(heard.scores[reader.model.column[code]]), 2)
    by_phrase = tuple(
        _marked("topic.phrase", 1.0, hit, heard.tokens) for hit in unique_texts(heard.hits) if hit.phrase.topic == code
    )
    return Finding(code, points, (*by_phrase, *words_for(code, heard, reader.model, "topic.word")))


def _evidence_of_danger(
    danger: DangerFinding, peril: Peril | None, heard: Heard, reader: Reader, topic: str
) -> tuple[tuple[Evidence, ...], Peril | None]:
    """Return the words that raised the alarm to its level, and the kind of danger as far as these words say it.

    Those are the phrases that raise it by themselves; where the model does, the passages without which it would hear
    less. A kind is named only beside words that speak for it: to name one would else be a guess that nobody can check.
    """
    if not danger.alarm.any:
        return (), None
    said = unique_texts(danger.deciding or danger.hits)
    by_phrase = tuple(
        _marked(
            ALWAYS_DANGER if hit.phrase.effect is Effect.ALWAYS_DANGER else "danger.phrase",
            _OWN_WORDS,
            hit,
            heard.tokens,
        )
        for hit in said
    )
    if danger.deciding:
        return by_phrase, peril
    passages = _danger_passages(danger, heard, reader, outage=reader.topics[topic].outage)
    if peril is not None:
        by_itself = danger.column == BY_OUTAGE or reader.topics[topic].priority is Priority.P1
        expected = expected_peril(danger, topic) if by_itself else None
        passages, named = _as_said(peril, passages, expected, heard, reader)
        # What the phrases of danger say needs no passage that says it too.
        passages, peril = ([] if named is not peril else passages, peril) if said else (passages, named)
    known = {place for hit in danger.hits for place in range(min(hit.places), max(hit.places) + 1)}
    further = [each for each in passages if known.isdisjoint(range(each.first, each.last + 1))]
    by_passage = tuple(
        Evidence(
            "danger.passage",
            round(each.fall, 2),
            heard.tokens.written(each.first, each.last),
            heard.tokens.span(each.first, each.last),
        )
        for each in further[:_PASSAGES_TOLD]
    )
    return (*by_phrase, *by_passage), peril


def _danger_passages(danger: DangerFinding, heard: Heard, reader: Reader, *, outage: bool) -> list[DangerPassage]:
    model, tokens = reader.model, heard.tokens
    silent = {place for place, sentence in enumerate(tokens.sentences) if sentence in danger.silenced}
    promise = model.by_word(heard.reading, danger.column)
    unquoted = heard.unquoted | silent
    asked = _of_forms(danger, heard, reader, outage=outage)
    return danger_passages(tokens, model.mended(tokens), asked, list(promise), model.common, unquoted)


def _of_forms(danger: DangerFinding, heard: Heard, reader: Reader, *, outage: bool) -> Callable[[list[str]], float]:
    """Return what says how much danger is heard in a message, other forms in the place of its words."""

    def probability(forms: list[str]) -> float:
        reading = reader.model.read(heard.tokens, danger.silenced, forms)
        return reader.scale.probability(reading, reader.model.scores(reading), outage=outage)[0]

    return probability


def _as_said(
    peril: Peril, passages: list[DangerPassage], expected: Peril | None, heard: Heard, reader: Reader
) -> tuple[list[DangerPassage], Peril | None]:
    """Return the passages that speak for a kind of danger; where none does, all, and the kind that the first names."""
    kinds = [
        perils_said((each.first, each.last + 1), expected, heard.reading, reader.details, reader.model)
        for each in passages
    ]
    speaking = [passage for passage, said in zip(passages, kinds, strict=True) if peril in said]
    if speaking:
        return speaking, peril
    other = next(iter(kinds[0]), None) if kinds else None
    return passages[:1], None if other in PERSONAL else other


def _denied(heard: Heard) -> tuple[Evidence, ...]:
    """Return the phrases of danger that stand in a message and are denied there."""
    hits = [hit for hit in heard.hits if hit.denied and hit.phrase.effect in OF_DANGER]
    return tuple(_marked("danger.denied", 1.0, hit, heard.tokens) for hit in unique_texts(hits))


def _calming(danger: DangerFinding, heard: Heard, reader: Reader, topics: Sequence[str]) -> tuple[Evidence, ...]:
    """Return the sentence of a message about a danger that raises no alarm without which most more would be heard."""
    if danger.alarm.any or all(reader.topics[topic].priority is not Priority.P1 for topic in topics):
        return ()
    tokens = heard.tokens
    asked = _of_forms(danger, heard, reader, outage=reader.topics[topics[0]].outage)
    found = calming_passage(tokens, reader.model.mended(tokens), asked, heard.unquoted)
    if found is None:
        return ()
    seen, span = tokens.written(found.first, found.last), tokens.span(found.first, found.last)
    return (Evidence(CALMING, round(found.fall, 2), seen, span),)


def words_for(column: str, heard: Heard, model: Model, name: str) -> tuple[Evidence, ...]:
    """Return up to five words that speak most for a column, in the order of the text."""
    told = model.by_word(heard.reading, column)
    total = float(told[told > 0].sum())
    places = [
        place
        for place, form in enumerate(heard.tokens.forms)
        if form not in model.common and place not in heard.unquoted
    ]
    places.sort(key=lambda place: -told[place])
    best = [place for place in places[:_WORDS_TOLD] if total and told[place] >= _TELLING * total]
    return tuple(
        Evidence(
            name, round(float(told[place]), 2), heard.tokens.written(place, place), heard.tokens.span(place, place)
        )
        for place in sorted(best)
    )


def _marked(name: str, weight: float, hit: Hit, tokens: Tokens) -> Evidence:
    first, last = min(hit.places), max(hit.places)
    return Evidence(name, weight, tokens.written(first, last), tokens.span(first, last), f"« {hit.phrase.text} »")
