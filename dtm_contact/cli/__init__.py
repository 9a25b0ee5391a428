"""The command line: a module for each noun, imported only when one of its commands is asked for."""

import gettext
import importlib
import os
import re
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

import click

from dtm_contact import __version__, log
from dtm_contact.cli.translated_help import translate_help
from dtm_contact.errors import DtmContactError, described
from dtm_contact.settings.loading import load
from dtm_contact.wording import CATALOGUES, DOMAIN, UserLanguage, preferred, speak, translated, worded

_LONGEST_SENTENCE = 500


class CommandGroup(click.Group):
    """A group that lists its commands with their whole first sentence: click cuts it off in the midst."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a row for each command; a long one is broken into lines."""
        commands = {name: self.described(ctx, name) for name in self.list_commands(ctx)}
        rows = [(name, command.get_short_help_str(_LONGEST_SENTENCE)) for name, command in commands.items() if command]
        with formatter.section(translated(worded("Commands"))):
            formatter.write_dl(rows)

    def described(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command that has at least its name and its help."""
        return self.get_command(ctx, name)


class LazyGroup(CommandGroup):
    """A group whose commands are imported only when they are asked for."""

    def __init__(self, *, lazy: Mapping[str, str | click.Command], **attributes: object) -> None:
        """Take what each command is, by its name: a command, or `module:function` below this package."""
        super().__init__(**attributes)  # type: ignore[arg-type]
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the alphabet."""
        del ctx
        return sorted(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        del ctx
        where = self._lazy.get(cmd_name)
        if where is None or isinstance(where, click.Command):
            return where
        module, _, function = where.partition(":")
        command: click.Command = getattr(importlib.import_module(f"{__name__}.{module}"), function)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for, its help in the language of who typed it, and what follows it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and translate_help(command), rest

    def described(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command that has its name and help alone, enough for a list of commands; it cannot be run.

        The help is cut out of the source, since importing every command takes two seconds.

        Args:
            ctx: the context in which help is shown.
            name: one of this group's commands.
        """
        where = self._lazy[name]
        if isinstance(where, click.Command):
            return translate_help(where)
        module, _, function = where.partition(":")
        spec = find_spec(f"{__name__}.{module}")
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        helped = re.search(rf'^def {function}\(.*?^    """(.*?)"""', source, re.MULTILINE | re.DOTALL)
        return translate_help(click.Command(name, help=helped[1])) if helped else self.get_command(ctx, name)


_RULES = LazyGroup(
    name="rules",
    help="Check the rules, try them, see what they would move, and what is in force.",
    lazy={
        "check": "rules_files:check",
        "conditions": "rules_files:conditions",
        "fmt": "rules_files:fmt",
        "history": "rules_versions:history",
        "merge": "rules_merge:merge",
        "new-test": "rules_files:new_test",
        "replay": "rules_replay:replay_command",
        "restore": "rules_versions:restore",
        "schema": "rules_files:schema",
        "status": "rules_versions:status",
        "test": "rules_files:test",
        "try": "rules_replay:try_command",
        "try-source": "rules_sources:try_source",
    },
)
_COMMANDS: Mapping[str, str | click.Command] = {
    "arrivals": "arrivals:arrivals",
    "board": "figures:board",
    "backup": "backup:backup_command",
    "case": "case:case",
    "completion": "manual:completion",
    "daemons": "store:daemons",
    "danger": "danger:danger",
    "demo": "demo:demo",
    "directory": "directory:directory",
    "doctor": "doctor:doctor",
    "explain": "messages:explain",
    "figures": "figures:figures",
    "fit-matching": "evaluation:fit_matching",
    "init": "init:init",
    "label": "evaluation:label_command",
    "man": "manual:man",
    "mailbox": "mailbox:mailbox",
    "outbox": "outbox:outbox",
    "person": "person:person",
    "privacy": "privacy:privacy",
    "queue": "queue:queue",
    "restore": "backup:restore",
    "retention": "retention:retention",
    "route": "messages:route",
    "rules": _RULES,
    "run": "run:run_command",
    "score": "evaluation:score_command",
    "settings": "settings:settings_command",
    "store": "store:store_group",
    "tenant": "tenant:tenant",
    "user": "user:user",
    "verify": "backup:verify",
}


_LOAD_THEMSELVES: Final = {"completion", "doctor", "init", "man", "settings"}
"""The commands that are of use while the settings do not hold; the file of `--config` is in their context."""


OF_MANAGERS: Final = frozenset({"board", "figures", "person", "privacy", "retention", "rules"})
"""The commands that people use who run no computer: they speak French where that is the language."""


class _Program(LazyGroup):
    """All commands: what one needs is made ready when it is found, since its help is in the settings' language."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Load the settings, and return the command that is asked for and what follows it."""
        # A shell that completes a word asks for the command, too.
        if not ctx.resilient_parsing:
            _make_ready(ctx, args[0])
        return super().resolve_command(ctx, args)


def _make_ready(context: click.Context, command: str) -> None:
    config: Path | None = context.params["config"]
    context.obj = config
    if command in _COMMANDS and command not in _LOAD_THEMSELVES:
        context.obj = settings = load(config).settings
        log.configure(settings.log)
        speak_to_managers(command, settings.language)


@click.command(cls=_Program, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Read the settings of this file; without it that of DTM_CONFIG, else dtm-contact.toml in this folder, "
    "else yours, else that of /etc/dtm-contact.",
)
@click.version_option(__version__, prog_name="dtm-contact")
def cli(config: Path | None) -> None:
    """Bring every message and call of the one address and the one number into the right office's queue.

    Settings are a file of TOML, and environment variables, which win (docs/settings.md). Exit status: 0 done, 1 not
    done or something found wrong, 2 wrong use, 130 interrupted.
    """
    # Taken when the command was found.
    del config


def speak_to_managers(command: str, language: UserLanguage | None) -> None:
    """Let commands of managers speak the language of the settings, else that of the locale; all others are English."""
    spoken = (language or preferred(os.environ)) if command in OF_MANAGERS else UserLanguage.ENGLISH
    speak(spoken)
    if spoken is not UserLanguage.ENGLISH:
        # What click says of options and arguments it looks up by itself, in the program's own domain.
        os.environ["LANGUAGE"] = spoken
        gettext.bindtextdomain(DOMAIN, CATALOGUES)
        gettext.textdomain(DOMAIN)


def main() -> NoReturn:
    """Run the command of the command line, print errors in a line, and exit with its status."""
    try:
        sys.exit(cli(prog_name="dtm-contact", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except DtmContactError as error:
        sys.exit(_fail(translated(error.wording)))
    except OSError as error:
        # A file that an operator named; without a name the fault is the program's, and its trace is wanted.
        if error.filename is None:
            raise
        sys.exit(_fail(described(error)))


def _fail(message: str) -> int:
    click.echo(f"dtm-contact: {message}", err=True)
    return 1
