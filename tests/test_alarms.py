import json

import pytest
from prometheus_client import REGISTRY

from dtm_contact import log
from dtm_contact.alarms import AGAIN_SECONDS, Alarms
from dtm_contact.settings import LogSettings
from tests.heard import Heard


class Admins:
    def __init__(self) -> None:
        self.now = 0.0
        self.heard = Heard()
        self.told = self.heard.told
        self.alarms = Alarms(self.heard, lambda: self.now)


def test_what_lasts_is_told_once_until_it_is_over() -> None:
    admins = Admins()
    admins.alarms.sound("intake", "first")
    admins.alarms.sound("intake", "first")
    assert (admins.told, admins.alarms.lasting) == ([("intake", "first")], ("intake",))
    assert REGISTRY.get_sample_value("dtm_alarming", {"cause": "intake"}) == 1
    admins.alarms.over("intake")
    admins.alarms.over("intake")
    assert (admins.alarms.lasting, admins.heard.ended) == ((), ["intake"])
    assert REGISTRY.get_sample_value("dtm_alarming", {"cause": "intake"}) == 0
    admins.alarms.sound("intake", "anew")
    assert admins.told[-1] == ("intake", "anew")


def test_a_sentence_that_changes_is_heard_but_is_no_other_alarm() -> None:
    admins = Admins()
    admins.alarms.sound("relay", "connection refused")
    admins.alarms.sound("relay", "its certificate is refused")
    assert admins.told == [("relay", "connection refused"), ("relay", "its certificate is refused")]
    assert admins.alarms.illness() == {"relay": "its certificate is refused"}
    assert REGISTRY.get_sample_value("dtm_alarming", {"cause": "relay"}) == 1
    admins.alarms.over("relay")


def test_not_every_alarm_is_an_illness_of_the_daemon() -> None:
    admins = Admins()
    admins.alarms.sound("directory-age", "old")
    assert (admins.alarms.illness(), admins.alarms.troubles()) == ({}, {"directory-age": "old"})
    admins.alarms.over("directory-age")


def test_what_happens_is_told_once_an_hour_for_each_cause() -> None:
    admins = Admins()
    for cause in ("parked-A", "parked-A", "parked-B"):
        admins.alarms.happened(cause, cause)
    assert [cause for cause, _told in admins.told] == ["parked-A", "parked-B"]
    admins.now = AGAIN_SECONDS
    admins.alarms.happened("parked-A", "later")
    assert admins.told[-1] == ("parked-A", "later")
    assert admins.alarms.lasting == ()


def test_what_is_not_told_again_stands_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(LogSettings(json_lines=True))
    admins = Admins()
    for number in (1, 2):
        admins.alarms.happened("not-notified", f"case {number}")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["level"], line["event"]) for line in lines] == [("error", "case 1"), ("warning", "case 2")]
    assert len(admins.told) == 1
