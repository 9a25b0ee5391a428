"""What runs beside the rest."""

import asyncio

import pytest

from dtm_contact.background import beside, repeat


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
