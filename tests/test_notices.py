import asyncio
import socket
from email import message_from_bytes

from aiosmtpd.smtp import SMTP, Envelope, Session

from dtm_contact.notices import Notices
from dtm_contact.settings import Alarm


class Inbox:
    """Keeps what a real SMTP server was handed."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        assert isinstance(envelope.content, bytes)
        self.received.put_nowait(envelope.content)
        return "250 OK"


async def test_admins_are_told_by_a_mail_that_no_robot_answers() -> None:
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, hostname="localhost", loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    notices = Notices(Alarm(recipients=("admin@parishabitat.example",), port=port))
    notices("intake", "The store cannot be written.")
    async with asyncio.timeout(20):
        message = message_from_bytes(await inbox.received.get())
    notices.close()
    server.close()
    assert message["To"] == "admin@parishabitat.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "intake" in message["Subject"]
    assert "cannot be written" in str(message.get_payload())


def test_a_mail_server_that_is_not_there_costs_a_log_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        notices = Notices(Alarm(recipients=("admin@parishabitat.example",), port=taken.getsockname()[1]))
        assert notices.send("intake", "told") is False
        notices.close()


async def test_nobody_is_told_where_nobody_is_named() -> None:
    connected = asyncio.Event()
    server = await asyncio.start_server(lambda *_streams: connected.set(), "127.0.0.1", 0)
    notices = Notices(Alarm(port=server.sockets[0].getsockname()[1]))
    notices("intake", "told")
    notices.close()
    server.close()
    await server.wait_closed()
    assert not connected.is_set()
