"""What `--help` says of a command, text by text: gathered for the catalogue, and given in the language in use."""

import inspect
import re
from collections.abc import Iterator
from copy import copy
from typing import TypeVar

import click

from dtm_contact.wording import Translatable, translated

_Command = TypeVar("_Command", bound=click.Command)
_STAND_IN = re.compile(r"[A-Z][A-Z ]*[A-Z]")
"""What stands in capitals for what is to be typed, such as FOLDER in `[FOLDER]`."""


def help_texts(command: click.Command) -> Iterator[str]:
    """Yield every text that the help of a command shows, those of the commands below it too."""
    yield from _paragraphs(command.help or "")
    yield from _STAND_IN.findall(_usage_of(command))
    for parameter in command.params:
        if shown := _help_of(parameter):
            yield shown
        if stand_in := _stand_in_of(command, parameter):
            yield from _STAND_IN.findall(stand_in)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from help_texts(below)


def translate_help(command: _Command) -> _Command:
    """Return a copy of a command, with those below it, whose help is in the language of who typed it."""
    shown = copy(command)
    shown.help = "\n\n".join(map(_translate, _paragraphs(command.help or "")))
    shown.options_metavar = _with_words(command.options_metavar or "")
    if isinstance(shown, click.Group):
        shown.subcommand_metavar = _with_words(shown.subcommand_metavar)
        shown.commands = {name: translate_help(below) for name, below in shown.commands.items()}
    shown.params = [_translate_parameter(command, parameter) for parameter in command.params]
    return shown


def _translate_parameter(command: click.Command, parameter: click.Parameter) -> click.Parameter:
    shown = copy(parameter)
    if isinstance(shown, click.Option | click.Argument) and shown.help:
        shown.help = _translate(shown.help)
    if stand_in := _stand_in_of(command, parameter):
        shown.metavar = _with_words(stand_in)
    return shown


def _translate(text: str) -> str:
    return translated(Translatable(text))


def _with_words(text: str) -> str:
    return _STAND_IN.sub(lambda found: _translate(found[0]), text)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in re.split(r"\n\s*\n", inspect.cleandoc(text)) if each.strip()]


def _usage_of(command: click.Command) -> str:
    below = command.subcommand_metavar if isinstance(command, click.Group) else ""
    return f"{command.options_metavar or ''} {below}"


def _help_of(parameter: click.Parameter) -> str:
    return (parameter.help or "") if isinstance(parameter, click.Option | click.Argument) else ""


def _stand_in_of(command: click.Command, parameter: click.Parameter) -> str:
    """Return what stands for the value of a parameter; empty for a flag, and where its choices stand there."""
    if isinstance(parameter.type, click.Choice) or (isinstance(parameter, click.Option) and parameter.is_flag):
        return ""
    return parameter.make_metavar(click.Context(command))
