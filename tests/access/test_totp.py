"""Codes of a second factor: as RFC 6238 makes them, each taken once; recovery codes likewise."""

import base64
import json
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
from dtm_contact.cases import RefusedError
from dtm_contact.cases.wire import pack_error, raise_if_error
from dtm_contact.errors import WrongSettingError
from dtm_contact.settings import AccessSettings
from dtm_contact.store import Account, Store, open_store
from dtm_contact.store.second_factors import SealedSecrets, SecretStates
from dtm_contact.store.secret_keys import SecretKeys, UnopenedSecretError
from tests.store.fresh import fresh_store
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
    fresh_store(url)
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
    pending = store.second_factors.of(account.id).pending or ""
    assert store.second_factors.confirm(account.id, pending, step_at(NOW) - 9, digests, NOW)
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


FIRST, SECOND, OTHER = (base64.b64encode(bytes([number]) * 32).decode("ascii") for number in (1, 2, 251))


def opened(tmp_path: Path, *keys: str) -> Store:
    return open_store(f"sqlite:///{tmp_path}/store.db", keys=SecretKeys(keys))


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("store.db*"))


def test_a_stolen_database_gives_no_codes(tmp_path: Path) -> None:
    fresh_store(f"sqlite:///{tmp_path}/store.db")
    with opened(tmp_path, FIRST) as store:
        store.accounts.add(new_account("anne", "Anne", "head", None, None), NOW)
        account = store.accounts.named("anne")
        store.second_factors.propose(account.id, SECRET)
        assert SECRET.encode() not in everything_in(tmp_path)
        in_force(store, account)
        assert take_code(store, account, code_at(NOW), "", NOW)
        store.second_factors.propose(account.id, new_totp_secret())
    assert SECRET.encode() not in everything_in(tmp_path)
    with opened(tmp_path) as stolen, pytest.raises(UnopenedSecretError):
        take_code(stolen, account, code_at(NOW + timedelta(minutes=1)), "", NOW + timedelta(minutes=1))


def test_what_lies_open_is_sealed_once_there_is_a_key_and_only_once(
    tmp_path: Path, store: Store, anne: Account
) -> None:
    in_force(store, anne)
    assert store.second_factors.states() == SecretStates(in_the_open=1, unopened=0)
    assert store.second_factors.seal_all() == SealedSecrets(sealed=0, unopened=0)
    with opened(tmp_path, FIRST) as keyed:
        assert keyed.second_factors.seal_all() == SealedSecrets(sealed=1, unopened=0)
        assert keyed.second_factors.seal_all() == SealedSecrets(sealed=0, unopened=0)
        assert keyed.second_factors.states() == SecretStates(in_the_open=0, unopened=0)
        with keyed.database.reading() as connection:
            assert SECRET not in str(connection.exec_driver_sql("SELECT * FROM second_factors").all())
        assert take_code(keyed, anne, code_at(NOW), "", NOW)


def test_a_wrong_key_refuses_codes_but_no_recovery_code_and_a_command_helps(tmp_path: Path) -> None:
    fresh_store(f"sqlite:///{tmp_path}/store.db")
    with opened(tmp_path, FIRST) as store:
        store.accounts.add(new_account("anne", "Anne", "head", None, None), NOW)
        account = store.accounts.named("anne")
        store.second_factors.propose(account.id, SECRET)
        (code, *_) = in_force(store, account)
    with opened(tmp_path, OTHER) as wrong:
        assert wrong.second_factors.seal_all() == SealedSecrets(sealed=0, unopened=1)
        assert wrong.second_factors.states() == SecretStates(in_the_open=0, unopened=1)
        with pytest.raises(UnopenedSecretError, match="dites-le à l'administrateur"):
            take_code(wrong, account, code_at(NOW), "", NOW)
        assert take_code(wrong, account, code, "", NOW)
        wrong.second_factors.remove(account.id)
        assert wrong.second_factors.of(account.id).secret is None
        wrong.second_factors.propose(account.id, SECRET)
        in_force(wrong, account)
        assert take_code(wrong, account, code_at(NOW), "", NOW)


def test_keys_are_rotated_by_writing_the_new_one_above_the_old(tmp_path: Path) -> None:
    fresh_store(f"sqlite:///{tmp_path}/store.db")
    with opened(tmp_path, FIRST) as store:
        store.accounts.add(new_account("anne", "Anne", "head", None, None), NOW)
        account = store.accounts.named("anne")
        store.second_factors.propose(account.id, SECRET)
        in_force(store, account)
    with opened(tmp_path, SECOND, FIRST) as both:
        assert take_code(both, account, code_at(NOW), "", NOW)
        assert both.second_factors.seal_all() == SealedSecrets(sealed=1, unopened=0)
    with opened(tmp_path, SECOND) as after:
        assert after.second_factors.seal_all() == SealedSecrets(sealed=0, unopened=0)
        later = NOW + timedelta(minutes=1)
        assert take_code(after, account, code_at(later), "", later)


def test_a_sealed_secret_opens_for_its_owner_alone() -> None:
    keys = SecretKeys([FIRST])
    kept = keys.sealed(7, SECRET)
    assert keys.opened(7, kept) == SECRET
    with pytest.raises(UnopenedSecretError):
        keys.opened(8, kept)


@pytest.mark.parametrize("written", ["", "too short", "=" * 44, FIRST[:-4]])
def test_a_file_that_holds_no_key_is_told_by_its_line(tmp_path: Path, written: str) -> None:
    file = tmp_path / "key"
    file.write_text(f"{FIRST}\n\n{SECOND.translate(str.maketrans('+/', '-_'))}\n", "utf-8")
    assert len(AccessSettings(key_file=file).read_keys()) == 2
    file.write_text(f"{FIRST}\n{written}\n" if written else "\n", "utf-8")
    with pytest.raises(WrongSettingError, match=r"line 2 is no key|its first line is empty"):
        AccessSettings(key_file=file).read_keys()
    assert AccessSettings().read_keys() == ()


def test_the_desk_is_told_why_a_code_cannot_be_checked() -> None:
    with pytest.raises(RefusedError, match="la clé des seconds facteurs manque"):
        raise_if_error(json.loads(pack_error(UnopenedSecretError())))
