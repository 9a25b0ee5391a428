"""Which files of tests begin: those that take the longest, so that no process is left alone with one at the end."""

from pathlib import PurePath
from typing import Final

LONGEST: Final = (
    "prove/test_takeover.py",
    "web/test_slips.py",
    "prove/test_kills.py",
    "prove/test_backup.py",
    "prove/test_failover.py",
    "web/test_accessible.py",
    "prove/test_mailbox.py",
    "worker/test_bounds.py",
    "web/test_hostile_use.py",
    "web/test_keyboard.py",
    "prove/test_power.py",
    "matching/test_letters.py",
    "web/test_two_daemons.py",
    "matching/test_quality.py",
    "web/test_writing.py",
    "prove/test_reload.py",
    "test_wheel.py",
    "prove/test_hostile.py",
    "prove/test_calls.py",
    "recognition/test_desk_letter.py",
    "cli/test_demo.py",
    "prove/test_fsync.py",
    "prove/test_intake.py",
    "cli/test_case.py",
    "web/test_behind_a_proxy.py",
    "store/test_old_stores.py",
    "ingest/mailbox/test_tokens.py",
    "prove/test_outbox.py",
    "cases/test_undo.py",
    "test_service_manager.py",
    "prove/test_idle.py",
    "store/test_lives_of_arrivals.py",
    "cli/test_commands.py",
)
"""Below `tests`, the longest first: what `pytest --durations 60` tells, summed by file; its order need not be exact."""

_AFTER_THEM: Final = ("prove", "web", "matching")
"""The folders whose other files take longer than most."""


def place_of(file: PurePath) -> int:
    """Return how early a file begins, 0 the first; of the same place they keep the order in which they are found.

    Args:
        file: from the root of the repository on.
    """
    name = PurePath(*file.parts[1:]).as_posix()
    if name in LONGEST:
        return LONGEST.index(name)
    return len(LONGEST) + (file.parts[1] not in _AFTER_THEM)
