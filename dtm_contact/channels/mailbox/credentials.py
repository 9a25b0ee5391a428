"""How we are known to the mailbox's server: a password or a token, read anew for each connection."""

import asyncio
import shlex
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from dtm_contact.channels.mailbox.client import CredentialsRefusedError, Login
from dtm_contact.settings import ImapSettings

_SECONDS: Final = 30.0


def login_by(settings: ImapSettings) -> Callable[[], Awaitable[Login]]:
    """Return what reads the credentials.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    context = None
    if settings.tls:
        context = ssl.create_default_context(cafile=str(settings.authority) if settings.authority else None)

    async def login() -> Login:
        return Login(
            settings.host,
            settings.port,
            settings.user,
            password=settings.read_password() or "",
            token=await _token(settings),
            context=context,
            seconds=settings.seconds,
        )

    return login


async def _token(settings: ImapSettings) -> str:
    """Return the token of XOAUTH2; empty where a password is used."""
    if not settings.token_command:
        return settings.read_token() or ""
    process = await asyncio.create_subprocess_exec(
        *shlex.split(settings.token_command), stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_SECONDS):
            told, _ = await process.communicate()
    except TimeoutError as error:
        process.kill()
        raise CredentialsRefusedError("the token's command takes too long") from error
    if process.returncode != 0:
        raise CredentialsRefusedError("the token's command fails")
    return told.decode("ascii", "replace").strip()
