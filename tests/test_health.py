"""When a mailbox that nobody looks at any more makes the daemon unwell."""

import pytest

from dtm_contact import metrics
from dtm_contact.health import _mailboxes_looked_at
from dtm_contact.settings import Imap, Settings

AT = 1_800_000_000.0


@pytest.mark.parametrize(
    ("channels", "looked", "unwell"),
    [
        (("smtp", "imap"), AT - 299.0, None),
        (("smtp", "imap"), AT - 1_200.0, "imap was not looked at for 20 min"),
        (("smtp",), AT - 1_200.0, None),
        (("imap",), 0.0, None),
    ],
)
def test_a_mailbox_that_is_not_looked_at(channels: tuple[str, ...], looked: float, unwell: str | None) -> None:
    settings = Settings(channels=channels, imap=Imap(poll_seconds=300.0))
    metrics.CHANNEL_LOOKED.labels("imap").set(looked)
    try:
        assert _mailboxes_looked_at(settings, lambda: AT) == unwell
    finally:
        metrics.CHANNEL_LOOKED.clear()
