"""Processes forked from one that has imported what they need: the second that this takes is spent once.

There is one server of forks for a process, and it imports what it was told to before its first fork: whatever is
forked anywhere in the tests stands here.
"""

import pkgutil
from multiprocessing import get_context

from dtm_contact import cli

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([
    "tests.cli.forked",
    "tests.store.claimer",
    *(module.name for module in pkgutil.iter_modules(cli.__path__, f"{cli.__name__}.")),
    "tests.warm",
])  # fmt: skip
