"""Tokens for a mailbox (OAuth 2.0, RFC 6749): asked for in our own name, or by a refresh token that others follow."""

import asyncio
import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from dtm_contact.durable_file import replace_file
from dtm_contact.errors import WrongSettingError, described
from dtm_contact.ingest.mailbox import MailboxLostError, TokenRefusedError
from dtm_contact.ingest.web_client import WebAnswer, web_client
from dtm_contact.settings import OAuthSettings, Settings

KEPT_NAME: Final = "oauth-refresh-token.json"
_LOCK_NAME: Final = ".oauth-refresh-token.lock"
_LARGEST_ANSWER: Final = 256 * 1024
_LARGEST_TOKEN: Final = 64 * 1024
_SHORTLY: Final = 60.0
"""A token is not used any more when so many seconds are left of it."""
_UNTOLD_SECONDS: Final = 300.0
"""How long a token holds of which that is not told."""
_LONGEST_SECONDS: Final = 86_400.0
_LOCK_PAUSE: Final = 0.05
_OK: Final = 200
_REFUSALS: Final = frozenset({400, 401, 403})
_PASSING: Final = frozenset({"server_error", "temporarily_unavailable"})
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_REMEDIES: Final = {
    "invalid_client": "the secret has run out, or is another client's: make a new one there and write it into "
    "DTM_OAUTH_SECRET_FILE (and look at DTM_OAUTH_CLIENT_ID)",
    "invalid_grant": "the refresh token has run out or was withdrawn: have whoever consented do so again, and write "
    "the new one into DTM_OAUTH_REFRESH_TOKEN_FILE",
    "invalid_scope": "mend DTM_IMAP_SCOPE or DTM_GRAPH_SCOPE",
    "unauthorized_client": "have its administrator grant this client what it asks for",
}
_OTHERWISE: Final = "look at DTM_OAUTH_TOKEN_URL, DTM_OAUTH_CLIENT_ID and the scope"


class TokenSource:
    """Gives a token that holds; it is kept in memory until shortly before its end.

    A refresh token that comes in place of the one before is on the disk, for the daemon's user alone, before the access
    token that came with it is used. It holds in place of the one of the settings until that is another.
    """

    def __init__(
        self, settings: OAuthSettings, scope: str, folder: Path | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Take who gives tokens and for what.

        Args:
            settings: who gives them, and how we are known there.
            scope: what for; empty: what was granted.
            folder: where a new refresh token is kept; None: nowhere, so that none can be used.
            monotonic: seconds that only grow.
        """
        self._settings = settings
        self._scope = scope
        self._folder = folder
        self._monotonic = monotonic
        self._token = ""
        self._until = 0.0
        self._uses = 0
        self._unkept: tuple[str, str] | None = None

    async def token(self) -> str:
        """Return a token that is valid for a minute at the least, the one of before while it is.

        Raises:
            TokenRefusedError: we are given none, and a person must see to it.
            MailboxLostError: the server that gives tokens cannot be reached, or has trouble of its own.
            WrongSettingError: a secret cannot be read, or a new refresh token cannot be kept.
        """
        if not self._token or self._monotonic() >= self._until:
            self._token, self._uses = "", 0
            await self._renew()
        self._uses += 1
        return self._token

    def forget(self) -> bool:
        """Forget a token that was refused; return whether it was used before, so that a new one may be taken."""
        self._token = ""
        return self._uses > 1

    async def _renew(self) -> None:
        form = {"client_id": self._settings.client_id}
        if (secret := self._settings.read_secret()) is not None:
            form["client_secret"] = secret
        if self._scope:
            form["scope"] = self._scope
        given = self._settings.read_refresh_token()
        if given is None:
            self._take(await self._asked({**form, "grant_type": "client_credentials"}))
            return
        if self._folder is None:
            raise WrongSettingError("DTM_ALARM_FOLDER: without it a new refresh token would be lost with the daemon")
        exchange = asyncio.ensure_future(self._exchange(form, given, self._folder))
        try:
            self._take(await asyncio.shield(exchange))
        except asyncio.CancelledError:
            # What was sent may have used the token up: the one that comes in its place must not be lost.
            await asyncio.wait({exchange})
            raise

    async def _exchange(self, form: Mapping[str, str], given: str, folder: Path) -> Mapping[str, Any]:
        """Return the answer to a refresh token; the one that comes in its place is kept by then."""
        async with _alone(folder / _LOCK_NAME, self._settings.seconds):
            if self._unkept is not None:
                # The one before may be of no use any more.
                await asyncio.to_thread(self._keep, folder, *self._unkept)
            refresh = await asyncio.to_thread(_refresh_token, folder, given)
            fields = await self._asked({**form, "grant_type": "refresh_token", "refresh_token": refresh})
            following = fields.get("refresh_token")
            if isinstance(following, str) and _TOKEN.fullmatch(following) and following != refresh:
                await asyncio.to_thread(self._keep, folder, _digest(given), following)
        return fields

    def _keep(self, folder: Path, of: str, token: str) -> None:
        self._unkept = of, token
        content = json.dumps({"of": of, "token": token}).encode("ascii")
        try:
            status = folder.stat()
            # Whoever looks at it all as root leaves it to the daemon.
            owner = (status.st_uid, status.st_gid) if os.geteuid() == 0 else None
            replace_file(folder / KEPT_NAME, content, mode=0o600, owner=owner)
        except OSError as error:
            told = f"a new refresh token cannot be kept in {folder} ({described(error)})"
            raise WrongSettingError(f"DTM_ALARM_FOLDER: {told}; it is tried again") from error
        self._unkept = None

    async def _asked(self, form: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the fields of an answer with a token.

        Raises:
            TokenRefusedError: there is none in it.
            MailboxLostError: it did not come.
        """
        async with web_client(self._settings.authority, self._settings.seconds) as client:
            headers = {"Accept": "application/json"}
            answer = await client.ask(
                "POST", self._settings.token_url, most=_LARGEST_ANSWER, headers=headers, form=form
            )
        if answer.status != _OK:
            raise _refused(answer)
        fields = answer.fields()
        token = fields.get("access_token")
        if not isinstance(token, str) or len(token) > _LARGEST_TOKEN or not _TOKEN.fullmatch(token):
            raise TokenRefusedError(f"its answer holds none; {_OTHERWISE}")
        if str(fields.get("token_type", "bearer")).lower() != "bearer":
            raise TokenRefusedError(f"its token is none that can be handed on (RFC 6750); {_OTHERWISE}")
        return fields

    def _take(self, fields: Mapping[str, Any]) -> None:
        try:
            # Some write the number as text.
            holds = min(float(fields.get("expires_in", _UNTOLD_SECONDS)), _LONGEST_SECONDS)
        except (TypeError, ValueError):
            holds = _UNTOLD_SECONDS
        self._token, self._until = fields["access_token"], self._monotonic() + max(holds - _SHORTLY, 0.0)


def _refused(answer: WebAnswer) -> Exception:
    """Return what an answer without a token means (RFC 6749 section 5.2)."""
    fields = answer.fields()
    code = fields.get("error")
    if answer.status not in _REFUSALS or not isinstance(code, str) or not _CODE.fullmatch(code):
        return TokenRefusedError(f"status {answer.status}; {_OTHERWISE}")
    if code in _PASSING:
        return MailboxLostError(f"no token: {code}")
    # Microsoft says more exactly by a number what its text may quote.
    numbers = fields.get("error_codes")
    exactly = [str(number) for number in numbers[:5] if isinstance(number, int)] if isinstance(numbers, list) else []
    told = f"{code} ({', '.join(exactly)})" if exactly else code
    return TokenRefusedError(f"{told}; {_REMEDIES.get(code, _OTHERWISE)}")


def _refresh_token(folder: Path, given: str) -> str:
    """Return the refresh token that holds: the one that came in place of the given one, or that itself.

    Raises:
        WrongSettingError: what is kept cannot be read.
    """
    path = folder / KEPT_NAME
    try:
        kept = json.loads(path.read_text(encoding="ascii"))
        return str(kept["token"]) if kept["of"] == _digest(given) else given
    except FileNotFoundError:
        return given
    except (OSError, ValueError, KeyError, TypeError) as error:
        told = f"{path} cannot be read ({described(error)}); give it to the daemon's user, or delete it"
        raise WrongSettingError(f"DTM_OAUTH_REFRESH_TOKEN_FILE: {told} and write a new token") from error


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@asynccontextmanager
async def _alone(path: Path, seconds: float) -> AsyncIterator[None]:
    """Let nobody else on this machine use the refresh token until the end of the block: it may hold but once.

    Raises:
        MailboxLostError: somebody else uses it for too long.
        WrongSettingError: the folder cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise WrongSettingError(f"DTM_ALARM_FOLDER: {described(error)}") from error
    try:
        async with asyncio.timeout(2 * seconds):
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                await asyncio.sleep(_LOCK_PAUSE)
    except TimeoutError as error:
        os.close(descriptor)
        raise MailboxLostError("the refresh token is in use elsewhere") from error
    except BaseException:
        os.close(descriptor)
        raise
    try:
        yield
    finally:
        os.close(descriptor)


def token_source(settings: Settings, scope: str) -> TokenSource:
    """Return what asks for access tokens (OAuth 2.0), as the settings of `DTM_OAUTH_…` say.

    Args:
        settings: the provider's, and where a refresh token is kept that follows another.
        scope: what the tokens are to allow, in the provider's words.
    """
    return TokenSource(settings.oauth, scope, settings.state_folder)
