"""What is written because of what the worker records: answers and notices, laid into the outbox with the record."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from dtm_contact.model import Judgement, Limits, Outgoing
from dtm_contact.outbound import Answering
from dtm_contact.settings import Settings
from dtm_contact.store import Claimed, Mailing, Store
from dtm_contact.timers import Storms
from dtm_contact.tokens import Tokens
from dtm_contact.worker.standin import Reception


def tokens_of(settings: Settings, store: Store) -> Tokens:
    """Return what signs and reads our case numbers: by the settings' secret, else by the store's.

    Raises:
        WrongSettingError: the file of the secret cannot be read, or the secret is too short.
    """
    return Tokens.of(settings.outbound, store.outbox.signing_key)


@dataclass(frozen=True, slots=True)
class Mail:
    """Prepares what is written; a settings without a server that sends for us has none.

    Attributes:
        answering: what writes it.
        wake: says that something waits to be sent.
        storms: while one lasts, its cases are not told one by one.
    """

    answering: Answering
    wake: Callable[[], None]
    storms: Storms = field(default_factory=Storms)

    def of(self, claimed: Claimed, judgement: Judgement, reception: Reception, now: datetime) -> Mailing:
        """Return what the record of a judgement writes, once the number of its case is known; off the event loop."""
        outbound = self.answering.settings.outbound
        directory = reception.directory()
        ruled = reception.rules, directory

        def write(number: str) -> tuple[Outgoing, ...]:
            letters = self.answering.written(claimed.arrival, judgement, number, ruled, now)
            return self.storms.without_notices(judgement, directory, letters)

        return Mailing(write, Limits(outbound.answers_per_address, outbound.answers_per_hour))
