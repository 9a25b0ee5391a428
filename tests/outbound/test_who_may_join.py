"""What strangers try on a case in danger, through the whole daemon over real SMTP: none of it ends the escalation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from shutil import copytree

import pytest
import sqlalchemy as sa

from dtm_contact.cases import Command, apply
from dtm_contact.daemon import daemon
from dtm_contact.labels.coded_text import texts_of
from dtm_contact.settings import OutboundSettings, RulesSettings
from dtm_contact.store import Case, CaseContact
from dtm_contact.store.schema import case_links, cases
from dtm_contact.timers.escalation import is_needless
from tests.outbound.relays import RelayServer, relay_server
from tests.outbound.test_through_the_daemon import GAS, TENANT, US, Talk, letter
from tests.test_daemon import ROOT, settings_for, with_directory
from tests.vouched import found, vouched

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

EVIL = "hj.nouveau@evil.example"
RECEPTION = "accueil@parishabitat.fr"
NAMED = "Huguette Joly"
FIRST = "first@courriel.example"
ENDS = "C'est réglé, personne n'a besoin de venir."


def written(sender: str, text: str, subject: str = "Suite", to: str = US, **heads: str) -> bytes:
    message: EmailMessage = letter(text, subject, **heads)
    message.replace_header("From", sender)
    message.replace_header("To", to)
    return message.as_bytes(policy=policy.SMTP)


class Danger:
    """A case in danger that a tenant opened, whose escalation is pending."""

    def __init__(self, talk: Talk, number: str, answer_id: str) -> None:
        self.talk = talk
        self.number = number
        self.answer_id = answer_id
        self.store = talk.running.store
        self.taken = 1

    async def take(self, raw: bytes, to: str = US) -> None:
        """Hand a message over, and wait until it is judged."""
        self.taken += 1
        await self.talk.hand_over(raw, "someone@evil.example", to)
        await self.talk.until(lambda: self._judged() == self.taken)

    def _judged(self) -> int:
        return len([each for each in self.store.arrivals.listing() if each.state in ("judged", "set_aside")])

    def case(self) -> Case:
        return self.store.cases.get(self.number).case

    def pending(self) -> int:
        """Return how many steps of the escalation would still happen."""
        steps = self.store.timers.due(datetime.now(UTC) + timedelta(hours=1))
        return len([step for step in steps if step.case_number == self.number and not is_needless(step)])

    def latest(self) -> tuple[str, CaseContact, list[str]]:
        """Return the latest case, its last contact, and the cases that it is linked to."""
        with self.store.database.reading() as connection:
            newest = connection.execute(sa.select(cases.c.id, cases.c.number).order_by(cases.c.id.desc())).first()
            assert newest is not None
            others = sa.select(cases.c.number).join(case_links, case_links.c.other_id == cases.c.id)
            linked = list(connection.execute(others.where(case_links.c.case_id == newest.id)).scalars())
        return newest.number, self.store.cases.get(newest.number).contacts[-1], linked

    def stands(self) -> None:
        """Assert that the case still calls for somebody to take it."""
        case = self.case()
        assert (case.state, case.priority, case.owner) == ("open", "P1", None)
        assert self.pending() == 2

    def joined(self) -> tuple[str, bool]:
        """Return as what the last message joined the case, and whether as one of ours; what is sent has events, too."""
        events = self.store.cases.get(self.number).events
        return next((each.what, each.data["by_staff"]) for each in reversed(events) if "by_staff" in each.data)

    async def refused(self, raw: bytes) -> None:
        """Assert that a message opens a case of its own, which names the danger as one to look at."""
        before, inside = self.latest()[0], len(self.store.cases.get(self.number).contacts)
        await self.take(raw)
        number, contact, linked = self.latest()
        assert number not in (before, self.number)
        assert (linked, contact.proven) == ([self.number], False)
        assert contact.judgement is not None
        assert f"dossier {self.number} non rejoint" in texts_of(contact.judgement.joining.why)
        assert len(self.store.cases.get(self.number).contacts) == inside
        self.stands()


def _rules(folder: Path) -> Path:
    """Return the shipped rules with a queue for the office of the sample directory."""
    copytree(ROOT / "rules", folder)
    queues = folder / "queues.yaml"
    text = queues.read_text(encoding="utf-8")
    queues.write_text(
        text.replace("queues:\n", "queues:\n  nord:\n    label: Nord\n    office: nord\n"), encoding="utf-8"
    )
    return folder


@asynccontextmanager
async def danger(folder: Path) -> AsyncIterator[Danger]:
    async with relay_server(RelayServer()) as relay:
        outbound = OutboundSettings(host="127.0.0.1", port=relay.port, security="none")
        settings = with_directory(settings_for(folder)).model_copy(update={"outbound": outbound})
        settings = settings.model_copy(update={"rules": RulesSettings(dir=_rules(folder / "rules"))})
        settings = settings.model_copy(update={"timers": settings.timers.model_copy(update={"seconds": 0.1})})
        async with daemon(settings) as running:
            talk = Talk(running, relay)
            await talk.hand_over(vouched(written(f"{NAMED} <{TENANT}>", GAS, Message_ID=f"<{FIRST}>")))
            await talk.until(lambda: len(talk.sent_to(TENANT)) == 1)
            case = talk.the_case()
            assert case.contacts[0].proven
            at_stake = Danger(talk, case.case.number, str(talk.sent_to(TENANT)[0][1]["Message-ID"]))
            await talk.until(lambda: at_stake.pending() == 2)
            yield at_stake


async def test_nobody_ends_an_escalation_in_our_name(tmp_path: Path) -> None:
    async with danger(tmp_path) as at_stake:
        number = at_stake.number
        outside = "quelquun@ailleurs.example"
        forged = (
            ("dkim=pass header.d=evil.example", {"subject": f"dossier {number}"}),
            ("dkim=pass header.d=evil.example; dmarc=fail header.from=parishabitat.fr", {"subject": f"Re: {number}"}),
            ("spf=pass smtp.mailfrom=a@evil.example", {"In_Reply_To": f"<{FIRST}>"}),
            ("none", {"References": f"<{FIRST}>", "subject": number}),
        )
        for place, (results, heads) in enumerate(forged):
            raw = written(RECEPTION, f"{ENDS} ({place})", to=outside, **heads)
            await at_stake.refused(found(results, raw))
        # What was never sent by us is none of ours, though it bears the id of something that was.
        before = at_stake.latest()[0]
        await at_stake.take(written(US, ENDS, to=outside, Message_ID=at_stake.answer_id))
        assert at_stake.joined() == ("joined", False)
        assert not at_stake.store.cases.get(number).contacts[-1].proven
        assert at_stake.latest()[0] == before
        at_stake.stands()


async def test_a_stranger_gets_into_no_case_by_its_number_and_is_not_proven_by_what_leaked(tmp_path: Path) -> None:
    async with danger(tmp_path) as at_stake:
        signed = f"Il y a toujours du gaz.\n{NAMED}\n12 rue Laplace, Arcueil"
        stranger = f"{NAMED} <{EVIL}>"
        await at_stake.refused(vouched(written(stranger, signed, f"Re: dossier {at_stake.number}")))
        await at_stake.refused(vouched(written(stranger, f"{signed} !", In_Reply_To=f"<{FIRST}>")))
        await at_stake.refused(written(f"{NAMED} <{TENANT}>", f"{signed} !!", f"Re: dossier {at_stake.number}"))
        before = at_stake.latest()[0]
        for results in ("dmarc=pass header.from=evil.example", "none"):
            text = f"Toujours du gaz, je suis Huguette Joly ({results})."
            await at_stake.take(found(results, written(stranger, text, In_Reply_To=at_stake.answer_id)))
            contact = at_stake.store.cases.get(at_stake.number).contacts[-1]
            assert contact.judgement is not None
            assert (contact.judgement.contact.sender.address, contact.proven) == (EVIL, False)
            assert at_stake.latest()[0] == before
        at_stake.stands()
        await at_stake.take(vouched(written(f"{NAMED} <{TENANT}>", "Cela sent encore le gaz.", at_stake.number)))
        assert at_stake.store.cases.get(at_stake.number).contacts[-1].proven
        at_stake.stands()


async def test_a_colleague_s_mail_ends_no_escalation_and_somebody_at_the_desk_does(tmp_path: Path) -> None:
    async with danger(tmp_path) as at_stake:
        await at_stake.take(vouched(written(RECEPTION, "Nous arrivons.", f"dossier {at_stake.number}", to=TENANT)))
        assert at_stake.joined() == ("answered", True)
        at_stake.stands()
        apply(at_stake.store, Command("take", "anne", at_stake.number, {}), datetime.now(UTC), None)
        assert at_stake.pending() == 0
