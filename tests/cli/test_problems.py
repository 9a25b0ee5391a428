import json

import pytest

from dtm_contact.cli.output import print_problems
from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Problem, Severity

PROBLEMS = (
    Problem("a.yaml", 1, 1, "odd", severity=Severity.WARNING),
    Problem("a.yaml", 2, 1, "wrong"),
    Problem("b.yaml", 1, 1, "odd too", severity=Severity.WARNING),
    Problem("b.yaml", 2, 1, "wrong too"),
)
TOLD = [
    "a.yaml:2:1: error: wrong",
    "b.yaml:2:1: error: wrong too",
    "a.yaml:1:1: warning: odd",
    "b.yaml:1:1: warning: odd too",
]


def test_what_must_be_mended_is_read_first(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems(PROBLEMS, as_json=False)
    assert capsys.readouterr().err.splitlines() == TOLD
    print_problems(PROBLEMS, as_json=True)
    severities = [json.loads(line)["severity"] for line in capsys.readouterr().out.splitlines()]
    assert severities == ["error", "error", "warning", "warning"]
    assert str(InvalidFilesError(PROBLEMS)).splitlines()[1:] == TOLD
