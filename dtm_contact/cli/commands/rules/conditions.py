"""`dtm-contact rules conditions`: what a rule can ask."""

import click

from dtm_contact.rules import conditions_manual


@click.command()
@click.option("--markdown", is_flag=True, help="Print the page docs/conditions.md.")
def command(*, markdown: bool) -> None:
    """List the conditions that a rule can use."""
    click.echo(conditions_manual(markdown=markdown), nl=False)
