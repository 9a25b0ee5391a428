"""`dtm-contact person …`: what one person may ask for: their data, and that it is erased."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from dtm_contact.cli import CommandGroup
from dtm_contact.cli.case import actor_option
from dtm_contact.cli.output import ReadablePath, as_json_option, plain, print_json, say, table, terminal_output
from dtm_contact.privacy.before_handing_over import PassageToRead, unsaid
from dtm_contact.privacy.erasing import ErasurePlan, erase, plan, verify_certificate
from dtm_contact.privacy.export import export_person
from dtm_contact.privacy.subject import DataSubject, person_named
from dtm_contact.settings import Settings
from dtm_contact.store import Store, TrailLine, open_store
from dtm_contact.wording import counted, joined, translated, worded


@click.group(cls=CommandGroup)
def person() -> None:
    """Export all that is kept of a person, or erase it; WHO is a tenant's id, an e-mail address or a phone number."""


@person.command("plan")
@click.argument("asked", metavar="WHO")
@as_json_option
@click.pass_obj
def plan_command(settings: Settings, asked: str, *, as_json: bool) -> None:
    """Say what erasing WHO would do: what, where, what is kept and by which law; nothing is changed."""
    with open_store(settings.store.url, read_only=True) as store:
        planned = plan(settings, store, _person(settings, store, asked))
    if as_json:
        print_json(_as_json(planned))
    else:
        _show(planned)


@person.command("export")
@click.argument("asked", metavar="WHO")
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), help="A new folder to write into.")
@click.option(
    "--give",
    "given",
    multiple=True,
    metavar="PLACE",
    help="Give what is withheld at a place, whole or a sentence of it, which you have read.",
)
@actor_option
@click.pass_obj
def export_command(settings: Settings, asked: str, folder: Path, given: tuple[str, ...], who: str) -> None:
    """Write all that is kept of WHO into a new folder and a zip file: a page to read, JSON, messages as they came."""
    now = datetime.now(UTC)
    with open_store(settings.store.url) as store:
        found = _person(settings, store, asked)
        done = export_person(settings, store, found, folder, now, [each.removeprefix("#") for each in given])
        told = {"rows": done.rows, "people": sorted(found.tenants)}
        store.accounts.trail(TrailLine(now, who, "exported", "personne", told))
    written = worded(
        "{folder}: {rows} rows, {files} messages and files; {archive}",
        folder=f"{done.folder}",
        rows=done.rows,
        files=done.files,
        archive=f"{done.archive}",
    )
    say(written)
    for missing in unsaid(settings):
        say(missing, err=True)
    if done.to_read:
        say(worded("Read before you hand it over, since it may be somebody else's or tell of others:"))
        terminal_output().print(_reading_table(settings, done.to_read))
    if done.withheld:
        say(
            worded(
                "Not in the copy, since an agent wrote of somebody else. Read each; what harms nobody, whole or a "
                "sentence of it, give with --give PLACE, into a new folder:"
            )
        )
        for each in done.withheld:
            say(f"{each.anchor}  {each.number}")
            for place, sentence in each.sentences.items():
                if place not in each.given:
                    say(f"    {place}  {plain(sentence)}")


def _reading_table(settings: Settings, to_read: Sequence[PassageToRead]) -> Table:
    rows = [
        (each.number, f"{each.at.astimezone(settings.zone):%d/%m/%Y %H:%M}", each.sender, each.why, f"#{each.anchor}")
        for each in to_read
    ]
    return table((worded("case"), worded("at"), worded("from"), worded("why"), worded("in the page")), rows)


@person.command("erase")
@click.argument("asked", metavar="WHO")
@click.option("--yes", is_flag=True, help="Erase without asking; the plan is shown all the same.")
@actor_option
@click.pass_obj
def erase_command(settings: Settings, asked: str, who: str, *, yes: bool) -> None:
    """Erase WHO everywhere but for what must be kept, after the plan was shown; a certificate tells counts alone."""
    with open_store(settings.store.url) as store:
        found = _person(settings, store, asked)
        _show(plan(settings, store, found))
        if not yes:
            click.confirm(translated(worded("Erase all this? It cannot be taken back")), abort=True)
        done = erase(settings, store, found, who, datetime.now(UTC))
    rows = sum(each["erased"] for each in done.certificate["places"])
    say(worded("erased: {rows} rows; the certificate is {path}", rows=rows, path=f"{done.path}"))
    if pages := done.certificate["pages_with_rest"]:
        say(
            counted(
                "{count} page of the file holds octets in its free room: dtm-contact store vacuum removes them",
                "{count} pages of the file hold octets in their free room: dtm-contact store vacuum removes them",
                pages,
            )
        )


@person.command("verify")
@click.argument("certificate", type=ReadablePath(dir_okay=False))
@click.pass_context
def verify_command(context: click.Context, certificate: Path) -> None:
    """Check a certificate: that it is ours and unchanged, and that the store holds nothing of its person."""
    settings: Settings = context.obj
    with open_store(settings.store.url, read_only=True) as store:
        faults = verify_certificate(settings, store, certificate)
    for fault in faults:
        say(fault, err=True)
    say(worded("the certificate does not hold") if faults else worded("the certificate holds"))
    context.exit(1 if faults else 0)


@person.command("list")
@as_json_option
@click.pass_obj
def list_command(settings: Settings, *, as_json: bool) -> None:
    """List what was erased on request: when, by whom, how many rows; of whom stands nowhere."""
    with open_store(settings.store.url, read_only=True) as store:
        lines = store.holds.erased()
    if as_json:
        print_json([plain(line) for line in lines])
        return
    rows = [
        (line.id, f"{line.at.astimezone(settings.zone):%d/%m/%Y %H:%M}", line.who, f"{sum(line.counts.values()):,}")
        for line in lines
    ]
    if rows:
        terminal_output().print(table((worded("id"), worded("at"), worded("by"), worded("rows")), rows))
    else:
        say(worded("nobody was erased"))


def _person(settings: Settings, store: Store, asked: str) -> DataSubject:
    with store.database.reading() as connection:
        return person_named(connection, asked, datetime.now(settings.zone).date())


def _as_json(planned: ErasurePlan) -> dict[str, Any]:
    return {
        "tenants": sorted(planned.person.tenants),
        "addresses": sorted(planned.person.addresses),
        "numbers": sorted(planned.person.numbers),
        "places": [{"place": name, "rows": rows} for name, _holds, rows in planned.places if rows],
        "outside": [
            {"place": name, "found": found, "erased": erased} for name, _holds, found, erased in planned.copies if found
        ],
        "kept": [{"what": what, "why": why, "law": law} for what, why, law in planned.kept_by_law],
        "unjudged": planned.unjudged,
    }


def _show(planned: ErasurePlan) -> None:
    who = planned.person
    tenants = ", ".join(sorted(who.tenants)) or worded("no tenant")
    say(joined((tenants, ", ".join(sorted(who.addresses | who.numbers))), ": "))
    rows = [(name, holds, f"{count}") for name, holds, count in planned.places if count]
    rows += [
        (name, holds, f"{count}" if ours else worded("{count} (for a person to see to)", count=count))
        for name, holds, count, ours in planned.copies
        if count
    ]
    if rows:
        terminal_output().print(table((worded("place"), "", worded("rows")), rows))
    else:
        say(worded("nothing is to be erased"))
    terminal_output().print(table((worded("kept"), worded("why"), worded("law")), planned.kept_by_law))
    if planned.unjudged:
        say(
            counted(
                "{count} message waits to be judged: whose it is is not known yet",
                "{count} messages wait to be judged: whose they are is not known yet",
                planned.unjudged,
            )
        )
