"""The keys by which the store keeps secrets that it must be able to read again; they lie outside of it."""

from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from dtm_contact.errors import DtmContactError

_MARK: Final = "sealed:"
"""What sealed secrets begin with; a secret of a telephone is base32, which has no colon."""


class UnopenedSecretError(DtmContactError):
    """Le code de votre téléphone ne peut pas être vérifié : la clé des seconds facteurs manque, ou n'est pas la bonne. Un code de secours vous fait entrer ; sinon, dites-le à l'administrateur."""  # noqa: E501 - its first line is the message


class SecretKeys:
    """Seals secrets by the first of its keys, and opens what any of them has sealed (Fernet: AES and HMAC)."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        """Take the keys, the newest first: 32 octets in base64 each. Without one, secrets are kept as they are."""
        self._keys = [Fernet(key) for key in keys]

    def sealed(self, account_id: int, secret: str) -> str:
        """Return what the store keeps of an account's secret."""
        if not self._keys:
            return secret
        # Whose it is lies within: a row that is copied to another account opens nothing.
        return _MARK + self._keys[0].encrypt(f"{account_id} {secret}".encode("ascii")).decode("ascii")

    def opened(self, account_id: int, kept: str) -> str:
        """Return an account's secret of what the store keeps of it.

        Raises:
            UnopenedSecretError: none of the keys has sealed it, or it was another account's.
        """
        if not self.is_sealed(kept):
            return kept
        for key in self._keys:
            owner, _, secret = _opened(key, kept).partition(" ")
            if owner == str(account_id):
                return secret
        raise UnopenedSecretError

    def is_current(self, kept: str) -> bool:
        """Return whether it is kept as it would be today: by the first key, or open where there is none."""
        if not self._keys:
            return not self.is_sealed(kept)
        return self.is_sealed(kept) and bool(_opened(self._keys[0], kept))

    @staticmethod
    def is_sealed(kept: str) -> bool:
        """Return whether a secret is sealed, by whatever key."""
        return kept.startswith(_MARK)


def _opened(key: Fernet, kept: str) -> str:
    """Return what a key has sealed; "" where it has not."""
    try:
        return key.decrypt(kept.removeprefix(_MARK)).decode("ascii")
    except InvalidToken:
        return ""
