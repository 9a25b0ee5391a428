"""`dtm-contact user …`: who may use the desk."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click

from dtm_contact.access import Role, new_account, new_link
from dtm_contact.access.login import LINK_MINUTES, hash_password
from dtm_contact.cli import CommandGroup
from dtm_contact.cli.output import table, terminal_output
from dtm_contact.errors import NoDirectoryError, NotFoundError
from dtm_contact.settings import Settings
from dtm_contact.store import Account, Store, TrailLine, open_store

_CLI = "command line"


@click.group(cls=CommandGroup)
def user() -> None:
    """See to the accounts of the desk. There is none at first, and no password is given beforehand."""


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do.")
@click.option(
    "--office",
    "offices",
    multiple=True,
    help="The office they work in, by its identifier; compulsory for an agent. Once more for each further one.",
)
@click.option("--email", help="Their address, where links to set a password go.")
@click.option("--shown-as", default="", help="What colleagues read; without it, the name.")
@click.option("--without-password", is_flag=True, help="Ask for none: `user link` lets them in.")
@click.pass_obj
def add(
    settings: Settings,
    name: str,
    role: str,
    offices: tuple[str, ...],
    email: str | None,
    shown_as: str,
    *,
    without_password: bool,
) -> None:
    """Add an account; the password is asked for, or read from the standard input."""
    password = None if without_password else _ask_password()
    with open_store(settings.store.url) as store:
        for office in offices:
            _must_be_known(store, office)
        account = new_account(name, shown_as, role, next(iter(offices), None), password)
        account = replace(account, email=email.lower() if email else None, further_offices=offices[1:])
        if not store.accounts.add(account, datetime.now(UTC)):
            raise click.ClickException(f"there is an account {name!r} already")
        _note(store, "account added", name, {"role": role, "offices": list(offices)})
    of = f" of {', '.join(offices)}" if offices else ""
    click.echo(f"Added {name}, {role}{of}.")


@user.command()
@click.argument("name")
@click.pass_obj
def password(settings: Settings, name: str) -> None:
    """Set a new password, unlock the account, and end its sessions."""
    new = hash_password(_ask_password())
    with open_store(settings.store.url) as store:
        store.accounts.set_password(_named(store, name).id, new)
        _note(store, "password set", name, {})
    click.echo(f"The password of {name} is set; all of their sessions have ended.")


@user.command()
@click.argument("name")
@click.pass_obj
def disable(settings: Settings, name: str) -> None:
    """Let somebody in no more, at once."""
    with open_store(settings.store.url) as store:
        store.accounts.disable(_named(store, name).id, datetime.now(UTC))
        _note(store, "account disabled", name, {})
    click.echo(f"{name} may not come in any more; all of their sessions have ended.")


@user.command()
@click.argument("name")
@click.pass_obj
def enable(settings: Settings, name: str) -> None:
    """Let somebody in again who was disabled."""
    with open_store(settings.store.url) as store:
        store.accounts.enable(_named(store, name).id)
        _note(store, "account enabled", name, {})
    click.echo(f"{name} may come in again.")


@user.command("remove-second-factor")
@click.argument("name")
@click.pass_obj
def remove_second_factor(settings: Settings, name: str) -> None:
    """Forget the second factor of somebody who has lost their telephone and their recovery codes."""
    with open_store(settings.store.url) as store:
        store.second_factors.remove(_named(store, name).id)
        _note(store, "second factor removed", name, {})
    click.echo(f"{name} is asked for no code any more; whose role must have one sets it up at the next log-in.")


@user.command()
@click.argument("name")
@click.pass_obj
def link(settings: Settings, name: str) -> None:
    """Print the path of a page that lets somebody in once, within half an hour."""
    with open_store(settings.store.url) as store:
        secret = new_link(store, _named(store, name), datetime.now(UTC))
        _note(store, "link made", name, {})
    click.echo(f"/entrer/{secret}  (once, within {LINK_MINUTES} minutes)")


@user.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the accounts."""
    with open_store(settings.store.url, read_only=True) as store:
        having = store.second_factors.having()
        rows = [_row(account, has_second_factor=account.id in having) for account in store.accounts.all()]
    terminal_output().print(table(("name", "shown as", "role", "offices", "second factor", ""), rows))


def _row(account: Account, *, has_second_factor: bool) -> tuple[str, ...]:
    state = "disabled" if account.disabled_at else "" if account.password else "no password"
    factor = "yes" if has_second_factor else ""
    return account.name, account.shown_as, account.role, ", ".join(account.offices), factor, state


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _must_be_known(store: Store, office: str) -> None:
    try:
        offices = [line.office_id for line in store.directory.load().offices]
    except NoDirectoryError:
        return
    if office not in offices:
        raise click.ClickException(f"there is no office {office!r}; there are {', '.join(offices)}")


def _named(store: Store, name: str) -> Account:
    try:
        return store.accounts.named(name)
    except NotFoundError:
        raise click.ClickException(f"there is no account {name!r}") from None


def _note(store: Store, what: str, name: str, data: dict[str, Any]) -> None:
    store.accounts.trail(TrailLine(datetime.now(UTC), _CLI, what, name, data))
