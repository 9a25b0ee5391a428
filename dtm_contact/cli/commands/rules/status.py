"""`dtm-contact rules status`: which rules judge, and what keeps others from it."""

from collections.abc import Iterator

import click

from dtm_contact.cli.output import as_json_option, plain, print_json
from dtm_contact.rules.ruleset import digest
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from dtm_contact.store.rule_versions import DaemonRules


@click.command()
@as_json_option
@click.pass_obj
def command(settings: Settings, *, as_json: bool) -> int:
    """Say by which rules each daemon judges, since when, and what is wrong with those that do not take effect.

    A version is told by what decides; tests are no part of it. Exit status 1 where a daemon refuses what its folder
    holds.
    """
    with open_store(settings.store.url, read_only=True) as store:
        in_force = store.rule_versions.in_force()
    folder = digest(settings.rules.dir)
    if as_json:
        for each in in_force:
            print_json(plain(each) | {"folder": folder})
    else:
        for line in _told(settings, in_force, folder):
            click.echo(line)
    return 1 if any(each.refused for each in in_force) else 0


def _told(settings: Settings, in_force: list[DaemonRules], folder: str) -> Iterator[str]:
    if not in_force:
        yield "no daemon has judged by any rules yet"
    for each in in_force:
        since = each.since.astimezone(settings.zone)
        yield f"{each.daemon}: version {each.version} in force since {since:%Y-%m-%d %H:%M:%S}"
        if each.refused and each.refused_at:
            at = each.refused_at.astimezone(settings.zone)
            yield f"{each.daemon}: version {each.refused} REFUSED at {at:%Y-%m-%d %H:%M:%S}:"
            yield from (f"  {problem}" for problem in each.problems)
    yield f"the folder {settings.rules.dir} holds version {folder}, which is {_standing(in_force, folder)}"


def _standing(in_force: list[DaemonRules], folder: str) -> str:
    if any(each.version == folder for each in in_force):
        return "in force"
    if any(each.refused == folder for each in in_force):
        return "refused"
    return "not in force: a daemon that runs is about to try it"
