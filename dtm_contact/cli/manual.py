"""`dtm-contact man` and `completion`: manual pages and the completion of shells, made of the commands themselves."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from click.shell_completion import get_completion_class

from dtm_contact import __version__
from dtm_contact.errors import DtmContactError
from dtm_contact.settings.common import APPLICATION

_COMPLETE_VARIABLE: Final = "_DTM_CONTACT_COMPLETE"
_AS_IT_IS: Final = "\b"
"""What begins a paragraph whose lines are not to be filled, as click has it."""
_SHELLS: Final = ("bash", "zsh", "fish")


class PagesError(DtmContactError):
    """The manual pages cannot be written."""


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what completes commands, options and their values in a shell.

    For bash and zsh, in ~/.bashrc or ~/.zshrc: eval "$(dtm-contact completion bash)". For fish:
    dtm-contact completion fish > ~/.config/fish/completions/dtm-contact.fish
    """
    made = get_completion_class(shell)
    assert made is not None, shell  # noqa: S101 - click has all three
    script = made(context.find_root().command, {}, APPLICATION, _COMPLETE_VARIABLE)
    # Not by source(), which asks the shell for its version: the script may be for another machine.
    click.echo(script.source_template % script.source_vars())


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_context
def man(context: click.Context, folder: Path) -> None:
    """Write a manual page for each command into FOLDER.

    `dtm-contact man /usr/local/share/man/man1`, then `man dtm-contact-case-move`.
    """
    day = datetime.now(UTC).date().isoformat()
    root = context.find_root()
    count = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in contexts(root.command):
            (folder / f"{page_name(each)}.1").write_text(page(each, day), encoding="utf-8")
            count += 1
    except OSError as error:
        raise PagesError(f"{error.filename or folder}: {error.strerror}") from error
    click.echo(f"{count} pages in {folder}")


def contexts(
    command: click.Command, name: str = APPLICATION, above: click.Context | None = None
) -> Iterator[click.Context]:
    """Yield a context for a command and for each below it, as if each had been typed."""
    context = click.Context(command, info_name=name, parent=above)
    yield context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from contexts(found, below, context)


def page_name(context: click.Context) -> str:
    """Return the name of a command's page: its words, joined."""
    return context.command_path.replace(" ", "-")


def page(context: click.Context, day: str) -> str:
    """Return the manual page of a command as troff(1) reads it, by the macros man(7).

    Args:
        context: of the command.
        day: when it is made, as `2026-12-01`.
    """
    command, name = context.command, page_name(context)
    paragraphs = list(_paragraphs(command.help or ""))
    first, *rest = paragraphs or [""]
    short = " ".join(first.split()).rstrip(".")
    lines = [
        f'.TH "{name.upper()}" "1" "{day}" "dtm-contact {__version__}" "dtm-contact"',
        ".SH NAME",
        f"{_text(name)} \\- {_text(short)}",
        ".SH SYNOPSIS",
        rf"\fB{_text(context.command_path)}\fR {_text(' '.join(command.collect_usage_pieces(context)))}",
    ]
    if rest:
        lines += [".SH DESCRIPTION", *(line for paragraph in rest for line in _paragraph(paragraph))]
    lines += _options(context)
    lines += _commands(context)
    others = [page_name(context.parent)] if context.parent else []
    others += [f"{name}-{below}" for below in _below(context)]
    if others:
        lines += [".SH SEE ALSO", ",\n".join(rf"\fB{_text(other)}\fR(1)" for other in others)]
    return "\n".join(lines) + "\n"


def _paragraphs(text: str) -> Iterator[str]:
    yield from filter(None, (part.strip("\n") for part in re.split(r"\n\s*\n", text)))


def _paragraph(text: str) -> Iterator[str]:
    if text.lstrip(" ").startswith(_AS_IT_IS):
        yield from (".PP", ".nf", *(_text(line) for line in text.splitlines()[1:]), ".fi")
    else:
        yield from (".PP", _text(" ".join(text.split())))


def _options(context: click.Context) -> Iterator[str]:
    records = [
        record
        for parameter in context.command.get_params(context)
        if (record := parameter.get_help_record(context)) is not None
    ]
    if records:
        yield ".SH OPTIONS"
    for written, told in records:
        yield from (".TP", rf"\fB{_text(written)}\fR", _text(told))


def _commands(context: click.Context) -> Iterator[str]:
    below = _below(context)
    if below:
        yield ".SH COMMANDS"
    for name, command in below.items():
        yield from (".TP", rf"\fB{_text(name)}\fR", _text(command.get_short_help_str(limit=1_000)))


def _below(context: click.Context) -> dict[str, click.Command]:
    command = context.command
    if not isinstance(command, click.Group):
        return {}
    found = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return {name: below for name, below in found.items() if below is not None and not below.hidden}


def _text(text: str) -> str:
    """Return a line of text as troff reads it: nothing in it is a request, and hyphens can be copied."""
    escaped = text.replace("\\", r"\(rs").replace("-", r"\-").replace("`", r"\(ga").replace("'", r"\(aq")
    return rf"\&{escaped}" if escaped.startswith(".") else escaped
