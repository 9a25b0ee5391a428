"""`dtm-contact rules schema`: what editors need to complete and check the files of the rules."""

import json
from pathlib import Path

import click

from dtm_contact.cli.commands.rules.check import folder_argument
from dtm_contact.rules import load_rules
from dtm_contact.rules.json_schema import SCHEMAS, Schema, json_schemas
from dtm_contact.settings import Settings

FOLDER = "schema"


@click.command()
@folder_argument
@click.option("--file", type=click.Choice(SCHEMAS), help="Print this one, and write nothing.")
@click.pass_obj
def command(settings: Settings, folder: Path | None, file: str | None) -> None:
    """Write JSON Schemas into FOLDER/schema, with the topics and queues that there are.

    FOLDER is a folder of rules; without it, that of the settings. The first line of each shipped file names its schema
    (`# yaml-language-server: $schema=…`), which editors with a YAML language server heed.
    """
    folder = folder or settings.rules.dir
    schemas = json_schemas(load_rules(folder, zone=settings.zone, model=settings.model))
    if file is not None:
        click.echo(_text(schemas[file]), nl=False)
        return
    (folder / FOLDER).mkdir(exist_ok=True)
    for name, schema in schemas.items():
        path = folder / FOLDER / f"{name}.schema.json"
        path.write_text(_text(schema), encoding="utf-8")
        click.echo(str(path))


def _text(schema: Schema) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
