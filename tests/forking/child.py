"""A forked process becomes the program that was asked for, as if Python had been started for it."""

import atexit
import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final, NoReturn

from tests.forking.request import Start

_STANDARD: Final = 3
_OUT_OF_THE_WAY: Final = 400
"""Above the descriptors that a program is given by number."""


def become(descriptors: Sequence[int]) -> list[int]:
    """Keep nothing of the server's open but its standard streams; return the given descriptors, out of the way."""
    kept = [out_of_the_way(each) for each in descriptors]
    for entry in tuple(Path("/proc/self/fd").iterdir()):
        number = int(entry.name)
        if number >= _STANDARD and number not in kept:
            # The one by which the folder was read is closed already.
            with suppress(OSError):
                os.close(number)
    return kept


def out_of_the_way(descriptor: int) -> int:
    """Return the same as a descriptor, with a number that no program is given."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)


def run(start: Start, descriptors: Sequence[int]) -> NoReturn:
    """Run the program, and end as an interpreter does.

    Args:
        start: what was asked for.
        descriptors: in the order of the numbers that they are to have.
    """
    for number, descriptor in zip(start.descriptors, descriptors, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    if start.leads_session:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(start.folder)
    os.environb.clear()
    os.environb.update(start.environment)
    time.tzset()
    _be_seen_as(start)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the standard stream
    sys.dont_write_bytecode = bool(start.environment.get(b"PYTHONDONTWRITEBYTECODE"))
    if start.environment.get(b"PYTHONUNBUFFERED"):
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(write_through=True)  # type: ignore[union-attr]
    if start.is_silent:
        warnings.simplefilter("ignore")
    os._exit(_status(start))


def _be_seen_as(start: Start) -> None:
    """Have `/proc/self/cmdline` tell what was asked for, as far as the server's own left room for it."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])
    what = ["-c", start.code] if start.code else ["-m", start.module]
    command = b"".join(os.fsencode(each) + b"\0" for each in (sys.executable, *what, *start.arguments))
    ctypes.memmove(begin, command.ljust(end - begin, b"\0")[: end - begin - 1], end - begin - 1)


def _status(start: Start) -> int:
    status = _ended(start)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    return status


def _ended(start: Start) -> int:
    try:
        _execute(start)
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        sys.stderr.write(f"{error.code}\n")
        return 1
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
        return 1
    except BaseException:  # noqa: BLE001 - whatever it is, an interpreter tells it and ends
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _execute(start: Start) -> None:
    main = ModuleType("__main__")
    file, code = ("-c", compile(start.code, "<string>", "exec")) if start.code else _of_module(start.module, main)
    sys.argv = [file, *start.arguments]
    sys.modules["__main__"] = main
    exec(code, main.__dict__)  # noqa: S102 - the program


def _of_module(name: str, main: ModuleType) -> tuple[str, CodeType]:
    spec = find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = find_spec(f"{name}.__main__")
    assert spec is not None
    assert spec.origin is not None
    loader: Any = spec.loader
    main.__spec__, main.__package__, main.__loader__, main.__file__ = spec, spec.parent, loader, spec.origin
    return str(Path(spec.origin)), loader.get_code(spec.name)
