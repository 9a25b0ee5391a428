"""What desks cost the intake, and how soon a message is on the screen: 30 desks live while 30 messages a second arrive.

Each desk holds its stream of events, asks a page every five seconds, and the queue's lines anew when something happens,
at most every 0.4 s, as the page's script does; they are a process of their own. Rounds with and without desks take
turns on one daemon; told are the times to each 250, for a sample of messages the time from its sending until one desk's
lines hold it, and what each process used of the processor, which other work on the machine changes least.

    PYTHONPATH=. python benchmarks/bench_desk_live.py [--desks N] [--rate N] [--seconds N] [--rounds N]
"""

import argparse
import asyncio
import os
import re
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from email.message import EmailMessage
from multiprocessing import get_context
from pathlib import Path

import aiosmtplib
import httpx

from dtm_contact.access import Role
from tests.web.daemons import Served, served

PAGE_SECONDS = 5.0
QUIET_SECONDS = 0.4
SAMPLE = 60
MARK = re.compile(r"Fuite marque-(\d+)")


@dataclass
class Round:
    """What one round measured, in seconds."""

    answers: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    refused: int = 0
    used: dict[str, float] = field(default_factory=dict)


async def send(daemon: Served, told: Round, number: int) -> None:
    message = EmailMessage()
    sent = str(time.monotonic_ns())
    mark = f"marque-{sent}"
    told.sent.add(sent)
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


class OneDesk:
    """One open page."""

    def __init__(self, client: httpx.AsyncClient, seen: dict[str, float]) -> None:
        self.client, self.seen = client, seen
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
                if line.startswith("id:"):
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
                for mark in MARK.findall(text):
                    self.seen.setdefault(mark, time.monotonic() - int(mark) / 1e9)
            await asyncio.sleep(QUIET_SECONDS)


async def _sit(address: str, cookies: list[str], seconds: float) -> dict[str, float]:
    seen: dict[str, float] = {}
    clients = [httpx.AsyncClient(base_url=address, timeout=60, headers={"Cookie": each}) for each in cookies]
    pages = [asyncio.create_task(OneDesk(each, seen).run(watches=at == 0)) for at, each in enumerate(clients)]
    await asyncio.sleep(seconds)
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)
    return seen


def sit(address: str, cookies: list[str], seconds: float) -> dict[str, float]:
    """Keep desks open, in a process of their own; return of each mark seen how long after its sending that was."""
    # Elsewhere they run on machines of their own.
    os.nice(10)
    return asyncio.run(_sit(address, cookies, seconds))


def used(daemon: Served) -> dict[str, float]:
    """Return the processor's seconds that the daemon, its desk and its judges have used so far."""
    found = {"intake": 0.0, "desk": 0.0, "judges": 0.0}
    children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text().split()
    for pid in (str(daemon.pid), *children):
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        is_desk = "web.process" in Path(f"/proc/{pid}/cmdline").read_text()
        name = "intake" if pid == str(daemon.pid) else "desk" if is_desk else "judges"
        found[name] += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return found


async def one_round(daemon: Served, cookies: list[str], rate: int, seconds: float) -> Round:
    told, loop, before = Round(), asyncio.get_running_loop(), used(daemon)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as others:
        desks = loop.run_in_executor(others, sit, daemon.desk, cookies, seconds + 6)
        await asyncio.sleep(3)
        sending, began = [], time.monotonic()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            sending.append(asyncio.create_task(send(daemon, told, number)))
        await asyncio.gather(*sending)
        told.used = {name: seconds - before[name] for name, seconds in used(daemon).items()}
        told.seen = [span for mark, span in (await desks).items() if mark in told.sent]
    return told


async def enter(daemon: Served, count: int) -> list[str]:
    cookies = []
    for number in range(count):
        async with httpx.AsyncClient(base_url=daemon.desk, timeout=60) as client:
            await client.post(daemon.link(f"agent{number}", Role.AGENCY, "agence"))
            cookies.append(f"bureau={client.cookies['bureau']}")
    return cookies


def told(name: str, spans: list[float]) -> float:
    spans = sorted(span * 1000 for span in spans)
    worst = spans[int(len(spans) * 0.99)] if spans else float("nan")
    middle = statistics.median(spans) if spans else float("nan")
    print(f"{name:<36} p50 {middle:7.1f} ms   p99 {worst:7.1f} ms   of {len(spans)}")
    return worst


async def measure(daemon: Served, desks: int, rate: int, seconds: float, rounds: int) -> None:
    cookies = await enter(daemon, desks)
    without, with_ = [], []
    for _ in range(rounds):
        without.append(await one_round(daemon, [], rate, seconds))
        with_.append(await one_round(daemon, cookies, rate, seconds))
    print(f"{rate} messages a second, {rounds} rounds of {seconds:g} s each; {sum(r.refused for r in with_)} refused")
    quiet = told("250 without desks", [span for each in without for span in each.answers])
    busy = told(f"250 with {desks} desks", [span for each in with_ for span in each.answers])
    print(f"p99 with desks later by {busy - quiet:.1f} ms")
    for name, rounds_ in (("without desks", without), (f"with {desks} desks", with_)):
        spent = {part: sum(each.used[part] for each in rounds_) / len(rounds_) for part in rounds_[0].used}
        print(f"processor, {name}: " + ", ".join(f"{part} {span:.1f} s" for part, span in spent.items()) + " a round")
    told("from the sending to the screen", [span for each in with_ for span in each.seen])


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
