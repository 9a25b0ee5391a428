import base64
import resource
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from dtm_contact.settings import JudgeSettings, PdfSettings, RecognitionSettings, Settings
from dtm_contact.store import ArrivalState, Store
from dtm_contact.worker.bounds import Bounds, CpuSpentError
from dtm_contact.worker.ipc import JudgeReply, JudgeRequest
from dtm_contact.worker.judge_process import JudgeProcess
from tests.pdf import documents
from tests.worker.conftest import ROOT
from tests.worker.test_worker import LEAK, Clock, arrival, settled, until, working

# A judge begins with as little memory as a daemon's does.
pytestmark = pytest.mark.usefixtures("fresh_interpreter")
MEBIBYTE = 1024 * 1024


def spin() -> None:
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001, S112 - as code does that copes with whatever a message brings
            continue


def take(octets: int) -> Callable[[], None]:
    return lambda: bytearray(octets).clear()


@pytest.mark.parametrize(
    ("bounded", "error"),
    [(spin, CpuSpentError), (take(4096 * MEBIBYTE), MemoryError), (take(MEBIBYTE), None)],
)
def test_a_bound_ends_the_block_and_lasts_no_longer(
    bounded: Callable[[], None], error: type[BaseException] | None
) -> None:
    bounds = Bounds(JudgeSettings(cpu_seconds=0.05, memory_factor=10, memory_margin=16 * MEBIBYTE))
    before = resource.getrlimit(resource.RLIMIT_AS)
    try:
        with bounds.on(1 * MEBIBYTE):
            bounded()
        raised: type[BaseException] | None = None
    except (CpuSpentError, MemoryError) as caught:
        raised = type(caught)
    assert raised is error
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
    take(200 * MEBIBYTE)()


def test_memory_is_allowed_in_proportion_to_the_size() -> None:
    bounds = Bounds(JudgeSettings(memory_factor=10, memory_margin=16 * MEBIBYTE))
    with bounds.on(20 * MEBIBYTE):
        take(150 * MEBIBYTE)()


def test_what_the_system_allows_is_never_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed: list[tuple[int, int]] = []
    most = 512 * 1024 * MEBIBYTE
    monkeypatch.setattr(resource, "getrlimit", lambda _what: (most, most))
    monkeypatch.setattr(resource, "setrlimit", lambda _what, limits: allowed.append(limits))
    with Bounds(JudgeSettings(memory_factor=10, memory_margin=most)).on(MEBIBYTE):
        pass
    assert allowed == [(most, most), (most, most)]


def with_file(octets: int) -> bytes:
    head = LEAK.replace(b"\r\n\r\n", b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n', 1)
    file = b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head + file + base64.encodebytes(bytes(octets)) + b"--b--\r\n"


@pytest.mark.parametrize(
    ("judge", "reason"),
    [
        (JudgeSettings(processes=1, seconds=60, memory_factor=0, memory_margin=4 * MEBIBYTE), "Memory"),
        (JudgeSettings(processes=1, seconds=60, cpu_seconds=0.1), "CpuSpent"),
    ],
    ids=["memory", "processor"],
)
async def test_one_that_costs_too_much_is_parked_and_the_next_is_judged(
    settings: Settings, store: Store, judge: JudgeSettings, reason: str
) -> None:
    bounded = settings.model_copy(update={"judge": judge})
    async with working(bounded, store, Clock()) as inbox:
        await inbox.accept([arrival(with_file(24_000_000))])
        line = await settled(store)
        await inbox.accept([arrival()])
        await until(lambda: store.arrivals.waiting() == 0)
    assert (line.state, line.attempts) == (ArrivalState.PARKED, 1)
    assert line.reason is not None
    assert line.reason.startswith(f"{reason}Error at ")
    assert {case.read_in_full for case in store.cases.queue()} == {False, True}


async def test_a_pdf_that_costs_too_much_does_not_cost_its_message_the_judgement(
    settings: Settings, store: Store
) -> None:
    bounded = settings.model_copy(
        update={
            "judge": JudgeSettings(processes=1, seconds=60),
            "pdf": PdfSettings(cpu_seconds=0.3, seconds=50),
            "recognition": RecognitionSettings(cpu_seconds=2),
        }
    )
    letter = documents.letter("Madame, Monsieur,\nMon robinet de cuisine fuit, il faut un plombier.")
    async with working(bounded, store, Clock()) as inbox:
        await inbox.accept([arrival(documents.mail("Ci-joint.", documents.costly()))])
        line = await settled(store)
        await inbox.accept([arrival(documents.mail("", letter))])
        await until(lambda: store.arrivals.waiting() == 0)
    assert (line.state, line.attempts) == (ArrivalState.JUDGED, 1)
    assert {case.read_in_full for case in store.cases.queue()} == {True}
    assert "plumbing" in {case.topic for case in store.cases.queue()}


@pytest.mark.usefixtures("store")
async def test_a_judge_as_the_daemon_starts_it_reads_ordinary_mail_within_its_bounds(settings: Settings) -> None:
    """Whatever judging calls must find its memory within the bound: BLAS ends the process where it does not."""
    longest = sorted((ROOT / "fixtures" / "mail").glob("*.eml"), key=lambda path: -path.stat().st_size)[:20]
    judge = JudgeProcess(settings.model_copy(update={"judge": JudgeSettings(processes=1)}))
    await judge.ready()
    pid = judge.pid
    try:
        # A product of matrices takes memory only beyond some size: several messages in one are of that size.
        raws = [path.read_bytes() for path in longest]
        for raw in (*raws, raws[0] + b"\r\n".join(raw.partition(b"\n\n")[2] for raw in raws)):
            answer = await judge.judge(JudgeRequest(arrival(raw), datetime.now(UTC)))
            assert isinstance(answer, JudgeReply), answer
        assert judge.pid == pid
    finally:
        await judge.kill()
    assert len(longest) == 20
