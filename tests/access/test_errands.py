"""Errands of the desk: wrong arguments, faults of the program and a store that is away are told apart."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.access import run_errand
from dtm_contact.access.errands import WrongErrandError
from dtm_contact.console import errands
from dtm_contact.console.server import DeskServer
from dtm_contact.errors import NotFoundError, ProgramFaultError, StoreUnavailableError
from dtm_contact.store import Store, migrate, open_store
from tests.heard import made_alarms
from tests.store.samples import NOW


@pytest.fixture
def store(tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    with open_store(url) as opened:
        yield opened


def raising(error: Exception) -> Callable[..., None]:
    def errand(store: Store, now: object, *, digest: str) -> None:
        del store, now, digest
        raise error

    return errand


@pytest.mark.parametrize("arguments", [{}, {"digest": "a", "other": 1}, {"digset": "a"}])
def test_wrong_arguments_are_told_before_anything_is_done(store: Store, arguments: dict[str, Any]) -> None:
    with pytest.raises(WrongErrandError):
        run_errand(store, "seen", arguments, NOW)


def test_a_type_error_within_an_errand_stays_what_it_is(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(run_errand.__globals__["_known"], "seen", raising(TypeError("unsupported operand")))
    with pytest.raises(TypeError, match="unsupported operand"):
        run_errand(store, "seen", {"digest": "a"}, NOW)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (TypeError("unsupported operand"), ProgramFaultError),
        (KeyError("x"), ProgramFaultError),
        (StoreUnavailableError(), StoreUnavailableError),
        (NotFoundError("arrival 3"), NotFoundError),
    ],
)
def test_what_an_errand_raises_is_told_at_the_desk_s_end(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, told: type[Exception]
) -> None:
    monkeypatch.setitem(run_errand.__globals__["_known"], "seen", raising(raised))

    async def serve() -> None:
        server = DeskServer(store, None, lambda: NOW, lambda _: None, made_alarms())
        await server.listen(tmp_path / "door")
        try:
            for name in ("seen", "dance") if told is ProgramFaultError else ("seen",):
                with pytest.raises(told):
                    await asyncio.to_thread(errands.run, tmp_path / "door", name, digest="a")
        finally:
            await server.stop()

    asyncio.run(serve())
