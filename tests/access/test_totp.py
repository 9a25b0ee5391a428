"""Codes of a second factor: as RFC 6238 makes them, each taken once; recovery codes likewise."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dtm_contact.access import new_account
from dtm_contact.access.login import count_failure
from dtm_contact.access.totp import (
    code_of,
    new_recovery_codes,
    new_totp_secret,
    recovery_digest,
    step_at,
    step_of,
    take_code,
    telephone_address,
)
from dtm_contact.store import Account, Store, migrate, open_store
from tests.store.samples import NOW

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
SECRET = new_totp_secret()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_of(RFC_SECRET, step_at(datetime.fromtimestamp(seconds, UTC)), digits=8) == code


@pytest.mark.parametrize(("apart", "taken"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_clock_may_be_half_a_minute_apart(apart: int, taken: bool) -> None:  # noqa: FBT001 - a table
    at = datetime.fromtimestamp(NOW.timestamp() // 30 * 30, UTC)
    theirs = code_of(SECRET, step_at(at + timedelta(seconds=apart)))
    assert (step_of(SECRET, theirs, at) is not None) is taken


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345\x00", "-12345", "1" * 9999])
def test_what_is_no_code_is_right_for_no_step(typed: str) -> None:
    assert step_of(SECRET, typed, NOW) is None


def test_the_address_for_telephones_says_whose_secret_it_is() -> None:
    address = telephone_address("ABCD", "anne.martin")
    assert address.startswith("otpauth://totp/Bureau%20DTM%3Aanne.martin?secret=ABCD&issuer=Bureau%20DTM&")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def anne(store: Store) -> Account:
    store.accounts.add(new_account("anne", "Anne", "head", None, None), NOW)
    account = store.accounts.named("anne")
    store.second_factors.propose(account.id, SECRET)
    return account


def in_force(store: Store, account: Account) -> list[str]:
    codes = new_recovery_codes()
    digests = [recovery_digest(code) for code in codes]
    assert store.second_factors.confirm(account.id, SECRET, step_at(NOW) - 9, digests, NOW)
    return codes


def code_at(now: datetime) -> str:
    return code_of(SECRET, step_at(now))


def test_a_code_is_taken_once_and_none_before_it_ever_again(store: Store, anne: Account) -> None:
    assert not take_code(store, anne, code_at(NOW), "", NOW), "what no code has confirmed lets nobody in"
    in_force(store, anne)
    assert take_code(store, anne, code_at(NOW), "", NOW)
    assert not take_code(store, anne, code_at(NOW), "", NOW)
    assert not take_code(store, anne, code_at(NOW - timedelta(seconds=30)), "", NOW)
    assert take_code(store, anne, code_at(NOW + timedelta(seconds=30)), "", NOW)


def test_a_recovery_code_is_taken_once_however_it_is_typed_and_stands_in_the_store_by_its_digest(
    store: Store, anne: Account
) -> None:
    first, second, *_ = in_force(store, anne)
    assert take_code(store, anne, first, "", NOW)
    assert not take_code(store, anne, first, "", NOW)
    assert take_code(store, anne, second.upper().replace("-", " "), "", NOW)
    assert store.second_factors.of(anne.id).recovery_codes == 8
    with store.database.reading() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM recovery_codes").all())
    assert second.replace("-", "") not in kept
    used = [line for _, line in store.accounts.trail_of(limit=9) if line.what == "recovery code used"]
    assert [line.data for line in used] == [{"left": 8}, {"left": 9}]


def test_during_a_lock_no_code_is_right_and_none_is_used_up(store: Store, anne: Account) -> None:
    (code, *_) = in_force(store, anne)
    assert [count_failure(store, "anne", "", NOW, "code refused") for _ in range(5)][-1]
    assert not take_code(store, anne, code_at(NOW), "", NOW)
    assert not take_code(store, anne, code, "", NOW)
    later = NOW + timedelta(minutes=6)
    assert take_code(store, anne, code, "", later)
    assert take_code(store, anne, code_at(later), "", later)


def test_a_new_secret_takes_the_place_of_the_old_one_once_a_code_confirms_it(store: Store, anne: Account) -> None:
    in_force(store, anne)
    other = new_totp_secret()
    store.second_factors.propose(anne.id, other)
    assert take_code(store, anne, code_at(NOW), "", NOW), "the old one is in force meanwhile"
    assert not store.second_factors.confirm(anne.id, SECRET, 1, ["x"], NOW), "it is not what was proposed"
    assert store.second_factors.confirm(anne.id, other, step_at(NOW), ["x"], NOW)
    assert store.second_factors.of(anne.id).recovery_codes == 1
    assert store.second_factors.of(anne.id).secret == other
