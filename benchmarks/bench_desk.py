"""The desk over 100,000 open and 500,000 done cases on SQLite: what a page takes at the server, from request to answer.

Each page is asked in turn, by an account of the agency that sees all queues, through the whole application: session,
rights, audit line, store, template. The audit lines are written by this process in the daemon's place. The queue's
lines, which pages that show the same share until something happens, are made anew each time.

    python benchmarks/bench_desk.py [--open N] [--done N]
"""

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from dtm_contact.access import Role, call_procedure, digest_of, new_account, new_secret
from dtm_contact.cases import Command, Done, apply
from dtm_contact.directory import Directory, read_export
from dtm_contact.settings import DeskSettings, Settings, StoreSettings
from dtm_contact.store import Store, migrate, open_store
from dtm_contact.store.judgements import pack_judgement
from dtm_contact.web.app import build
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.process import settle_heap

ROOT = Path(__file__).parents[1]
QUEUES = (
    ("bagnolet", "bagnolet"), ("pantin", "pantin"), ("malakoff", "malakoff"), ("champigny", "champigny"),
    ("kremlin-bicetre", "kremlin-bicetre"), ("agence-accueil", "agence"), ("agence-comptes", "agence"),
)  # fmt: skip
TOPICS = ("heating", "water_leak", "elevator", "plumbing", "rent_charges", "pests", "parking", "other")
WORDS = (
    *("fuite", "chauffage", "ascenseur", "porte", "cave", "badge", "loyer", "quittance", "humidité", "moisissure"),
    *("bruit", "voisin", "escalier", "lumière", "eau", "chaude", "radiateur", "serrure", "interphone", "cafard"),
    *("parking", "box", "clé", "fenêtre", "volet", "robinet", "plafond", "cuisine"),
)
AT_ONCE = 5_000
ROUNDS = 150


class DeskAlone(AppContext):
    """Writes by itself what the daemon writes elsewhere."""

    def __init__(self, settings: Settings, store: Store) -> None:
        super().__init__(settings, store, Path("/nowhere"))

    def send(self, command: Command) -> Done:
        """Carry out a command."""
        return apply(self.store, command, self.now(), self.in_force)

    def call(self, name: str, **arguments: Any) -> Any:
        """Call a procedure."""
        return call_procedure(self.store, name, arguments, self.now()).answer


def fill(store: Store, directory: Directory, open_cases: int, done_cases: int) -> None:
    chance = random.Random(9)  # noqa: S311 - made data, no secret
    homes = [each for each in directory.records.dwellings if each.kind == "dwelling"]
    now = datetime.now(UTC)
    sample = _sample()
    total = open_cases + done_cases
    for first in range(1, total + 1, AT_ONCE):
        rows = range(first, min(first + AT_ONCE, total + 1))
        with store.database.writing() as connection:
            driver: Any = connection.connection.driver_connection
            made = [
                _case(chance, directory, homes, number, "open" if number <= open_cases else "closed", now)
                for number in rows
            ]
            driver.executemany(_insert("cases", made[0]), [tuple(each.values()) for each in made])
            came = [_arrival(each) for each in made]
            driver.executemany(_insert("arrivals", came[0]), [tuple(each.values()) for each in came])
            contacts = [_contact(each) for each in made]
            driver.executemany(_insert("contacts", contacts[0]), [tuple(each.values()) for each in contacts])
            judged = [(each["id"], "{}", json.dumps(_said(sample, chance), ensure_ascii=False)) for each in made]
            driver.executemany("INSERT INTO judgements (contact_id, decision, judgement) VALUES (?, ?, ?)", judged)
            told = [(each["id"], each["opened_at"], "worker", "opened", "{}") for each in made]
            driver.executemany("INSERT INTO events (case_id, at, who, what, data) VALUES (?, ?, ?, ?, ?)", told)


def _insert(table: str, row: dict[str, Any]) -> str:
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608 - our own names


def _case(
    chance: random.Random, directory: Directory, homes: list[Any], number: int, state: str, now: datetime
) -> dict[str, Any]:
    is_open = state == "open"
    queue, office = chance.choice(QUEUES)
    home = chance.choice(homes)
    residence = directory.residence_of(home.dwelling_id)
    opened = now - timedelta(minutes=chance.randrange(60 * 24 * (20 if is_open else 700)))
    tenant = next(iter(directory.leases_in(home.dwelling_id)), None)
    priority = chance.choices(("P1", "P2", "P3", "P4"), (1, 20, 60, 19))[0]
    return {
        "id": number, "number": f"2026-{number:06d}", "state": state, "channel": "email",
        "office_id": office, "queue": queue, "priority": priority, "alarm_level": 0 if priority == "P1" else 2,
        "due": _at(opened + timedelta(hours=16)), "opened_at": _at(opened),
        "closed_at": None if is_open else _at(opened + timedelta(days=2)),
        "owner": chance.choice((None, None, "paul", "anne", "secretaire")) if is_open else None,
        "topic": chance.choice(TOPICS), "rule": "routing.yaml:logement-et-immeuble", "read_in_full": 1,
        "subject": " ".join(chance.choices(WORDS, k=3)), "who": "Nadia Benali <nadia@free.example>", "why": "« fuite »",
        "tenant_id": tenant.tenant_id if tenant else None, "dwelling_id": home.dwelling_id,
        "residence_id": residence.residence_id if residence else None, "version": 1,
    }  # fmt: skip


def _arrival(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": case["id"], "channel": "smtp", "external_id": f"made-{case['id']}", "received_at": case["opened_at"],
        "media_type": "message/rfc822", "size": 2000, "state": "judged", "attempts": 1, "forced_case": 0, "in_turn": 0,
    }  # fmt: skip


def _contact(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": case["id"], "arrival_id": case["id"], "case_id": case["id"], "kind": "case", "channel": "email",
        "at": case["opened_at"], "sender_name": "Nadia Benali",
        "sender_address": f"p{case['id'] % 40_000}@free.example",
        "subject": case["subject"], "message_id": f"m{case['id']}@free.example", "thread": "[]", "topic": case["topic"],
        "tenant_id": case["tenant_id"], "dwelling_id": case["dwelling_id"], "residence_id": case["residence_id"],
    }  # fmt: skip


def _at(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def _sample() -> dict[str, Any]:
    from tests.store.samples import judgement  # noqa: PLC0415 - the only thing of the tests that is needed

    return pack_judgement(judgement())


def _said(sample: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    words = " ".join(chance.choices(WORDS, k=60))
    return {**sample, "contact": {**sample["contact"], "new_text": f"Bonjour, {words}. Merci."}}


def measure(name: str, ask: Callable[[], "asyncio.Future[float] | Any"], loop: asyncio.AbstractEventLoop) -> None:
    used = time.process_time()
    spans = sorted(loop.run_until_complete(ask()) * 1000 for _ in range(ROUNDS))
    spent = (time.process_time() - used) * 1000 / ROUNDS
    worst = spans[int(len(spans) * 0.99)]
    # What a request took of the processor says something on a machine with other work, too.
    print(
        f"{name:<32} p50 {statistics.median(spans):7.1f} ms   p99 {worst:7.1f} ms   of {len(spans)},"
        f" processor {spent:5.1f} ms each",
        flush=True,
    )


def paths(open_cases: int, chance: random.Random) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "queue, all queues", lambda: "/file?file=toutes"
    yield "queue, the own one", lambda: f"/file?file={chance.choice(QUEUES)[0]}"
    yield "queue, by topic", lambda: f"/file?file=toutes&motif={chance.choice(TOPICS)}"
    yield "queue, by residence", lambda: f"/file?file=toutes&residence=R{chance.randrange(1, 57):03d}"
    yield "queue, mine", lambda: "/file?vue=miennes"
    yield "queue, late", lambda: "/file?file=toutes&vue=retard"
    yield "case", lambda: f"/dossier/2026-{chance.randrange(1, open_cases):06d}"
    yield "search, two words", lambda: f"/recherche?q={'+'.join(chance.sample(WORDS, 2))}"
    yield "search, a word with a slip", lambda: f"/recherche?q={_slip(chance, chance.choice(WORDS))}"
    yield "search, a name", lambda: f"/recherche?q={chance.choice(('Muller', 'Diabate', 'Lefevre', 'Benali'))}"
    yield "search, a matter and a place", lambda: f"/recherche?q={chance.choice(('fuite', 'ascenseur'))}+Bagnolet"
    yield "search, a street", lambda: f"/recherche?q={chance.randrange(1, 90)}+rue+Robespierre"
    yield "incidents", lambda: "/incidents"


def _slip(chance: random.Random, word: str) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + chance.choice("aeiourst") + word[at + 1 :]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--open", type=int, default=100_000)
    parser.add_argument("--done", type=int, default=500_000)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        migrate(url)
        records, _ = read_export(ROOT / "fixtures" / "directory")
        with open_store(url) as store:
            store.directory.save(records, "bench", datetime.now(UTC))
            began = time.monotonic()
            fill(store, Directory(records), told.open, told.done)
            print(f"filled in {time.monotonic() - began:.0f} s")
            settings = Settings(store=StoreSettings(url=url), desk=DeskSettings(secure_cookies=False))
            with DeskAlone(settings, store) as desk:
                ask_all(desk, told.open, told.open + told.done)


def ask_all(desk: DeskAlone, open_cases: int, contacts: int) -> None:
    began = time.monotonic()
    while desk.contact_index.upto < contacts:
        time.sleep(0.2)
    print(f"search index made in {time.monotonic() - began:.0f} s")
    desk.store.accounts.add(new_account("claire", "Claire", Role.AGENCY, "agence", None), desk.now())
    account, secret = desk.store.accounts.named("claire"), new_secret()
    desk.store.accounts.open_session(account.id, digest_of(secret), desk.now(), desk.now())
    loop, chance = asyncio.new_event_loop(), random.Random(4)  # noqa: S311 - made data, no secret
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(build(desk)), base_url="http://localhost", headers={"Cookie": f"bureau={secret}"}
    )
    settle_heap()
    for name, path in paths(open_cases, chance):

        async def ask(path: Callable[[], str] = path) -> float:
            began = time.perf_counter()
            # A page that follows an action shares no lines.
            asked = path()
            answer = await client.get(f"{asked}&fait=nothing" if asked.startswith("/file") else asked)
            answer.raise_for_status()
            return time.perf_counter() - began

        loop.run_until_complete(ask())
        measure(name, ask, loop)
    loop.run_until_complete(client.aclose())
    loop.close()


if __name__ == "__main__":
    main()
