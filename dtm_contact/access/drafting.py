"""The procedures on drafts: an account's own, and on cases that it may see."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from dtm_contact.access.roles import Right, may, visibility_of
from dtm_contact.access.rpc import procedure
from dtm_contact.errors import NotFoundError
from dtm_contact.model import DraftKey, DraftKind, WritingPage
from dtm_contact.store import Account, Store, TrailLine

MOST_FIELDS: Final = 40
LONGEST: Final = 100_000
"""Characters of all that stands in a form."""
_LONGEST_NAME: Final = 40


@procedure
def save_drafts(store: Store, now: datetime, *, drafts: list[dict[str, Any]]) -> list[int | None]:
    """Keep what several people are writing, in one transaction.

    Args:
        store: where.
        now: the time, aware.
        drafts: of each who writes (`who`), its `kind`, what it is `about`, the mark of the `page` on which it is
            written, and its `fields`; None in place of these for a letter that somebody is still at, though nothing new
            was typed. Of two of one page the last counts.

    Returns:
        The revision of each; 0 where nothing is written in it any more, `ENDED` where it was sent or thrown away, None
        where they may not write there, as where there is no such case, or where no form has such fields.
    """
    keys = _keys_of(store, [(each["who"], each["kind"], each["about"], each.get("page", "")) for each in drafts])
    found = [(key, each["fields"]) for key, each in zip(keys, drafts, strict=True) if key is not None]
    written = {key: fields for key, fields in found if fields is not None and _is_form(fields)}
    still = [key for key, fields in found if fields is None]
    saved = store.drafts.save(written, now, still) if written or still else {}
    return [saved.get(key, 0 if key in still else None) if key is not None else None for key in keys]


@procedure
def drop_draft(store: Store, now: datetime, *, who: str, kind: str, about: str, page: str = "") -> None:
    """Forget what somebody was writing on a page."""
    store.drafts.drop(key_of(store, who, kind, about, page), now)


@procedure
def begin_file(  # noqa: PLR0913 - it travels as JSON
    store: Store, now: datetime, *, who: str, kind: str, about: str, named: str, media_type: str, page: str = ""
) -> int:
    """Begin a file of somebody's draft; return its id."""
    return store.files.begin(key_of(store, who, kind, about, page), named, media_type, now)


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


def key_of(store: Store, who: str, kind: str, about: str, page: str = "") -> DraftKey:
    """Return which draft of an account is meant.

    Raises:
        NotFoundError: the account may not work on cases, there is no draft of that kind, or no case that it may see.
    """
    key = _keys_of(store, [(who, kind, about, page)])[0]
    if key is None:
        raise NotFoundError("draft")
    return key


def _keys_of(store: Store, wanted: Sequence[tuple[str, str, str, str]]) -> list[DraftKey | None]:
    """Return which drafts are meant by who writes, the kind, what it is about, the page; None as `key_of` raises."""
    accounts = store.accounts.by_name({who for who, _kind, _about, _page in wanted})
    cases = store.desk.offices_of({about for _who, kind, about, _page in wanted if kind != DraftKind.NEW})
    return [
        DraftKey(accounts[who].id, DraftKind(kind), about, WritingPage.read(page))
        if who in accounts and kind in set(DraftKind) and _may_write(accounts[who], kind, about, cases)
        else None
        for who, kind, about, page in wanted
    ]


def _may_write(account: Account, kind: str, about: str, cases: Mapping[str, tuple[str | None, bool]]) -> bool:
    if account.disabled_at is not None or not may(account, Right.WORK):
        return False
    if kind == DraftKind.NEW:
        return True
    office_id, archived = cases.get(about, (None, True))
    return about in cases and visibility_of(account).sees_case(office_id, archived=archived)


def _is_form(fields: Any) -> bool:
    return (
        isinstance(fields, dict)
        and len(fields) <= MOST_FIELDS
        and all(isinstance(name, str) and len(name) <= _LONGEST_NAME for name in fields)
        and all(isinstance(value, str) for value in fields.values())
        and sum(map(len, fields.values())) <= LONGEST
    )
