"""What runs beside the rest."""

import asyncio
import os
import subprocess
import sys

import pytest

from dtm_contact.background import beside, cancel_and_wait, repeat


class _OddError(Exception):
    pass


async def test_a_look_is_repeated_whatever_happens_until_the_block_ends() -> None:
    looks, troubles = 0, list[Exception]()
    thrice = asyncio.Event()

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            thrice.set()
        raise _OddError

    async with beside(repeat(look, 0.0, troubles.append), "looks"):
        await thrice.wait()
        task = next(each for each in asyncio.all_tasks() if each.get_name() == "looks")
    assert task.cancelled()
    assert len(troubles) >= 2
    assert {type(each) for each in troubles} == {_OddError}


async def test_a_first_look_may_wait() -> None:
    looked = asyncio.Event()

    async def look() -> None:
        looked.set()

    async with beside(repeat(look, 3600.0, lambda _error: None, at_once=False), "looks"):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not looked.is_set()


async def test_what_ends_the_block_is_heard_though_the_task_failed() -> None:
    async def work() -> None:
        raise _OddError

    async def block() -> None:
        async with beside(work(), "work"):
            await asyncio.sleep(0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await block()


async def test_a_task_that_forgets_a_cancellation_is_ended_all_the_same() -> None:
    forgotten = 0

    async def forgetful() -> None:
        nonlocal forgotten
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                forgotten += 1
                if forgotten > 2:
                    raise

    async def failing() -> None:
        raise _OddError

    tasks = [asyncio.create_task(forgetful()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    await cancel_and_wait(*tasks, patience=0.0)
    assert forgotten == 3
    assert tasks[0].cancelled()
    assert isinstance(tasks[1].exception(), _OddError)


async def test_whoever_waits_for_an_end_may_be_cancelled() -> None:
    async def stubborn() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if leave.is_set():
                    raise

    leave = asyncio.Event()
    task = asyncio.create_task(stubborn())
    waiting = asyncio.create_task(cancel_and_wait(task, patience=3600.0))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    leave.set()
    await cancel_and_wait(task)


_IN_REAL_TIME = "os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"
_GIVES_WAY = "before = os.nice(0); give_way(5); print(os.sched_getscheduler(0), os.nice(0) - before)"


@pytest.mark.parametrize("is_in_real_time", [False, True])
def test_what_gives_way_is_lower_than_who_started_it_and_not_in_real_time(*, is_in_real_time: bool) -> None:
    first = _IN_REAL_TIME if is_in_real_time else "pass"
    code = f"import os; from dtm_contact.background import give_way; {first}; {_GIVES_WAY}"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if is_in_real_time and "PermissionError" in told.stderr:
        pytest.skip("nobody may run in real time here")
    assert told.stdout.split() == [str(os.SCHED_OTHER), str(min(5, 19 - os.nice(0)))], told.stderr
