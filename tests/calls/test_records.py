"""One line -> one record: the layouts, times and time zones that switchboards write."""

import csv
import io

import pytest

from dtm_contact.calls.grouping import Grouper
from dtm_contact.calls.log_lines import Faults, FileLine, FilePosition, split_lines
from dtm_contact.calls.records import ColumnsError, Record, RecordReader
from dtm_contact.settings import Settings, SwitchboardSettings
from tests.calls.logs import MONDAY_NIGHT, local, record

PARIS = SwitchboardSettings().zone


def read(line: str, columns: tuple[str, ...] = (), zone: str = "Europe/Paris") -> Record | None:
    reader = RecordReader("Master.csv", SwitchboardSettings(timezone=zone).zone, Faults(), columns)
    return reader.read(FileLine(1, 0, line.encode(), len(line), ended=True))


def values(line: str) -> list[str]:
    return next(csv.reader([line]))


def joined(row: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(row)
    return out.getvalue()


ROW = values(record(at=0))
BASE, UNIQUEID, USERFIELD, NEW = ROW[:16], ROW[16:17], ROW[17:18], ROW[18:]


@pytest.mark.parametrize(
    ("row", "call_id"),
    [
        (BASE, f"PJSIP/trunk-ovh-00000001@{local(MONDAY_NIGHT)}"),
        (BASE + UNIQUEID, UNIQUEID[0]),
        ([*BASE, "a note"], f"PJSIP/trunk-ovh-00000001@{local(MONDAY_NIGHT)}"),
        (BASE + UNIQUEID + USERFIELD, UNIQUEID[0]),
        (BASE + NEW, NEW[1]),
        (BASE + UNIQUEID + NEW, NEW[1]),
        ([*BASE, "a note", *NEW], NEW[1]),
        (BASE + UNIQUEID + USERFIELD + NEW, NEW[1]),
        ([*BASE, "pbx-1-" + UNIQUEID[0], *USERFIELD], "pbx-1-" + UNIQUEID[0]),
    ],
    ids=["16", "17 uniqueid", "17 userfield", "18", "19", "20 uniqueid", "20 userfield", "21", "with a system name"],
)
def test_the_columns_tell_themselves(row: list[str], call_id: str) -> None:
    found = read(joined(row))
    assert found is not None
    assert (found.call_id, found.source, found.start) == (call_id, "0639980001", MONDAY_NIGHT)


def test_declared_columns() -> None:
    columns = (
        "linkedid", "-", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "disposition", "start", "end"
    )  # fmt: skip
    row = ["1.1", "x", "0639980001", "s", "dtm-ferme", "PJSIP/a-1", "", "VoiceMail", "ANSWERED"]
    found = read(joined([*row, f"{MONDAY_NIGHT}.250000", f"{MONDAY_NIGHT + 9}.5"]), columns)
    assert found is not None
    assert (found.call_id, found.start, found.end) == ("1.1", MONDAY_NIGHT + 0.25, MONDAY_NIGHT + 9.5)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (("src",), "missing: dst, dcontext"),
        (("src", "source", *ROW), "unknown: "),
        (("src", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "disposition", "start", "end"), "once"),
    ],
)
def test_declared_columns_that_cannot_be(columns: tuple[str, ...], told: str) -> None:
    with pytest.raises(ColumnsError, match=told):
        read(record(at=0), columns)


def test_unset_dates_are_empty() -> None:
    row = [*ROW]
    row[10] = row[11] = ""
    found = read(joined(row))
    assert found is not None
    assert found.end == MONDAY_NIGHT + 30


def test_a_record_of_the_future_is_told_and_kept() -> None:
    faults = Faults()
    line = record(at=0).encode()
    for now in (MONDAY_NIGHT - 80_000, MONDAY_NIGHT - 90_000):
        reader = RecordReader("Master.csv", PARIS, faults, now=now)
        assert reader.read(FileLine(7, 0, line, len(line), ended=True)) is not None
    (problem,) = faults.problems()
    assert str(problem).startswith("Master.csv:7: warning: the record's time lies in the future")


OCTOBER = 1_792_890_000  # 2026-10-25 03:00 in Paris, the first time: an hour later it is 02:00 … once more
MARCH = 1_774_744_200  # 2026-03-29 01:30 in Paris, half an hour before the missing hour


@pytest.mark.parametrize("start", [OCTOBER - 5_400, OCTOBER - 1_800, OCTOBER + 1_800, OCTOBER + 5_400, MARCH])
@pytest.mark.parametrize("seconds", [30, 3_000, 5_400])
def test_the_nights_in_which_clocks_change(start: int, seconds: int) -> None:
    found = read(record(at=start - MONDAY_NIGHT, seconds=seconds))
    assert found is not None
    assert (found.start, found.end) == (start, start + seconds)


def test_a_time_of_the_missing_hour_is_what_the_uniqueid_says() -> None:
    row = [*ROW]
    row[9], row[11] = "2026-03-29 02:30:00", "2026-03-29 02:31:00"
    row[12] = "60"
    row[16] = row[19] = f"{MARCH + 3_600}.7"
    found = read(joined(row))
    assert found is not None
    assert (found.start, found.end) == (MARCH + 3_600, MARCH + 3_660)


@pytest.mark.parametrize(
    ("written", "read_as", "told"),
    [
        ("Europe/Paris", "Europe/Paris", None),
        ("UTC", "UTC", None),
        ("UTC", "Europe/Paris", "1 h early"),
        ("Europe/Paris", "UTC", "1 h late"),
        ("Asia/Kathmandu", "UTC", "5.75 h late"),
    ],
)
def test_a_wrong_time_zone_is_told(written: str, read_as: str, told: str | None) -> None:
    reader = RecordReader("Master.csv", SwitchboardSettings(timezone=read_as).zone, Faults())
    for number in range(20):
        line = record(at=number * 60, zone=written).encode()
        reader.read(FileLine(number, 0, line, len(line), ended=True))
    problem = reader.zone_check.problem("Master.csv")
    assert (problem is None) is (told is None)
    assert told is None or told in str(problem)


def test_legs_of_transfers_say_nothing_of_the_zone() -> None:
    reader = RecordReader("Master.csv", PARIS, Faults())
    for line in (record(at=0), record(at=900, call=0, leg=f"{MONDAY_NIGHT}.19"), record(at=1_800, call=0, leg="x")):
        reader.read(FileLine(1, 0, line.encode(), len(line), ended=True))
    assert not reader.zone_check.wrong


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no such time zone"):
        SwitchboardSettings(timezone="Europe/Pantin")


def test_the_settings_say_what_the_contract_says() -> None:
    switchboard = Settings.defaults().switchboard
    assert (switchboard.internal_contexts, switchboard.closed_contexts) == (("from-internal",), ("dtm-ferme",))
    assert (switchboard.queues, switchboard.quiet_seconds) == (("dtm-accueil",), 10)


def test_lines_bear_positions_to_go_on_from() -> None:
    content = b"\xef\xbb\xbfone\r\ntwo\n\nfour"
    whole = list(split_lines([content[:5], content[5:9], content[9:]]))
    assert [line.raw for line in whole] == [b"one", b"two", b"", b"four"]
    assert [line.ended for line in whole] == [True, True, True, False]
    position = whole[1].next
    assert position == FilePosition(3, 12)
    assert list(split_lines([content[position.offset :]], position)) == whole[2:]


def grouped(lines: list[str], *, quiet: float = 10, late: float = 0) -> tuple[list[tuple[str, int, int]], Faults]:
    faults = Faults()
    reader, grouper = RecordReader("Master.csv", PARIS, faults), Grouper(quiet, late, faults)
    found = []
    for number, line in enumerate(lines, 1):
        leg = reader.read(FileLine(number, 0, line.encode(), len(line), ended=True))
        found += list(grouper.add(leg)) if leg else []
    found += list(grouper.close())
    return [(call.id.partition(".")[2], len(call.records), call.revision) for call in found], faults


def test_calls_are_given_out_in_the_order_in_which_they_end() -> None:
    lines = [record(at=0, seconds=300, line="1"), record(at=10, line="2"), record(at=400, line="3")]
    assert grouped([lines[0], lines[1], lines[2]], quiet=600)[0] == [("2", 1, 0), ("1", 1, 0), ("3", 1, 0)]


def test_the_same_record_twice_is_once_and_two_agents_that_rang_are_two() -> None:
    rang = [record(at=0, answering=f"PJSIP/20{agent}-1", answered=False) for agent in (1, 2)]
    assert grouped([rang[0], rang[1], rang[0]])[0] == [("1", 2, 0)]


def test_a_call_waits_until_all_its_legs_are_quiet() -> None:
    legs = [record(at=0), record(at=30, call=0, leg="x"), record(at=65, line="2"), record(at=200, line="3")]
    assert grouped(legs)[0] == [("1", 2, 0), ("2", 1, 0), ("3", 1, 0)]


def test_a_late_record_revises_its_call_and_a_repeated_one_does_not() -> None:
    first, other = record(at=0), record(at=100, line="2")
    late = record(at=5, call=0, leg="x")
    assert grouped([first, other, late], late=600)[0] == [("1", 1, 0), ("1", 2, 1), ("2", 1, 0)]
    assert grouped([first, other, first], late=600)[0] == [("1", 1, 0), ("2", 1, 0)]


@pytest.mark.parametrize("place", [0, 1, 3])
def test_one_record_from_the_future_moves_no_clock(place: int) -> None:
    legs = [record(at=0), record(at=5, call=0, leg="x"), record(at=12, call=0, leg="y"), record(at=100, line="2")]
    legs.insert(place, record(at=9_000_000, line="9"))
    calls, faults = grouped(legs)
    assert calls == [("1", 3, 0), ("2", 1, 0)]
    assert faults.total == 1


def test_after_a_closed_week_the_clock_goes_on() -> None:
    week = 7 * 24 * 3600
    assert grouped([record(at=0), record(at=week, line="2"), record(at=week + 60, line="3")])[0] == [
        ("1", 1, 0),
        ("2", 1, 0),
        ("3", 1, 0),
    ]


def test_what_is_held_is_bounded_by_the_window() -> None:
    faults = Faults()
    reader, grouper = RecordReader("Master.csv", PARIS, faults), Grouper(10, 600, faults)
    most = 0
    for number in range(2_000):
        line = record(at=number * 60, line=str(number))
        leg = reader.read(FileLine(number, 0, line.encode(), len(line), ended=True))
        assert leg is not None
        list(grouper.add(leg))
        most = max(most, len(grouper))
    assert most <= 12
