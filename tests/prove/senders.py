"""Mail servers that hand over messages until each was answered by 250, and a ledger of what they saw."""

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Protocol, Self

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException

from dtm_contact.background import cancel_and_wait

RECIPIENT = "metropole@parishabitat.fr"
SENDER = "alice@tenant.example"
_REPLY_SECONDS = 30.0
_PAUSE = 0.1
_SECONDS_TO_FINISH = 600.0
_MATTERS = (
    "Il y a une fuite d'eau dans la salle de bain.",
    "L'ascenseur est en panne depuis hier.",
    "Je n'ai plus de chauffage.",
    "Pouvez-vous m'envoyer une quittance de loyer ?",
    "Les voisins font du bruit toute la nuit.",
)


def digest(raw: bytes) -> bytes:
    """Return what tells one message from all others: a hash of its bytes."""
    return hashlib.sha256(raw).digest()


@dataclass(slots=True)
class Ledger:
    """What the senders saw.

    Attributes:
        sent: hashes of all messages that were handed over at least in part.
        answered: hashes of those for which a 250 was seen.
        refused: replies other than 250.
        broken: connections that broke, or could not be made, before a reply.
    """

    sent: set[bytes] = field(default_factory=set)
    answered: set[bytes] = field(default_factory=set)
    refused: int = 0
    broken: int = 0


def messages(random: Random) -> Iterator[bytes]:
    """Yield distinct messages without end: most of them short, some with a file."""
    for number in count(1):
        head = (
            f"From: Locataire {number} <locataire{number}@tenant.example>\r\nTo: {RECIPIENT}\r\n"
            f"Subject: Demande {number}\r\nMessage-ID: <{number}.{random.getrandbits(64):x}@tenant.example>\r\n"
            "Date: Tue, 24 Nov 2026 10:30:00 +0100\r\nMIME-Version: 1.0\r\n"
        )
        text = f"Bonjour,\r\n\r\n{random.choice(_MATTERS)}\r\n\r\nCordialement\r\n"
        if random.random() < 0.8:
            yield f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
        else:
            file = random.randbytes(random.randrange(200, 60_000)).hex()
            lines = "\r\n".join(file[start : start + 76] for start in range(0, len(file), 76))
            yield (
                f'{head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
                f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--b\r\nContent-Type: image/jpeg\r\n"
                f'Content-Disposition: attachment; filename="photo.jpg"\r\n\r\n{lines}\r\n--b--\r\n'
            ).encode()


class Receiver(Protocol):
    """What takes messages: where at the moment, and whether what it says is heard by nobody."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        ...

    @property
    def dark(self) -> bool:
        """Whether its machine has no power."""
        ...


class Senders:
    """Several sessions at once, to whatever port the program listens on at the moment.

    Attributes:
        ledger: what they saw.
        held_back: begin no further message while it is set.
    """

    def __init__(
        self, program: Receiver, random: Random, sessions: int, pause: float = 0.0, *, idle: bool = False
    ) -> None:
        """Prepare; each session waits `pause` seconds after each message; idle: nothing is sent by itself."""
        self.ledger = Ledger()
        self.held_back = False
        self._program = program
        self._messages = messages(random)
        self._sessions = sessions
        self._pause = pause
        self._tasks: list[asyncio.Task[None]] = []
        self._enough = idle

    async def __aenter__(self) -> Self:
        """Begin to send."""
        self._tasks = [asyncio.create_task(self._send_on()) for _ in range(self._sessions)]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Break off what is still under way."""
        # A session may forget a cancellation, and would try to reach a daemon that is gone for ever.
        await cancel_and_wait(*self._tasks, patience=0.1)

    async def finish(self) -> None:
        """Begin no further message; return once each begun one was answered by 250.

        Raises:
            TimeoutError: one never was.
        """
        self._enough = True
        async with asyncio.timeout(_SECONDS_TO_FINISH):
            await asyncio.gather(*self._tasks)

    async def hand_over_all(self, batch: Sequence[bytes]) -> None:
        """Hand over messages, several sessions at once; return once each was answered by 250."""
        rest = iter(batch)

        async def one() -> None:
            session: SMTP | None = None
            for raw in rest:
                session = await self.hand_over(raw, session)
            if session is not None:
                session.close()

        await asyncio.gather(*(one() for _ in range(self._sessions)))

    async def hand_over(self, raw: bytes, session: SMTP | None = None) -> SMTP:
        """Hand over one message, again and again until it is answered by 250; return the session, which may go on."""
        self.ledger.sent.add(digest(raw))
        while (session := await self._try(session, raw)) is None:
            await asyncio.sleep(_PAUSE)
        self.ledger.answered.add(digest(raw))
        return session

    async def _send_on(self) -> None:
        session: SMTP | None = None
        while not self._enough:
            session = await self.hand_over(next(self._messages), session)
            await asyncio.sleep(self._pause)
            while self.held_back and not self._enough:
                await asyncio.sleep(_PAUSE)
        if session is not None:
            session.close()

    async def _try(self, session: SMTP | None, raw: bytes) -> SMTP | None:
        """Return a session that may go on after a 250, or None where there was another reply or none."""
        try:
            session = session or await self._connect()
            await session.mail(SENDER)
            await session.rcpt(RECIPIENT)
            reply = await session.data(raw)
        except (SMTPException, OSError):
            self.ledger.broken += 1
        else:
            # What comes in after a power cut could not have been heard.
            if self._program.dark:
                self.ledger.broken += 1
            elif reply.code == 250:
                return session
            else:
                self.ledger.refused += 1
        if session is not None:
            session.close()
        return None

    async def _connect(self) -> SMTP:
        host, port = self._program.address
        session = SMTP(hostname=host, port=port, timeout=_REPLY_SECONDS, start_tls=False, use_tls=False)
        await session.connect()
        await session.ehlo(hostname="relay.example")
        return session
