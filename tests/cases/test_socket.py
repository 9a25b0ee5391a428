"""Commands sent to the daemon over its socket come back as if they had been applied here."""

import asyncio
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from dtm_contact.cases import ChangedMeanwhileError, Command, Done, WrongArgumentError, WrongStateError
from dtm_contact.cases.server import CommandServer
from dtm_contact.cases.wire import send
from dtm_contact.errors import CommitUnknownError, NotFoundError, ProgramFaultError, StoreUnavailableError
from dtm_contact.store import StoreRefusedError
from tests.cases.conftest import Desk
from tests.store.samples import NOW

_LONG = 60.0


def served(desk: Desk, path: Path, talk: Callable[[], None]) -> list[Done]:
    """Let `talk` speak to a server at `path`, in a thread; return what was carried out."""
    done: list[Done] = []

    async def serve() -> None:
        server = CommandServer(desk.store, lambda: desk.grounds, lambda: NOW, done.append)
        await server.listen(path)
        try:
            await asyncio.to_thread(talk)
        finally:
            await server.stop()

    asyncio.run(serve())
    return done


def test_a_command_is_carried_out_and_told(desk: Desk, tmp_path: Path) -> None:
    number, path = desk.open(), tmp_path / "desk.sock"
    answers: list[Done] = []

    def talk() -> None:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        answers.append(send(path, Command("take", "paul", number, {}, 1)))
        answers.append(send(path, Command("move", "paul", number, {"queue": "pantin", "reason": "là"})))

    assert served(desk, path, talk) == answers
    assert [(done.version, done.events[0].what) for done in answers] == [(2, "taken"), (3, "moved")]
    assert answers[0].events == desk.store.cases.get(number).events[1:2]
    assert not path.exists()


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (Command("take", "paul", "2026-000001", {}, 7), ChangedMeanwhileError),
        (Command("release", "paul", "2026-000001"), WrongStateError),
        (Command("dance", "paul", "2026-000001"), WrongArgumentError),
        (Command("note", "paul", "2026-000001", {"text": "x" * 1_100_000}), WrongArgumentError),
        (Command("take", "paul", "2026-000009"), NotFoundError),
    ],
)
def test_a_refusal_comes_back_as_itself(desk: Desk, tmp_path: Path, command: Command, error: type[Exception]) -> None:
    desk.open()

    def talk() -> None:
        with pytest.raises(error) as told:
            send(tmp_path / "desk.sock", command)
        with pytest.raises(error) as here:
            desk.do(command.number, command.verb, expected_version=command.expected_version, **command.arguments)
        assert str(told.value) == str(here.value) or len(str(command.arguments)) > 1_000_000

    if len(str(command.arguments)) < 1_000_000:
        assert served(desk, tmp_path / "desk.sock", talk) == []
    else:
        with pytest.raises(error):
            send(tmp_path / "desk.sock", command)


@pytest.mark.parametrize("line", [b"hello\n", b"[" * 100_000 + b"\n", b"{}\n", b"\xff\xfe\n", b"null\n"])
def test_what_is_no_command_is_answered_and_the_next_is_heard(desk: Desk, tmp_path: Path, line: bytes) -> None:
    number, path = desk.open(), tmp_path / "desk.sock"

    def talk() -> None:
        with socket.socket(socket.AF_UNIX) as raw, raw.makefile("rb") as answers:
            raw.connect(str(path))
            raw.sendall(line)
            assert b'"error":"WrongArgumentError"' in answers.readline()
        send(path, Command("take", "paul", number))

    assert len(served(desk, path, talk)) == 1


def test_a_line_without_end_is_cut_off(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "desk.sock"

    def is_cut_off() -> bool:
        with socket.socket(socket.AF_UNIX) as raw, raw.makefile("rb") as answers:
            raw.connect(str(path))
            raw.settimeout(_LONG)
            try:
                raw.sendall(b"x" * 5_000_000)
                return answers.readline() == b""
            except ConnectionError:  # the cut may be noticed while the rest is still being sent
                return True

    def talk() -> None:
        assert is_cut_off()

    assert served(desk, path, talk) == []


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="no daemon listens"):
        send(tmp_path / "desk.sock", Command("take", "paul", "2026-000001"))


def test_a_dead_daemons_socket_is_replaced_and_a_living_ones_is_not(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "desk.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    def talk() -> None:
        with pytest.raises(OSError, match="in use"):
            served(desk, path, lambda: None)
        with pytest.raises(NotFoundError):
            send(path, Command("take", "paul", "2026-000001"))

    served(desk, path, talk)


def test_a_daemon_that_goes_away_leaves_it_open_whether_it_was_done(tmp_path: Path) -> None:
    path = tmp_path / "desk.sock"

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    async def serve() -> None:
        server = await asyncio.start_unix_server(hang_up, path)
        with pytest.raises(CommitUnknownError):
            await asyncio.to_thread(send, path, Command("take", "paul", "2026-000001"))
        server.close()

    asyncio.run(serve())


def typed_wrong() -> None:
    raise TypeError("'NoneType' object is not subscriptable")


def read_wrong() -> None:
    TypeAdapter(int).validate_python("Mme Joly")


def refused_by_the_store() -> None:
    raise StoreRefusedError("CONSTRAINT_CHECK")


@pytest.mark.parametrize("fails", [typed_wrong, read_wrong, refused_by_the_store])
def test_a_fault_in_a_verb_is_told_as_one_with_the_reference_of_the_log(
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fails: Callable[[], None],
) -> None:
    number = desk.open()

    def take(*_: object, **__: object) -> None:
        fails()

    monkeypatch.setattr("dtm_contact.cases.act.Act.change", take)
    told: list[str] = []

    def talk() -> None:
        with pytest.raises(ProgramFaultError) as fault:
            send(tmp_path / "desk.sock", Command("take", "paul", number))
        told.append(str(fault.value))

    assert served(desk, tmp_path / "desk.sock", talk) == []
    assert told[0].startswith("Le programme a une faute : rien n'a été changé")
    reference = told[0].split()[-3]
    log = capsys.readouterr().err
    assert reference in log
    assert "Joly" not in log
    assert desk.store.cases.get(number).case.owner is None
