"""A notice to the admins by e-mail, through the mail server beside us."""

import smtplib
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

from dtm_contact.log import get_log
from dtm_contact.settings import Alarm

_SECONDS = 20.0

_log = get_log("notices")


class Notices:
    """Sends notices off the event loop; a mail server that does not answer costs only a log line."""

    def __init__(self, settings: Alarm) -> None:
        """Take who is told and by which mail server."""
        self._settings = settings
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="notices")

    def __call__(self, cause: str, told: str) -> None:
        """Tell the admins, where there are any; returns at once."""
        if self._settings.recipients:
            self._thread.submit(self.send, cause, told)

    def close(self) -> None:
        """Drop what has not been sent."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def send(self, cause: str, told: str) -> bool:
        """Tell the admins now, and return whether the mail server took it."""
        message = EmailMessage()
        message["From"] = self._settings.sender
        message["To"] = ", ".join(self._settings.recipients)
        message["Subject"] = f"[dtm-contact] Alarme : {cause}"
        # No robot is to answer this (RFC 3834 section 5).
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(f"{told}\n")
        try:
            with smtplib.SMTP(self._settings.host, self._settings.port, timeout=_SECONDS) as server:
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            _log.warning("the admins could not be told", cause=cause, error=type(error).__name__)
            return False
        return True
