"""`dtm-contact danger`: the open P1, and what may become one; the P1 also while the store is down."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from dtm_contact.beginning import require_no_lost_store
from dtm_contact.cases.knowledge import ConfigurationProvider
from dtm_contact.danger_page import HTML, TEXT
from dtm_contact.danger_page.keeper import made
from dtm_contact.danger_page.unjudged import glance
from dtm_contact.errors import DtmContactError, described
from dtm_contact.settings import Settings
from dtm_contact.store import open_store

_PATIENCE = 3.0
_MINUTE = 60


class NoPageError(DtmContactError):
    """There is no page of the open P1 on disk."""


@click.command()
@click.option("--kept", is_flag=True, help="Print the page as the daemon last wrote it, and leave the store alone.")
@click.option("--html", is_flag=True, help="Print it as HTML, for a browser or a printer.")
@click.pass_obj
def danger(settings: Settings, *, kept: bool, html: bool) -> None:
    """Print the open P1 with all that whoever is on call needs; where the store is down, as the daemon last wrote them.

    Before them what waits to be judged and seems to tell of danger, with whom is known to have been told: after a
    restore, and while no daemon runs, nothing else names it.

    How old a page is that was written by the daemon (DTM_DANGER_FOLDER) is told on standard error.
    """
    if not kept:
        try:
            click.echo(_now(settings, html=html), nl=False)
        except DtmContactError as error:
            click.echo(f"dtm-contact: {described(error)}", err=True)
        else:
            return
    click.echo(_kept(settings, html=html), nl=False)


def _now(settings: Settings, *, html: bool) -> bytes:
    require_no_lost_store(settings)
    with open_store(settings.store.url, read_only=True, patience=_PATIENCE) as store:
        known = ConfigurationProvider(store, settings)()
        page = made(store, known, datetime.now(UTC), settings.danger.old_minutes)
        on_call = known.rules.desks.reception.called_at(page.at)
        page = replace(page, suspects=glance(store, known.rules.reader), on_call=on_call)
    return page.html() if html else page.text()


def _kept(settings: Settings, *, html: bool) -> bytes:
    folder = settings.danger.folder
    if folder is None:
        raise NoPageError("set DTM_DANGER_FOLDER, so that the daemon keeps one")
    path = folder / (HTML if html else TEXT)
    try:
        content, written = path.read_bytes(), path.stat().st_mtime
    except OSError as error:
        raise NoPageError(described(error)) from error
    _tell_age(path, written)
    return content


def _tell_age(path: Path, written: float) -> None:
    minutes = max(0, int(datetime.now(UTC).timestamp() - written)) // _MINUTE
    click.echo(f"dtm-contact: {path} was written {minutes} min ago; what happened since is not in it.", err=True)
