from prometheus_client import REGISTRY

from dtm_contact.alarms import AGAIN_SECONDS, Alarms


class Admins:
    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[tuple[str, str]] = []
        self.alarms = Alarms(lambda cause, told: self.told.append((cause, told)), lambda: self.now)


def test_what_lasts_is_told_once_until_it_is_over() -> None:
    admins = Admins()
    admins.alarms.sound("intake", "first")
    admins.alarms.sound("intake", "again")
    assert (admins.told, admins.alarms.lasting) == ([("intake", "first")], ("intake",))
    assert REGISTRY.get_sample_value("dtm_alarming", {"cause": "intake"}) == 1
    admins.alarms.over("intake")
    assert admins.alarms.lasting == ()
    assert REGISTRY.get_sample_value("dtm_alarming", {"cause": "intake"}) == 0
    admins.alarms.sound("intake", "anew")
    assert admins.told[-1] == ("intake", "anew")


def test_what_happens_is_told_once_an_hour_for_each_cause() -> None:
    admins = Admins()
    for cause in ("parked-A", "parked-A", "parked-B"):
        admins.alarms.happened(cause, cause)
    assert [cause for cause, _told in admins.told] == ["parked-A", "parked-B"]
    admins.now = AGAIN_SECONDS
    admins.alarms.happened("parked-A", "later")
    assert admins.told[-1] == ("parked-A", "later")
    assert admins.alarms.lasting == ()
