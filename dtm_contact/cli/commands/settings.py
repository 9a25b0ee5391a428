"""`dtm-contact settings`: every setting, what it is for, and its value."""

from collections.abc import Iterator

import click
from pydantic import BaseModel

from dtm_contact.cli.output import console, table
from dtm_contact.settings import Settings

_HEAD = """# Settings

Generated from `dtm_contact/settings/` by `make docs`. Each setting is an environment variable;
a list is written as JSON.

| variable | default | what it is |
| --- | --- | --- |
"""


@click.command()
@click.option("--markdown", is_flag=True, help="Print the page docs/settings.md.")
@click.pass_obj
def command(settings: Settings, *, markdown: bool) -> None:
    """List every setting with its value."""
    if markdown:
        click.echo(as_markdown(), nl=False)
        return
    rows = [(name, value, description) for name, _default, value, description in _rows(settings, "DTM_")]
    console().print(table(("variable", "value", "what it is"), rows))


def as_markdown() -> str:
    """Return the page of all settings with their defaults, whatever the environment says."""
    rows = _rows(Settings.defaults(), "DTM_")
    return _HEAD + "".join(f"| `{name}` | `{default}` | {what} |\n" for name, default, _value, what in rows)


def _rows(model: BaseModel, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _rows(value, f"{prefix}{name.upper()}_")
        else:
            yield f"{prefix}{name.upper()}", _written(field.default), _written(value), field.description or ""


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
