"""The process of the converter; the desk starts it as `python -m dtm_contact.console.converter_process FD`."""

import signal
import sys
from multiprocessing.connection import Connection

from dtm_contact.console.converter import serve


def main() -> None:
    """Serve the pipe that we were given. The desk ends us by closing it: an interrupt meant for it is not for us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
