"""What desks cost the intake, and how soon a message is on the screen: 30 desks live while 30 messages a second arrive.

Each desk holds its stream of events, asks a page every five seconds, and the queue's lines anew when something happens,
at most every 0.4 s, as the page's script does. Rounds with and without desks take turns on one daemon; told are the
times to each 250, and for a sample of messages the time from its 250 until one desk's lines hold it.

    PYTHONPATH=. python benchmarks/bench_desk_live.py [--desks N] [--rate N] [--seconds N] [--rounds N]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx

from dtm_contact.access import Role
from tests.console.daemons import Served, served

PAGE_SECONDS = 5.0
QUIET_SECONDS = 0.4
SAMPLE = 60


@dataclass
class Round:
    """What one round measured, in seconds."""

    answers: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    refused: int = 0


async def send(daemon: Served, marks: dict[str, float], told: Round, number: int) -> None:
    message = EmailMessage()
    mark = f"marque-{time.monotonic_ns()}"
    message["From"], message["Subject"] = f"P <p{number % 500}@free.example>", f"Fuite {mark}"
    # Those that are looked for are dangers, so that they stand on the first page.
    matter = "Odeur de gaz très forte dans le hall" if number % SAMPLE == 0 else "Bonjour, une fuite dans ma cuisine"
    message.set_content(f"{matter}. {mark}")
    began = time.monotonic()
    try:
        await aiosmtplib.send(message, hostname="127.0.0.1", port=daemon.smtp, recipients=["metropole@parishabitat.fr"])
    except aiosmtplib.SMTPException:
        told.refused += 1
        return
    told.answers.append(time.monotonic() - began)
    if number % SAMPLE == 0:
        marks[mark] = time.monotonic()


class OneDesk:
    """One open page."""

    def __init__(self, client: httpx.AsyncClient, marks: dict[str, float], told: Round) -> None:
        self.client, self.marks, self.told = client, marks, told
        self.changed = asyncio.Event()

    async def run(self, *, watches: bool) -> None:
        """Be open until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear())
            tasks.create_task(self._look())
            tasks.create_task(self._refresh(watches=watches))

    async def _hear(self) -> None:
        async with self.client.stream("GET", "/evenements", timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    self.changed.set()

    async def _look(self) -> None:
        while True:
            await self.client.get("/file?file=toutes")
            await asyncio.sleep(PAGE_SECONDS)

    async def _refresh(self, *, watches: bool) -> None:
        while True:
            await self.changed.wait()
            self.changed.clear()
            text = (await self.client.get("/file?file=toutes&morceau=1")).text
            if watches:
                for mark in [each for each in self.marks if each in text]:
                    self.told.seen.append(time.monotonic() - self.marks.pop(mark))
            await asyncio.sleep(QUIET_SECONDS)


async def one_round(daemon: Served, clients: list[httpx.AsyncClient], rate: int, seconds: float) -> Round:
    told, marks = Round(), dict[str, float]()
    desks = [OneDesk(client, marks, told) for client in clients]
    open_pages = [asyncio.create_task(desk.run(watches=at == 0)) for at, desk in enumerate(desks)]
    await asyncio.sleep(1)
    sending, began = [], time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        sending.append(asyncio.create_task(send(daemon, marks, told, number)))
    await asyncio.gather(*sending)
    await asyncio.sleep(2)
    for page in open_pages:
        page.cancel()
    await asyncio.gather(*open_pages, return_exceptions=True)
    return told


async def enter(daemon: Served, count: int) -> list[httpx.AsyncClient]:
    clients = []
    for number in range(count):
        client = httpx.AsyncClient(base_url=daemon.desk, timeout=60)
        await client.post(daemon.link(f"agent{number}", Role.AGENCY, "agence"))
        clients.append(client)
    return clients


def told(name: str, spans: list[float]) -> float:
    spans = sorted(span * 1000 for span in spans)
    worst = spans[int(len(spans) * 0.99)] if spans else float("nan")
    middle = statistics.median(spans) if spans else float("nan")
    print(f"{name:<36} p50 {middle:7.1f} ms   p99 {worst:7.1f} ms   of {len(spans)}")
    return worst


async def measure(daemon: Served, desks: int, rate: int, seconds: float, rounds: int) -> None:
    clients = await enter(daemon, desks)
    without, with_ = [], []
    for _ in range(rounds):
        without.append(await one_round(daemon, [], rate, seconds))
        with_.append(await one_round(daemon, clients, rate, seconds))
    print(f"{rate} messages a second, {rounds} rounds of {seconds:g} s each; {sum(r.refused for r in with_)} refused")
    quiet = told("250 without desks", [span for each in without for span in each.answers])
    busy = told(f"250 with {desks} desks", [span for each in with_ for span in each.answers])
    print(f"p99 with desks later by {busy - quiet:.1f} ms")
    told("from the 250 to the screen", [span for each in with_ for span in each.seen])
    for client in clients:
        with suppress(httpx.HTTPError):
            await client.aclose()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--desks", type=int, default=30)
    parser.add_argument("--rate", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    limits = {"DTM_SMTP_CONNECTIONS_PER_CLIENT": "500", "DTM_DESK_ENTRIES_PER_MINUTE": "10000"}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), **limits) as daemon:
        asyncio.run(measure(daemon, asked.desks, asked.rate, asked.seconds, asked.rounds))


if __name__ == "__main__":
    main()
