"""The ways by which admins are told, each with a real server or program at its end."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import ValidationError

from dtm_contact.alerting import (
    AlarmNotice,
    Announcer,
    Episode,
    Kept,
    NoticeFailedError,
    NoticeState,
    announcing,
    notifiers_of,
)
from dtm_contact.alerting.announcer import announce_once
from dtm_contact.settings import AlarmSettings, Settings
from tests.loopback import listening, serving

NOW = datetime(2026, 11, 30, 10, 16, 19, tzinfo=UTC)


def notice() -> AlarmNotice:
    return AlarmNotice(NoticeState.SOUNDS, Episode("relay", "The server is away: é.", NOW), "host1", "dtm1", NOW)


class Inbox:
    """Keeps what a real SMTP server was handed."""

    def __init__(self, reply: str = "250 OK") -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.reply = reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        assert isinstance(envelope.content, bytes)
        self.received.put_nowait(envelope.content)
        return self.reply


@asynccontextmanager
async def mail_server(inbox: Inbox) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    async with listening(lambda: SMTP(inbox, hostname="localhost", loop=loop)) as port:
        yield port


@asynccontextmanager
async def web_server(received: list[bytes], reply: bytes = b"HTTP/1.1 204 No Content\r\n\r\n") -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0)
        received.append(head + await reader.readexactly(length))
        writer.write(reply)
        writer.close()

    async with serving(answer) as port:
        yield port


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def test_a_mail_that_no_robot_answers() -> None:
    async with mail_server(inbox := Inbox()) as port:
        (way,) = notifiers_of(AlarmSettings(recipients=("a@bailleur.example", "b@bailleur.example"), port=port))
        await way.send(notice())
    message = message_from_bytes(inbox.received.get_nowait(), policy=policy.default)
    assert message["To"] == "a@bailleur.example, b@bailleur.example"
    assert message["Auto-Submitted"] == "auto-generated"
    # The library may fold a subject between two words with one more blank.
    assert " ".join(message["Subject"].split()) == notice().subject
    assert message["Message-ID"]
    assert message["Date"].datetime == NOW
    assert message.get_content().splitlines() == notice().text.splitlines()


async def test_a_mail_server_that_refuses_or_is_not_there() -> None:
    async with mail_server(Inbox("451 later")) as port:
        (way,) = notifiers_of(AlarmSettings(recipients=("a@bailleur.example",), port=port))
        with pytest.raises(NoticeFailedError, match=f"127.0.0.1:{port}: status 451"):
            await way.send(notice())
    with pytest.raises(NoticeFailedError, match=f"127.0.0.1:{port}: Connection refused"):
        await way.send(notice())


async def test_the_webhook_gets_the_json() -> None:
    received: list[bytes] = []
    async with web_server(received) as port:
        (way,) = notifiers_of(AlarmSettings(webhook=f"http://127.0.0.1:{port}/hook?key=1"))
        await way.send(notice())
    head, _, body = received[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?key=1 HTTP/1.1\r\n")
    assert json.loads(body) == json.loads(notice().json)


async def test_a_webhook_that_fails_tells_nothing_of_its_address() -> None:
    async with web_server([], b"HTTP/1.1 500 no\r\n\r\n") as port:
        (way,) = notifiers_of(AlarmSettings(webhook=f"http://127.0.0.1:{port}/hush"))
        with pytest.raises(NoticeFailedError, match=r"DTM_ALARM_WEBHOOK: .*status 500") as raised:
            await way.send(notice())
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/", "file:///etc/passwd", "a.example/x", "https://", "https://u:p@a.example/", "http://a b/",
        "https://a.example:x/", "https://é.example/", "https://a.example/\r\nX: y",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_no_setting(url: str) -> None:
    with pytest.raises(ValidationError, match="write https://HOST/PATH"):
        AlarmSettings(webhook=url)


def lives(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and ") Z " not in stat.read_text()


def command(tmp_path: Path, program: str, **settings: float) -> AlarmSettings:
    script = tmp_path / "told.py"
    script.write_text(program)
    return AlarmSettings(command=(sys.executable, str(script), "$HOME; echo"), **settings)


async def test_the_command_gets_the_json_on_its_standard_input_and_no_shell_is_between(tmp_path: Path) -> None:
    program = "import sys, pathlib; pathlib.Path(__file__).with_name('got').write_text(sys.argv[1] + sys.stdin.read())"
    (way,) = notifiers_of(command(tmp_path, program))
    await way.send(notice())
    got = (tmp_path / "got").read_text()
    assert got.startswith("$HOME; echo")
    assert json.loads(got.removeprefix("$HOME; echo")) == json.loads(notice().json)


async def test_a_command_that_fails_or_is_not_there(tmp_path: Path) -> None:
    (way,) = notifiers_of(command(tmp_path, "import sys; sys.exit(3)"))
    with pytest.raises(NoticeFailedError, match="status 3"):
        await way.send(notice())
    (way,) = notifiers_of(AlarmSettings(command=(str(tmp_path / "nowhere"),)))
    with pytest.raises(NoticeFailedError, match="No such file or directory"):
        await way.send(notice())


async def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "here = pathlib.Path(__file__)\n"
        "here.with_name('half').write_text(str(child.pid))\n"
        "here.with_name('half').rename(here.with_name('child'))\n"
        "time.sleep(600)\n"
    )
    (way,) = notifiers_of(command(tmp_path, program, seconds=3))
    with pytest.raises(NoticeFailedError, match="takes too long"):
        await way.send(notice())
    child = int((tmp_path / "child").read_text())
    async with asyncio.timeout(30):
        while lives(child):
            await asyncio.sleep(0.02)


def test_ways_are_tried_in_the_order_of_the_setting() -> None:
    alarm = AlarmSettings(
        recipients=("a@b.example",), webhook="https://a.example/", ways=("webhook", "mail", "command")
    )
    assert [way.name for way in notifiers_of(alarm)] == ["webhook", "mail"]
    assert notifiers_of(AlarmSettings()) == []


async def test_the_loop_tells_at_once_from_any_thread_and_keeps_at_the_end_what_it_could_not(tmp_path: Path) -> None:
    received: list[bytes] = []
    async with web_server(received) as port:
        settings = Settings(alarm=AlarmSettings(webhook=f"http://127.0.0.1:{port}/"))
        announcer = Announcer(
            settings, notifiers_of(settings.alarm), Kept(tmp_path / "kept"), lambda: datetime.now(UTC)
        )
        async with announcing(announcer):
            await asyncio.to_thread(announcer.happened, "parked-X", "x")
            async with asyncio.timeout(30):
                while not received:
                    await asyncio.sleep(0.01)
    async with announcing(announcer):
        announcer.sounds("relay", "away")
    assert [each.cause for each in Kept(tmp_path / "kept").load()] == ["relay"]


async def test_a_command_of_the_command_line_tells_once_by_the_first_way_that_works() -> None:
    received: list[bytes] = []
    async with web_server(received) as port:
        alarm = AlarmSettings(recipients=("a@b.example",), port=free_port(), webhook=f"http://127.0.0.1:{port}/")
        assert await announce_once(Settings(alarm=alarm), notifiers_of(alarm), "directory-refused", "x", NOW)
    assert len(received) == 1
    assert not await announce_once(Settings(alarm=alarm), notifiers_of(alarm), "directory-refused", "x", NOW)


def test_times_are_told_by_the_offices_clock() -> None:
    at = (NOW + timedelta(days=2)).astimezone(Settings().zone)
    told = AlarmNotice(
        NoticeState.LASTS, Episode("relay", "x", NOW, notified_at=NOW, notifications=1), "h", "d", at
    ).text
    assert "Since:   2026-11-30 11:16:19 CET (2 d 0 h)\n" in told
    assert "1 times before, last at 2026-11-30 11:16:19 CET" in told
