"""The daemon's ear for commands: a unix socket, on which processes that only read the store send what is to change."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

from dtm_contact.background import cancel_and_wait
from dtm_contact.cases import Command, Done, apply
from dtm_contact.cases.knowledge import ConfigurationProvider, KnowledgeSource
from dtm_contact.cases.wire import LONGEST_LINE, pack_done, pack_error, program_fault, unpack_command
from dtm_contact.errors import DtmContactError
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.store import Store, StoreRefusedError

_OWNER_ONLY = 0o600


class CommandServer:
    """Carries commands out one after the other; whoever may open the socket is believed to be who they say.

    A line is a command, the line that comes back is what came of it; a connection may send as many as it likes.
    Belongs to one event loop.
    """

    def __init__(
        self,
        store: Store,
        knowledge: KnowledgeSource,
        clock: Callable[[], datetime],
        done: Callable[[Done], None] = lambda _: None,
    ) -> None:
        """Take what `apply` needs.

        Args:
            store: opened for writing.
            knowledge: gives directory and rules to the verbs that need them.
            clock: the time on the offices' wall clock.
            done: called on the event loop with what came of each command that was carried out.
        """
        self._store = store
        self._knowledge = knowledge
        self._clock = clock
        self._done = done
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commands")
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def listen(self, path: Path) -> None:
        """Listen at `path`, which only our own user can open; what a killed daemon left there is replaced.

        Raises:
            OSError: another daemon listens there, or it cannot be made.
        """
        listening = _bound(path)
        try:
            self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=LONGEST_LINE)
        except BaseException:
            listening.close()
            raise
        self._path = path

    async def stop(self) -> None:
        """Hear no more; what is being done is done first, and answered."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        await cancel_and_wait(*self._connections)
        self._thread.shutdown(wait=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            with suppress(ConnectionError):
                await self._answer_all(reader, writer)
        finally:
            writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                # Longer than a line may be: where the next one begins cannot be told.
                return
            if not line.endswith(b"\n"):
                return
            answer = asyncio.ensure_future(self._answer(line))
            try:
                told = await asyncio.shield(answer)
            except asyncio.CancelledError:
                writer.write(await answer)
                raise
            writer.write(told)
            await writer.drain()

    async def _answer(self, line: bytes) -> bytes:
        verb = ""
        try:
            command = unpack_command(line)
            verb = command.verb
            done = await asyncio.get_running_loop().run_in_executor(self._thread, self._apply, command)
        except StoreRefusedError:
            return pack_error(program_fault(verb))
        except DtmContactError as error:
            return pack_error(error)
        except Exception:  # noqa: BLE001 - whatever it is, the other end must hear of it
            return pack_error(program_fault(verb))
        self._done(done)
        return pack_done(done)

    def _apply(self, command: Command) -> Done:
        return apply(self._store, command, self._clock(), self._knowledge)


def _bound(path: Path) -> socket.socket:
    _give_way(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        path.chmod(_OWNER_ONLY)
    except BaseException:
        listening.close()
        raise
    return listening


def _give_way(path: Path) -> None:
    """Remove a socket that nobody listens at any more."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(path))


@asynccontextmanager
async def hearing(
    settings: Settings,
    store: Store,
    rules: Callable[[], RuleSet],
    clock: Callable[[], datetime],
    done: Callable[[Done], None],
) -> AsyncIterator[None]:
    """Hear commands at `desk.socket` while the block runs; not at all where it is not set.

    Args:
        settings: where to listen, and the offices' time zone.
        store: opened for writing.
        rules: gives the rules that judge.
        clock: the time, aware.
        done: called with what came of each command.

    Raises:
        OSError: another daemon listens there, or it cannot be made.
    """
    if settings.desk.socket is None:
        yield
        return
    server = CommandServer(
        store, ConfigurationProvider(store, settings, rules), lambda: clock().astimezone(settings.zone), done
    )
    await server.listen(settings.desk.socket)
    try:
        yield
    finally:
        await server.stop()
