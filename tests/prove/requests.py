"""Requests made from the API's own document, right ones and wrong ones, and broken on their way: none makes it fail."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dtm_contact.ingest.http_intake import HttpIntake
from dtm_contact.ingest.http_openapi import openapi_document
from dtm_contact.settings import HttpSettings
from dtm_contact.store import GroupCommitInbox, open_store
from tests.prove.database import Sqlite
from tests.store.fresh import fresh_store

_SOURCE: Final = "agence"
_PATH: Final = f"/intake/{_SOURCE}"
_TOKEN: Final = "proof-" + "x" * 40
_TAKEN: Final = 202
_SERVER_ERROR: Final = 500
_SECONDS: Final = 600.0
_ROUND: Final = 1_000
"""Requests made in one run of the generator, which keeps in mind all that it made in it."""
_CHECKS: Final = [status_code_conformance, content_type_conformance, response_schema_conformance]
_DOCUMENTED: Final = frozenset(map(int, openapi_document()["paths"]["/intake/{source}"]["post"]["responses"]))
_JSON: Final = "application/json"
_TOKENS: Final = (
    b"\0", b"\xff", b"\xed\xa0\x80", b'"\\ud800"', b"NaN", b"1e999", b"{", b"[" * 600, b'"number":', b"\r\n--",
    b"--b--", b"9" * 5000, b",", b'"a":1,"a":2', b"Content-Disposition: form-data; name=\r\n\r\n",
    b"filename*=utf-8''%ff",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial showed.

    Attributes:
        statuses: how often each was answered.
        faults: answers that should not be, and requests that are stored otherwise than they were taken.
    """

    statuses: Counter[int]
    faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong, and requests of both kinds were among them."""
        refused = sum(number for status, number in self.statuses.items() if status != _TAKEN)
        return not self.faults and self.statuses[_TAKEN] > 0 and refused > 0

    def lines(self) -> Iterator[str]:
        """Yield the ledger, a line a figure."""
        yield f"{self.statuses.total():,} requests made from the document, right, wrong and broken"
        for status, number in sorted(self.statuses.items()):
            yield f"  {f'answered {status}':28}{number:8,}"
        yield f"  {'faults':28}{len(self.faults):8,}"
        yield from (f"    {each}" for each in self.faults[:10])


class _Seen:
    """What was answered to what, until it is held against the store."""

    def __init__(self, address: str) -> None:
        self.address = f"http://{address}"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {_TOKEN}"
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []
        self.taken: dict[str, str | None] = {}

    def sent(self, case: schemathesis.Case[Any]) -> None:
        """Send a case as it was made, and hold the answer against the document."""
        given = case.as_transport_kwargs(base_url=self.address)
        given["headers"] = {**given.get("headers", {}), "Authorization": f"Bearer {_TOKEN}"}
        response = self.session.request(**given, timeout=_SECONDS)
        try:
            case.validate_response(response, checks=_CHECKS)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            self.faults.append(f"{response.status_code}: {str(error)[:200]}")
        self._note(response, _octets(response.request.body), str(response.request.headers.get("Content-Type")))

    def broken(self, body: bytes, media_type: str) -> None:
        """Send octets that nobody made so on purpose."""
        response = self.session.post(
            self.address + _PATH, data=body, headers={"Content-Type": media_type}, timeout=_SECONDS
        )
        self._note(response, body, media_type)

    def _note(self, response: requests.Response, body: bytes, media_type: str) -> None:
        self.statuses[response.status_code] += 1
        if response.status_code not in _DOCUMENTED or response.status_code >= _SERVER_ERROR:
            self.faults.append(f"{response.status_code} to {media_type} {body[:100]!r}")
        if response.status_code == _TAKEN:
            fields = _canonical(body) if media_type.startswith(_JSON) else None
            self.taken.setdefault(response.json()["number"], fields)


def prove_requests(folder: Path, cases: int, chance: int, said: Callable[[int], None] | None = None) -> Outcome:
    """Send so many requests to a way in on a store of its own, and hold each 202 against what is stored.

    Args:
        folder: where the store lies.
        cases: how many requests are made.
        chance: the seed.
        said: is told after each thousand how many were sent.
    """
    url = f"sqlite:///{folder / 'store.db'}"
    fresh_store(url)
    tokens = folder / "tokens"
    tokens.write_text(f"{_TOKEN}\n", encoding="ascii")
    with _served(url, tokens) as address:
        seen = _Seen(address)
        for begun in range(0, cases, _ROUND):
            _send_all(seen, min(_ROUND, cases - begun), chance + begun)
            if said is not None:
                said(seen.statuses.total())
        seen.session.close()
    return Outcome(seen.statuses, (*seen.faults, *_stored_otherwise(Sqlite(folder / "store.db"), seen.taken)))


def _send_all(seen: _Seen, cases: int, chance: int) -> None:
    operation = schemathesis.openapi.from_dict(openapi_document())["/intake/{source}"]["POST"]
    right, wrong = (
        operation.as_strategy(generation_mode=mode, path_parameters={"source": _SOURCE})
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )

    @seed(chance)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(right, wrong), st.integers(0, 3), st.randoms(use_true_random=False))
    def send(case: schemathesis.Case[Any], how: int, random: Any) -> None:
        if how:
            seen.sent(case)
            return
        prepared = requests.Request(**case.as_transport_kwargs(base_url=seen.address)).prepare()
        octets = bytearray(_octets(prepared.body))
        for _ in range(random.randint(1, 4)):
            start = random.randint(0, len(octets))
            octets[start : start + random.choice((0, 0, 1, 20))] = random.choice(_TOKENS)
        seen.broken(bytes(octets), str(prepared.headers.get("Content-Type", _JSON)))

    send()


@contextmanager
def _served(url: str, tokens: Path) -> Iterator[str]:
    """Serve the way in from a thread of its own, and give its address."""
    ready = threading.Event()
    addresses: list[str] = []
    ends: list[Any] = []

    async def serve() -> None:
        stopped = asyncio.Event()
        ends.append((asyncio.get_running_loop(), stopped))
        values = {"port": 0, "per_minute": 10_000_000, "sources": {_SOURCE: {"tokens": tokens}}}
        with open_store(url) as store:
            inbox = GroupCommitInbox(store)
            intake = HttpIntake(HttpSettings.model_validate(values), inbox)
            await intake.listen()
            addresses.append(intake.address)
            ready.set()
            await stopped.wait()
            await intake.stop()
            await inbox.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="intake")
    thread.start()
    ready.wait(_SECONDS)
    try:
        yield addresses[0]
    finally:
        loop, stopped = ends[0]
        loop.call_soon_threadsafe(stopped.set)
        thread.join(_SECONDS)


def _octets(body: Any) -> bytes:
    """Return a body as it goes over the wire."""
    return body if isinstance(body, bytes) else str(body or "").encode()


def _canonical(body: bytes) -> str:
    return json.dumps(json.loads(body), sort_keys=True)


def _stored_otherwise(database: Sqlite, taken: dict[str, str | None]) -> Sequence[str]:
    """Return what is in the store and was not taken, or otherwise, and what was taken and is not there."""
    faults, found = [], set()
    for (raw,) in database.rows("SELECT raw FROM arrival_bodies"):
        message = message_from_bytes(bytes(raw), policy=policy.default)
        number = str(message["X-DTM-Request"])
        found.add(number)
        held = [
            part.get_payload(decode=True) for part in message.walk() if part.get_content_type() == "application/json"
        ]
        stored = _canonical(held[0]) if held and isinstance(held[0], bytes) else ""
        if number not in taken:
            faults.append(f"{number} is stored, and nobody saw a 202")
        elif not stored or taken[number] not in (None, stored):
            faults.append(f"{number} is stored as {stored[:100]}, and was {str(taken[number])[:100]}")
    return [*faults, *(f"{number} was answered 202, and is not stored" for number in taken.keys() - found)]
