import io
import json

import pytest
import structlog

from dtm_contact import log
from dtm_contact.log import RepeatFilter, get_log, mask
from dtm_contact.settings import LogSettings


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("from huguette.joly@gmail.example at once", "from <address> at once"),
        ("<a@b.example>", "<<address>>"),
        ("call 06 44 60 23 14 back", "call <number> back"),
        ("+33644602314", "<number>"),
        ("case 2026-004217 arrival 12", "case 2026-004217 arrival 12"),
    ],
)
def test_what_looks_personal_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_line_is_json_and_names_its_part(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(LogSettings(level="INFO", json_lines=True))
    get_log("worker").info("judged", note="wrote to a@b.example", arrival=3)
    line = json.loads(capsys.readouterr().err)
    get_log("worker").info("lease", incarnation="cadran@0123456789abcdef")
    assert json.loads(capsys.readouterr().err)["incarnation"] == "cadran@0123456789abcdef"
    assert (line["part"], line["event"], line["note"], line["arrival"]) == ("worker", "judged", "wrote to <address>", 3)


def test_an_exception_is_told_by_type_and_place_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(LogSettings(json_lines=True))
    try:
        int("Mme Joly, 3e étage")
    except ValueError:
        get_log("worker").exception("not stored")
    written = capsys.readouterr().err
    assert "Joly" not in written
    assert json.loads(written)["error"] == "ValueError"
    assert "test_log.py:" in json.loads(written)["raised_at"]


def test_a_log_that_nobody_reads_any_more_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log.configure(LogSettings())
    gone = io.StringIO()
    gone.close()
    monkeypatch.setattr("sys.stderr", gone)
    get_log("worker").warning("written to nobody")


MINUTE = "2026-11-24T09:{:02}:00Z"


def test_a_warning_of_one_kind_is_written_once_a_minute_with_how_many_there_were() -> None:
    only_once = RepeatFilter()

    def written(minute: int, **line: object) -> dict[str, object] | None:
        try:
            return dict(only_once(None, "", {"level": "warning", "timestamp": MINUTE.format(minute), **line}))
        except structlog.DropEvent:
            return None

    assert written(0, event="turned away", reply="421") is not None
    for number in range(500):
        assert written(0, event="turned away", reply="421", arrival=number) is None
    assert written(0, event="turned away", reply="452") is not None
    assert written(0, event="2 columns", line=1) is not None
    assert written(0, event="2 columns", line=2) is not None
    assert written(0, event="judged", level="info") == written(0, event="judged", level="info")
    assert (written(1, event="turned away", reply="421") or {})["repeated"] == 500
    assert "repeated" not in (written(2, event="turned away", reply="421") or {})


def test_kinds_of_warnings_do_not_gather_for_ever() -> None:
    only_once = RepeatFilter()
    for number in range(5_000):
        only_once(None, "", {"level": "error", "event": str(number), "timestamp": MINUTE.format(0)})
    assert len(only_once._written) <= 1_000
