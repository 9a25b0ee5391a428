"""All checks, and how they are made: one that fails itself stops none of the others."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from dtm_contact.doctor import apart, database, intake, links, local, machine, postfix, restored, sources
from dtm_contact.doctor.registry import Check, CheckResult, CheckState, Site, SkipError, fault, warning
from dtm_contact.errors import described
from dtm_contact.settings.loading import InvalidSettingsError, load

_MODULES: Final = (local, apart, machine, database, restored, links, postfix, sources, intake)

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {each.name: each for module in _MODULES for each in vars(module).values() if isinstance(each, Check)}
)
"""All checks by name, in the order in which they are made."""


def examine(config: Path | None, *, offline: bool = False, only: Collection[str] = ()) -> Iterator[CheckResult]:
    """Make the checks one after the other, and yield what each finds as soon as it is known.

    Args:
        config: the settings file of `--config`.
        offline: only the checks that need no connection and no store.
        only: the names of the checks to make; none: all.
    """
    wanted = [each for each in CHECKS.values() if (each.offline or not offline) and (not only or each.name in only)]
    try:
        loaded = load(config)
    except InvalidSettingsError as error:
        for message in error.faults:
            yield CheckResult("settings", CheckState.FAULT, message, "correct it: docs/settings.md lists every setting")
        for each in wanted:
            if each.name != "settings":
                yield CheckResult(each.name, CheckState.SKIPPED, "the settings do not hold")
        return
    site = Site(loaded, offline=offline)
    try:
        for each in wanted:
            for found in _looked(each, site):
                yield replace(found, check=each.name)
    finally:
        site.close()


def _looked(each: Check, site: Site) -> Iterator[CheckResult]:
    try:
        yield from each.look(site)
    except SkipError as error:
        yield CheckResult("", CheckState.SKIPPED, error.reason)
    except PermissionError as error:
        yield fault(described(error), "let the daemon's user enter the folder and read what lies in it")
    except Exception as error:  # noqa: BLE001 - one check that fails must not keep the others from being made
        yield warning(f"the check itself failed: {described(error)}", "tell whoever maintains the program")
