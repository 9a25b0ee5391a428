"""Figures over a year of 600,000 cases on SQLite: a rebuild, what each page takes, and what the intake feels of them.

Pages are asked in turn through the whole application, by a head. Then a daemon of this program takes mail in, some a
second, in rounds by turns with and without a head's page that is asked for every five seconds.

    python benchmarks/bench_figures.py [--cases N] [--rounds N] [--seconds N]
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
    store.accounts.add(new_account("claire", "Claire", Role.HEAD, "agence", None), now)
    account, secret = store.accounts.named("claire"), new_secret()
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
            p99 = sorted(spans)[int(ASKED * 0.99) - 1]
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
    found: dict[str, list[float]] = {"without": [], "with the page": []}
    number = 0
    for at in range(2 * count):
        which = list(found)[at % 2]
        if which == "without":
            spans = await intake(port, seconds, number)
        else:
            async with page_every_five_seconds(address, secret):
                spans = await intake(port, seconds, number)
        number += len(spans)
        found[which] += spans
        print(f"  round {at + 1}, {which:<14} {_told(spans)}")
    for which, spans in found.items():
        print(f"intake {which:<14} {_told(spans)} of {len(spans)}")


def _told(spans: list[float]) -> str:
    return f"p50 {statistics.median(spans):5.1f} ms  p99 {sorted(spans)[int(len(spans) * 0.99) - 1]:6.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=60)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        migrate(url)
        with open_store(url) as store:
            fill(store, told.cases)
            rebuild(store)
            secret = login(store)
            settings = Settings(store=StoreSettings(url=url), desk=DeskSettings(secure_cookies=False))
            with DeskAlone(settings, store) as desk:
                asyncio.run(pages(desk, secret))
        with served(Path(folder)) as daemon:
            asyncio.run(rounds(daemon.desk, daemon.smtp, secret, told.rounds, told.seconds))


if __name__ == "__main__":
    main()
