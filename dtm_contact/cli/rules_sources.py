"""`dtm-contact rules try-source`: what the blocks of `sources.yaml` read of a message, and a block to begin with."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from dtm_contact.cli.output import print_problems, say
from dtm_contact.model import THANKS, Arrival, Contact, Problem, SourceField
from dtm_contact.reading import read
from dtm_contact.reading.authentication import Unvouched, UnvouchedReason, unvouched_reason
from dtm_contact.reading.headers import split_head, with_line_feeds
from dtm_contact.rehearsal.at_rest import find_messages, require_at_rest
from dtm_contact.rules.arguments import AllowedNames
from dtm_contact.rules.source_files import load_sources
from dtm_contact.settings import Settings
from dtm_contact.sources import Answered, FormLayout, SourceBook
from dtm_contact.sources.filled import has_words
from dtm_contact.sources.trial import LabelSeen, SourceTrial, labels_seen, try_sources, unread_labels
from dtm_contact.wording import Translatable, worded

_LONGEST_SHOWN = 60


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="MESSAGE...")
@click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the rules; without it, that of the settings.",
)
@click.pass_obj
def try_source(settings: Settings, paths: tuple[str, ...], folder: Path | None) -> int:
    """Say what the blocks of sources.yaml read of messages, or give a block to begin with.

    MESSAGE is an .eml file, as a mail program saves it, a folder of them, or - for standard input. It is read as if our
    mail server had vouched for its sender, and nothing is kept. Exit status 0 where a block reads each message.
    """
    require_at_rest(paths)
    problems: list[Problem] = []
    book = load_sources(folder or settings.rules.dir, AllowedNames(None, None), problems)
    print_problems(problems, as_json=False)
    with ExitStack() as boxes:
        messages = [message.arrival(datetime.now(UTC)) for message in find_messages(paths, boxes)]
    read_all = [_tell(arrival, settings, book, sound=not problems) for arrival in messages]
    return 0 if not problems and all(read_all) else 1


def _tell(arrival: Arrival, settings: Settings, book: SourceBook, *, sound: bool) -> bool:
    """Tell what is read of one message; return whether a block reads it."""
    own = settings.own_received
    contact = read(arrival, authserv_ids=settings.servers, zone=settings.zone, own_received=own)
    trials = try_sources(arrival, contact, book)
    say(worded("{message}, from {sender}:", message=arrival.external_id, sender=contact.sender.address or "?"))
    for trial in trials:
        _say_all(_lines(arrival, trial))
        if trial.is_read:
            if not trial.source.trusts(contact.authentication):
                _say_unvouched(arrival, settings)
            return True
    if not trials and not sound:
        say(worded("  whether a block has this sender is known once the faults above are mended"))
    elif not trials:
        say(worded("  no block has this sender. One to begin with, to be put below “sources:”:"))
        say("")
        _say_all(_draft(arrival, contact, book))
    return False


def _say_unvouched(arrival: Arrival, settings: Settings) -> None:
    """Say that as it was saved the message would be nobody's source, and what is in the way."""
    content = with_line_feeds(arrival.raw)
    headers, _body = split_head(content, 0, len(content))
    reason = unvouched_reason(headers, settings.servers, settings.own_received)
    if reason is not None:
        why = _why_unvouched(reason, settings.servers)
        say(worded("    but as it stands here it is read like anybody's mail: {why} (docs/mail.md)", why=why))


def _why_unvouched(reason: UnvouchedReason, servers: Sequence[str]) -> Translatable:
    names = ", ".join(map(_quoted, reason.names))
    match reason.kind:
        case Unvouched.NOT_MARKED:
            return worded("no mail server of ours has left its Authentication-Results on it")
        case Unvouched.NO_NAMES:
            return worded("DTM_SERVERS names no server, and its Authentication-Results bear {names}", names=names)
        case Unvouched.OTHER_NAMES:
            ours = ", ".join(map(_quoted, servers))
            return worded(
                "its Authentication-Results bear {names}, and DTM_SERVERS names {ours}", names=names, ours=ours
            )
        case Unvouched.BELOW:
            return worded(
                "our server's Authentication-Results stand below {number} of its Received headers, and "
                "DTM_OWN_RECEIVED counts fewer of them as ours",
                number=reason.received,
            )
        case Unvouched.NOT_PASSED:
            return worded("our server found that no check passed for the domain of its sender")


def _say_all(lines: Iterable[str | Translatable]) -> None:
    for line in lines:
        say(line)


def _lines(arrival: Arrival, trial: SourceTrial) -> Iterator[str | Translatable]:
    source, filled = trial.source, trial.filled
    name, layout = source.id, trial.layout.value
    missing = ", ".join(each.value for each in trial.missing)
    if not trial.is_laid_out:
        yield worded("  {name} does not read it: it has nothing that {layout} reads", name=name, layout=layout)
    elif missing and trial.is_read:
        yield worded(
            "  {name} reads it as a whole, by {layout}: nothing gives {missing}",
            name=name,
            layout=layout,
            missing=missing,
        )
    elif missing:
        yield worded(
            "  {name} does not read it: by {layout}, nothing gives {missing}", name=name, layout=layout, missing=missing
        )
    else:
        yield worded("  {name} reads it, by {layout}:", name=name, layout=layout)
    for field, value in filled.values.items():
        if field is not SourceField.TEXT:
            yield f"    {field.value:12} {_short(value)}"
    for line in filled.text.split("\n") if filled.text else ():
        yield f"    {'text':12} {line}"
    for line in trial.closing:
        yield worded("    not read     {line}", line=_short(line))
    if trial.is_read:
        yield from _remarks(trial)
    unread = unread_labels(arrival, trial)
    if unread:
        labels = ", ".join(map(_quoted, unread))
        yield worded("    labels that no field has: {labels}", labels=labels)


def _remarks(trial: SourceTrial) -> Iterator[Translatable]:
    source, values = trial.source, trial.filled.values
    code, state = values.get(SourceField.TOPIC, ""), values.get(SourceField.STATE, "")
    meaning = source.meaning(code, state)
    if meaning is not None:
        yield worded("    means        {topic}, alarm {alarm}", topic=meaning.topic, alarm=meaning.alarm.value)
        if meaning.topic == THANKS and has_words(trial.filled.text):
            yield worded("    but its text is judged, too: where that asks for something, so does the message")
    if code and not source.is_known(code):
        yield worded("    the code {code} is none of topics: it is read as text", code=_quoted(code))
    for field in (*trial.filled.invalid, *trial.filled.dropped):
        yield worded("    what stands there can be no {field}", field=field.value)
    for field in trial.filled.contradicted:
        yield worded("    {field} stands there twice: neither counts", field=field.value)
    told = SourceField.WRITER_EMAIL if source.about_other else SourceField.EMAIL
    match source.answered:
        case Answered.PERSON if told in values:
            yield worded("    answered     {address}", address=values[told])
        case Answered.SENDER if source.answers_at:
            yield worded("    answered     {address}", address=source.answers_at)
        case Answered.SENDER:
            yield worded("    answered     whoever sent it")
        case _:
            yield worded("    answered     nobody")


def _draft(arrival: Arrival, contact: Contact, book: SourceBook) -> Iterator[str]:
    """Yield a block of YAML with the labels of a message, in their order; other blocks tell which field each may be."""
    layout, seen = labels_seen(arrival, book)
    yield "  new-source:                # a name of your own: small letters, figures, hyphens"
    yield '    label: "…"               # what agents read, in French'
    yield f"    from: {contact.sender.address}"
    yield f"    reads: {layout.value if seen else FormLayout.MESSAGE.value}"
    if not seen:
        return
    text = _likely_text(seen, layout)
    below = seen[seen.index(text) + 1 :] if text is not None and layout is FormLayout.LINES else []
    fields: dict[str, list[LabelSeen]] = {}
    for each in seen if not below else seen[: -len(below)]:
        name = SourceField.TEXT if each is text else each.known_as or SourceField.IGNORED
        fields.setdefault(name.value, []).append(each)
    yield "    fields:                  # in the form's order; move each label to the field that it is"
    for field, labels in fields.items():
        yield f"      {field}:"
        yield from (f"        - {_yaml(each.label):36} # {_short(each.value)}".rstrip(" #") for each in labels)
    if text is None:
        yield "      # text: the label, or {heading: …}, under which the person's own words stand"
    if below:
        yield f"    ends_at: {_yaml(below[0].label):29} # where the form's own closing words begin"


def _likely_text(seen: Sequence[LabelSeen], layout: FormLayout) -> LabelSeen | None:
    """Return the label of what a person wrote: as others have it, the last of lines, the longest of a page."""
    known = [each for each in seen if each.known_as is SourceField.TEXT]
    if known:
        return known[0]
    if layout is FormLayout.LINES:
        return None if seen[-1].value else seen[-1]
    longest = max(seen, key=lambda each: len(each.value))
    return longest if has_words(longest.value) else None


def _yaml(label: str) -> str:
    return "'" + label.replace("'", "''") + "'"


def _quoted(text: str) -> str:
    return f"“{_short(text)}”"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"
