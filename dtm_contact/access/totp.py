"""Codes of a second factor: those of a telephone (RFC 6238), each taken once, and recovery codes."""

import base64
import hashlib
import hmac
import re
import secrets
import struct
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from dtm_contact.access.login import digest_of, known_device, locked_until
from dtm_contact.store import Account, Store, TrailLine
from dtm_contact.store.secret_keys import UnopenedSecretError

STEP_SECONDS: Final = 30
DIGITS: Final = 6
RECOVERY_CODES: Final = 10
_SECRET_OCTETS: Final = 20  # RFC 4226 section 4, R6: 160 bits recommended
_RECOVERY_OCTETS: Final = 10
_CLOCKS_APART: Final = 1
"""Steps before and after ours of which a code is taken: clocks differ, and typing takes its time (section 5.2)."""
_CODE: Final = re.compile(rf"[0-9]{{{DIGITS}}}")
_LONGEST_CODE: Final = 40
_ISSUER: Final = "Bureau DTM"


def new_totp_secret() -> str:
    """Return a secret for a telephone, in base32."""
    return base64.b32encode(secrets.token_bytes(_SECRET_OCTETS)).decode("ascii")


def step_at(now: datetime) -> int:
    """Return the time step of a moment."""
    return int(now.timestamp()) // STEP_SECONDS


def code_of(secret: str, step: int, digits: int = DIGITS) -> str:
    """Return the code of a time step (RFC 6238 with SHA-1, which is what the telephones' programs know)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that a code is right for, now or just beside; None where it is for none."""
    code = "".join(code.split())
    if not _CODE.fullmatch(code):
        return None
    now_step = step_at(now)
    steps = range(now_step - _CLOCKS_APART, now_step + _CLOCKS_APART + 1)
    right = [step for step in steps if hmac.compare_digest(code_of(secret, step), code)]
    return right[-1] if right else None


def telephone_address(secret: str, name: str) -> str:
    """Return the address by which a telephone's program takes a secret up; it is what the QR code says."""
    told = {"secret": secret, "issuer": _ISSUER, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{quote(f'{_ISSUER}:{name}')}?{urlencode(told, quote_via=quote)}"


def new_recovery_codes() -> list[str]:
    """Return recovery codes of 80 bits each, as they are shown: `abcd-efgh-ijkl-mnop`."""
    return [_recovery_code(secrets.token_bytes(_RECOVERY_OCTETS)) for _ in range(RECOVERY_CODES)]


def _recovery_code(octets: bytes) -> str:
    letters = base64.b32encode(octets).decode("ascii").lower()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def recovery_digest(code: str) -> str:
    """Return what the store keeps of a recovery code, however it is typed."""
    return digest_of("".join(letter for letter in code[:_LONGEST_CODE].lower() if letter.isalnum()))


def take_code(store: Store, account: Account, code: str, device: str, now: datetime) -> bool:
    """Return whether a code of an account's second factor is right, which uses it up.

    During a lock none is, and none is used up. A code of the telephone is refused where it, or a later one, was taken
    before (RFC 6238 section 5.2).

    Args:
        store: holds the account's secret.
        account: whose.
        code: as it was typed: of the telephone, or a recovery code.
        device: the digest of the secret that the browser brings; "" where it brings none.
        now: the time, aware.

    Raises:
        UnopenedSecretError: it is no recovery code, and whether it is the telephone's cannot be told.
    """
    factor = store.second_factors.of(account.id)
    if factor.secret is None or locked_until(store, account, known_device(store, account, device, now), now):
        return False
    unopened: UnopenedSecretError | None = None
    try:
        step = step_of(store.second_factors.opened(account.id, factor.secret), code, now)
    except UnopenedSecretError as error:
        step, unopened = None, error
    if step is not None:
        return store.second_factors.take_step(account.id, step)
    if not store.second_factors.take_recovery_code(account.id, recovery_digest(code)):
        if unopened is not None:
            raise unopened
        return False
    left = store.second_factors.of(account.id).recovery_codes
    store.accounts.trail(TrailLine(now, account.name, "recovery code used", account.name, {"left": left}))
    return True
