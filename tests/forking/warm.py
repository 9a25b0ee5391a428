"""What every process forked for a test would else import and read anew; only the server of forks imports this."""

import gc
import importlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config  # noqa: F401 - a migration imports it by itself

from dtm_contact import cli, rules
from dtm_contact.cases import all_verbs
from dtm_contact.figures import counter  # noqa: F401 - programs of the daemon, imported to be forked
from dtm_contact.hours import PARIS, public_holidays
from dtm_contact.web import process  # noqa: F401
from dtm_contact.worker import child  # noqa: F401
from tests.rules.once import in_force_once

_RULES = Path(__file__).parents[2] / "rules"


def _everywhere(before: Callable[..., Any], after: Callable[..., Any]) -> None:
    """Put one function in the place of another in every module that has imported it."""
    for name, module in tuple(sys.modules.items()):
        if name != before.__module__ and getattr(module, before.__name__, None) is before:
            setattr(module, before.__name__, after)


for each in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}."):
    importlib.import_module(each.name)
all_verbs()
public_holidays(2026)
# What judges by the same files has the same rules; what checks files reads them.
_everywhere(rules.load_in_force, in_force_once)
in_force_once(_RULES, zone=PARIS)

# What a process never changes it shall not copy either, only because the collector counts there what refers to it.
gc.collect()
gc.freeze()
