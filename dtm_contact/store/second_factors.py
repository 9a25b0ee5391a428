"""What accounts are asked for beside their password: the secret of a telephone, and codes for who is without it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.secret_keys import SecretKeys, UnopenedSecretError
from dtm_contact.store.system_schema import recovery_codes, second_factors


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What an account has of a second factor.

    Attributes:
        secret: the one that codes are made of, as it is kept; None where the account has none.
        pending: one that was shown, and that no code has confirmed yet, as it is kept.
        confirmed_at: since when it is asked.
        recovery_codes: how many recovery codes are left.
    """

    secret: str | None = None
    pending: str | None = None
    confirmed_at: datetime | None = None
    recovery_codes: int = 0


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """What came of sealing: accounts whose secrets were sealed anew, and those whose secrets no key opens."""

    sealed: int
    unopened: int


@dataclass(frozen=True, slots=True)
class SecretStates:
    """How many accounts have a secret that lies open in the store, and one that no key opens."""

    in_the_open: int
    unopened: int


class StoredSecondFactors:
    """The second factors of the accounts of one store. Blocking calls, each one transaction."""

    def __init__(self, database: Database, keys: SecretKeys | None = None) -> None:
        self._database = database
        self._keys = keys or SecretKeys()

    def of(self, account_id: int) -> SecondFactor:
        """Return what an account has; an empty one where it has nothing."""
        table = second_factors.c
        query = sa.select(table.secret, table.pending, table.confirmed_at).where(table.account_id == account_id)
        left = sa.select(sa.func.count()).where(recovery_codes.c.account_id == account_id)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
            return SecondFactor(*row, connection.execute(left).scalar_one()) if row is not None else SecondFactor()

    def opened(self, account_id: int, kept: str) -> str:
        """Return a secret of an account, in base32, of what is kept of it.

        Raises:
            UnopenedSecretError: it is sealed by a key that is not there.
        """
        return self._keys.opened(account_id, kept)

    def having(self) -> frozenset[int]:
        """Return the ids of the accounts that are asked for one."""
        query = sa.select(second_factors.c.account_id).where(second_factors.c.secret.is_not(None))
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def propose(self, account_id: int, secret: str) -> None:
        """Keep a secret until a code confirms it; the one in force stays so meanwhile."""
        with self._database.writing() as connection:
            kept = self._keys.sealed(account_id, secret)
            put = insert_of(connection)(second_factors).values(account_id=account_id, pending=kept)
            renewed = put.on_conflict_do_update(index_elements=["account_id"], set_={"pending": kept})
            connection.execute(renewed)

    def confirm(self, account_id: int, pending: str, step: int, codes: Collection[str], now: datetime) -> bool:
        """Put the secret that was proposed in force, with new recovery codes in place of all earlier ones.

        Args:
            account_id: whose.
            pending: the one that a code was right for, as it is kept.
            step: the time step of that code, which is taken no second time.
            codes: the digests of the recovery codes.
            now: the time.

        Returns:
            Whether it was still the one proposed.
        """
        mine = second_factors.c.account_id == account_id, second_factors.c.pending == pending
        values = {"secret": pending, "pending": None, "confirmed_at": now, "last_step": step}
        with self._database.writing() as connection:
            if connection.execute(sa.update(second_factors).where(*mine).values(values)).rowcount != 1:
                return False
            connection.execute(recovery_codes.delete().where(recovery_codes.c.account_id == account_id))
            connection.execute(recovery_codes.insert(), [{"account_id": account_id, "digest": each} for each in codes])
        return True

    def take_step(self, account_id: int, step: int) -> bool:
        """Note that the code of a time step was given; return whether neither it nor a later one was given before."""
        table = second_factors.c
        unused = sa.or_(table.last_step.is_(None), table.last_step < step)
        taken = sa.update(second_factors).where(table.account_id == account_id, unused).values(last_step=step)
        with self._database.writing() as connection:
            return connection.execute(taken).rowcount == 1

    def take_recovery_code(self, account_id: int, digest: str) -> bool:
        """Use a recovery code up; return whether it was there."""
        mine = recovery_codes.c.account_id == account_id, recovery_codes.c.digest == digest
        with self._database.writing() as connection:
            return connection.execute(recovery_codes.delete().where(*mine)).rowcount == 1

    def seal_all(self) -> SealedSecrets:
        """Seal what is kept open or by an earlier key by the first key, in one transaction; return how many."""
        table = second_factors.c
        sealed = unopened = 0
        with self._database.writing() as connection:
            for account_id, *kept in connection.execute(sa.select(table.account_id, table.secret, table.pending)).all():
                named = {name: each for name, each in zip(("secret", "pending"), kept, strict=True) if each}
                try:
                    anew = {
                        name: self._keys.sealed(account_id, self._keys.opened(account_id, each))
                        for name, each in named.items()
                        if not self._keys.is_current(each)
                    }
                except UnopenedSecretError:
                    unopened += 1
                    continue
                if anew:
                    connection.execute(sa.update(second_factors).where(table.account_id == account_id).values(anew))
                    sealed += 1
        return SealedSecrets(sealed, unopened)

    def states(self) -> SecretStates:
        """Return how many accounts have a secret that is kept open, and one that the keys do not open."""
        table = second_factors.c
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(table.account_id, table.secret).where(table.secret.is_not(None))).all()
        return SecretStates(
            sum(not self._keys.is_sealed(secret) for _, secret in rows),
            sum(not self._opens(account_id, secret) for account_id, secret in rows),
        )

    def _opens(self, account_id: int, kept: str) -> bool:
        try:
            return bool(self._keys.opened(account_id, kept))
        except UnopenedSecretError:
            return False

    def remove(self, account_id: int) -> None:
        """Forget an account's second factor and its recovery codes."""
        with self._database.writing() as connection:
            for table in (recovery_codes, second_factors):
                connection.execute(table.delete().where(table.c.account_id == account_id))
