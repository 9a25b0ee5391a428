"""The commands: one module each, found by its name, so that one more command is one more file."""

import ast
import importlib
import pkgutil
import sys
from importlib.util import find_spec
from itertools import takewhile
from keyword import iskeyword
from pathlib import Path
from typing import NoReturn

import click
from pydantic import ValidationError
from pydantic_settings import SettingsError

from dtm_contact import __version__, log
from dtm_contact.errors import DtmContactError
from dtm_contact.settings import Settings

_LONGEST_SENTENCE = 500


class Group(click.Group):
    """A group that lists its commands with their whole first sentence: click cuts it off in the midst."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a row for each command; a long one is broken into lines."""
        commands = {name: self.described(ctx, name) for name in self.list_commands(ctx)}
        rows = [(name, command.get_short_help_str(_LONGEST_SENTENCE)) for name, command in commands.items() if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def described(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command that has at least its name and its help."""
        return self.get_command(ctx, name)


class CommandModules(Group):
    """A group whose commands are the modules of a package; a module is imported only when it is asked for."""

    def __init__(self, package: str, **attributes: object) -> None:
        """Take the package that holds a module for each command."""
        super().__init__(**attributes)  # type: ignore[arg-type]
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the alphabet."""
        del ctx
        path = importlib.import_module(self._package).__path__
        names = (module.name for module in pkgutil.iter_modules(path) if module.name[0] != "_")
        return sorted(name.rstrip("_").replace("_", "-") for name in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(self._module(cmd_name)).command
        return command

    def described(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command with its name and help, read from its source: to import them all takes two seconds."""
        spec = find_spec(self._module(name))
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        functions = (each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef))
        helped = [ast.get_docstring(each) for each in functions if each.name == "command"]
        return click.Command(name, help=helped[0]) if helped else self.get_command(ctx, name)

    def _module(self, name: str) -> str:
        """Return the module of a command; one whose name is a keyword of Python has a `_` behind it."""
        module = name.replace("-", "_")
        return f"{self._package}.{module}{'_' * iskeyword(module)}"


@click.command(
    cls=CommandModules,
    package="dtm_contact.cli.commands",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="dtm-contact")
@click.pass_context
def cli(context: click.Context) -> None:
    """Bring every message and call of the one address and the one number into the right office's queue.

    Settings are environment variables (docs/settings.md). Exit status: 0 done, 1 not done or something found wrong,
    2 wrong use, 130 interrupted.
    """
    context.obj = settings = Settings()
    log.configure(settings.log)


def main() -> NoReturn:
    """Run the command of the command line, tell errors in a line, and exit with its status."""
    try:
        sys.exit(cli(prog_name="dtm-contact", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except ValidationError as error:
        sys.exit(_fail("\n".join(_wrong_settings(error))))
    except SettingsError as error:
        sys.exit(_fail(_no_json(error)))
    except DtmContactError as error:
        sys.exit(_fail(str(error)))


def _fail(message: str) -> int:
    click.echo(f"dtm-contact: {message}", err=True)
    return 1


def _wrong_settings(error: ValidationError) -> list[str]:
    """Return a line for each setting; what stands in a list is told by the setting's name alone."""
    told: dict[str, list[str]] = {}
    for fault in error.errors(include_input=False):
        names = takewhile(lambda part: isinstance(part, str), fault["loc"])
        told.setdefault("_".join(("DTM", *map(str, names))).upper(), []).append(fault["msg"])
    return [f"setting {name}: {'; '.join(dict.fromkeys(said))} (docs/settings.md)" for name, said in told.items()]


def _no_json(error: SettingsError) -> str:
    """Return what is wrong with a list; the library's words name the setting or its group in quotation marks."""
    name = str(error).split('"')[1].upper()
    return f'setting DTM_{name} or DTM_{name}_…: write a list as JSON, such as ["one", "two"] (docs/settings.md)'
