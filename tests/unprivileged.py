"""What a user sees whom rights bind: root's own tests run with theirs laid down, in a thread that ends with it."""

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Result = TypeVar("Result")

_VERSION_3: Final = 0x20080522
"""Of the capabilities' header, as capset(2) has it: sets of 64 bits."""


def unprivileged(function: Callable[[], Result]) -> Result:
    """Return what a function returns where the rights of files and folders bind it, as they do not bind root.

    Capabilities are of a thread: the one that lays them down ends with the function.
    """
    with ThreadPoolExecutor(1, initializer=_lay_down) as pool:
        return pool.submit(function).result()


def _lay_down() -> None:
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")
