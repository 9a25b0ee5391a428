"""Server-sent events: what happens to the cases that somebody sees."""

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from dtm_contact.console import sessions
from dtm_contact.console.live import Listener
from dtm_contact.console.registry import page
from dtm_contact.console.visit import Visit

_LOOK_AGAIN_SECONDS = 5.0


@page("/evenements")
def happenings(visit: Visit) -> Response:
    """Tell what happens, until the page is closed or the session has ended."""
    return StreamingResponse(_told(visit), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _told(visit: Visit) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    since = visit.headers.get("last-event-id", visit.text("depuis"))
    follower = visit.desk.follower
    listener = Listener(visit.queues, int(since) if since.isdecimal() else follower.latest)
    await asyncio.to_thread(follower.add, listener)
    looked = loop.time()
    try:
        async for line in listener.lines():
            if loop.time() - looked > _LOOK_AGAIN_SECONDS:
                looked = loop.time()
                if not await asyncio.to_thread(_still_in, visit):
                    return
            yield line
    finally:
        visit.desk.follower.remove(listener)


def _still_in(visit: Visit) -> bool:
    """Tell whether the session lasts, by its idle time and its age too, and whether it still sees what is told here."""
    account = sessions.whose(visit.desk, visit.secret, visit.desk.now(), there=False)
    return account is not None and account.role == visit.account.role and account.office_id == visit.account.office_id
