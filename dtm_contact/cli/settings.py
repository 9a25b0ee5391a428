"""`dtm-contact settings`: every setting, what it is for, and its value; `settings check`: whether they can hold."""

import re
from pathlib import Path

import click

from dtm_contact.cli import CommandGroup
from dtm_contact.cli.doctor import print_findings
from dtm_contact.cli.output import as_json_option, table, terminal_output
from dtm_contact.doctor import CheckState, examine
from dtm_contact.settings import Settings, rows
from dtm_contact.settings.loading import load

_HEAD = """# Settings

Generated from `dtm_contact/settings/` by `make docs`. Each setting is an environment variable, in which a list is
written as JSON; and a key of the settings file, in which `DTM_SMTP_PORT` is `port` below `[smtp]`, and `DTM_NAME` is
`name` above all tables:

    channels = ["smtp", "asterisk_cdr"]

    [smtp]
    port = 8025

The environment wins over the file. One file is read: that of `dtm-contact --config FILE` or of the variable
`DTM_CONFIG` (empty: none); else `dtm-contact.toml` in the folder where the program is started, else
`$XDG_CONFIG_HOME/dtm-contact/dtm-contact.toml`, else `/etc/dtm-contact/dtm-contact.toml`. A key that is no setting is
refused; `dtm-contact settings check` tells all that can be told without a start.

| variable | default | what it is |
| --- | --- | --- |
"""
_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@\s]*(?=@)")


@click.group(cls=CommandGroup, invoke_without_command=True)
@click.option("--markdown", is_flag=True, help="Print the page docs/settings.md.")
@click.pass_context
def settings_command(context: click.Context, *, markdown: bool) -> None:
    """List every setting with its value; check them."""
    if context.invoked_subcommand is not None:
        return
    if markdown:
        click.echo(as_markdown(), nl=False)
        return
    loaded = load(context.obj)
    lines = [(name, _written(value), what) for name, _default, value, what in rows(loaded.settings)]
    terminal_output().print(table(("variable", "value", "what it is"), lines))
    if loaded.file is not None:
        click.echo(f"settings file: {loaded.file.path}", err=True)
    for sentence in loaded.slips:
        click.echo(sentence, err=True)


@settings_command.command()
@as_json_option
@click.pass_obj
def check(config: Path | None, *, as_json: bool) -> int:
    """Say what is wrong with the settings, without a start: values, folders, rights, secrets' files, addresses.

    Nothing is connected to and nothing is written. Exit status: 0 sound, warnings included; 1 a fault.
    """
    return int(print_findings(examine(config, offline=True), as_json=as_json) is CheckState.FAULT)


def as_markdown() -> str:
    """Return the page of all settings with their defaults, whatever the environment says."""
    defaults = rows(Settings.defaults())
    return _HEAD + "".join(
        f"| `{name}` | `{_written(default)}` | {what} |\n" for name, default, _value, what in defaults
    )


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else _PASSWORD.sub(r"\1:…", str(value))
