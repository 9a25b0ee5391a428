"""One judgement as text for a terminal, in French: the decision first, then the reasons for it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dtm_contact.explain.acts import Acts
from dtm_contact.explain.names import Names
from dtm_contact.explain.quoting import as_quoted
from dtm_contact.explain.reason import alarm_line, caller, mark, source_line
from dtm_contact.explain.telling import AnswerPreview, ExplanationBlock, explained
from dtm_contact.explain.waterfall import Waterfall, WaterfallStep, percent, points, waterfall
from dtm_contact.labels.coded_text import texts_of
from dtm_contact.labels.formats import day_and_time
from dtm_contact.labels.judging import (
    ASKERS,
    KINDS,
    MARKS,
    OUTCOMES,
    PARTS,
    SCOPES,
    SOURCE_FIELDS,
    TOPIC_EVIDENCE,
    UNVERIFIED_CALLER,
    WISHES,
    match_evidence,
)
from dtm_contact.model import (
    Alarm,
    Candidate,
    CaseKind,
    ConditionTrace,
    Contact,
    Evidence,
    Judgement,
    Likely,
    Match,
    Part,
    RuleTrace,
)
from dtm_contact.reasons import heaviest_words
from dtm_contact.rules import RuleSet

_STYLES = {
    "topic": "bold black on yellow",
    "priority": "bold white on red",
    "who": "bold cyan",
}
_HEARD: Final = "danger.passage"
_SHOWN_PARTS = (Part.SUBJECT, Part.NEW, Part.SIGNATURE, Part.FORWARDED, Part.ATTACHED)
_LINE: Final = 100
_CANDIDATES_SHOWN = 3
_TEXT_SHOWN = 6_000
_SEEN_SHOWN = 60
_SIGNS = {True: "oui", False: "non", None: "?  "}
_BITS_PER_CELL = 2.0
_CELLS_MOST = 16


def render_judgement(
    judgement: Judgement,
    names: Names,
    rules: RuleSet,
    *,
    answer: AnswerPreview | None = None,
    acts: Acts | None = None,
    details: bool = False,
) -> RenderableType:
    """Return what a person needs to see why this contact went where it went, in plain sentences, and its text marked.

    Args:
        judgement: what was judged, with every rule traced (`judge(…, trace=True)`).
        names: how people, places and topics are called.
        rules: the rules that it was judged by.
        answer: the answer that goes out by itself; None: nothing is said of it.
        acts: what is to be done; None: nothing is said of it.
        details: also the codes, the evidence with its weights, and each rule with what it saw.
    """
    paragraphs = explained(judgement, names, rules, answer=answer, acts=acts)
    folded = _details(judgement, names) if details else (Text(_MORE, style="dim"),)
    return Group(
        _heading(f"{judgement.source}"),
        *(part for each in paragraphs for part in (_heading(each.title), *_block(each))),
        *(() if judgement.contact.call else (_heading("Le message"), *_text(judgement))),
        *folded,
    )


_MORE: Final = (
    "\nPour voir aussi les chiffres, les codes et les règles écartées, relancez la commande avec l'option --details."
)
_BRACKETS: Final = {"topic": "[]", "priority": "{}", "who": "‹›"}
"""What stands around words that counted, one pair for each kind: colour is lost in a file and to some eyes."""
_NEW_TEXT: Final = "texte du message, sans ce qui y est recopié d'avant"


def _block(block: ExplanationBlock) -> Iterator[RenderableType]:
    """Yield the sentences of a block, each on lines of its own, and its acts by their numbers."""
    for each in block.sentences:
        yield _item("-" if len(block.sentences) > 1 else "", each)
    for group in block.acts:
        if group.heading:
            yield Text(f"{_visible(group.heading)} :", style="bold")
        if group.label:
            yield Text(f"{_visible(group.label)} :")
        for number, step in enumerate(group.steps, group.first):
            yield _item(f"{number:>3}.", step)


def _item(sign: str, text: str) -> RenderableType:
    """Return a text behind a sign, in lines that are no longer than eyes like them."""
    made = Table.grid(padding=(0, 1))
    made.add_row(*((sign,) if sign else ()), Text(_visible(text)))
    return Constrain(made, _LINE)


def _details(judgement: Judgement, names: Names) -> tuple[RenderableType, ...]:
    return (
        _heading("En détail"),
        _decision(judgement, names),
        _heading("Qui, en points"),
        *_who(judgement.match, names),
        *(() if judgement.contact.call else (_heading("Quoi, en points"), *_what(judgement, names))),
        _heading("Les règles"),
        *_rules(judgement.decision.trace, judgement.decision.rule),
    )


def _heading(title: str) -> Text:
    return Text(f"\n{title}", style="bold underline")


def _facts(rows: Iterable[tuple[str, str]]) -> Table:
    made = Table.grid(padding=(0, 2))
    for name, value in rows:
        made.add_row(Text(name, style="dim"), Text(value))
    return made


def _likely(likely: Likely | None, name: Callable[[str], str]) -> str:
    return f"{name(likely.id)}, {percent(likely.probability)}" if likely else "pas assez sûr"


def _decision(judgement: Judgement, names: Names) -> Table:
    contact, found, decision = judgement.contact, judgement.match, judgement.decision
    understanding = judgement.understanding
    due = day_and_time(decision.due.astimezone(names.zone)) if decision.due else "–"
    return _facts(
        [
            *_from(contact),
            ("le", day_and_time(contact.at.astimezone(names.zone))),
            ("va dans", _destination(judgement)),
            ("par la règle", decision.rule),
            ("priorité", f"{decision.priority}, première réponse au plus tard {due}"),
            *((("alerte", alarm_line(decision.alarm)),) if decision.alarm != Alarm() else ()),
            ("motif", ", ".join(map(names.topic, understanding.topics)) or "–"),
            ("locataire", _likely(found.tenant, names.person)),
            ("logement", _likely(found.dwelling, names.dwelling)),
            ("résidence", _likely(found.residence, names.residence)),
            *((("habite ailleurs", names.home(found.home)),) if found.home else ()),
            ("gardien", _caretakers(found, names)),
            *_conversation(judgement),
            *(("à savoir", note) for note in contact.notes),
        ]
    )  # fmt: skip


def _from(contact: Contact) -> Iterator[tuple[str, str]]:
    """Tell who wrote; of a call, the number, what became of it, and how often there was one."""
    if contact.call is None:
        yield "de", _visible(f"{contact.sender.name} <{contact.sender.address}>")
        if contact.sourced is not None:
            yield "source", source_line(contact.sourced)
            yield from (("", f"{SOURCE_FIELDS[each.field]} : {each.value}") for each in contact.sourced.fields)
        return
    yield "de", f"{caller(contact.call)}: {UNVERIFIED_CALLER}"
    yield "issue", OUTCOMES[contact.call.outcome]
    standing = contact.standing
    if standing is not None and standing.closes is not None:
        yield "rappel", f"clôt celui de l'appel {standing.closes}"
    elif standing is not None and standing.joins is not None:
        yield "rappel", f"appel n° {standing.count}, le premier était {standing.joins}"
    elif standing is not None and standing.count is not None:
        yield "rappel", "ouvert par cet appel"


def _conversation(judgement: Judgement) -> Iterator[tuple[str, str]]:
    joining = judgement.joining
    if joining.case_number:
        yield "rejoint", joining.case_number
    if joining.linked:
        yield "voir aussi", ", ".join(joining.linked)
    if joining.why:
        yield "échange", texts_of(joining.why)


def _destination(judgement: Judgement) -> str:
    decision = judgement.decision
    if decision.kind is not CaseKind.CASE:
        return f"aucune file : {KINDS[decision.kind]}"
    return f"la file {decision.queue} (bureau {decision.office_id})"


def _caretakers(match: Match, names: Names) -> str:
    names_on_duty = []
    for on_duty in match.caretakers:
        name = names.caretaker(on_duty.id) if on_duty.id else "personne"
        names_on_duty.append(
            f"{name}, pour remplacer {names.caretaker(on_duty.replaces)}" if on_duty.replaces else name
        )
    return " ; ".join(names_on_duty) or "inconnu"


def _marks(judgement: Judgement) -> Iterator[tuple[str, Evidence]]:
    """Yield the words that the sentences quote, by what they counted for."""
    understanding, match = judgement.understanding, judgement.match
    for piece in (*understanding.raised_by, *understanding.kind_evidence):
        # A passage that the model hears says little without its sentence, which is quoted; a phrase of the list does.
        yield "priority", as_quoted(judgement.contact, piece) if piece.name == _HEARD else piece
    for finding in understanding.findings:
        if judgement.decision.kind is CaseKind.CASE and finding.topic in understanding.topics:
            told = heaviest_words(finding.evidence)
            yield from (("topic", piece) for piece in finding.evidence if " ".join(piece.seen.split()) in told)
    sure = match.tenant is not None or match.dwelling is not None
    for piece in (*match.place_evidence, *(match.candidates[0].evidence if sure and match.candidates else ())):
        if piece.weight > 0:
            yield "who", piece


def _text(judgement: Judgement) -> Iterator[RenderableType]:
    marks = list(_marks(judgement))
    for part in _SHOWN_PARTS:
        if judgement.contact.text(part).strip():
            yield Text(f"{_NEW_TEXT if part is Part.NEW else PARTS[part]} :", style="dim")
            yield Constrain(Padding(_marked(judgement.contact, part, marks), (0, 0, 0, 2)), _LINE)
    legend = Text("Les mots qui ont compté :", style="dim")
    for name, meaning in MARKS.items():
        legend.append("  ").append(meaning.join(_BRACKETS[name]), style=_STYLES[name])
    yield legend


def _marked(contact: Contact, part: Part, marks: list[tuple[str, Evidence]]) -> Text:
    """Show a mark by colour, and by brackets too."""
    shown = Text()
    for segment in mark(contact, part, marks):
        left = _TEXT_SHOWN - len(shown)
        text = _visible(segment.text[:left])
        shown.append(text.join(_BRACKETS[segment.mark]) if segment.mark else text, style=_STYLES.get(segment.mark, ""))
        if len(segment.text) >= left:
            return shown.append(" … (coupé ici)", style="dim")
    return shown


def _visible(text: str) -> str:
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)


def _who(match: Match, names: Names) -> Iterator[RenderableType]:
    drawn = waterfall(match, names)
    if drawn is None:
        yield Text("aucune personne du fichier ne ressort")
    else:
        yield Text(f"{drawn.who}, {drawn.where}")
        yield Text(drawn.verdict, style="bold")
        yield _waterfall(drawn)
        if len(drawn.groups) > 1:
            sums = " ; ".join(f"{group} {points(sum_of)}" for group, sum_of in drawn.groups)
            yield Text(f"par sorte d'indice : {sums}", style="dim")
        for line in drawn.not_the_second:
            yield Text(line)
    if match.place_evidence and (match.residence is None or match.tenant is None or match.home is not None):
        yield Text(f"le lieu : {_likely(match.residence, names.residence)}")
        for piece in match.place_evidence:
            yield Text(f"  {match_evidence(piece.name)} « {_cut(piece.seen)} » : {points(piece.weight)}")
    for proposal in match.proposals:
        yield Text(f"à confirmer par un agent : {proposal.seen}, pour {names.person(proposal.tenant_id)}", style="dim")
    for candidate in match.candidates[2:_CANDIDATES_SHOWN] if drawn is not None else ():
        yield Text(f"puis {_candidate_line(candidate, names)}", style="dim")


def _waterfall(drawn: Waterfall) -> RenderableType:
    made = Table.grid(padding=(0, 2))
    start = WaterfallStep("au départ", "", f"1 personne sur {drawn.people}", drawn.start)
    for step in (start, *drawn.steps):
        bar = ("+" if step.points >= 0 else "-") * min(_CELLS_MOST, round(abs(step.points) / _BITS_PER_CELL))
        style = "green" if step.points >= 0 else "red"
        seen = "  ".join(filter(None, (f"« {step.seen} »" if step.seen else "", step.against)))
        strength = Text(step.strength if step is not start else "", style="dim")
        weight = Text(points(step.points), style=style, justify="right")
        made.add_row(weight, Text(bar, style=style), Text(step.label), Text(seen), strength)
    made.add_row(Text(points(drawn.total), justify="right", style="bold"), "", Text("total", style="bold"), "", "")
    return Padding(made, (0, 0, 0, 2))


def _candidate_line(candidate: Candidate, names: Names) -> str:
    where = f", {names.dwelling(candidate.dwelling_id)}" if candidate.dwelling_id else ""
    return f"{names.person(candidate.tenant_id)}{where} : {percent(candidate.probability)}"


def _evidence(pieces: Iterable[Evidence], unit: str) -> RenderableType:
    made = Table.grid(padding=(0, 2))
    for piece in pieces:
        bar = ("+" if piece.weight >= 0 else "-") * min(_CELLS_MOST, round(abs(piece.weight) / _BITS_PER_CELL))
        made.add_row(
            Text(
                f"{points(piece.weight)} {unit}".rstrip(),
                justify="right",
                style="green" if piece.weight >= 0 else "red",
            ),
            Text(bar, style="green" if piece.weight >= 0 else "red"),
            Text(TOPIC_EVIDENCE.get(piece.name, piece.name)),
            Text(f"« {_cut(piece.seen)} »" if piece.seen else ""),
            Text(_visible(piece.detail), style="dim"),
        )
    return Padding(made, (0, 0, 0, 2))


def _what(judgement: Judgement, names: Names) -> Iterator[RenderableType]:
    understanding = judgement.understanding
    for finding in understanding.findings:
        state = "" if finding.topic in understanding.topics else " – ne compte pas"
        yield Text(f"{names.topic(finding.topic)} : {points(finding.points).lstrip('+')} points{state}")
        yield _evidence(finding.evidence, "pt")
        if finding.defused:
            yield Text("  écarté :", style="dim")
            yield _evidence(finding.defused, "pt")
    for title, pieces in (
        ("plus urgent à cause de", understanding.raised_by),
        (f"c'est {KINDS[understanding.kind]} à cause de", understanding.kind_evidence),
        (f"étendue : {SCOPES[understanding.scope] if understanding.scope else ''}", understanding.scope_evidence),
        (f"demandé par {ASKERS[understanding.asker] if understanding.asker else ''}", understanding.asker_evidence),
        *((f"souhait : {WISHES[wished.wish]}", (wished.evidence,)) for wished in understanding.wishes),
    ):
        if pieces:
            yield Text(title)
            yield _evidence(pieces, "")


def _rules(traces: tuple[RuleTrace, ...], decided: str) -> Iterator[RenderableType]:
    """Tell each rule: those that hold with all they saw, the others with what kept them from it."""
    if not traces:
        yield Text(f"{decided} a décidé")
    after = False
    for trace in traces:
        chosen = trace.rule == decided
        yield Text(
            f"{_SIGNS[trace.held]} {trace.rule}{_remark(trace, chosen=chosen, after=after)}", style=_rule_style(chosen)
        )
        for part in trace.conditions:
            if trace.held is not False:
                yield Text(f"      {_SIGNS[part.held]} {_condition(part)}", style=_rule_style(chosen))
        after = after or chosen


def _rule_style(chosen: bool) -> str:  # noqa: FBT001 - it is the only thing that a style depends on
    return "bold" if chosen else "dim"


def _remark(trace: RuleTrace, *, chosen: bool, after: bool) -> str:
    if chosen:
        return "   <- la première qui convient décide"
    if trace.held is False:
        return " : " + " ; ".join(_condition(part) for part in trace.conditions if part.held is False)
    return "   (conviendrait aussi, mais vient après)" if after else ""


def _condition(part: ConditionTrace) -> str:
    return f"{part.name} : attendu {_cut(part.wanted)}, vu {_cut(part.seen) or 'rien'}"


def _cut(text: str) -> str:
    one_line = " ".join(_visible(text).split())
    return f"{one_line[:_SEEN_SHOWN]}…" if len(one_line) > _SEEN_SHOWN else one_line
