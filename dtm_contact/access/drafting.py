"""The procedures on drafts: an account's own, and on cases that it may see."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from dtm_contact.access.roles import Right, may, sees_case
from dtm_contact.access.rpc import procedure
from dtm_contact.errors import NotFoundError
from dtm_contact.model import DraftKey, DraftKind
from dtm_contact.store import Store, TrailLine

MOST_FIELDS: Final = 40
LONGEST: Final = 100_000
"""Characters of all that stands in a form."""
_LONGEST_NAME: Final = 40


@procedure
def save_draft(store: Store, now: datetime, *, who: str, kind: str, about: str, fields: dict[str, str]) -> int:
    """Keep what somebody is writing; return the draft's revision, 0 where nothing is written in it any more.

    Raises:
        NotFoundError: they may not write there, as where there is no such case.
    """
    key, kept = key_of(store, who, kind, about), _checked(fields)
    if not any(value.strip() for value in kept.values()):
        draft = store.drafts.draft(key)
        if draft is None or not store.files.of_draft(draft.id):
            store.drafts.drop(key)
            return 0
    return store.drafts.save(key, kept, now).revision


@procedure
def drop_draft(store: Store, now: datetime, *, who: str, kind: str, about: str) -> None:
    """Forget what somebody was writing."""
    del now
    store.drafts.drop(key_of(store, who, kind, about))


@procedure
def still_writes(store: Store, now: datetime, *, who: str, kind: str, about: str) -> None:
    """Note that somebody is still writing to the tenant, though nothing new was saved."""
    del now
    key = key_of(store, who, kind, about)
    if key.kind.is_letter:
        store.drafts.still_writes(key)


@procedure
def begin_file(  # noqa: PLR0913 - it travels as JSON
    store: Store, now: datetime, *, who: str, kind: str, about: str, named: str, media_type: str
) -> int:
    """Begin a file of somebody's draft; return its id."""
    return store.files.begin(key_of(store, who, kind, about), named, media_type, now)


@procedure
def add_piece(store: Store, now: datetime, *, who: str, file_id: int, place: int, octets: str) -> None:
    """Add the next piece of a file that is coming in, in base64."""
    del now
    store.files.add_piece(file_id, store.accounts.named(who).id, place, base64.b64decode(octets))


@procedure
def finish_file(store: Store, now: datetime, *, who: str, file_id: int, sha256: str) -> None:
    """Say that a file is whole."""
    del now
    store.files.finish(file_id, store.accounts.named(who).id, sha256)


@procedure
def file_is_clean(store: Store, now: datetime, *, file_id: int) -> None:
    """Say that a virus scanner has found nothing in a file."""
    del now
    store.files.found_clean(file_id)


@procedure
def remove_file(store: Store, now: datetime, *, who: str, file_id: int) -> None:
    """Remove a file from somebody's draft."""
    del now
    store.files.remove(file_id, store.accounts.named(who).id)


@procedure
def set_signature(store: Store, now: datetime, *, who: str, signature: str) -> None:
    """Set what stands under what somebody writes."""
    store.accounts.sign(store.accounts.named(who).id, signature)
    store.accounts.trail(TrailLine(now, who, "signed", who))


def key_of(store: Store, who: str, kind: str, about: str) -> DraftKey:
    """Return which draft of an account is meant.

    Raises:
        NotFoundError: the account may not work on cases, there is no draft of that kind, or no case that it may see.
    """
    account = store.accounts.named(who)
    if account.disabled_at is not None or not may(account, Right.WORK) or kind not in set(DraftKind):
        raise NotFoundError("draft")
    if kind != DraftKind.NEW:
        case = store.desk.case(about)
        if case is None or not sees_case(account, case):
            raise NotFoundError("case")
    return DraftKey(account.id, DraftKind(kind), about)


def _checked(fields: Any) -> Mapping[str, str]:
    if not isinstance(fields, dict):
        raise NotFoundError("form")
    fit = (
        len(fields) <= MOST_FIELDS
        and all(isinstance(name, str) and len(name) <= _LONGEST_NAME for name in fields)
        and all(isinstance(value, str) for value in fields.values())
        and sum(map(len, fields.values())) <= LONGEST
    )
    if not fit:
        raise NotFoundError("form")
    return fields
