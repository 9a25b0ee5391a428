"""What `--help` says of a command, text by text: gathered for the catalogue, and told in the language in use."""

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
        if told := _help_of(parameter):
            yield told
        if stand_in := _stand_in_of(command, parameter):
            yield from _STAND_IN.findall(stand_in)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from help_texts(below)


def told_in_use(command: _Command) -> _Command:
    """Return a copy of a command, with those below it, whose help is in the language of who typed it."""
    told = copy(command)
    told.help = "\n\n".join(map(_told, _paragraphs(command.help or "")))
    told.options_metavar = _with_words(command.options_metavar or "")
    if isinstance(told, click.Group):
        told.subcommand_metavar = _with_words(told.subcommand_metavar)
        told.commands = {name: told_in_use(below) for name, below in told.commands.items()}
    told.params = [_told_parameter(command, parameter) for parameter in command.params]
    return told


def _told_parameter(command: click.Command, parameter: click.Parameter) -> click.Parameter:
    told = copy(parameter)
    if isinstance(told, click.Option | click.Argument) and told.help:
        told.help = _told(told.help)
    if stand_in := _stand_in_of(command, parameter):
        told.metavar = _with_words(stand_in)
    return told


def _told(text: str) -> str:
    return translated(Translatable(text))


def _with_words(text: str) -> str:
    return _STAND_IN.sub(lambda found: _told(found[0]), text)


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
