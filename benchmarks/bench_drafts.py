"""What drafts cost the intake: agents who each save a draft a second, while messages arrive.

On one daemon short rounds take turns: nobody writes, agents write, nobody writes again. So whatever else the machine
does falls on all three alike. Told are the times to each 250 of all rounds of a kind together and, from request to
answer, of each draft; the difference of the two kinds in which nobody writes is the noise that the third has to be held
against.

    PYTHONPATH=. python benchmarks/bench_drafts.py [--agents N] [--rate N] [--seconds N] [--rounds N] [--url URL]
"""

import argparse
import asyncio
import html
import json
import os
import re
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import httpx

from benchmarks.bench_desk_live import Round, send
from dtm_contact.access import Role
from tests.web.daemons import Served, filled, served

CSRF = re.compile(r'data-csrf="([^"]+)"')
CASE = re.compile(r'data-case="(\d{4}-\d{6})"')
FURTHER = re.compile(r'href="(\?[^"]*)" data-more')
SENTENCE = "Bonjour Madame, le plombier passe demain entre quatorze et seize heures. "


async def _write(address: str, cookies: list[str], numbers: list[str], seconds: float) -> list[float]:
    took = list[float]()

    async def one(cookie: str, number: str, late: float) -> None:
        async with httpx.AsyncClient(base_url=address, timeout=60, headers={"Cookie": cookie}) as client:
            csrf = CSRF.search((await client.get(f"/dossier/{number}")).text)
            headers = {"X-CSRF-Token": csrf[1] if csrf else ""}
            await asyncio.sleep(late)
            until = time.monotonic() + seconds
            for count in range(1, 10_000):
                began = time.monotonic()
                if began > until:
                    return
                fields = json.dumps({"texte": SENTENCE * min(count, 30)})
                given = {"forme": "repondre", "sur": number, "champs": fields, "ecrit": f"page{number}..0"}
                try:
                    (await client.post("/brouillon", data=given, headers=headers)).raise_for_status()
                except httpx.TransportError:
                    # On a machine that starves this process the desk has closed an idle connection meanwhile.
                    continue
                took.append(time.monotonic() - began)
                await asyncio.sleep(max(0.0, 1 - took[-1]))

    writers = (
        one(cookie, number, at / len(cookies)) for at, (cookie, number) in enumerate(zip(cookies, numbers, strict=True))
    )
    await asyncio.gather(*writers)
    return took


def write(address: str, cookies: list[str], numbers: list[str], seconds: float) -> list[float]:
    """Let agents write, in a process of their own; return how long each draft took to be kept."""
    # Elsewhere they write on machines of their own.
    os.nice(10)
    return asyncio.run(_write(address, cookies, numbers, seconds))


async def arrive(daemon: Served, told: Round, rate: float, seconds: float) -> None:
    """Send messages at a rate."""
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(rate * seconds)):
            tasks.create_task(send(daemon, told, number))
            await asyncio.sleep(1 / rate)


def cookies_of(daemon: Served, count: int) -> list[str]:
    """Return the cookies of so many agents who are logged in."""
    cookies = []
    for number in range(count):
        with httpx.Client(timeout=60) as client:
            link = daemon.link(f"agent{number}", Role.AGENCY, "agence")
            client.get(link)
            client.post(link, headers={"Origin": daemon.desk})
            cookies.append("; ".join(f"{name}={value}" for name, value in client.cookies.items()))
    return cookies


def numbers_of(daemon: Served, cookie: str, count: int) -> list[str]:
    """Return the numbers of so many cases, once they are there; the queue's pages are followed to their end."""
    while True:
        found, page = dict[str, None](), "?file=toutes"
        while page and len(found) < count:
            text = httpx.get(f"{daemon.desk}/file{page}", headers={"Cookie": cookie}, timeout=60).text
            found |= dict.fromkeys(CASE.findall(text))
            further = FURTHER.search(text)
            page = html.unescape(further[1]) if further else ""
        if len(found) >= count:
            return list(found)[:count]
        time.sleep(1)


def percentile(values: list[float], of_hundred: int) -> float:
    """Return a percentile in milliseconds; 0 of nothing."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, len(ordered) * of_hundred // 100)] if ordered else 0.0


KINDS = ("nobody writes", "agents write", "nobody, again")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database; without it SQLite")
    given = parser.parse_args()
    if given.url:
        filled(given.url)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), given.url) as daemon:
        asyncio.run(arrive(daemon, Round(), given.rate, (given.agents + 5) / given.rate))
        cookies = cookies_of(daemon, given.agents)
        numbers = numbers_of(daemon, cookies[0], given.agents)
        found, drafts = {kind: list[float]() for kind in KINDS}, list[float]()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
            # The first round of all is not counted.
            for turn in range(-1, len(KINDS) * given.rounds):
                kind, told = KINDS[turn % len(KINDS)], Round()
                writes = turn >= 0 and kind == KINDS[1]
                kept = elsewhere.submit(write, daemon.desk, cookies, numbers, given.seconds) if writes else None
                asyncio.run(arrive(daemon, told, given.rate, given.seconds))
                drafts += kept.result() if kept else []
                if turn >= 0:
                    found[kind] += told.answers
                print(f"  {kind:14} {_times(told.answers)}, {told.refused} put off", flush=True)
        for kind, answers in found.items():
            print(f"{kind:14} {_times(answers)} of {len(answers)}", flush=True)
        print(f"drafts         {_times(drafts)} of {len(drafts)}", flush=True)


def _times(answers: list[float]) -> str:
    return ", ".join(f"p{of_hundred} {percentile(answers, of_hundred):6.1f} ms" for of_hundred in (50, 90, 99))


if __name__ == "__main__":
    main()
