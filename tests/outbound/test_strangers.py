"""What a stranger's mail can bring about: through the whole daemon, over real SMTP on both sides."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.cases import Command, ConfigurationProvider, UnprovenAddressError, WrongArgumentError, apply
from dtm_contact.daemon import RunningDaemon, daemon
from dtm_contact.settings import OutboundSettings, Settings
from dtm_contact.store import Case
from tests.outbound.relays import RelayServer, relay_server
from tests.outbound.test_through_the_daemon import GAS, TENANT, US, Talk, letter
from tests.test_daemon import ROOT, settings_for, with_directory

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

VICTIM = "victime.martin@gmail.com"
VARIANTS = (
    VICTIM,
    "Victime.Martin@gmail.com",
    "victimemartin@gmail.com",
    "v.i.c.t.i.m.e.martin@gmail.com",
    "victime.martin@googlemail.com",
    *(f"victime.martin+{tag}@gmail.com" for tag in ("un", "deux", "trois", "quatre")),
    *(f"victimemartin+{tag}@googlemail.com" for tag in ("un", "deux", "trois")),
)
GATEWAY = "no-reply@standard-vocal.example"
HUGUETTE = "T000001"


class Office(Talk):
    """A daemon that runs, and agents who work beside it."""

    def __init__(self, running: RunningDaemon, relay: RelayServer, settings: Settings) -> None:
        super().__init__(running, relay)
        self.settings = settings

    async def hear(self, message: EmailMessage, mail_from: str) -> Case:
        """Hand a message over, and return the case that it opened."""
        before = {case.number for case in self.cases()}
        await self.hand_over(message, mail_from)
        await self.until(lambda: len(self.cases()) > len(before))
        (opened,) = (case for case in self.cases() if case.number not in before)
        return opened

    def cases(self) -> list[Case]:
        return self.running.store.cases.queue()

    def do(self, number: str, verb: str, **arguments: Any) -> None:
        command, now = Command(verb, "paul", number, arguments), datetime.now(self.settings.zone)
        apply(self.running.store, command, now, ConfigurationProvider(self.running.store, self.settings))


@asynccontextmanager
async def office(folder: Path, gateways: tuple[str, ...] = (), **outbound: Any) -> AsyncIterator[Office]:
    async with relay_server(RelayServer()) as relay:
        sending = OutboundSettings(host="127.0.0.1", port=relay.port, security="none", **outbound)
        settings = with_directory(settings_for(folder))
        rules = settings.rules.model_copy(update={"dir": _rules_with(gateways, folder / "rules")})
        settings = settings.model_copy(update={"outbound": sending, "rules": rules})
        async with daemon(settings) as running:
            yield Office(running, relay, settings)


def _rules_with(gateways: tuple[str, ...], folder: Path) -> Path:
    """Return a copy of the rules as shipped whose voicemail notices come from these gateways besides."""
    shutil.copytree(ROOT / "rules", folder)
    sources = (folder / "sources.yaml").read_text("utf-8")
    senders = "".join(f'"{gateway}", ' for gateway in gateways)
    (folder / "sources.yaml").write_text(sources.replace('"@ringover.com", ', f'{senders}"@ringover.com", '), "utf-8")
    return folder


def written(sender: str, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, US, subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message.set_content(text)
    return message


def voicemail(caller: str) -> EmailMessage:
    message = written(GATEWAY, f"Nouveau message vocal de {caller}", f"Vous avez reçu un message vocal de {caller}.")
    message.add_attachment(b"RIFF....WAVE", maintype="audio", subtype="wav", filename="message.wav")
    return message


async def test_mail_in_somebodys_name_brings_one_answer_and_silences_no_word_of_danger(tmp_path: Path) -> None:
    async with office(tmp_path, answers_per_hour=1) as talk:
        for number, address in enumerate(VARIANTS):
            await talk.hear(written(address, f"Fuite {number}", f"Il y a une fuite, robinet {number}."), address)
        danger = await talk.hear(letter(GAS), TENANT)
        assert danger.priority == "P1"
        await talk.until(lambda: talk.sent_to(TENANT) != [])
        ((_from, told),) = talk.sent_to(TENANT)
        assert danger.number in str(make_header(decode_header(told["Subject"])))
        answers = [to for _from, to, message in talk.relay.taken if message["Auto-Submitted"] == "auto-replied"]
        assert answers == [VICTIM, TENANT]


@pytest.mark.parametrize("gateways", [("@standard-vocal.example",), ()], ids=["known gateway", "unknown gateway"])
async def test_who_leaves_a_voice_message_is_not_whom_the_last_one_was_about(
    tmp_path: Path, gateways: tuple[str, ...]
) -> None:
    async with office(tmp_path, gateways) as talk:
        first = await talk.hear(voicemail("06 99 88 77 66"), GATEWAY)
        talk.do(first.number, "tenant", tenant=HUGUETTE)
        with pytest.raises(WrongArgumentError, match="Une machine écrit de cette adresse"):
            talk.do(first.number, "confirm", value=GATEWAY)
        second = await talk.hear(voicemail("numéro masqué"), GATEWAY)
        assert (second.tenant_id, second.dwelling_id) == (None, None)


async def test_a_neighbour_who_wrote_for_somebody_is_not_taken_for_them(tmp_path: Path) -> None:
    neighbour = "josiane.lalande@free.example"
    async with office(tmp_path) as talk:
        text = "Bonjour, j'écris pour ma voisine Mme Huguette Joly, 14 rue du 11-Novembre-1918, qui n'a plus d'eau."
        first = await talk.hear(written(neighbour, "Pour Mme Joly", text), neighbour)
        talk.do(first.number, "tenant", tenant=HUGUETTE)
        with pytest.raises(WrongArgumentError, match="quelqu'un d'autre"):
            talk.do(first.number, "confirm", value=neighbour)
        second = await talk.hear(written(neighbour, "Robinet", "Bonjour, mon robinet goutte."), neighbour)
        assert second.tenant_id is None


async def test_a_stranger_who_signs_with_a_tenants_name_does_not_hear_the_reply(tmp_path: Path) -> None:
    stranger = "hj.nouveau@evil.example"
    async with office(tmp_path, answers=False) as talk:
        text = "Bonjour, où en est ma demande ?\nHuguette Joly\n14 rue du 11-Novembre-1918\nBail 3900689/60"
        case = await talk.hear(written(stranger, "Ma demande", text), stranger)
        assert case.tenant_id == HUGUETTE, "named by what the text says"
        with pytest.raises(UnprovenAddressError):
            talk.do(case.number, "reply", text="Le technicien passe demain.", to=stranger)
        talk.do(case.number, "reply", text="Le technicien passe demain.")
        happened = talk.running.store.cases.get(case.number).events
        (posted,) = [event.data["to"] for event in happened if event.what == "replied"]
        assert posted == TENANT
