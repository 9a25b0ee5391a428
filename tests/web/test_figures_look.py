"""The pages of figures as Chromium lays them out: on a phone nothing sticks out, on paper each table is whole."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Page, Route

from dtm_contact.access import Role
from dtm_contact.figures.case_facts import TimeContext
from dtm_contact.figures.counting import CountingContext, count_days, periods_of
from tests.prove.figures_store import CALENDARS, PARIS, Writer, places_of, put
from tests.prove.program import chance
from tests.web.conftest import DeskAlone, Somebody, desk_over
from tests.web.daemons import chromium

DAYS = 40
DESK = "http://desk.example"
PATHS = ("", "/detail?c=in_time", "/detail?c=opened&p=semaine", "/carte", "/fiche", "/rapport", "/dossiers?c=closed")
STICKS_OUT = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("main *")]
  .filter(each => each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 80))"""
CUT_OFF = """() => [...document.querySelectorAll("main table")].filter(table => {
  const box = table.getBoundingClientRect();
  if (!box.width || !box.height || [...table.rows].some(row => !row.getBoundingClientRect().height)) return true;
  for (let each = table.parentElement; each; each = each.parentElement) {
    const style = getComputedStyle(each), around = each.getBoundingClientRect();
    const hidden = style.overflowX !== "visible" || style.overflowY !== "visible";
    if (hidden && (box.right > around.right + 1 || box.bottom > around.bottom + 1)) return true;
  }
  return box.right > innerWidth + 1;
}).map(each => each.outerHTML.slice(0, 80))"""
WORDS = """() => [...document.querySelectorAll("main table")].map(each => each.innerText)"""
GOES_ON = """() => [...document.querySelectorAll("[data-goes-on]")].map(each => {
  const frame = each.nextElementSibling, words = each.checkVisibility() ? each.innerText : "";
  return [words, frame.scrollWidth > frame.clientWidth + 1, frame.scrollHeight > frame.clientHeight + 1];
})"""
FAULTY = """<main><div style="overflow: auto; width: 300px">
  <table style="width: 2000px"><tr><td>Un</td></tr></table></div>
  <p style="width: 500px">Trop large</p></main>"""
PRINTED_WIDTHS = {"/fiche": 718}
"""Pixels between the margins of A4: the sheet for a meeting is upright, all else lies."""
LYING = 1031


@pytest.fixture(scope="module")
def desk_of_weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskAlone]:
    """A desk over some weeks of several offices that end today, all of them counted."""
    with desk_over(tmp_path_factory.mktemp("look")) as desk:
        today = desk.now().date()
        writer = Writer(chance(4), places_of([("R01", "nord"), ("R02", "sud")]), today - timedelta(days=DAYS), DAYS)
        put(desk.store, writer.write(400))
        grounds = CountingContext(TimeContext(PARIS, writer.end, CALENDARS), {"R01": "nord", "R02": "sud"})
        days = count_days(desk.store, today - timedelta(days=DAYS), today, grounds)
        desk.store.figures.put(periods_of(desk.store, days, writer.end))
        yield desk


@asynccontextmanager
async def shown(desk: DeskAlone, *kinds: str) -> AsyncIterator[Page]:
    """Give a browser's page to which a head's desk answers, without a daemon: pages and such kinds of their files."""
    head = Somebody(desk, "helene", Role.HEAD, "nord")
    transport = httpx.ASGITransport(desk.pages)
    async with chromium() as browser, httpx.AsyncClient(transport=transport, cookies=head.client.cookies) as client:

        async def answer(route: Route) -> None:
            if route.request.resource_type not in kinds:
                await route.abort()
                return
            found = await client.get(route.request.url)
            kept = {name: value for name, value in found.headers.items() if name != "content-length"}
            await route.fulfill(status=found.status_code, headers=kept, body=found.content)

        page = await browser.new_page(locale="fr-FR")
        await page.route("**/*", answer)
        yield page


async def test_figures_fit_on_a_phone_and_are_whole_on_paper(desk_of_weeks: DeskAlone) -> None:
    today = desk_of_weeks.now().date()
    month = (today.replace(day=1) - timedelta(days=1)).isoformat()
    faults = list[str]()
    async with shown(desk_of_weeks, "document", "stylesheet") as page:
        for path in PATHS:
            await page.emulate_media(media="screen")
            await page.set_viewport_size({"width": 360, "height": 800})
            answer = await page.goto(f"{DESK}/chiffres{path}{'&' if '?' in path else '?'}le={month}")
            assert answer is not None
            assert answer.status == 200, path
            drawings, tables = await page.locator("main svg.drawing").count(), await page.locator("main table").count()
            if drawings > tables:
                faults.append(f"{path}: {drawings} drawings and {tables} tables")
            faults += [f"{path} on a phone: {each}" for each in await page.evaluate(STICKS_OUT)]
            on_screen = await page.evaluate(WORDS)
            await page.emulate_media(media="print")
            await page.set_viewport_size({"width": PRINTED_WIDTHS.get(path, LYING), "height": 700})
            faults += [f"{path} on paper: {each}" for each in await page.evaluate(CUT_OFF)]
            printed = await page.evaluate(WORDS)
            if [_plain(each) for each in printed] != [_plain(each) for each in on_screen]:
                faults.append(f"{path}: a table is not printed as it stands")
        assert not faults, "\n".join(faults)
        # The desk's pages take no style that is written into them.
        await page.goto("about:blank")
        await page.set_content(FAULTY)
        await page.set_viewport_size({"width": 360, "height": 800})
        assert any(each.startswith("<p") for each in await page.evaluate(STICKS_OUT))
        assert len(await page.evaluate(CUT_OFF)) == 1


@pytest.mark.parametrize(("width", "height"), [(1440, 700), (1440, 9000), (600, 700), (360, 800)])
async def test_a_table_that_goes_on_within_its_frame_says_where_to(
    desk_of_weeks: DeskAlone, width: int, height: int
) -> None:
    async with shown(desk_of_weeks, "document", "stylesheet", "script") as page:
        await page.set_viewport_size({"width": width, "height": height})
        await page.goto(f"{DESK}/chiffres")
        said = await page.evaluate(GOES_ON)
        assert len(said) > 1
        for hint, is_wider, is_longer in said:
            assert ("à droite" in hint, "plus bas" in hint) == (is_wider, is_longer)
            assert bool(hint) == (is_wider or is_longer)
        assert any(is_longer for _, _, is_longer in said) == (height == 700 and width > 640)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)
