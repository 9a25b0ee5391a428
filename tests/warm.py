"""What every process forked for a test would else import and read anew; only the server of forks imports this, last."""

import gc
from pathlib import Path

import alembic.command
import alembic.config  # noqa: F401 - a migration imports it by itself

from dtm_contact.cases import all_verbs
from dtm_contact.hours import public_holidays
from dtm_contact.rules import load_rules

load_rules(Path(__file__).parents[1] / "rules")
all_verbs()
public_holidays(2026)

# What a process never changes it shall not copy either, only because the collector counts there what refers to it.
gc.collect()
gc.freeze()
