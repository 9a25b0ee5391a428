"""`dtm-contact case tenant`."""

from typing import Any

import click

from dtm_contact.cli.work import Asked, work_options
from dtm_contact.settings import Settings


@click.command()
@work_options
@click.argument("tenant", required=False)
@click.option("--dwelling", help="The dwelling that it is about, where the tenant has several, or nobody is named.")
@click.option("--nobody", is_flag=True, help="It is about none of our tenants.")
@click.option("--confirm", is_flag=True, help="Also keep the contact's address or number as this tenant's.")
@click.pass_obj
def command(
    settings: Settings, /, tenant: str | None, dwelling: str | None, *, nobody: bool, confirm: bool, **asked: Any
) -> None:
    """Say which TENANT a case is about."""
    if nobody is (tenant is not None or dwelling is not None):
        raise click.UsageError("name a tenant, or a --dwelling, or say --nobody")
    Asked(settings, asked).do("tenant", tenant=tenant, dwelling=dwelling, confirm=confirm)
