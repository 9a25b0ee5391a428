"""What `dtm-contact doctor` takes beside a full intake journal: processor time and memory of what reads all of it.

    python benchmarks/bench_doctor.py [--days N] [--mails N] [--octets N] [--folder DIR] [--rounds N]

Two sites are made, whose stores know all that their journals hold: one with a day of mail, one with as many days as a
journal keeps. `doctor --only journal` runs on each by turns, a process each time, and beside them `--only settings`,
which starts the same program and reads nothing. Told are medians, and how many times as much the days take; seconds are
of the processor, which other programs on the machine hardly change.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from dtm_contact.journal import Journal
from dtm_contact.model import Arrival, Envelope
from dtm_contact.store import migrate, open_store
from dtm_contact.store.columns import bounded_key
from dtm_contact.store.schema import arrivals

_AT_ONCE = 500
_FIRST = datetime(2026, 11, 10, 6, tzinfo=UTC)


def made_site(folder: Path, days: int, mails: int, octets: int) -> dict[str, str]:
    """Make a store and a journal that hold the same mail; return the settings that name them."""
    folder.mkdir()
    url = f"sqlite:///{folder}/store.db"
    migrate(url)
    raw = os.urandom(octets)
    envelope = Envelope("nadia@tenant.example", ("contact@landlord.example",), "192.0.2.1")
    with open_store(url) as store:
        for day in range(days):
            now = _FIRST + timedelta(days=day)
            kept = Journal(folder / "journal", days + 1, lambda now=now: now)  # type: ignore[misc]
            for start in range(0, mails, _AT_ONCE):
                some = range(start, min(mails, start + _AT_ONCE))
                batch = [
                    Arrival("smtp", f"{day}.{number}@tenant.example", now, "message/rfc822", envelope, raw)
                    for number in some
                ]
                kept.append_arrivals(batch)
                with store.database.writing() as connection:
                    connection.execute(sa.insert(arrivals), [_row(each) for each in batch])
            kept.close()
    return {"DTM_CONFIG": "", "DTM_STORE_URL": url, "DTM_JOURNAL_DIR": str(folder / "journal")}


def _row(arrival: Arrival) -> dict[str, object]:
    return {
        "channel": arrival.channel,
        "external_id": bounded_key(arrival.external_id),
        "received_at": arrival.received_at,
        "media_type": arrival.media_type,
        "size": len(arrival.raw),
        "state": "judged",
    }


def measured(settings: dict[str, str], check: str) -> tuple[float, float]:
    """Run the doctor in a process of its own; return its seconds of processor, and the most MiB that it held."""
    command = [sys.executable, "-m", "dtm_contact", "doctor", "--only", check]
    pid = os.posix_spawn(
        sys.executable,
        command,
        {**os.environ, **settings},
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _pid, status, used = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"doctor --only {check} found something wrong, or failed")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def lines(figures: dict[str, list[tuple[float, float]]], days: int) -> Iterator[str]:
    """Yield a line for each thing measured, and the ratios."""
    middle = {name: (median(s for s, _ in each), median(m for _, m in each)) for name, each in figures.items()}
    for name, (seconds, mebibytes) in middle.items():
        yield f"{name:24}{seconds:8.2f} s{mebibytes:8.0f} MiB"
    (start, _), (one, of_one), (all_, of_all) = middle.values()
    yield f"{days} days beside one: {all_ / one:.2f} times the time, {of_all / of_one:.2f} times the memory"
    yield f"{days} days beside the start alone: {all_ / start:.2f} times the time"


def main() -> None:
    """Make both sites, measure, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--days", type=int, default=14)
    arguments.add_argument("--mails", type=int, default=5_000, help="a day")
    arguments.add_argument("--octets", type=int, default=8 * 1024, help="of each mail")
    arguments.add_argument("--folder", type=Path, default=None)
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        one = made_site(Path(folder, "one"), 1, chosen.mails, chosen.octets)
        all_ = made_site(Path(folder, "all"), chosen.days, chosen.mails, chosen.octets)
        asked = {
            "start alone": (one, "settings"),
            "a day of journal": (one, "journal"),
            f"{chosen.days} days of journal": (all_, "journal"),
        }
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
        for _ in range(chosen.rounds):
            for name, (settings, check) in asked.items():
                figures[name].append(measured(settings, check))
    for line in lines(figures, chosen.days):
        print(line)


if __name__ == "__main__":
    main()
