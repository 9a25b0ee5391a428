"""The sign of life: given while all is well, withheld when it is not, and never a burden to the daemon."""

import asyncio
import os
from pathlib import Path

from prometheus_client import REGISTRY

from dtm_contact.dead_man_switch import DeadManSwitch, signing
from dtm_contact.monitor import HealthReport
from dtm_contact.settings import HeartbeatSettings
from tests.alerting.test_notifiers import free_port, web_server
from tests.certificates import made
from tests.test_described import tls_server

WELL = HealthReport({"store": None, "relay": None})
ILL = HealthReport({"store": None, "relay": "away"})


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("dtm_signs_of_life_total", {"outcome": outcome}) or 0.0


async def test_while_all_is_well_the_address_is_asked_and_the_file_touched(tmp_path: Path) -> None:
    received: list[bytes] = []
    file = tmp_path / "alive"
    async with web_server(received) as port:
        switch = DeadManSwitch(HeartbeatSettings(url=f"http://127.0.0.1:{port}/ping/secret", file=file), lambda: WELL)
        assert await switch.sign()
        os.utime(file, (0, 0))
        assert await switch.sign()
    assert file.stat().st_mtime > 0
    assert [each.partition(b"\r\n")[0] for each in received] == [b"GET /ping/secret HTTP/1.1"] * 2


async def test_while_anything_is_wrong_there_is_no_sign(tmp_path: Path) -> None:
    received: list[bytes] = []
    withheld = counted("withheld")
    async with web_server(received) as port:
        switch = DeadManSwitch(HeartbeatSettings(url=f"http://127.0.0.1:{port}/", file=tmp_path / "alive"), lambda: ILL)
        assert not await switch.sign()
    assert (received, (tmp_path / "alive").exists()) == ([], False)
    assert counted("withheld") == withheld + 1


async def test_what_is_only_told_withholds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    assert await DeadManSwitch(
        HeartbeatSettings(file=file), lambda: HealthReport({"store": None}, {"disk": "low"})
    ).sign()
    assert file.exists()


async def test_its_failure_harms_nothing_and_one_way_does_not_need_the_other(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    failed = counted("failed")
    assert not await DeadManSwitch(
        HeartbeatSettings(url=f"http://127.0.0.1:{free_port()}/", file=file), lambda: WELL
    ).sign()
    assert file.exists()
    assert not await DeadManSwitch(HeartbeatSettings(file=tmp_path / "nowhere" / "alive"), lambda: WELL).sign()
    assert counted("failed") == failed + 2


async def test_the_certificate_of_the_address_must_be_right(tmp_path: Path) -> None:
    async with tls_server(made(tmp_path / "issuer")) as port:
        assert not await DeadManSwitch(HeartbeatSettings(url=f"https://localhost:{port}/"), lambda: WELL).sign()


async def test_a_look_that_fails_is_no_sign_and_ends_nothing(tmp_path: Path) -> None:
    looked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def report() -> HealthReport:
        loop.call_soon_threadsafe(looked.set)
        raise RuntimeError

    settings = HeartbeatSettings(file=tmp_path / "alive")
    async with signing(DeadManSwitch(settings, report), settings):
        async with asyncio.timeout(30):
            await looked.wait()
    assert not (tmp_path / "alive").exists()


async def test_where_the_settings_name_nothing_nothing_is_looked_at() -> None:
    looked: list[int] = []

    def report() -> HealthReport:
        looked.append(1)
        return WELL

    async with signing(DeadManSwitch(HeartbeatSettings(), report), HeartbeatSettings()):
        await asyncio.sleep(0)
    assert looked == []
