"""A judge process as the daemon sees it: what becomes of a request whose process is ended, or taken from it."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from dtm_contact.errors import JudgeDiedError
from dtm_contact.rules.ruleset import digest
from dtm_contact.settings import RulesSettings, Settings
from dtm_contact.worker.ipc import JudgeReply, JudgeRequest, Look
from dtm_contact.worker.judge_process import JudgeProcess
from tests.worker.test_worker import RECEIVED, arrival


class Child:
    """Stands in for a process: it answers as it is told to."""

    pid = 1

    def __init__(self, answers: Callable[[], Awaitable[object]]) -> None:
        self._answers = answers
        self.killed = False

    async def answer(self, _seconds: float, _request: object = None) -> object:
        return await self._answers()

    async def kill(self) -> int:
        self.killed = True
        return -9


def judge_with(settings: Settings, child: Child) -> JudgeProcess:
    judge = JudgeProcess(settings)
    judge._child, judge._ready = child, True  # type: ignore[assignment]
    return judge


async def test_a_request_whose_process_was_replaced_meanwhile_leaves_the_new_one_alone(settings: Settings) -> None:
    after = Child(asyncio.Event().wait)

    async def replaced() -> object:
        judge._child = after  # type: ignore[assignment]
        raise EOFError

    judge = judge_with(settings, Child(replaced))
    with pytest.raises(JudgeDiedError):
        await judge.look(Look(()))
    await judge.kill()
    assert after.killed


async def test_who_waits_for_an_answer_can_be_cancelled(settings: Settings) -> None:
    asked = asyncio.Event()

    async def never() -> object:
        asked.set()
        return await asyncio.Event().wait()

    judge = judge_with(settings, Child(never))
    waiting = asyncio.create_task(judge.look(Look(())))
    await asked.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert judge.pid is None


@pytest.mark.usefixtures("store")
async def test_other_rules_judge_from_the_next_request_on(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(settings.rules.dir, folder)
    with (folder / "routing.yaml").open("a", encoding="utf-8") as routing:
        routing.write("# another version\n")
    judge = JudgeProcess(settings)
    versions = []
    try:
        for rules in (settings.rules.dir, folder):
            judge.use_rules_of(settings.model_copy(update={"rules": RulesSettings(dir=rules)}))
            reply = await judge.judge(JudgeRequest(arrival(), RECEIVED))
            assert isinstance(reply, JudgeReply)
            versions.append(reply.judgement.decision.rules_version)
    finally:
        await judge.kill()
    assert versions == [digest(settings.rules.dir), digest(folder)]
