"""`dtm-contact rules …` on the files that admins edit: check, test, conditions, schema, fmt, new-test."""

import difflib
import io
import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dtm_contact.cli.output import NotDoneError, ReadablePath, as_json_option, print_json, print_problems, sarif, say
from dtm_contact.directory import Directory
from dtm_contact.errors import InvalidFilesError, NoDirectoryError, UnknownSchemaError
from dtm_contact.model import Judgement, Problem, Severity
from dtm_contact.rules import RuleSet, TestRun, conditions_manual, load_rules, read_document, run_rule_tests
from dtm_contact.rules.document import read_text
from dtm_contact.rules.json_schema import SCHEMAS, Schema, json_schemas
from dtm_contact.rules.rule_tests import TESTS_FOLDER
from dtm_contact.rules.ruleset import yaml_files
from dtm_contact.rules.validation import cut
from dtm_contact.settings import Settings
from dtm_contact.store import Store, open_store
from dtm_contact.wording import Translatable, counted, translated, worded

_ROUTING = "routing.yaml"
_QUEUES = "queues.yaml"
_DAYS = re.compile("([1-9][0-9]{0,3})d")

folder_argument = click.argument("folder", required=False, type=ReadablePath(file_okay=False))


class Days(click.ParamType[timedelta]):
    """A number of days, as `90d`."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return how long it is."""
        written = _DAYS.fullmatch(value) if isinstance(value, str) else None
        if isinstance(value, timedelta) or written is None:
            return (
                value
                if isinstance(value, timedelta)
                else self.fail(translated(worded("“{value}” is no span; write 90d", value=value)), param, ctx)
            )
        return timedelta(days=int(written[1]))


@click.command()
@folder_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    help="text for people; json, a line for each fault; sarif (SARIF 2.1.0) for a code host.",
)
@as_json_option
@click.option("--since", type=Days(), help="Warn of rules that decided nothing in so many days (90d) of the store.")
@click.pass_obj
def check(settings: Settings, folder: Path | None, form: str, since: timedelta | None, *, as_json: bool) -> int:
    """Check the rules, run their tests, and say every fault with file, line and column.

    FOLDER is a folder of rules; without it, that of the settings. Offices and residences are checked against the
    directory last imported, where there is one. Exit status 1 where there is an error.
    """
    folder = folder or settings.rules.dir
    form = "json" if as_json else form
    try:
        rules, problems = check_rules(settings, folder)
    except InvalidFilesError as error:
        _print_found(error.problems, form)
        return 1
    if since is not None:
        problems = (*problems, *_never_matched(settings, rules, since))
    _print_found(problems, form)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return 1
    if form == "json":
        print_json({"version": rules.version, "rules": len(rules.rules), "queues": len(rules.queues)})
    elif form == "text":
        say(_sound(folder, rules))
    return 0


def _sound(folder: Path, rules: RuleSet) -> Translatable:
    return worded(
        "{folder}: {rules}, {queues}, version {version}: sound",
        folder=folder,
        rules=counted("{count} rule", "{count} rules", len(rules.rules)),
        queues=counted("{count} queue", "{count} queues", len(rules.queues)),
        version=rules.version,
    )


def check_rules(settings: Settings, folder: Path) -> tuple[RuleSet, tuple[Problem, ...]]:
    """Return the rules of a folder with all that is to be said of them, the outcome of their tests included.

    Raises:
        InvalidFilesError: they hold errors.
    """
    directory = last_directory(settings)
    rules = load_rules(
        folder,
        directory.offices if directory else None,
        residences=directory.residences.values() if directory else (),
        zone=settings.zone,
        model=settings.model,
    )
    stranded = _stranded(settings, rules, directory) if directory else ()
    return rules, (*rules.problems, *run_rule_tests(rules, folder).problems, *stranded)


def _stranded(settings: Settings, rules: RuleSet, directory: Directory) -> Iterator[Problem]:
    """Yield a warning for each queue that has open cases and that these rules do not know."""
    with open_store(settings.store.url, read_only=True) as store:
        open_queues = store.cases.open_queues()
    for queue, count in open_queues.items():
        if rules.desks.current(queue, directory.offices) is None:
            message = counted(
                "{count} open case lies in {queue}, which is no queue of these rules",
                "{count} open cases lie in {queue}, which is no queue of these rules",
                count,
                queue=cut(queue),
            )
            hint = worded("write formerly: {queue} in the queue that has its cases now", queue=cut(queue))
            yield Problem(_QUEUES, 0, 0, message, hint, Severity.WARNING)


def last_directory(settings: Settings) -> Directory | None:
    """Return the directory last imported, or None where there is none."""
    try:
        with open_store(settings.store.url, read_only=True) as store:
            return Directory(store.directory.load())
    except (NoDirectoryError, UnknownSchemaError):
        return None


def _never_matched(settings: Settings, rules: RuleSet, since: timedelta) -> Iterator[Problem]:
    with open_store(settings.store.url, read_only=True) as store:
        used = store.judgements.rules_used(datetime.now(UTC) - since)
    for rule in rules.rules:
        if rule.key not in used:
            message = counted(
                "the rule {rule} decided nothing in {count} day",
                "the rule {rule} decided nothing in {count} days",
                since.days,
                rule=rule.id,
            )
            hint = worded("is it still needed, or does a rule above it take what is meant for it?")
            yield Problem(_ROUTING, *rule.place, message, hint, Severity.WARNING)


def _print_found(problems: Iterable[Problem], form: str) -> None:
    if form == "sarif":
        print_json(sarif(problems))
    else:
        print_problems(problems, as_json=form == "json")


@click.command()
@folder_argument
@click.option("--coverage", is_flag=True, help="Also list the conditions that no test shows both true and false.")
@as_json_option
@click.pass_obj
def test(settings: Settings, folder: Path | None, *, coverage: bool, as_json: bool) -> int:
    """Try the rules on their tests: those in routing.yaml, and those in tests/*.yaml.

    FOLDER is a folder of rules; without it, that of the settings. Exit status 1 where a test does not come true, or
    where a rule has none that it holds for and one that it does not hold for.
    """
    folder = folder or settings.rules.dir
    try:
        rules = load_rules(folder, zone=settings.zone, model=settings.model)
    except InvalidFilesError as error:
        print_problems(error.problems, as_json=as_json)
        return 1
    run = run_rule_tests(rules, folder)
    print_problems(run.problems, as_json=as_json)
    _print_run(rules, run, coverage=coverage, as_json=as_json)
    return 1 if run.problems else 0


def _print_run(rules: RuleSet, run: TestRun, *, coverage: bool, as_json: bool) -> None:
    reached = run.coverage
    default = rules.default.id
    tried = sum(bool(reached.held[name] and (reached.not_held[name] or name == default)) for name in reached.held)
    if as_json:
        counts = {"tests": len(run.results), "failed": len(run.failed), "rules": len(rules.rules), "rules_tried": tried}
        print_json({**counts, "conditions": reached.conditions, "conditions_both_ways": reached.both_ways})
        return
    for line in reached.one_way if coverage else ():
        say(worded("seen one way only: {line}", line=line))
    say(
        worded(
            "{tests}, {failed} failed; {tried} of {rules} tried both ways; {both_ways} of {conditions} seen both true "
            "and false",
            tests=counted("{count} test", "{count} tests", len(run.results)),
            failed=len(run.failed),
            tried=tried,
            rules=counted("{count} rule", "{count} rules", len(rules.rules)),
            both_ways=reached.both_ways,
            conditions=counted("{count} condition", "{count} conditions", reached.conditions),
        )
    )


@click.command()
@click.option("--markdown", is_flag=True, help="Print the page docs/conditions.md.")
def conditions(*, markdown: bool) -> None:
    """List the conditions that a rule can use."""
    click.echo(conditions_manual(markdown=markdown), nl=False)


_SCHEMA_FOLDER = "schema"


@click.command()
@folder_argument
@click.option("--file", type=click.Choice(SCHEMAS), help="Print this one, and write nothing.")
@click.pass_obj
def schema(settings: Settings, folder: Path | None, file: str | None) -> None:
    """Write JSON Schemas into FOLDER/schema, with the topics and queues that there are.

    FOLDER is a folder of rules; without it, that of the settings. The first line of each shipped file names its schema
    (`# yaml-language-server: $schema=…`), which editors with a YAML language server heed.
    """
    folder = folder or settings.rules.dir
    schemas = json_schemas(load_rules(folder, zone=settings.zone, model=settings.model))
    if file is not None:
        click.echo(_schema_text(schemas[file]), nl=False)
        return
    (folder / _SCHEMA_FOLDER).mkdir(exist_ok=True)
    for name, schema in schemas.items():
        path = folder / _SCHEMA_FOLDER / f"{name}.schema.json"
        path.write_text(_schema_text(schema), encoding="utf-8")
        click.echo(str(path))


def _schema_text(schema: Schema) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


# Whoever broke a line or did not meant it.
_WIDTH = 1_000_000
_TIMES = 5


@click.command()
@folder_argument
@click.option("--check", is_flag=True, help="Change nothing; exit status 1 where a file would change.")
@click.option("--diff", is_flag=True, help="Show what changes.")
@click.pass_obj
def fmt(settings: Settings, folder: Path | None, *, check: bool, diff: bool) -> int:
    """Lay out all YAML files of the rules and tests/*.yaml alike: indents, spaces, UTF-8, line ends; comments stay.

    FOLDER is a folder of rules; without it, that of the settings. A file that would say something else afterwards, or
    lose a comment, is left as it is.
    """
    folder = folder or settings.rules.dir
    problems: list[Problem] = []
    changed = 0
    for path in (*yaml_files(folder), *sorted((folder / TESTS_FOLDER).glob("*.yaml"))):
        changed += _formatted(path, folder, problems, check=check, diff=diff)
    print_problems(problems, as_json=False)
    say(
        counted("{count} file would change", "{count} files would change", changed)
        if check
        else counted("{count} file changed", "{count} files changed", changed)
    )
    return 1 if any(problem.severity is Severity.ERROR for problem in problems) or (check and changed) else 0


def _formatted(path: Path, folder: Path, problems: list[Problem], *, check: bool, diff: bool) -> bool:
    """Lay out one file; return whether it changes."""
    file = path.relative_to(folder).as_posix()
    before = read_document(path, folder, problems)
    text = read_text(path, file, [])
    if before is None or text is None or before.refused:
        return False
    new = _laid_out(text)
    if new is None or not _says_the_same(before.data, new):
        message = worded("it would say something else once laid out")
        problems.append(Problem(file, 0, 0, message, worded("it is left as it is"), Severity.WARNING))
        return False
    lost = _lost_comment(text, new)
    if lost is not None:
        hint = worded(
            "put it on a line of its own above the list, or write each value with its -; the file is left as it is"
        )
        message = worded("this comment would be lost once laid out")
        problems.append(Problem(file, *lost, message, hint, Severity.WARNING))
        return False
    if new.encode() == path.read_bytes():
        return False
    if diff:
        click.echo("".join(difflib.unified_diff(text.splitlines(True), new.splitlines(True), file, file)), nl=False)  # noqa: FBT003 - keepends
    if not check:
        path.write_bytes(new.encode())
    return True


def _laid_out(text: str) -> str | None:
    """Return the text laid out; None where it cannot be, or never comes to rest."""
    # Comments behind a value stand by columns that the first time moves.
    for _ in range(_TIMES):
        new = _once(text)
        if new is None or new == text:
            return new
        text = new
    return None


def _once(text: str) -> str | None:
    layout = YAML(typ="rt")
    layout.preserve_quotes = True
    layout.width = _WIDTH
    layout.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    try:
        data = layout.load(text.replace("\r\n", "\n").replace("\r", "\n"))
        layout.dump(data, out)
    except (YAMLError, ValueError):
        return None
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    if isinstance(data, list):
        # The outermost list stands at the margin; comments keep their column by themselves.
        lines = [line if line.lstrip().startswith("#") else line.removeprefix("  ") for line in lines]
    return "\n".join(lines) + "\n"


def _lost_comment(text: str, new: str) -> tuple[int, int] | None:
    """Return line and column, from 1, of the first comment that the new text does not hold; None without one."""
    kept = Counter(comment for comment, _ in _comments(new))
    for comment, start in _comments(text):
        kept[comment] -= 1
        if kept[comment] < 0:
            before = text[:start]
            return before.count("\n") + 1, start - before.rfind("\n")
    return None


def _comments(text: str) -> Iterator[tuple[str, int]]:
    """Yield each comment, and where it starts; a # within a value is none."""
    values = [token for token in yaml.scan(text) if isinstance(token, yaml.ScalarToken)]
    starts = [token.start_mark.index for token in values]
    for comment in re.finditer(r"(?:^|(?<=\s))#.*$", text, re.MULTILINE):
        before = bisect_right(starts, comment.start()) - 1
        if before < 0 or values[before].end_mark.index <= comment.start():
            yield comment.group().rstrip(), comment.start()


def _says_the_same(data: object, text: str) -> bool:
    """Read what would be written, as the rules are read, and compare."""
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        trial = Path(name) / "trial.yaml"
        trial.write_text(text, encoding="utf-8")
        after = read_document(trial, trial.parent, [])
    return after is not None and not after.refused and after.data == data


_SOMEBODY = "quelqu-un"
_MOST_MINUTES = 9_999


@click.command()
@click.argument("number", metavar="CASE")
@click.option("--queue", help="Where it should have gone; without it, where it lies now.")
@click.option("--text", "with_text", is_flag=True, help="Also the words of the writer: they are personal data.")
@click.option(
    "--rules",
    "folder",
    type=ReadablePath(file_okay=False),
    help="Folder of the rules; without it, that of the settings.",
)
@click.pass_obj
def new_test(settings: Settings, number: str, queue: str | None, folder: Path | None, *, with_text: bool) -> None:
    """Write a test of the contact that opened CASE into the rules: what was understood, where, when, what came before.

    The test expects the queue in which the case lies now, or the one that is given. Names and words of the writer are
    left out, unless --text is given.
    """
    folder = folder or settings.rules.dir
    with open_store(settings.store.url, read_only=True) as store:
        judgement, lies_in = _first_judgement(store, number)
        directory = Directory(store.directory.load())
    test = dict(_test_keys(judgement, directory, settings, with_text=with_text))
    test |= {"note": f"dossier {number}", "expect": {"queue": queue or lies_in}}
    path = folder / TESTS_FOLDER / f"{number}.yaml"
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        raise NotDoneError(worded("{path} is there already; delete it first", path=path))
    written = yaml.safe_dump([test], allow_unicode=True, sort_keys=False, width=110)
    path.write_text(written, encoding="utf-8")
    click.echo(f"{path}:\n{written}", nl=False)


def _first_judgement(store: Store, number: str) -> tuple[Judgement, str]:
    file = store.cases.get(number)
    for contact in file.contacts:
        if contact.judgement is not None:
            return contact.judgement, file.case.queue
    raise NotDoneError(worded("case {number} has no contact that was judged", number=number))


def _test_keys(
    judgement: Judgement, directory: Directory, settings: Settings, *, with_text: bool
) -> Iterator[tuple[str, Any]]:
    """Yield the keys of the test, those that say nothing left out."""
    contact, understanding = judgement.contact, judgement.understanding
    at = contact.call.ended_at if contact.call else contact.at
    yield "channel", contact.channel.value
    yield "at", at.astimezone(settings.zone).strftime("%Y-%m-%dT%H:%M")
    if contact.call is not None:
        yield "outcome", contact.call.outcome.value
        yield from (("withheld", True),) if contact.call.withheld else ()
    if with_text:
        yield "subject", contact.subject
        yield "text", contact.new_text
    if understanding.topics:
        yield "topic", list(understanding.topics)
    yield "priority", understanding.priority.value
    if understanding.alarm.any:
        yield "alarm", understanding.alarm.level.value
    yield "kind", understanding.kind.value
    if understanding.unread is not None:
        yield "unread", understanding.unread.value
    if understanding.scope is not None:
        yield "scope", understanding.scope.value
    if understanding.asker is not None:
        yield "asker", understanding.asker.value
    if "@" in contact.sender.address:
        yield "sender", f"{_SOMEBODY}@{contact.sender.address.rpartition('@')[2].lower()}"
    yield from _place_keys(judgement, directory)
    history = _history_lines(judgement, at)
    if history:
        yield "history", history


def _place_keys(judgement: Judgement, directory: Directory) -> Iterator[tuple[str, Any]]:
    match = judgement.match
    residence = directory.residences.get(match.residence.id) if match.residence else None
    if residence is not None:
        place = {"id": residence.residence_id, "name": residence.name, "commune": residence.commune}
        place |= {"postcode": residence.postcode, "department": residence.department, "office": residence.office_id}
        yield "residence", {key: value for key, value in place.items() if value}
    elif match.office_id is not None:
        yield "office", match.office_id
    roles = [lease.role for lease in directory.leases_of(match.tenant.id)] if match.tenant else []
    if roles:
        yield "role", roles[0]
    dwelling = directory.dwellings.get(match.dwelling.id) if match.dwelling else None
    if dwelling is not None:
        yield "dwelling", dwelling.kind
    if match.equipment is not None:
        yield "equipment", True


def _history_lines(judgement: Judgement, at: datetime) -> list[dict[str, Any]]:
    """Return what the party brought before, as it was known when the contact was judged."""
    lines = []
    for recalled in judgement.history.dealings:
        still_open = {case.number for case in recalled.dealings.open}
        for prior in recalled.dealings.contacts:
            minutes = max(1, int((at - prior.at).total_seconds() // 60))
            earlier: dict[str, Any] = {"ago": _ago(minutes), "channel": prior.channel.value, "topic": prior.topic}
            earlier |= {"outcome": prior.outcome, "open": prior.case_number in still_open or None}
            earlier |= {"neighbour": recalled.party.residence_id is not None or None}
            lines.append({key: value for key, value in earlier.items() if value is not None})
    return lines


def _ago(minutes: int) -> str:
    return f"{minutes} minutes" if minutes <= _MOST_MINUTES else f"{minutes // 1_440} days"
