"""A page that is open misses nothing: not what happens while it comes, nor while it is cut off or kept from asking."""

import asyncio
from datetime import UTC, datetime
from json import loads
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Route, expect

from dtm_contact.store import Store
from dtm_contact.store.events import NewEvent, append
from dtm_contact.store.schema import cases
from dtm_contact.web.live import CaseEvent, EventFollower, EventStream
from tests.web.conftest import DeskAlone, open_in
from tests.web.world import NEWEST_ALARM, Come, World, sent, settled

in_browser = pytest.mark.asyncio(loop_scope="session")


def happens(store: Store, number: str) -> int:
    """Let something happen to a case, and return the event's id."""
    with store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one()
        return append(connection, NewEvent("paul", "noted", datetime.now(UTC)), case_id=case_id, arrival_id=None).id


async def heard(listener: EventStream) -> set[str]:
    """Return the numbers of the cases of which a page is told first; none where nothing waits to be told."""
    await asyncio.sleep(0)
    lines = listener.lines()
    await anext(lines)
    if listener._waiting.empty():
        return set()
    return {each["n"] for each in loads((await anext(lines)).partition("data: ")[2])}


@pytest.mark.parametrize("moment", ["before the look", "before it is read", "after it is read", "after the look"])
async def test_a_page_that_comes_while_something_is_told_hears_of_it(
    desk: DeskAlone, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.follower.stop()
    number = open_in(desk.store, "nord", "a case")
    since = desk.store.desk.latest_event()
    follower = EventFollower(desk.store)
    follower.latest = since
    # Where nobody listens nothing is read.
    follower.add(EventStream({"nord"}, since))
    late = EventStream({"nord"}, since)
    happens(desk.store, number)
    read = desk.store.desk.happened

    def come_in(now: str) -> None:
        if now == moment:
            monkeypatch.undo()
            follower.add(late)

    def happened(*given: Any) -> Any:
        come_in("before it is read")
        found = read(*given)
        come_in("after it is read")
        return found

    monkeypatch.setattr(desk.store.desk, "happened", happened)
    come_in("before the look")
    follower._look()
    come_in("after the look")
    follower._look()
    assert await heard(late) == {number}


def told_of(event_id: int, priority: str = "P3") -> CaseEvent:
    return CaseEvent(event_id, "noted", "paul", f"2026-{event_id:06}", "nord", priority)


async def test_the_stream_of_a_page_that_does_not_keep_up_ends_so_that_it_comes_again() -> None:
    listener = EventStream({"nord"}, 0)
    for event_id in range(1, 1001):
        listener.send((told_of(event_id),))
    await asyncio.sleep(0)
    lines = [line async for line in listener.lines()]
    assert not any("id: " in line for line in lines), "it is told all from where it was when it comes again"


async def test_of_very_many_events_each_danger_is_told() -> None:
    listener = EventStream({"nord"}, 0)
    listener.send((told_of(1, "P1"), *(told_of(event_id) for event_id in range(2, 1000))))
    assert {"2026-000001", "2026-000999"} < await heard(listener)


async def refused(route: Route) -> None:
    await route.fulfill(status=503, content_type="text/html", body="Le moteur ne répond pas.")


async def cut(route: Route) -> None:
    await route.abort("connectionreset")


@in_browser
async def test_a_page_whose_stream_was_refused_listens_again_and_catches_up(world: World, come: Come) -> None:
    page = await come(path="/aide")
    await page.route("**/evenements?*", refused)
    async with page.expect_response("**/evenements?*"):
        await page.reload()
    await sent(world, "Gaz au sous-sol", "Ça sent très fort le gaz dans tout le hall.")
    queue = await come()
    await expect(queue.locator(NEWEST_ALARM)).to_be_visible()
    await page.unroute("**/evenements?*")
    await expect(page.locator(NEWEST_ALARM)).to_be_visible()
    await queue.locator(NEWEST_ALARM).get_by_role("button").click()
    await expect(page.locator(NEWEST_ALARM)).to_have_count(0)


@in_browser
@pytest.mark.parametrize("how", ["refused", "cut"])
async def test_lines_that_could_not_be_had_are_asked_for_again(world: World, come: Come, how: str) -> None:
    page, other = await come(), await come()
    await page.route("**/file?*morceau=1*", refused if how == "refused" else cut)
    await sent(world, f"Fuite {how}")
    await settled(other, f"Fuite {how}")
    # The page has asked in vain by then; nothing that happens later tells it to ask.
    await page.wait_for_timeout(1000)
    await page.unroute("**/file?*morceau=1*")
    await settled(page, f"Fuite {how}")


@in_browser
async def test_lines_that_were_held_back_by_a_choice_come_when_it_is_taken_back(world: World, come: Come) -> None:
    page = await come()
    await sent(world, "Est choisi")
    number = await settled(page, "Est choisi")
    box = page.locator(f"#d-{number} input[name=dossier]")
    await box.check()
    other = await come()
    await sent(world, "Vient entre-temps")
    await settled(other, "Vient entre-temps")
    # The page has been told by then, too, and has had the time to ask for the lines.
    await page.wait_for_timeout(1000)
    await expect(page.locator(".line", has_text="Vient entre-temps")).to_have_count(0)
    await box.uncheck()
    await settled(page, "Vient entre-temps")
