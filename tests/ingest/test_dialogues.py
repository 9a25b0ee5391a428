"""Each file in `dialogues/` is held with a way in, over a real socket."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ingest.clients import Clients
from tests.ingest.conftest import Start
from tests.ingest.dialogue import Client, read_script
from tests.ingest.inbox import FakeInbox

DIALOGUES = sorted((Path(__file__).parent / "dialogues").glob("*.txt"))


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
async def test_dialogue(
    path: Path, start: Start, clients: Clients, inbox: FakeInbox, advance: Callable[[float], None], certificate: Path
) -> None:
    script = read_script(path)
    settings = dict(script.settings)
    if settings.pop("tls", None) is not None:
        settings["certificate"] = certificate
    running = await start(script.channel, **settings)
    trusted = ssl.create_default_context(cafile=str(certificate))
    await Client(clients, inbox, advance, trusted).hold(running.address, script.steps)


def test_there_are_dialogues() -> None:
    assert len(DIALOGUES) > 30
