"""Figures over a year of 600,000 cases: a rebuild, what pages and lists take, and what the intake feels of them.

Pages and the lists behind each figure are asked in turn through the whole application, by a head: periods, places, and
how many pages of a list are turned, as a seed draws them; of each figure first the lists of a whole year of all, of the
agency, of an office, of a topic there and of a residence. Beside what a request took by the clock stands what it took
of the processor, of this process and of the connections of a PostgreSQL server on this machine: that says something
beside other work, too; and how many times what the queue's page takes in the same run. Then a daemon of this program
takes mail in, some a second, in short rounds by turns: without a head's page, with one that is asked for every five
seconds, and without again, each time in another order. Before each round it is waited for until all that came is
judged, so that no round has the work of the one before. Of each kind the median of its rounds is told, and by how much
a round with the page took longer than those without beside it, with the interval in which the median of that lies
(95 %, by ranks); the same of the two kinds without says what is noise.

    python benchmarks/bench_figures.py [--cases N] [--database postgresql | --store FILE | --url URL] [--rebuild]
                                       [--seed N] [--lists N] [--rounds N] [--seconds N] [--intake-only]

`--database postgresql` starts a server of its own for the run. `--store` names a file, `--url` a database, that stay;
either is filled where it is empty, and counted where it is not, or where `--rebuild` asks for it. What comes in with
the rounds stays in it, too. `--lists`: how many more lists of each figure are asked for.

Where other programs hold the processor, `chrt -r 2` before the command goes ahead of them: the daemon's desk, which has
left real time by itself, is then put into it again, one below the intake, as it gives way to that elsewhere.
"""

import argparse
import asyncio
import html
import math
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from smtplib import SMTP
from urllib.parse import urlencode

import httpx
import sqlalchemy as sa

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bench_desk import DeskAlone  # noqa: E402 - found once the checkout is on the path
from dtm_contact.access import Role, digest_of, new_account, new_secret  # noqa: E402
from dtm_contact.directory import Directory, read_export  # noqa: E402
from dtm_contact.figures import BY_ID, FIGURES  # noqa: E402
from dtm_contact.figures.counting import count_days, periods_of  # noqa: E402
from dtm_contact.figures.definitions import Basis  # noqa: E402
from dtm_contact.figures.keeping import first_day, grounds_of  # noqa: E402
from dtm_contact.rules import load_in_force  # noqa: E402
from dtm_contact.settings import DeskSettings, Settings, StoreSettings  # noqa: E402
from dtm_contact.store import Store, migrate, open_store  # noqa: E402
from dtm_contact.store.schema import contacts  # noqa: E402
from dtm_contact.web.app import build  # noqa: E402
from dtm_contact.web.process import settle_heap  # noqa: E402
from tests.prove.figures_store import TOPICS, Writer, places_of, put  # noqa: E402
from tests.store.postgresql import programs, running_server  # noqa: E402
from tests.web.daemons import Served, served  # noqa: E402

DAYS = 365
ASKED = 100
PAGE_SECONDS = 5.0
AGENCY = "agence"
_UNSURE = 0.05
_LEAST_PRIORITY = 2
_PATIENCE = 600.0
"""Seconds in which a daemon must have done what it does once after its start."""
MAILS_A_SECOND = 10
HEAD = "bench"
LISTS = 30
_NEXT = re.compile(r'href="([^"]*apres=[^"]*)"')


def fill(store: Store, cases: int) -> None:
    records, _ = read_export(ROOT / "fixtures" / "directory")
    store.directory.save(records, "bench", datetime.now(UTC))
    places = places_of([(each.residence_id, each.office_id) for each in records.residences])
    first = datetime.now(UTC).date() - timedelta(days=DAYS)
    began = time.monotonic()
    writer = Writer(random.Random(9), places, first, DAYS)  # noqa: S311 - made data, no secret
    put(store, writer.write(cases))
    print(f"{cases:,} cases made in {time.monotonic() - began:.0f} s")


def rebuild(store: Store) -> None:
    directory = Directory(store.directory.load())
    rules = load_in_force(ROOT / "rules", directory.offices)
    now = datetime.now(UTC)
    for name, days in (("all", DAYS), ("a night's 62 days", 62), ("the present day", 0)):
        began, used = time.monotonic(), time.process_time()
        first = now.date() - timedelta(days=days)
        counted = count_days(store, first, now.date(), grounds_of(Settings(), rules, directory, now))
        store.figures.put(periods_of(store, counted, now))
        spent = time.process_time() - used
        print(f"counted {name:<20} {time.monotonic() - began:6.1f} s, {spent:.1f} s of the processor")


def login(store: Store) -> str:
    now = datetime.now(UTC)
    if all(each.name != HEAD for each in store.accounts.all()):
        store.accounts.add(new_account(HEAD, "Bench", Role.HEAD, "agence", None), now)
    account, secret = store.accounts.named(HEAD), new_secret()
    store.accounts.open_session(account.id, digest_of(secret), now, now - timedelta(hours=1))
    return secret


@dataclass(slots=True)
class Times:
    """What requests of one kind took: milliseconds by the clock and of the processor, and what was asked."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def add(self, other: "Times") -> None:
        """Add those of another kind."""
        self.clock += other.clock
        self.processor += other.processor
        self.paths += other.paths

    def line(self, name: str, database: float, queue: float) -> str:
        """Return a line of the table: `database`, what a server of databases took of the processor, each."""
        mean = statistics.mean(self.processor) + database
        return (
            f"{name:<32} p50 {statistics.median(self.clock):6.0f} ms  p99 {_p99(self.clock):6.0f} ms"
            f"  processor p50 {statistics.median(self.processor):5.0f}  p99 {_p99(self.processor):5.0f}"
            f"{f'  database {database:4.0f}' if database else ''}"
            f"{f'  {mean / queue:5.1f} queues' if queue else ''}  of {len(self.clock)}"
        )

    def worst(self) -> str:
        """Return what took most of the processor."""
        spent, path = max(zip(self.processor, self.paths, strict=True))
        return f"    {spent:.0f} ms of the processor: {path}"


def database_seconds(store: Store) -> float:
    """Return what the connections of a PostgreSQL server on this machine took of the processor; 0 without one."""
    if store.database.sqlite_path is not None:
        return 0.0
    with store.database.reading() as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        pids = list(connection.exec_driver_sql(query).scalars())
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


class Asking:
    """Asks for pages, one after the other, and tells what they took."""

    def __init__(self, client: httpx.AsyncClient, store: Store) -> None:
        """Take by what they are asked, and whose database is read."""
        self._client = client
        self._store = store
        self._queue = 0.0

    async def ask(self, times: Times, path: str) -> str:
        """Ask for a page; return it."""
        began, used = time.perf_counter(), time.process_time()
        answer = await self._client.get(path)
        times.processor.append((time.process_time() - used) * 1000)
        times.clock.append((time.perf_counter() - began) * 1000)
        times.paths.append(path)
        return answer.raise_for_status().text

    async def turn(self, times: Times, path: str, pages: int) -> None:
        """Ask for a list, and for some of the pages that follow."""
        while pages and path:
            found = _NEXT.search(await self.ask(times, path))
            path, pages = f"/chiffres/dossiers{html.unescape(found[1])}" if found else "", pages - 1

    async def measure(self, name: str, ask: Callable[[Times], Awaitable[object]], count: int) -> Times:
        """Ask so many times, and print what that took; what is measured first is what others are held against."""
        times, used = Times(), database_seconds(self._store)
        for _ in range(count):
            await ask(times)
        database = (database_seconds(self._store) - used) * 1000 / len(times.clock)
        print(times.line(name, database, self._queue), flush=True)
        self._queue = self._queue or statistics.mean(times.processor) + database
        return times


async def pages(desk: DeskAlone, secret: str, seed: int, count: int) -> None:
    """Ask for each page, and for some lists of each figure."""
    await asyncio.to_thread(_indexed, desk)
    settle_heap()
    today = desk.now().date()
    chance = random.Random(seed)  # noqa: S311 - made data, no secret
    offices = [each.office_id for each in desk.directory.records.offices]
    residences = [each.residence_id for each in desk.directory.records.residences]

    def some(figure: str = "", topics: Sequence[str] = ("",)) -> str:
        day = today - timedelta(days=chance.randrange(300))
        fields = {
            "c": figure, "le": str(day), "p": chance.choice(("semaine", "mois", "an")),
            "b": chance.choice(("", *offices)), "r": chance.choice(("", "", *residences)), "m": chance.choice(topics),
        }  # fmt: skip
        return urlencode({name: value for name, value in fields.items() if value})

    transport = httpx.ASGITransport(build(desk))
    cookies = {"Cookie": f"bureau={secret}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=cookies) as client:
        asking = Asking(client, desk.store)
        asked: tuple[tuple[str, Callable[[], str]], ...] = (
            ("queue", lambda: "/file?file=toutes&fait=nothing"),
            ("figures, the present month", lambda: "/chiffres"),
            ("figures, any period and place", lambda: f"/chiffres?{some()}"),
            ("one figure", lambda: f"/chiffres/detail?{some(chance.choice(sorted(BY_ID)))}"),
            ("map", lambda: f"/chiffres/carte?{some()}"),
            ("sheet for a meeting", lambda: f"/chiffres/fiche?{some()}"),
        )
        for name, path in asked:
            await asking.measure(name, lambda times, path=path: asking.ask(times, path()), ASKED)  # type: ignore[misc]
        every = Times()
        yearly = [
            {"p": "an", "le": str(today), **place}
            for place in ({}, {"b": AGENCY}, {"b": offices[0]}, {"b": offices[0], "m": TOPICS[0]}, {"r": residences[0]})
        ]
        for figure in (each for each in FIGURES if each.basis is not Basis.COUNTED_ONLY):
            wholes = iter(yearly)

            async def turn(times: Times, figure: str = figure.id, wholes: Iterator[dict[str, str]] = wholes) -> None:
                whole = next(wholes, None)
                place = some(figure, ("", "", *TOPICS)) if whole is None else urlencode({"c": figure, **whole})
                await asking.turn(times, f"/chiffres/dossiers?{place}", 1 + chance.randrange(3))

            times = await asking.measure(f"cases behind {figure.id}", turn, len(yearly) + count)
            print(times.worst(), flush=True)
            every.add(times)
        print(every.line("cases behind any figure", 0.0, 0.0))
        print(every.worst())


def _indexed(desk: DeskAlone) -> None:
    """Wait until what else this process does at its start is done."""
    with desk.store.database.reading() as connection:
        last = connection.execute(sa.select(sa.func.max(contacts.c.id))).scalar() or 0
    while desk.contact_index.upto < last:
        time.sleep(0.2)


@asynccontextmanager
async def page_every_five_seconds(address: str, secret: str) -> AsyncIterator[None]:
    async def ask() -> None:
        async with httpx.AsyncClient(headers={"Cookie": f"bureau={secret}"}, timeout=60) as client:
            while True:
                (await client.get(f"{address}/chiffres")).raise_for_status()
                await asyncio.sleep(PAGE_SECONDS)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking


def take_in(port: int, number: int) -> float:
    message = f"From: p{number}@free.example\r\nSubject: Fuite {number}\r\n\r\nBonjour, une fuite, {number}.\r\n"
    with SMTP("127.0.0.1", port) as client:
        began = time.perf_counter()
        client.sendmail(f"p{number}@free.example", ["metropole@parishabitat.fr"], message)
        return (time.perf_counter() - began) * 1000


async def intake(port: int, seconds: int, first: int) -> list[float]:
    """Send so many messages, each at its time, whether or not those before are taken in; return what each took."""
    began, sending = time.monotonic(), list[asyncio.Task[float]]()
    for number in range(seconds * MAILS_A_SECOND):
        await asyncio.sleep(max(0.0, began + number / MAILS_A_SECOND - time.monotonic()))
        sending.append(asyncio.create_task(asyncio.to_thread(take_in, port, first + number)))
    return list(await asyncio.gather(*sending))


async def judged(store: Store) -> None:
    """Wait until all that came in is judged."""
    until = time.monotonic() + _PATIENCE
    while await asyncio.to_thread(store.arrivals.waiting):
        if time.monotonic() > until:
            raise SystemExit("the daemon does not judge as much as comes in: give it more of the processor")
        await asyncio.sleep(0.2)


async def begun(store: Store, address: str, secret: str, since: datetime) -> None:
    """Wait until a daemon has counted for the first time since its start, and its desk shows a page."""
    until, today = time.monotonic() + _PATIENCE, since.date()
    while True:
        counted = await asyncio.to_thread(store.figures.versions, "day", today, today + timedelta(days=1))
        if any(at >= since for at in counted.values()):
            break
        if time.monotonic() > until:
            raise SystemExit("the daemon does not count the present day")
        await asyncio.sleep(0.5)
    async with httpx.AsyncClient(headers={"Cookie": f"bureau={secret}"}, timeout=60) as client:
        (await client.get(f"{address}/chiffres")).raise_for_status()


def put_desk_below(daemon: int) -> None:
    """Put the desk of a daemon into real time, one below this process, where this one is in it; by process ids."""
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0).sched_priority
    if policy not in {os.SCHED_FIFO, os.SCHED_RR}:
        return
    if priority < _LEAST_PRIORITY:
        raise SystemExit("in real time the desk has to be below the intake: give a priority from 2 on (chrt -r 2)")
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_desk = b"dtm_contact.web.process" in (process / "cmdline").read_bytes().split(b"\0")
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            for thread in (process / "task").iterdir() if is_desk and parent == daemon else ():
                os.sched_setscheduler(int(thread.name), policy, os.sched_param(priority - 1))


async def rounds(daemon: Served, store: Store, secret: str, count: int, seconds: int) -> None:
    """Take mail in by turns, and tell what the kinds of rounds took."""
    kinds = ["without", "with the page", "without again"]
    found: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    number = int(time.time()) * 1000
    # What a daemon does once, after its start, is none of it.
    await intake(daemon.smtp, seconds, number)
    for at in range(count):
        for kind in (*kinds[at % len(kinds) :], *kinds[: at % len(kinds)]):
            number += seconds * MAILS_A_SECOND
            await judged(store)
            if kind == "with the page":
                async with page_every_five_seconds(daemon.desk, secret):
                    spans = await intake(daemon.smtp, seconds, number)
            else:
                spans = await intake(daemon.smtp, seconds, number)
            found[kind].append(spans)
            print(f"  round {at + 1}, {kind:<14} {_told(spans)}", flush=True)
    for kind, told in found.items():
        p50, p99 = (statistics.median(each(spans) for spans in told) for each in (statistics.median, _p99))
        print(f"intake {kind:<14} medians of {count} rounds: p50 {p50:5.1f} ms  p99 {p99:6.1f} ms")
    p99s = {kind: [_p99(spans) for spans in told] for kind, told in found.items()}
    first, page, again = (p99s[kind] for kind in kinds)
    beside = [each - (one + other) / 2 for one, each, other in zip(first, page, again, strict=True)]
    noise = [other - one for one, other in zip(first, again, strict=True)]
    print(f"p99 with the page less that without: {_median_told(beside)}")
    print(f"p99 without again less that without: {_median_told(noise)}")


def _median_told(differences: Sequence[float]) -> str:
    """Return a median with the interval in which it surely lies (95 %), by the ranks of a binomial distribution."""
    count, ranked = len(differences), sorted(differences)
    below, rank = 0.0, 0
    while rank < count // 2 and (below := below + math.comb(count, rank) / 2**count) <= _UNSURE / 2:
        rank += 1
    told = f"median {statistics.median(ranked):+.1f} ms"
    return f"{told}, surely {ranked[rank - 1]:+.1f} to {ranked[-rank]:+.1f}" if rank else f"{told}, of too few rounds"


def _p99(spans: list[float]) -> float:
    return sorted(spans)[math.ceil(len(spans) * 0.99) - 1]


def _told(spans: list[float]) -> str:
    return f"p50 {statistics.median(spans):5.1f} ms  p99 {_p99(spans):6.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--lists", type=int, default=LISTS)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    place.add_argument("--store", type=Path)
    place.add_argument("--url")
    parser.add_argument("--rebuild", action="store_true")
    parser.add_argument("--intake-only", action="store_true")
    told = parser.parse_args()
    with ExitStack() as open_until_the_end:
        folder = Path(open_until_the_end.enter_context(tempfile.TemporaryDirectory()))
        if told.database == "postgresql":
            found = programs()
            if found is None:
                raise SystemExit("the programs of a PostgreSQL server (initdb, pg_ctl) are not installed")
            url = open_until_the_end.enter_context(running_server(found)).url("postgres")
        else:
            url = told.url or f"sqlite:///{(told.store or folder / 'store.db').absolute()}"
        migrate(url)
        with open_store(url) as store:
            if first_day(store, Settings()) is None:
                fill(store, told.cases)
            if told.rebuild or store.figures.counted_days() is None:
                rebuild(store)
            secret = login(store)
            settings = Settings(store=StoreSettings(url=url), desk=DeskSettings(secure_cookies=False))
            if not told.intake_only:
                with DeskAlone(settings, store) as desk:
                    asyncio.run(pages(desk, secret, told.seed, told.lists))
        if told.rounds:
            started = datetime.now(UTC)
            # Counting is a process of its own, and would fall into some rounds alone.
            with served(folder, url, DTM_FIGURES_MINUTES="720") as daemon, open_store(url, read_only=True) as store:
                asyncio.run(begun(store, daemon.desk, secret, started))
                put_desk_below(daemon.pid)
                asyncio.run(rounds(daemon, store, secret, told.rounds, told.seconds))


if __name__ == "__main__":
    main()
