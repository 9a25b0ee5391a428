"""`dtm-contact rules fmt`: the files of the rules laid out alike, comments kept."""

import difflib
import io
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dtm_contact.cli.commands.rules.check import folder_argument
from dtm_contact.cli.problems import print_problems
from dtm_contact.model import Problem, Severity
from dtm_contact.rules import read_document
from dtm_contact.rules.rule_tests import FOLDER as TESTS
from dtm_contact.rules.ruleset import yaml_files
from dtm_contact.rules.source import read_text
from dtm_contact.settings import Settings

# Whoever broke a line or did not meant it.
_WIDTH = 1_000_000
_TIMES = 5


@click.command()
@folder_argument
@click.option("--check", is_flag=True, help="Change nothing; exit status 1 where a file would change.")
@click.option("--diff", is_flag=True, help="Show what changes.")
@click.pass_obj
def command(settings: Settings, folder: Path | None, *, check: bool, diff: bool) -> int:
    """Lay out all YAML files of the rules and tests/*.yaml alike: indents, spaces, UTF-8, line ends; comments stay.

    FOLDER is a folder of rules; without it, that of the settings. A file that would say something else afterwards, or
    lose a comment, is left as it is.
    """
    folder = folder or settings.rules.dir
    problems: list[Problem] = []
    changed = 0
    for path in (*yaml_files(folder), *sorted((folder / TESTS).glob("*.yaml"))):
        changed += _formatted(path, folder, problems, check=check, diff=diff)
    print_problems(problems, as_json=False)
    click.echo(f"{changed} files {'would change' if check else 'changed'}")
    return 1 if any(each.severity is Severity.ERROR for each in problems) or (check and changed) else 0


def _formatted(path: Path, folder: Path, problems: list[Problem], *, check: bool, diff: bool) -> bool:
    """Lay out one file; return whether it changes."""
    file = path.relative_to(folder).as_posix()
    before = read_document(path, folder, problems)
    text = read_text(path, file, [])
    if before is None or text is None or before.refused:
        return False
    new = _laid_out(text)
    if new is None or not _says_the_same(before.data, new):
        message = "it would say something else once laid out"
        problems.append(Problem(file, 0, 0, message, "it is left as it is", Severity.WARNING))
        return False
    lost = _lost_comment(text, new)
    if lost is not None:
        hint = "put it on a line of its own above the list, or write each value with its -; the file is left as it is"
        problems.append(Problem(file, *lost, "this comment would be lost once laid out", hint, Severity.WARNING))
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
    for found in re.finditer(r"(?:^|(?<=\s))#.*$", text, re.MULTILINE):
        before = bisect_right(starts, found.start()) - 1
        if before < 0 or values[before].end_mark.index <= found.start():
            yield found.group().rstrip(), found.start()


def _says_the_same(data: object, text: str) -> bool:
    """Read what would be written, as the rules are read, and compare."""
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        trial = Path(name) / "trial.yaml"
        trial.write_text(text, encoding="utf-8")
        after = read_document(trial, trial.parent, [])
    return after is not None and not after.refused and after.data == data
