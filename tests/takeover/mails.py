"""Mails as they lie in mailboxes."""

from datetime import UTC, datetime
from email.utils import format_datetime

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
US = "metropole@parishabitat.fr"


def mail(number: int, text: str, at: datetime = NOW, **heads: str) -> bytes:
    """Return a mail of somebody; `heads` has others besides, `_` for `-`, and `Id` its own in place of its number's."""
    lines = [
        f"From: Nadia <nadia{number}@free.example>",
        f"To: {US}",
        f"Subject: {heads.pop('Subject', 'Bonjour')}",
        f"Message-ID: <{heads.pop('Id', str(number))}@free.example>",
        f"Date: {format_datetime(at)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in heads.items()),
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    return ("\n".join(lines) + f"\n\n{text}\n").encode()
