"""A real daemon with its desk, and a real browser in front of it."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from dtm_contact.access import Role, new_account, new_link
from dtm_contact.directory import read_export
from dtm_contact.store import open_store
from tests.store.fresh import fresh_store

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
"""The same engine without the windows around it takes half the processor."""


@dataclass(frozen=True)
class Served:
    """A daemon that runs: where its desk and its mail are, the store's URL, its log and its process."""

    desk: str
    smtp: int
    url: str
    log: Path
    pid: int = 0

    def account(self, name: str, role: Role, office: str, password: str | None = None) -> None:
        """Make an account."""
        with open_store(self.url) as store:
            store.accounts.add(new_account(name, name.title(), role, office, password), datetime.now(UTC))

    def link(self, name: str, role: Role, office: str) -> str:
        """Make an account, and return the address that lets it in."""
        self.account(name, role, office)
        with open_store(self.url) as store:
            now = datetime.now(UTC)
            return f"{self.desk}/entrer/{new_link(store, store.accounts.named(name), now)}"

    def send(self, sender: str, subject: str, text: str) -> None:
        """Send a message to our one address."""
        message = EmailMessage()
        message["From"], message["Subject"] = sender, subject
        # Words of its own: what says the same as an earlier message joins its case.
        message.set_content(f"{text}\n\nEn bref : {subject}.")
        self.hand_over(sender, message.as_bytes())

    def hand_over(self, sender: str, raw: bytes) -> None:
        """Send a message as it is written."""
        with SMTP("127.0.0.1", self.smtp) as client:
            client.sendmail(sender, ["metropole@parishabitat.fr"], raw)


def filled(url: str) -> None:
    """Make a store that knows the small sample directory."""
    fresh_store(url)
    with open_store(url) as store:
        records, _ = read_export(ROOT / "tests" / "directory" / "good")
        store.directory.save(records, "test", datetime.now(UTC))


@contextmanager
def served(folder: Path, url: str = "", **settings: str) -> Iterator[Served]:
    """Run a daemon, its desk open: over a store of its own, which knows the small sample directory, or a filled one."""
    if not url:
        url = f"sqlite:///{folder}/store.db"
        filled(url)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DTM_")}
    environment |= {
        "DTM_STORE_URL": url,
        "DTM_SMTP_PORT": "0",
        "DTM_MONITOR_PORT": "0",
        "DTM_DESK_OPEN": "true",
        "DTM_DESK_PORT": "0",
        "DTM_DESK_SECURE_COOKIES": "false",
        # Heads and admins come in by a link alone; their second factor has tests of its own.
        "DTM_ACCESS_SECOND_FACTOR": "[]",
        "DTM_LOG_JSON_LINES": "true",
        "DTM_JUDGE_PROCESSES": "1",
        **settings,
    }
    log = folder / "log"
    with log.open("w") as written:
        command = [sys.executable, "-m", "dtm_contact", "run"]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=written) as daemon:
            try:
                yield _started(daemon, log, url)
            finally:
                daemon.terminate()
                daemon.wait(timeout=60)


def _started(daemon: "subprocess.Popen[bytes]", log: Path, url: str) -> Served:
    with log.open() as lines:
        said = ""
        while daemon.poll() is None:
            line = lines.readline()
            if not line:
                time.sleep(0.05)
            said += line
            desk = re.search(r'"desk": "([\d.]+:\d+)"', said)
            smtp = re.search(r'"smtp": "[\d.]+:(\d+)"', said)
            if desk and smtp:
                return Served(f"http://{desk[1]}", int(smtp[1]), url, log, daemon.pid)
    pytest.fail(f"the daemon did not start: {said}")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Debian's Chromium."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


async def come_in(browser: Browser, link: str, **how: Any) -> Page:
    """Log in by a link, in a context of its own."""
    context = await browser.new_context(locale="fr-FR", **how)
    page = await context.new_page()
    # The desk listens before it has read the rules; on a busy machine that takes long.
    page.set_default_navigation_timeout(120_000)
    await page.goto(link)
    await page.get_by_role("button", name="Entrer").press("Enter")
    await page.wait_for_url("**/file")
    return page
