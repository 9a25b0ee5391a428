"""Case numbers that nobody can make up: signed, in the message ids and the plus addresses of what we send.

A tenant's reply carries them back. A number alone would prove nothing: it can be read over a shoulder and guessed.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from dtm_contact.errors import WrongSettingError
from dtm_contact.settings import OutboundSettings

_SIGNATURE_OCTETS = 10
_NUMBER = r"(?P<number>[0-9]{4}-[0-9]{6})"
_SIGNATURE = r"(?P<signature>[a-z2-7]{16})"
_LOCAL_ID = re.compile(rf"{_NUMBER}\.(?P<nonce>[a-z0-9]{{1,40}})\.{_SIGNATURE}")
_EXTENSION = re.compile(rf"{_NUMBER}\.{_SIGNATURE}")
SHORTEST_KEY = 16
"""Octets of the shortest key that is accepted."""


@dataclass(frozen=True, slots=True, repr=False)
class CaseTokens:
    """Signs and reads the case numbers in what we send.

    Attributes:
        key: the secret, 16 octets or more; the same for all daemons of one store, or replies go astray.
        mailbox: our one address, `metropole@parishabitat.fr`.
    """

    key: bytes
    mailbox: str

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed, and an address that is none."""
        if len(self.key) < SHORTEST_KEY:
            raise ValueError(f"the key has {len(self.key)} octets; {SHORTEST_KEY} or more are needed")
        if self.mailbox.count("@") != 1:
            raise ValueError("the mailbox is no address: write one such as contact@landlord.example")

    @classmethod
    def of(cls, outbound: OutboundSettings, kept: Callable[[], bytes]) -> Self:
        """Return what signs by the secret that the settings name; without one, by that which the store keeps.

        Raises:
            WrongSettingError: the file of the secret cannot be read, or the secret is too short.
        """
        try:
            key = outbound.read_key()
        except OSError as error:
            raise WrongSettingError(f"DTM_OUTBOUND_KEY_FILE: {error.strerror}: {outbound.key_file}") from error
        if key is not None and len(key) < SHORTEST_KEY:
            raise WrongSettingError(f"DTM_OUTBOUND_KEY_FILE: fewer than {SHORTEST_KEY} octets: {outbound.key_file}")
        return cls(kept() if key is None else key, outbound.sender)

    @property
    def domain(self) -> str:
        """The domain of our address, which our message ids bear."""
        return self.mailbox.rpartition("@")[2]

    def message_id(self, number: str, nonce: str) -> str:
        """Return the message id of something that we send about a case, without angle brackets.

        Args:
            number: the case's number, "2026-004217".
            nonce: what tells it from the others about that case; lower-case letters and digits.
        """
        return f"{number}.{nonce}.{self._sign('message', number, nonce)}@{self.domain}"

    def case_of_message_id(self, message_id: str) -> str | None:
        """Return the number of the case that one of our message ids is about; None where we did not make it."""
        local, _, domain = message_id.strip().lower().rpartition("@")
        if domain != self.domain.lower():
            return None
        return self._verified(_LOCAL_ID, local, lambda found: ("message", found["number"], found["nonce"]))

    def address(self, number: str) -> str:
        """Return the address that replies about a case are asked to (RFC 5233, subaddressing)."""
        local, _, domain = self.mailbox.rpartition("@")
        return f"{local}+{number}.{self._sign('address', number)}@{domain}"

    def case_of_address(self, address: str) -> str | None:
        """Return the number of the case that a plus address of ours is about; None where we did not make it."""
        whole, _, domain = address.strip().lower().rpartition("@")
        local, _, extension = whole.partition("+")
        if f"{local}@{domain}" != self.mailbox.lower():
            return None
        return self._verified(_EXTENSION, extension, lambda found: ("address", found["number"]))

    def _verified(
        self, form: re.Pattern[str], text: str, signed: Callable[[re.Match[str]], tuple[str, ...]]
    ) -> str | None:
        found = form.fullmatch(text)
        if found is None or not hmac.compare_digest(found["signature"], self._sign(*signed(found))):
            return None
        return found["number"]

    def _sign(self, *parts: str) -> str:
        digest = hmac.digest(self.key, "\n".join(parts).encode(), hashlib.sha256)
        return base64.b32encode(digest[:_SIGNATURE_OCTETS]).decode().lower()
