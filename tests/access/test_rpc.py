"""Calls from the desk to the daemon: wrong arguments, faults of the program and a store that is away are told apart."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.access import call_procedure
from dtm_contact.access.rpc import WrongCallError
from dtm_contact.errors import NotFoundError, ProgramFaultError, StoreUnavailableError
from dtm_contact.store import Store, StoreRefusedError, open_store
from dtm_contact.web import rpc
from dtm_contact.web.rpc import RpcServer
from tests.heard import made_alarms
from tests.store.fresh import fresh_store
from tests.store.samples import NOW


@pytest.fixture
def store(tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path}/store.db"
    fresh_store(url)
    with open_store(url) as opened:
        yield opened


def raising(error: Exception) -> Callable[..., None]:
    def procedure(store: Store, now: object, *, digest: str) -> None:
        del store, now, digest
        raise error

    return procedure


@pytest.mark.parametrize("arguments", [{}, {"digest": "a", "other": 1}, {"digset": "a"}])
def test_wrong_arguments_are_told_before_anything_is_done(store: Store, arguments: dict[str, Any]) -> None:
    with pytest.raises(WrongCallError):
        call_procedure(store, "touch_session", arguments, NOW)


def test_a_type_error_within_a_procedure_stays_what_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        call_procedure.__globals__["_procedures"], "touch_session", raising(TypeError("unsupported operand"))
    )
    with pytest.raises(TypeError, match="unsupported operand"):
        call_procedure(store, "touch_session", {"digest": "a"}, NOW)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (TypeError("unsupported operand"), ProgramFaultError),
        (KeyError("x"), ProgramFaultError),
        (StoreRefusedError("CONSTRAINT_CHECK"), ProgramFaultError),
        (StoreUnavailableError(), StoreUnavailableError),
        (NotFoundError("arrival 3"), NotFoundError),
    ],
)
def test_what_a_procedure_raises_is_raised_at_the_desk_s_end(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, told: type[Exception]
) -> None:
    monkeypatch.setitem(call_procedure.__globals__["_procedures"], "touch_session", raising(raised))

    async def serve() -> None:
        server = RpcServer(store, None, lambda: NOW, lambda _: None, made_alarms())
        await server.listen(tmp_path / "rpc.sock")
        try:
            for name in ("touch_session", "dance") if told is ProgramFaultError else ("touch_session",):
                with pytest.raises(told):
                    await asyncio.to_thread(rpc.call, tmp_path / "rpc.sock", name, digest="a")
        finally:
            await server.stop()

    asyncio.run(serve())
