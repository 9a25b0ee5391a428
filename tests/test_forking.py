"""What is forked is what was asked for: a child of ours, with its own streams, descriptors, folder and environment."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forking import is_server

ROOT = Path(__file__).parents[1]
IMPORTED = "import sys; print('sqlalchemy' in sys.modules)  # dtm_contact"


def said(code: str, *arguments: str, **how: object) -> str:
    command = [sys.executable, "-c", f"{code}  # dtm_contact", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, **how)  # type: ignore[call-overload]
    return str(done.stdout).strip()


def test_it_has_imported_our_programs() -> None:
    assert said(IMPORTED) == "True"


@pytest.mark.usefixtures("fresh_interpreter")
def test_what_is_started_anew_has_not() -> None:
    assert said(IMPORTED) == "False"


@pytest.mark.parametrize(
    ("name", "value", "is_forked"),
    [("PYTHONHASHSEED", "0", False), ("LD_LIBRARY_PATH", "/nowhere", False), ("PYTHONTRACEMALLOC", "", True)],
)
def test_what_an_interpreter_reads_at_its_start_is_obeyed(name: str, value: str, *, is_forked: bool) -> None:
    assert said(IMPORTED, env={**os.environ, name: value}) == str(is_forked)


@pytest.mark.parametrize("set_to", ["", "1"])
def test_whether_bytecode_is_written_and_streams_are_buffered_is_obeyed(set_to: str) -> None:
    code = "import sys; print(sys.dont_write_bytecode, sys.stdout.write_through, 'sqlalchemy' in sys.modules)"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": set_to, "PYTHONUNBUFFERED": set_to}
    assert said(code, env=environment) == f"{bool(set_to)} {bool(set_to)} True"


def test_the_program_of_another_folder_is_that_folders(tmp_path: Path) -> None:
    (tmp_path / "dtm_contact").mkdir()
    (tmp_path / "dtm_contact" / "__init__.py").touch()
    (tmp_path / "dtm_contact" / "__main__.py").write_text("print('of its own')")
    command = [sys.executable, "-m", "dtm_contact"]
    assert subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout == b"of its own\n"


def test_it_is_our_child() -> None:
    assert said("import os; print(os.getppid())") == str(os.getpid())


def test_its_arguments_folder_and_environment_are_its_own(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.argv, os.getcwd(), os.environ)"
    told = said(code, "one", "two", cwd=tmp_path, env={"LC_ALL": "C.UTF-8", "A": "1"})
    assert told == f"['-c', 'one', 'two'] {tmp_path} environ({{'LC_ALL': 'C.UTF-8', 'A': '1'}})"


def test_it_is_seen_as_what_was_started() -> None:
    code = "print(open('/proc/self/cmdline').read().rstrip('\\0').split('\\0'))  # dtm_contact"
    command = [sys.executable, "-c", code, "one"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == str(command)


def test_it_reads_and_writes_its_own_streams() -> None:
    code = "import sys; sys.stderr.write('heard'); print(sys.stdin.read())  # dtm_contact"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=b"said", check=True, capture_output=True)
    assert (done.stdout, done.stderr) == (b"said\n", b"heard")


def test_it_holds_the_descriptors_that_it_was_given_and_no_other() -> None:
    reading, writing = os.pipe()
    code = "import os; print([each for each in range(400) if os.path.exists(f'/proc/self/fd/{each}')])"
    assert said(code, pass_fds=(writing,)) == str([0, 1, 2, writing])
    os.close(reading)
    os.close(writing)


def test_a_session_of_its_own_is_begun() -> None:
    assert said("import os; print(os.getsid(0) == os.getpid())", start_new_session=True) == "True"


def test_an_interrupt_reaches_it() -> None:
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert said(code) == "True"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("raise SystemExit(3)", 3),
        ("raise SystemExit('told')", 1),
        ("raise ValueError", 1),
        ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT),
        ("import os; os._exit(7)", 7),
    ],
)
def test_it_ends_as_an_interpreter_does(code: str, status: int) -> None:
    command = [sys.executable, "-c", f"import dtm_contact\n{code}"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == status


def test_what_is_to_run_at_its_end_runs() -> None:
    assert said("import atexit; atexit.register(print, 'the end')") == "the end"


def test_chance_is_its_own() -> None:
    code = "import random, uuid; print(random.random(), uuid.uuid4())"
    assert said(code) != said(code)


def test_a_loop_of_its_own_begins() -> None:
    assert said("import asyncio; print(asyncio.run(asyncio.sleep(0, 'slept')))") == "slept"


def test_what_it_starts_is_its_child() -> None:
    inner = "import os, sys; print(os.getppid(), 'sqlalchemy' in sys.modules)  # dtm_contact"
    started = f"subprocess.check_output([sys.executable, '-c', {inner!r}], text=True)"
    pid, parent, is_forked = said(f"import os, subprocess, sys; print(os.getpid(), {started})").split()
    assert (parent, is_forked) == (pid, "True")


def test_the_server_beside_it_is_told_from_what_it_started() -> None:
    code = "import os; print(open(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read(), flush=True); input()"
    command = [sys.executable, "-c", f"{code}  # dtm_contact"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        [child] = process.stdout.readline().split()
        assert (is_server(int(child)), is_server(process.pid)) == (True, False)
        process.communicate("\n")


async def test_it_is_waited_for_by_a_loop() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import time, dtm_contact; time.sleep(600)", stdout=asyncio.subprocess.PIPE
    )
    process.terminate()
    assert await process.wait() == -signal.SIGTERM


def test_a_module_runs_as_the_main_one() -> None:
    done = subprocess.run([sys.executable, "-m", "dtm_contact", "--version"], check=True, capture_output=True)
    assert done.stdout.startswith(b"dtm-contact, version ")
