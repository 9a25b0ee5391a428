"""What agents send from Outlook, through the whole daemon: it stands in its case, and opens none."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import aiosmtplib
import pytest

from dtm_contact.daemon import daemon
from dtm_contact.settings import ImapSettings
from tests.ingest.mailbox.dovecot import PASSWORD, USER, Dovecot, imap
from tests.test_daemon import settings_for, with_directory

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

TENANT = "huguette.joly@courriel.example"


def mail(sender: str, to: str, message_id: str, text: str, answers: str = "") -> bytes:
    heads = [
        f"From: {sender}", f"To: {to}", "Subject: Fuite", f"Message-ID: <{message_id}>",
        f"Date: {format_datetime(datetime.now(UTC))}", *([f"In-Reply-To: <{answers}>"] if answers else []),
    ]  # fmt: skip
    return "\r\n".join([*heads, "", text, ""]).encode()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.05)


async def test_what_agents_send_stands_in_its_case(server: Dovecot, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    with imap(server) as client:
        client.create("Sent")
    settings = with_directory(settings_for(tmp_path)).model_copy(
        update={
            "channels": ("smtp", "imap_sent"),
            "imap": ImapSettings(
                host="127.0.0.1", port=server.port, tls=False, user=USER, password_file=secret, poll_seconds=0.5
            ),
        }
    )
    us = "metropole@parishabitat.fr"
    async with daemon(settings) as running:
        host, _, port = running.addresses["smtp"].rpartition(":")
        async with aiosmtplib.SMTP(hostname=host, port=int(port)) as client:
            await client.sendmail(
                TENANT, [us], mail(TENANT, us, "first@courriel.example", "Une fuite dans la cuisine.")
            )
        await until(lambda: len(running.store.cases.queue()) == 1)
        # The first look has been: only what is sent from now on is taken.
        await until(lambda: running.store.checkpoints.of("imap_sent") is not None)
        (case,) = running.store.cases.queue()
        for name, answers in (("stray", ""), ("answer", "first@courriel.example")):
            raw = mail(us, TENANT, f"{name}@outlook.example", "Nous passons mardi.", answers)
            await asyncio.to_thread(server.append, raw, "Sent")
        await until(lambda: len(running.store.arrivals.listing()) == 3 and not running.store.arrivals.waiting())
        file = running.store.cases.get(case.number)
        assert len(running.store.cases.queue()) == 1
    assert [event.what for event in file.events] == ["opened", "answered"]
