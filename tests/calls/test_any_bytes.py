"""Whatever stands in the files: nothing but faults and calls comes out, and each line is told or read."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.calls.log_lines import Faults, FileLine, split_lines
from dtm_contact.calls.outcomes import caller_of
from dtm_contact.calls.queue_log import QueueLog, parse_event
from dtm_contact.calls.records import RecordReader
from dtm_contact.settings import SwitchboardSettings

FIXTURE = (Path(__file__).parents[2] / "fixtures/calls/Master.csv").read_bytes().splitlines()[:40]


@given(st.binary(max_size=400))
def test_any_line_is_a_record_or_a_fault(raw: bytes) -> None:
    faults = Faults()
    line = FileLine(1, 0, raw.replace(b"\n", b""), len(raw), ended=True)
    found = RecordReader("x", SwitchboardSettings().zone, faults).read(line)
    assert (found is not None) or faults.total == 1 or not line.raw.strip()
    assert parse_event(line, "x", faults) is None or b"|" in raw


@given(st.lists(st.binary(max_size=60)), st.integers(1, 60))
def test_lines_do_not_depend_on_how_the_file_is_cut(pieces: list[bytes], size: int) -> None:
    content = b"\n".join(pieces)
    cut = [content[start : start + size] for start in range(0, len(content), size)]
    assert list(split_lines(cut)) == list(split_lines([content]))
    assert sum(line.size for line in split_lines(cut)) == len(content)


@given(st.data())
def test_a_damaged_log_never_stops_the_reading(data: st.DataObject) -> None:
    lines = list(FIXTURE)
    place = data.draw(st.integers(0, len(lines) - 1))
    start = data.draw(st.integers(0, len(lines[place])))
    lines[place] = lines[place][:start] + data.draw(st.binary(max_size=20)) + lines[place][start:]
    faults = Faults()
    reader = RecordReader("x", SwitchboardSettings().zone, faults)
    read = [reader.read(FileLine(number, 0, raw, len(raw), ended=True)) for number, raw in enumerate(lines, 1)]
    assert sum(1 for found in read if found is not None) >= len(lines) - 1 - lines[place].count(b"\n")


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_caller_is_known_by_number_or_withheld(source: str, caller_id: str) -> None:
    caller = caller_of(source, caller_id)
    assert caller.withheld is (caller.key is None)
    assert (caller.number is None) is (caller.key is None)


def test_what_the_queue_log_says_of_no_call_is_let_go() -> None:
    events = (
        event for number in range(5_000) if (event := parse_event(_event(number), "queue_log", Faults())) is not None
    )
    log = QueueLog(events, 60)
    for number in range(0, 5_000, 100):
        log.read_to(1_700_000_000 + number * 600)
    assert len(log) < 700


def _event(number: int) -> FileLine:
    text = f"{1_700_000_000 + number * 600}|17.{number}|q|NONE|ENTERQUEUE||x|1".encode()
    return FileLine(number, 0, text, len(text), ended=True)
