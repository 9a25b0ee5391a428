"""`dtm-contact privacy …`: the register of processing and the notice for tenants, written from schema and settings."""

from collections.abc import Callable

import click

from dtm_contact.cli import CommandGroup
from dtm_contact.privacy import register as texts
from dtm_contact.settings import Settings


@click.group(cls=CommandGroup)
def privacy() -> None:
    """Write the register of processing and the notice for tenants, in French."""


def _text_command(name: str, told: str, text: Callable[[Settings], list[texts.Block]]) -> click.Command:
    @privacy.command(name, help=told)
    @click.option("--html", "as_html", is_flag=True, help="As a page of HTML; else as Markdown.")
    @click.pass_obj
    def command(settings: Settings, *, as_html: bool) -> None:
        blocks = text(settings)
        click.echo(texts.as_html(blocks) if as_html else texts.as_markdown(blocks), nl=False)

    return command


_text_command("register", "Print the register of the processing (GDPR article 30).", texts.register)
_text_command("notice", "Print the notice for tenants (GDPR article 13).", texts.notice)
