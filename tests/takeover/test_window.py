"""The pace of an import: in order, of one conversation or one writer never two at once, and not too many at all."""

from datetime import timedelta

from dtm_contact.takeover.importing import _AT_ONCE, Window
from dtm_contact.takeover.mail import MailHead
from tests.takeover.mails import NOW


def head(number: int, writer: str = "", *thread: str, size: int = 1) -> MailHead:
    writer = writer or f"w{number}@x"
    return MailHead(f"{number}", NOW + timedelta(minutes=number), f"{number}@x", thread, writer, size)


def step(window: Window, settled: int = 0) -> list[str]:
    """Let some of those that wait be judged, the first first; return what comes next."""
    window.settled(window.waiting[settled:])
    batch = window.next_ones()
    window.wait_for([(each, each.place) for each in batch])
    return [each.place for each in batch]


def test_an_answer_waits_until_what_it_answers_is_judged() -> None:
    window = Window([head(0), head(1), head(2, "", "0@x"), head(3)])
    assert step(window) == ["0", "1"]
    assert step(window) == []
    assert step(window, settled=1) == ["2", "3"]


def test_two_who_answer_the_same_unknown_message_are_one_conversation() -> None:
    window = Window([head(0, "", "far@x"), head(1, "", "far@x")])
    assert step(window) == ["0"]
    assert step(window, settled=1) == ["1"]


def test_one_writer_has_one_at_a_time() -> None:
    window = Window([head(0, "a@x"), head(1, "a@x"), head(2)])
    assert step(window) == ["0"]
    assert step(window, settled=1) == ["1", "2"]
    assert window
    step(window, settled=2)
    assert not window


def test_not_too_many_wait_nor_too_large_ones_beside_each_other() -> None:
    window = Window([head(number) for number in range(_AT_ONCE + 2)])
    assert len(step(window)) == _AT_ONCE
    assert step(window, settled=1) == [f"{_AT_ONCE}"]
    large = Window([head(number, size=30_000_000) for number in range(2)])
    assert step(large) == ["0"]
    assert step(large, settled=1) == ["1"]
