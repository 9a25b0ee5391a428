"""Mail in, an answer out, what comes back to that answer: through the whole daemon, over real SMTP on both sides."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, Message
from email.utils import format_datetime
from pathlib import Path

import aiosmtplib
import pytest

from dtm_contact.daemon import RunningDaemon, daemon
from dtm_contact.settings import OutboundSettings
from dtm_contact.store import CaseFile
from tests.outbound.relays import RelayServer, relay_server
from tests.test_daemon import settings_for, with_directory

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

US = "metropole@parishabitat.fr"
TENANT = "huguette.joly@courriel.example"
GAS = "Forte odeur de gaz dans le hall et dans mon logement depuis ce matin."


def letter(text: str, subject: str = "Odeur de gaz", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Huguette Joly <{TENANT}>", US, subject
    message["Date"] = format_datetime(datetime.now(UTC))
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def report(to: str, about: Message) -> bytes:
    """Return what a mail server writes where it cannot deliver (RFC 3464)."""
    head = (
        f"From: MAILER-DAEMON@relay.example\nTo: {to}\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0"
    )
    parts = (
        "Content-Type: text/plain\n\nI could not deliver your message.",
        (
            "Content-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n"
            f"Final-Recipient: rfc822; {TENANT}\nAction: failed\nStatus: 5.1.1"
        ),
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: {about['Message-ID']}",
    )
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f"{head}\n{kind}\n\n{body}--b--\n".replace("\n", "\r\n").encode()


class Talk:
    """A daemon that runs, and the server that sends for it."""

    def __init__(self, running: RunningDaemon, relay: RelayServer) -> None:
        self.running = running
        self.relay = relay

    async def hand_over(self, message: Message | bytes, mail_from: str = TENANT, to: str = US) -> None:
        host, _, port = self.running.addresses["smtp"].rpartition(":")
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=policy.SMTP)
        async with aiosmtplib.SMTP(hostname=host, port=int(port), timeout=30) as client:
            await client.sendmail(mail_from, [to], raw)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():
                await asyncio.sleep(0.02)

    def the_case(self) -> CaseFile:
        (case,) = self.running.store.cases.queue()
        return self.running.store.cases.get(case.number)

    def happened(self) -> list[str]:
        return [event.what for event in self.the_case().events]

    def sent_to(self, address: str) -> list[tuple[str, Message]]:
        return [(mail_from, message) for mail_from, to, message in self.relay.taken if to == address]


async def test_a_conversation_stays_in_one_case(tmp_path: Path) -> None:
    async with relay_server(RelayServer()) as relay:
        outbound = OutboundSettings(host="127.0.0.1", port=relay.port, security="none")
        settings = with_directory(settings_for(tmp_path)).model_copy(update={"outbound": outbound})
        async with daemon(settings) as running:
            talk = Talk(running, relay)
            mail_from, answer = await _danger_is_answered_and_told(talk)
            await _a_reply_to_the_answer_joins(talk, answer)
            await _our_own_answer_comes_back(talk, answer)
            await _a_report_of_failure_comes_home(talk, mail_from, answer)
            assert len(talk.sent_to(TENANT)) == 1


async def _danger_is_answered_and_told(talk: Talk) -> tuple[str, Message]:
    """One answer with the right heads to the tenant, and a word to who is on call and to both caretakers."""
    await talk.hand_over(letter(GAS, Message_ID="<first@courriel.example>"))
    await talk.until(lambda: len(talk.relay.taken) == 4)
    case = talk.the_case().case
    assert case.priority == "P1"
    ((mail_from, answer),) = talk.sent_to(TENANT)
    assert answer["In-Reply-To"] == answer["References"] == "<first@courriel.example>"
    assert answer["Auto-Submitted"] == "auto-replied"
    assert answer["Reply-To"] == mail_from
    assert mail_from.startswith(f"metropole+{case.number}.")
    assert answer["From"] == f"Votre bailleur <{US}>"
    told = {to for _mail_from, to, message in talk.relay.taken if message["Auto-Submitted"] == "auto-generated"}
    assert {"isabel.carvalho@bailleur.example", "kouadio.konate@bailleur.example"} < told
    assert len(told) == 3
    # The relay has it before the case says so.
    await talk.until(lambda: talk.happened() == ["opened"] + ["notice queued"] * 3 + ["sent"] * 4)
    return mail_from, answer


async def _a_reply_to_the_answer_joins(talk: Talk, answer: Message) -> None:
    reply = letter(
        "Il y a toujours cette forte odeur de gaz dans le hall.", "Re: gaz", In_Reply_To=str(answer["Message-ID"])
    )
    await talk.hand_over(reply)
    await talk.until(lambda: len(talk.the_case().contacts) == 2)
    assert [each.data["way"] for each in talk.the_case().events if each.what == "joined"] == ["message_id"]


async def _our_own_answer_comes_back(talk: Talk, answer: Message) -> None:
    await talk.hand_over(answer)
    await talk.until(lambda: talk.happened()[-1] == "returned")


async def _a_report_of_failure_comes_home(talk: Talk, mail_from: str, answer: Message) -> None:
    """To its case, though nothing of it but the address points there; and nothing more goes to that address."""
    await talk.hand_over(report(mail_from, answer), mail_from="", to=mail_from)
    await talk.until(lambda: len(talk.the_case().contacts) == 4)
    assert "bounced" in talk.happened()
    await talk.hand_over(letter("Pouvez-vous m'envoyer une quittance de loyer pour octobre ?", "Quittance"))
    await talk.until(lambda: len(talk.running.store.cases.queue()) == 2)
    (other,) = [case.number for case in talk.running.store.cases.queue() if case.topic == "documents"]
    told = [(event.what, event.data.get("reason")) for event in talk.running.store.cases.get(other).events]
    assert ("not sent", "no such address") in told
