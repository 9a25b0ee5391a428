"""`dtm-contact settings`: every setting, what it is for, and its value."""

import os

import click

from dtm_contact.cli.output import console, table
from dtm_contact.settings import Settings, rows, unknown

_HEAD = """# Settings

Generated from `dtm_contact/settings/` by `make docs`. Each setting is an environment variable;
a list is written as JSON.

| variable | default | what it is |
| --- | --- | --- |
"""


@click.command()
@click.option("--markdown", is_flag=True, help="Print the page docs/settings.md.")
@click.pass_obj
def settings_command(settings: Settings, *, markdown: bool) -> None:
    """List every setting with its value."""
    if markdown:
        click.echo(as_markdown(), nl=False)
        return
    lines = [(name, _written(value), what) for name, _default, value, what in rows(settings)]
    console().print(table(("variable", "value", "what it is"), lines))
    for sentence in unknown(os.environ):
        click.echo(sentence, err=True)


def as_markdown() -> str:
    """Return the page of all settings with their defaults, whatever the environment says."""
    defaults = rows(Settings.defaults())
    return _HEAD + "".join(
        f"| `{name}` | `{_written(default)}` | {what} |\n" for name, default, _value, what in defaults
    )


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
