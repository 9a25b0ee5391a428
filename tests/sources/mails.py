"""Messages of sources, as the mail server in front hands them over, judged by the rules as shipped."""

from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival, Envelope, History, Judgement, NoHistory
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.settings import Settings
from tests.rules.once import load_once
from tests.vouched import vouched

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
AGENCY = "ne-pas-repondre@agence-numerique.example"
LIFTS = "alarmes@telesurveillance.example"
FORM = """Bonjour,
Une nouvelle demande a été déposée sur l'agence numérique.

N° de demande : {request}
Nom : {name}
Prénom : Huguette
N° de bail : {lease}
E-mail : {email}
Motif : {topic}
Message : {text}

Ceci est un message automatique, merci de ne pas répondre.
"""
ASKED = {
    "request": "AN-2026-1",
    "name": "Joly",
    "lease": "3900689/60",
    "email": "huguette@nouvelle-adresse.example",
    "topic": "Chauffage",
    "text": "Plus de chauffage depuis hier.",
}
JOLY = "T000001"


def form(**fields: str) -> str:
    return FORM.format(**{**ASKED, **fields})


@cache
def grounds() -> Grounds:
    directory = Directory(read_export(ROOT / "fixtures" / "directory")[0])
    return Grounds.build(directory, load_once(ROOT / "rules", directory.offices), Settings.defaults())


def mail(
    text: str = "", sender: str = AGENCY, subject: str = "Nouvelle demande", *, html: str = "", **headers: str
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "metropole@parishabitat.fr", subject
    message["Auto-Submitted"] = headers.pop("auto_submitted", "auto-generated")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def arrived(message: EmailMessage, *, proven: bool = True, channel: str = "smtp") -> Arrival:
    raw = message.as_bytes()
    envelope = Envelope(str(message["From"]), ("metropole@parishabitat.fr",), "127.0.0.1")
    return Arrival(channel, "one", AT, "message/rfc822", envelope, vouched(raw) if proven else raw)


def judged(
    message: EmailMessage,
    *,
    proven: bool = True,
    channel: str = "smtp",
    history: History | None = None,
    at: Grounds | None = None,
) -> Judgement:
    return judge(arrived(message, proven=proven, channel=channel), AT, at or grounds(), history or NoHistory())


def with_rules(folder: Path) -> Grounds:
    known = grounds()
    return replace(known, rules=load_once(folder, known.directory.offices))
