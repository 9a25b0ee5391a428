"""Figures over a year of 600,000 cases on SQLite: a rebuild, what each page takes, and what the intake feels of them.

Pages are asked in turn through the whole application, by a head. Then a daemon of this program takes mail in, some a
second, by turns: without a head's page, with one that is asked for every five seconds, and without again. Of each kind
the median of its rounds is told; two kinds without say what is noise.

    python benchmarks/bench_figures.py [--cases N] [--store FILE] [--rounds N] [--seconds N] [--intake-only]

`--store` names a file: it is filled and counted where it is not there, used where it is, and stays. What comes in with
the rounds stays in it, too.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from smtplib import SMTP

import httpx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.bench_desk import DeskAlone  # noqa: E402 - found once the checkout is on the path
from dtm_contact.access import Role, digest_of, new_account, new_secret  # noqa: E402
from dtm_contact.directory import Directory, read_export  # noqa: E402
from dtm_contact.figures.counting import count_days, periods_of  # noqa: E402
from dtm_contact.figures.keeping import grounds_of  # noqa: E402
from dtm_contact.rules import load_in_force  # noqa: E402
from dtm_contact.settings import DeskSettings, Settings, StoreSettings  # noqa: E402
from dtm_contact.store import Store, migrate, open_store  # noqa: E402
from dtm_contact.web.app import build  # noqa: E402
from tests.prove.figures_store import Writer, places_of, put  # noqa: E402
from tests.web.daemons import served  # noqa: E402

DAYS = 365
ASKED = 100
PAGE_SECONDS = 5.0
MAILS_A_SECOND = 10
HEAD = "bench"
FIGURES = ("opened", "late", "transfers")


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


async def pages(desk: DeskAlone, secret: str) -> None:
    today = desk.now().date()
    chance = random.Random(4)  # noqa: S311 - made data, no secret
    offices = [each.office_id for each in desk.directory.records.offices]
    residences = [each.residence_id for each in desk.directory.records.residences]

    def some() -> str:
        day = today - timedelta(days=chance.randrange(300))
        grain = chance.choice(("semaine", "mois", "an"))
        return f"le={day}&p={grain}&b={chance.choice(['', *offices])}&r={chance.choice(['', '', *residences])}"

    transport = httpx.ASGITransport(build(desk))
    cookies = {"Cookie": f"bureau={secret}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=cookies) as client:
        asked: tuple[tuple[str, Callable[[], str]], ...] = (
            ("figures, the present month", lambda: "/chiffres"),
            ("figures, any period and place", lambda: f"/chiffres?{some()}"),
            ("one figure", lambda: f"/chiffres/detail?c=in_time&{some()}"),
            ("map", lambda: f"/chiffres/carte?{some()}"),
            ("cases behind a figure", lambda: f"/chiffres/dossiers?c={chance.choice(FIGURES)}&{some()}"),
        )
        for name, path in asked:
            spans, used = [], time.process_time()
            for _ in range(ASKED):
                began = time.perf_counter()
                (await client.get(path())).raise_for_status()
                spans.append((time.perf_counter() - began) * 1000)
            spent = (time.process_time() - used) * 1000 / ASKED
            p99 = _p99(spans)
            print(
                f"{name:<32} p50 {statistics.median(spans):6.0f} ms  p99 {p99:6.0f} ms  processor {spent:4.0f} ms each"
            )


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
    spans = []
    for number in range(seconds * MAILS_A_SECOND):
        spans.append(await asyncio.to_thread(take_in, port, first + number))
        await asyncio.sleep(1 / MAILS_A_SECOND)
    return spans


async def rounds(address: str, port: int, secret: str, count: int, seconds: int) -> None:
    kinds = ("without", "with the page", "without again")
    found: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    number = int(time.time()) * 1000
    await intake(port, seconds // 2, number)  # what a daemon does once, after its start, is none of it
    for at in range(count):
        for kind in kinds:
            number += seconds * MAILS_A_SECOND
            if kind == "with the page":
                async with page_every_five_seconds(address, secret):
                    spans = await intake(port, seconds, number)
            else:
                spans = await intake(port, seconds, number)
            found[kind].append(spans)
            print(f"  round {at + 1}, {kind:<14} {_told(spans)}", flush=True)
    for kind, told in found.items():
        p50, p99 = (statistics.median(each(spans) for spans in told) for each in (statistics.median, _p99))
        print(f"intake {kind:<14} medians of {count} rounds: p50 {p50:5.1f} ms  p99 {p99:6.1f} ms")


def _p99(spans: list[float]) -> float:
    return sorted(spans)[int(len(spans) * 0.99) - 1]


def _told(spans: list[float]) -> str:
    return f"p50 {statistics.median(spans):5.1f} ms  p99 {_p99(spans):6.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--intake-only", action="store_true")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = (told.store or Path(folder) / "store.db").absolute()
        url, is_there = f"sqlite:///{path}", path.exists()
        migrate(url)
        with open_store(url) as store:
            if not is_there:
                fill(store, told.cases)
                rebuild(store)
            secret = login(store)
            settings = Settings(store=StoreSettings(url=url), desk=DeskSettings(secure_cookies=False))
            if not told.intake_only:
                with DeskAlone(settings, store) as desk:
                    asyncio.run(pages(desk, secret))
        if told.rounds:
            # Counting is a process of its own, and would fall into some rounds alone.
            with served(Path(folder), url, DTM_FIGURES_MINUTES="720") as daemon:
                asyncio.run(rounds(daemon.desk, daemon.smtp, secret, told.rounds, told.seconds))


if __name__ == "__main__":
    main()
