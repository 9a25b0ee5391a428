"""The process that serves the desk; the daemon starts it as `python -m dtm_contact.console.process`."""

import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

import uvicorn

from dtm_contact import log
from dtm_contact.console.app import build
from dtm_contact.console.connections import protocol
from dtm_contact.console.desk import Desk
from dtm_contact.settings import Settings
from dtm_contact.store import open_store

_STOP_SECONDS = 2
_CONNECTIONS = 500
_NICENESS = 5
_GROUP_NICENESS = Path("/proc/self/autogroup")


def _leave_with_the_daemon() -> None:
    """Go when the daemon goes, however it goes: the pipe from it ends then."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _give_way() -> None:
    """Let the intake and the judges go first where the processor is short.

    Where Linux shares it out by sessions (sched(7), autogroups), ours would get as much as the daemon's whatever we say
    of this process: there it has to be said of the session too.
    """
    os.nice(_NICENESS)
    with suppress(OSError):
        _GROUP_NICENESS.write_text(str(_NICENESS))


def main() -> None:
    """Serve until told to stop."""
    _give_way()
    told = json.loads(sys.stdin.buffer.readline())
    settings = Settings(**told["settings"])
    log.configure(settings.log)
    threading.Thread(target=_leave_with_the_daemon, name="daemon", daemon=True).start()
    with open_store(settings.store.url, read_only=True) as store, Desk(settings, store, Path(told["door"])) as desk:
        config = uvicorn.Config(
            build(desk),
            http=protocol(desk.gate),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[socket.socket(fileno=told["listens"])])


if __name__ == "__main__":
    main()
