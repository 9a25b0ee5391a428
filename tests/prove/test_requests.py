from pathlib import Path

from tests.prove.requests import prove_requests


def test_no_request_whatever_it_holds_makes_the_way_in_fail_or_is_stored_half(tmp_path: Path) -> None:
    outcome = prove_requests(tmp_path, 60, 1)
    assert outcome.sound, "\n".join(outcome.lines())
