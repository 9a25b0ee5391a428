"""Rules that many tests load alike, read once a process: that takes a second each time."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from dtm_contact.directory.records import Residence
from dtm_contact.hours import PARIS
from dtm_contact.rules import RuleSet, load_in_force, load_rules
from dtm_contact.rules.reader_files import FORMER_MODEL, SHIPPED_MODEL
from dtm_contact.rules.ruleset import digest


class Load(Protocol):
    """What reads a folder of rules."""

    def __call__(
        self,
        folder: Path,
        offices: Collection[str] | None = None,
        *,
        residences: Iterable[Residence] = (),
        zone: ZoneInfo = PARIS,
        model: Path | None = None,
    ) -> RuleSet: ...


def once(load: Callable[..., RuleSet]) -> Load:
    """Return what reads as `load` does, and of the same files gives the same rules; what raises is read each time."""
    loaded: dict[Any, RuleSet] = {}

    def read(
        folder: Path,
        offices: Collection[str] | None = None,
        *,
        residences: Iterable[Residence] = (),
        zone: ZoneInfo = PARIS,
        model: Path | None = None,
    ) -> RuleSet:
        known, learned = tuple(residences), model or SHIPPED_MODEL
        octets = hashlib.sha256(learned.read_bytes()).digest() if learned.is_file() else b""
        # A model among the rules, where earlier versions had it, is warned of.
        files = digest(folder), (folder / FORMER_MODEL).exists(), learned, octets
        given = files, frozenset(offices or ()), known, zone
        if given not in loaded:
            loaded[given] = load(folder, offices, residences=known, zone=zone, model=model)
        return loaded[given]

    return read


load_once = once(load_rules)
in_force_once = once(load_in_force)
