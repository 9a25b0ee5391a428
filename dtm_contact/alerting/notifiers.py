"""The ways by which the admins are notified: mail, a web address, a program."""

import asyncio
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final, Protocol

import aiosmtplib

from dtm_contact.alerting.episodes import AlarmNotice
from dtm_contact.errors import DtmContactError, described
from dtm_contact.settings import AlarmSettings
from dtm_contact.webcall import webcall

_GONE_SECONDS: Final = 5.0


class NoticeFailedError(DtmContactError):
    """The notice reached nobody."""

    retry = True


class Notifier(Protocol):
    """One way to notify the admins: by mail, a web address, a program."""

    @property
    def name(self) -> str:
        """Its name: `mail`, `webhook` or `command`."""
        ...

    async def send(self, notice: AlarmNotice) -> None:
        """Send a notice, and return once whoever takes it has it.

        Raises:
            NoticeFailedError: that failed; it says why, without what is secret.
        """
        ...


class MailNotifier:
    """E-mail through the mail server of `DTM_ALARM_HOST`."""

    name = "mail"

    def __init__(self, settings: AlarmSettings) -> None:
        """Take who is notified and by which mail server."""
        self._settings = settings

    async def send(self, notice: AlarmNotice) -> None:
        """Hand a mail to the mail server; see `Notifier.send`."""
        settings = self._settings
        message = EmailMessage()
        message["From"] = settings.sender
        message["To"] = ", ".join(settings.recipients)
        message["Subject"] = notice.subject
        message["Date"] = format_datetime(notice.at)
        message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2] or "localhost")
        # No robot is to answer this (RFC 3834 section 5).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.text)
        try:
            async with asyncio.timeout(settings.seconds):
                refused, _said = await aiosmtplib.send(
                    message, hostname=settings.host, port=settings.port, start_tls=False, timeout=settings.seconds
                )
        except (OSError, ValueError, aiosmtplib.SMTPException) as error:
            said = f"status {error.code}" if isinstance(error, aiosmtplib.SMTPResponseException) else described(error)
            raise NoticeFailedError(f"the mail server {settings.host}:{settings.port}: {said}") from error
        if len(refused) == len(settings.recipients):
            raise NoticeFailedError(f"the mail server {settings.host}:{settings.port} refuses all recipients")


class WebhookNotifier:
    """A web address to which the JSON is posted."""

    name = "webhook"

    def __init__(self, settings: AlarmSettings, url: str) -> None:
        """Take the address, which may be secret."""
        self._settings = settings
        self._url = url

    async def send(self, notice: AlarmNotice) -> None:
        """Post it; see `Notifier.send`."""
        settings = self._settings
        try:
            await webcall(self._url, body=notice.json, authority=settings.authority, seconds=settings.seconds)
        except (OSError, DtmContactError) as error:
            raise NoticeFailedError(f"the address of DTM_ALARM_WEBHOOK: {described(error)}") from error


class CommandNotifier:
    """A program that gets the JSON on its standard input; no shell is between."""

    name = "command"

    def __init__(self, settings: AlarmSettings) -> None:
        """Take the program, its arguments, and how long it may take."""
        self._settings = settings

    async def send(self, notice: AlarmNotice) -> None:
        """Run it; see `Notifier.send`. One that takes too long is ended, with all that it started."""
        settings = self._settings
        try:
            process = await asyncio.create_subprocess_exec(
                *settings.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise NoticeFailedError(f"the program of DTM_ALARM_COMMAND: {described(error)}") from error
        try:
            async with asyncio.timeout(settings.seconds):
                await process.communicate(notice.json + b"\n")
        except TimeoutError:
            raise NoticeFailedError("the program of DTM_ALARM_COMMAND takes too long") from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(TimeoutError):
                async with asyncio.timeout(_GONE_SECONDS):
                    await process.wait()
        if process.returncode != 0:
            raise NoticeFailedError(f"the program of DTM_ALARM_COMMAND ends with status {process.returncode}")


def notifiers_of(settings: AlarmSettings) -> Sequence[Notifier]:
    """Return the ways that the settings give what they need, in the order in which they are tried."""
    ready: dict[str, Notifier] = {}
    if settings.recipients:
        ready[MailNotifier.name] = MailNotifier(settings)
    if settings.webhook is not None:
        ready[WebhookNotifier.name] = WebhookNotifier(settings, settings.webhook)
    if settings.command:
        ready[CommandNotifier.name] = CommandNotifier(settings)
    return [ready[name] for name in dict.fromkeys(settings.ways) if name in ready]
