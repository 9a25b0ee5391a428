"""Tokens for a mailbox: by client credentials and by a refresh token, over real HTTP on loopback."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from dtm_contact.errors import WrongSettingError
from dtm_contact.ingest.mailbox import MailboxBusyError, MailboxLostError, TokenRefusedError
from dtm_contact.ingest.oauth import KEPT_NAME, TokenSource
from dtm_contact.settings import ImapSettings, OAuthSettings, Settings
from tests.ingest.mailbox.fake_graph import CLIENT, SECRET, FakeGraph, Fault, fake_graph

SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture
async def graph() -> AsyncIterator[FakeGraph]:
    async with fake_graph() as served:
        yield served


def settings(graph: FakeGraph, folder: Path, **values: object) -> OAuthSettings:
    secret = folder / "secret"
    secret.write_text(f"{SECRET}\n")
    chosen = {"token_url": graph.token_url, "client_id": CLIENT, "secret_file": secret, **values}
    return OAuthSettings.model_validate(chosen)


def refreshing(graph: FakeGraph, folder: Path) -> OAuthSettings:
    given = folder / "refresh"
    if not given.exists():
        given.write_text("refresh-0\n")
    return settings(graph, folder, refresh_token_file=given)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_token_is_asked_for_in_our_own_name_and_kept_until_shortly_before_its_end(
    graph: FakeGraph, tmp_path: Path
) -> None:
    clock = Clock()
    source = TokenSource(settings(graph, tmp_path), SCOPE, None, clock)
    first = await source.token()
    assert graph.forms == [
        {"client_id": CLIENT, "client_secret": SECRET, "grant_type": "client_credentials", "scope": SCOPE}
    ]
    clock.now = 3539.0
    assert await source.token() == first
    clock.now = 3540.0
    assert await source.token() != first
    assert len(graph.forms) == 2


async def test_a_token_that_was_used_before_may_be_forgotten_and_a_new_one_not(
    graph: FakeGraph, tmp_path: Path
) -> None:
    source = TokenSource(settings(graph, tmp_path), SCOPE, None)
    first = await source.token()
    assert not source.forget()
    second = await source.token()
    assert await source.token() == second != first
    assert source.forget()
    assert await source.token() != second


async def test_a_refresh_token_that_follows_is_on_the_disk_for_us_alone_and_holds_from_then_on(
    graph: FakeGraph, tmp_path: Path
) -> None:
    graph.rotates = True
    chosen = refreshing(graph, tmp_path)
    await TokenSource(chosen, "", tmp_path).token()
    kept = tmp_path / KEPT_NAME
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["token"] == graph.refresh_token != "refresh-0"
    # As after a restart, and from several followers at once: each uses the one that follows the last.
    sources = [TokenSource(chosen, "", tmp_path) for _ in range(4)]
    await asyncio.gather(*(source.token() for source in sources))
    used = [form["refresh_token"] for form in graph.forms]
    assert len(set(used)) == 5
    assert "scope" not in graph.forms[0]


async def test_a_refresh_token_that_is_written_anew_by_the_admin_holds(graph: FakeGraph, tmp_path: Path) -> None:
    graph.rotates = True
    await TokenSource(refreshing(graph, tmp_path), "", tmp_path).token()
    (tmp_path / "refresh").write_text("consented-anew\n")
    graph.refresh_token = "consented-anew"
    await TokenSource(refreshing(graph, tmp_path), "", tmp_path).token()
    assert graph.forms[-1]["refresh_token"] == "consented-anew"


async def test_a_refresh_token_that_could_not_be_kept_is_kept_before_anything_else(
    graph: FakeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.rotates = True
    source = TokenSource(refreshing(graph, tmp_path), "", tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("dtm_contact.ingest.oauth.replace_file", full)
        with pytest.raises(WrongSettingError, match=r"cannot be kept .*No space left"):
            await source.token()
        with pytest.raises(WrongSettingError, match="cannot be kept"):
            await source.token()
    assert len(graph.forms) == 1
    await source.token()
    assert [form["refresh_token"] for form in graph.forms] == ["refresh-0", "refresh-1"]


async def test_a_stop_in_the_middle_loses_no_refresh_token(graph: FakeGraph, tmp_path: Path) -> None:
    graph.rotates = True
    asking = asyncio.create_task(TokenSource(refreshing(graph, tmp_path), "", tmp_path).token())
    async with asyncio.timeout(60):
        while not graph.forms:
            await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert json.loads((tmp_path / KEPT_NAME).read_text())["token"] == graph.refresh_token


async def test_without_a_folder_to_keep_it_in_no_refresh_token_is_used(graph: FakeGraph, tmp_path: Path) -> None:
    with pytest.raises(WrongSettingError, match="DTM_ALARM_FOLDER"):
        await TokenSource(refreshing(graph, tmp_path), "", None).token()
    assert graph.forms == []


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        (Fault(401, body={"error": "invalid_client"}), TokenRefusedError, "invalid_client; .*DTM_OAUTH_SECRET_FILE"),
        (
            Fault(400, body={"error": "invalid_grant", "error_codes": [70008]}),
            TokenRefusedError,
            r"invalid_grant \(70008\); .*DTM_OAUTH_REFRESH_TOKEN_FILE",
        ),
        (Fault(400, body={"error": "invalid_scope"}), TokenRefusedError, "DTM_GRAPH_SCOPE"),
        (Fault(400, body={"error": "temporarily_unavailable"}), MailboxLostError, "temporarily_unavailable"),
        (Fault(400, body={"error": "secret \r\n of a person"}), TokenRefusedError, "status 400"),
        (Fault(404), TokenRefusedError, "status 404; .*DTM_OAUTH_TOKEN_URL"),
        (Fault(302, {"location": "http://127.0.0.1:1/"}), TokenRefusedError, "status 302"),
        (Fault(500), MailboxLostError, "status 500"),
        (Fault(429, {"retry-after": "17"}), MailboxBusyError, "status 429"),
        (Fault(201), TokenRefusedError, "status 201"),
    ],
)
async def test_what_is_answered_in_place_of_a_token_is_told_with_what_to_do(
    graph: FakeGraph, tmp_path: Path, fault: Fault, error: type[Exception], says: str
) -> None:
    graph.faults["token"] = [fault]
    source = TokenSource(settings(graph, tmp_path), SCOPE, None)
    with pytest.raises(error, match=says) as raised:
        await source.token()
    assert getattr(raised.value, "after_seconds", 0.0) == (17.0 if fault.status == 429 else 0.0)
    assert "person" not in str(raised.value)
    assert await source.token()


async def test_no_secret_stands_in_what_is_told(graph: FakeGraph, tmp_path: Path) -> None:
    chosen = settings(graph, tmp_path)
    (tmp_path / "secret").write_text("an-old-secret")
    with pytest.raises(TokenRefusedError) as raised:
        await TokenSource(chosen, SCOPE, None).token()
    assert str(raised.value).startswith("The server that gives tokens refuses us one: invalid_client (7000222); ")
    assert "secret+" not in str(raised.value)
    assert "an-old-secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"token_url": "http://login.example/token"}, "https"),
        ({"token_url": "https://us:secret@login.example/token"}, "https"),
        ({"token_url": "https://login.example/token", "client_id": ""}, "client_id"),
        ({"token_url": "https://login.example/token", "secret_file": None}, "secret_file"),
    ],
)
def test_settings_that_would_send_a_secret_in_the_clear_or_are_not_whole(values: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        OAuthSettings.model_validate({"client_id": "us", "secret_file": "/secret", **values})


def test_who_gives_tokens_must_be_known_where_some_are_asked_for() -> None:
    with pytest.raises(ValidationError, match="DTM_OAUTH_TOKEN_URL"):
        Settings(imap=ImapSettings(oauth=True))
