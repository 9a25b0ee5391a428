"""The process that serves the desk; the daemon starts it as `python -m dtm_contact.console.process`."""

import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from dtm_contact import log
from dtm_contact.console.app import build
from dtm_contact.console.desk import Desk
from dtm_contact.settings import Settings
from dtm_contact.store import open_store

_STOP_SECONDS = 2
_CONNECTIONS = 500
# Pages give way to the intake and the judges where the processor is short.
_NICENESS = 5


def _leave_with_the_daemon() -> None:
    """Go when the daemon goes, however it goes: the pipe from it ends then."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Serve until told to stop."""
    os.nice(_NICENESS)
    told = json.loads(sys.stdin.buffer.readline())
    settings = Settings(**told["settings"])
    log.configure(settings.log)
    threading.Thread(target=_leave_with_the_daemon, name="daemon", daemon=True).start()
    with open_store(settings.store.url, read_only=True) as store, Desk(settings, store, Path(told["door"])) as desk:
        config = uvicorn.Config(
            build(desk),
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
