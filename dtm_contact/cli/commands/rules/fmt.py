"""`dtm-contact rules fmt`: the files of the rules laid out alike, comments kept."""

import difflib
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dtm_contact.cli.commands.rules.check import folder_argument
from dtm_contact.cli.problems import print_problems
from dtm_contact.model import Problem, Severity
from dtm_contact.rules import read_document
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
    """Lay out routing.yaml, queues.yaml and tests/*.yaml alike: indents, spaces, UTF-8, line ends; comments stay.

    FOLDER is a folder of rules; without it, that of the settings. A file that would say something else afterwards is
    left as it is.
    """
    folder = folder or settings.rules.dir
    problems: list[Problem] = []
    changed = 0
    for path in (folder / "routing.yaml", folder / "queues.yaml", *sorted((folder / "tests").glob("*.yaml"))):
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


def _says_the_same(data: object, text: str) -> bool:
    """Read what would be written, as the rules are read, and compare."""
    with TemporaryDirectory(prefix="dtm-contact-rules-") as name:
        trial = Path(name) / "trial.yaml"
        trial.write_text(text, encoding="utf-8")
        after = read_document(trial, trial.parent, [])
    return after is not None and not after.refused and after.data == data
