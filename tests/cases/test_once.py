"""What a form asks for is done once, however often it is sent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dtm_contact.cases import Command, Done, WrongArgumentError, apply
from dtm_contact.store.writing_schema import act_keys
from tests.cases.conftest import Desk
from tests.store.samples import NOW


def send(desk: Desk, number: str, form: str = "a form", verb: str = "note", **arguments: str) -> Done:
    command = Command(verb, "paul", number, arguments or {"text": "Vu avec elle"}, form=form)
    return apply(desk.store, command, NOW, lambda: desk.grounds)


def test_a_form_that_is_sent_twice_is_done_once_and_answered_alike(desk: Desk) -> None:
    number = desk.open()
    first, second = send(desk, number), send(desk, number)
    assert (first.again, second.again) == (False, True)
    assert (second.number, second.version, second.opened) == (first.number, first.version, first.opened)
    assert second.events == ()
    assert desk.happened(number) == ["opened", "noted"]
    send(desk, number, "another form")
    assert desk.happened(number) == ["opened", "noted", "noted"]


def test_two_at_once_are_done_once(desk: Desk) -> None:
    number = desk.open()
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: send(desk, number), range(4)))
    assert sorted(each.again for each in done) == [False, True, True, True]
    assert {(each.number, each.version) for each in done} == {(done[0].number, done[0].version)}
    assert desk.happened(number) == ["opened", "noted"]


def test_what_was_refused_can_be_asked_for_again(desk: Desk) -> None:
    number = desk.open()
    with pytest.raises(WrongArgumentError):
        send(desk, number, verb="topic", topic="none of ours")
    assert not send(desk, number, verb="topic", topic="neighbours").again


def test_a_key_is_forgotten_after_a_day(desk: Desk) -> None:
    send(desk, desk.open())
    count = sa.select(sa.func.count()).select_from(act_keys)
    for days, left in ((0.9, 1), (1.1, 0)):
        desk.store.drafts.erase_old(NOW + timedelta(days=days))
        with desk.store.database.reading() as connection:
            assert connection.execute(count).scalar() == left
