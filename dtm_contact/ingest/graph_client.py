"""A mailbox by Microsoft Graph (v1.0), as far as it is needed here: what came into a folder, its octets, where it goes.

By the documentation: messages of a folder by delta query, `$value` for the MIME content, ids that stay the same when a
message is moved (`Prefer: IdType="ImmutableId"`). Links that the service hands out are followed only where they lead to
the service itself: our token goes with them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from dtm_contact.errors import WrongSettingError
from dtm_contact.ingest.mailbox import CredentialsRefusedError, MailboxRefusedError, ProtocolError
from dtm_contact.ingest.oauth import TokenSource
from dtm_contact.ingest.web_client import WebAnswer, WebClient
from dtm_contact.settings import GraphSettings

_LARGEST_ANSWER: Final = 8 * 1024 * 1024
_HEAD: Final = 64 * 1024
"""Octets that are read of an answer which repeats the whole message."""
_MOST_PAGES: Final = 20_000
_PAGE: Final = 200
_PREFER: Final = f'IdType="ImmutableId", odata.maxpagesize={_PAGE}'
_LONGEST_ID: Final = 2048
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message that lies in a folder: by which id, and when it was received."""

    id: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What came into a folder, and the link that tells what comes after it."""

    messages: tuple[ListedMessage, ...]
    link: str


@dataclass(frozen=True, slots=True)
class MessageStanding:
    """In which folder a message lies, by its id, and its categories."""

    folder: str
    categories: tuple[str, ...]


class GraphClient:
    """One mailbox.

    Every method raises MailboxLostError where the service is away or busy, ProtocolError where it answers what cannot
    be read, MailboxRefusedError where it does not want what is asked, CredentialsRefusedError where it does not want
    us, and what `TokenSource.token` raises.
    """

    def __init__(self, settings: GraphSettings, client: WebClient, tokens: TokenSource) -> None:
        """Take where the mailbox is, what speaks with the service, and who gives tokens."""
        if not settings.user:
            raise WrongSettingError("DTM_GRAPH_USER: whose mailbox is read")
        self._settings = settings
        self._client = client
        self._tokens = tokens
        self._mailbox = f"{settings.url}/users/{_segment(settings.user)}"
        self._folders: dict[tuple[str, str], str] = {}

    async def folder(self, name: str) -> str:
        """Return the id of a folder: of one of the service's own names, of an id, or of what people see.

        Raises:
            MailboxRefusedError: there is none.
        """
        if "/" not in name:
            answer = await self._asked("GET", f"{self._mailbox}/mailFolders/{_segment(name)}?$select=id")
            if answer.status == HTTPStatus.OK:
                return _id(answer.fields())
            if answer.status not in {*_GONE, HTTPStatus.BAD_REQUEST}:
                raise _refusal(answer)
        found = await self._by_path(name, make=False)
        if found is None:
            raise MailboxRefusedError(f"there is no folder {name}")
        return found

    async def changes(self, folder: str, link: str) -> FolderChanges:
        """Return what came into a folder since a link was given; empty: all that lies in it.

        Raises:
            MailboxRefusedError: the link has run out (status 410), or is of no use here.
        """
        listed: dict[str, ListedMessage] = {}
        asked = {"$select": "receivedDateTime", "changeType": "created"}
        url = link or f"{self._mailbox}/mailFolders/{_segment(folder)}/messages/delta?{urlencode(asked, safe='$')}"
        for _page in range(_MOST_PAGES):
            fields = await self._fields("GET", self._own(url))
            for item in _objects(fields, "value"):
                if (message := _listed(item)) is not None:
                    listed[message.id] = message
            if isinstance(following := fields.get("@odata.deltaLink"), str):
                return FolderChanges(tuple(sorted(listed.values(), key=lambda each: each.received_at)), following)
            url = _text(fields, "@odata.nextLink")
        raise ProtocolError(f"its list of messages goes on after {_MOST_PAGES:,} pages")

    async def octets(self, message: str, limit: int) -> bytes | None:
        """Return the octets of a message as they came, at most so many; None where it is not there any more."""
        answer = await self._asked("GET", f"{self._message(message)}/$value", most=limit, cut=True)
        if answer.status in _GONE:
            return None
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer)
        return answer.octets

    async def standing(self, message: str) -> MessageStanding | None:
        """Return where a message lies; None where it is not there any more."""
        answer = await self._asked("GET", f"{self._message(message)}?$select=parentFolderId,categories")
        if answer.status in _GONE:
            return None
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer)
        fields = answer.fields()
        categories = fields.get("categories")
        texts = tuple(str(each) for each in categories) if isinstance(categories, list) else ()
        return MessageStanding(_text(fields, "parentFolderId"), texts)

    async def move(self, message: str, name: str) -> None:
        """Move a message into a folder, which is made where there is none; what is gone by now is passed over."""
        target = await self._by_path(name, make=True)
        to = {"destinationId": target}
        answer = await self._asked("POST", f"{self._message(message)}/move", most=_HEAD, cut=True, fields=to)
        if answer.status not in {HTTPStatus.CREATED, HTTPStatus.OK, *_GONE}:
            raise _refusal(answer)

    async def categorize(self, message: str, categories: tuple[str, ...]) -> None:
        """Give a message these categories, in place of those it has; what is gone by now is passed over."""
        given = {"categories": list(categories)}
        answer = await self._asked("PATCH", self._message(message), most=_HEAD, cut=True, fields=given)
        if answer.status not in {HTTPStatus.OK, *_GONE}:
            raise _refusal(answer)

    def _message(self, message: str) -> str:
        return f"{self._mailbox}/messages/{_segment(message)}"

    async def _by_path(self, path: str, *, make: bool) -> str | None:
        """Return the id of a folder by what people see, a level after the other; `make`: where there is none."""
        above = ""
        for name in path.split("/"):
            known = self._folders.get((above, name))
            below = f"{self._mailbox}/mailFolders" + (f"/{_segment(above)}/childFolders" if above else "")
            found = known or await self._child(below, name)
            if found is None and make:
                found = await self._made(below, name)
            if found is None:
                return None
            above = self._folders[above, name] = found
        return above

    async def _child(self, below: str, name: str) -> str | None:
        quoted = name.replace("'", "''")
        asked = {"$filter": f"displayName eq '{quoted}'", "$select": "id,displayName"}
        fields = await self._fields("GET", f"{below}?{urlencode(asked, safe='$', quote_via=quote)}")
        same = (item for item in _objects(fields, "value") if str(item.get("displayName", "")).lower() == name.lower())
        found = next(same, None)
        return None if found is None else _id(found)

    async def _made(self, below: str, name: str) -> str:
        answer = await self._asked("POST", below, fields={"displayName": name})
        if answer.status == HTTPStatus.CREATED:
            return _id(answer.fields())
        # Somebody else may have made it meanwhile.
        found = await self._child(below, name) if answer.status == HTTPStatus.CONFLICT else None
        if found is None:
            raise _refusal(answer)
        return found

    async def _fields(self, method: str, url: str) -> Mapping[str, Any]:
        answer = await self._asked(method, url)
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer)
        return answer.fields()

    async def _asked(
        self,
        method: str,
        url: str,
        *,
        most: int = _LARGEST_ANSWER,
        cut: bool = False,
        fields: Mapping[str, Any] | None = None,
    ) -> WebAnswer:
        """Return an answer; a token that was used before is asked for anew where it is refused."""
        ask = partial(self._client.ask, method, url, most=most, cut=cut, fields=fields)
        answer = await ask(headers=await self._headers())
        if answer.status == HTTPStatus.UNAUTHORIZED and self._tokens.forget():
            answer = await ask(headers=await self._headers())
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.forget()
            raise CredentialsRefusedError(_said(answer))
        if answer.status == HTTPStatus.FORBIDDEN:
            told = "let its administrator grant the application Mail.ReadWrite for this mailbox"
            raise CredentialsRefusedError(f"{_said(answer)}; {told}")
        return answer

    async def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {await self._tokens.token()}", "Prefer": _PREFER}

    def _own(self, url: str) -> str:
        """Return a link that leads to the service itself.

        Raises:
            MailboxRefusedError: it leads elsewhere.
        """
        ours, theirs = urlsplit(self._settings.url), urlsplit(url)
        if (ours.scheme, ours.netloc.lower()) != (theirs.scheme, theirs.netloc.lower()):
            raise MailboxRefusedError("a link leads elsewhere than to the service")
        return url


def _segment(text: str) -> str:
    """Return a text as one segment of a path."""
    return quote(text, safe="@")


def _said(answer: WebAnswer) -> str:
    """Return the status, with the service's code where it gives one."""
    error = answer.fields().get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return f"status {answer.status}" + (f" {code}" if isinstance(code, str) and _CODE.fullmatch(code) else "")


def _refusal(answer: WebAnswer) -> MailboxRefusedError:
    return MailboxRefusedError(_said(answer))


def _objects(fields: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = fields.get(name)
    if not isinstance(found, list):
        raise _unexpected(name, "a list", found)
    return [each for each in found if isinstance(each, dict)]


def _unexpected(name: str, wanted: str, found: object) -> ProtocolError:
    """Return that an answer in JSON has something else where a field is read; its value may be a person's."""
    there = "nothing" if found is None else f"a value of type {type(found).__name__}"
    return ProtocolError(f"its answer in JSON has {there} under {name!r}, where {wanted} is expected")


def _text(fields: Mapping[str, Any], name: str) -> str:
    found = fields.get(name)
    if not isinstance(found, str) or not found:
        raise _unexpected(name, "a text", found)
    return found


def _id(fields: Mapping[str, Any]) -> str:
    found = _text(fields, "id")
    if len(found) > _LONGEST_ID:
        raise ProtocolError(f"its answer has an id of {len(found):,} characters, where {_LONGEST_ID:,} are the most")
    return found


def _listed(item: Mapping[str, Any]) -> ListedMessage | None:
    """Return a message of a list; None where it only tells that one is there no more."""
    if "@removed" in item:
        return None
    told = _text(item, "receivedDateTime")
    try:
        received_at = datetime.fromisoformat(told)
    except ValueError:
        received_at = None
    if received_at is None or received_at.tzinfo is None:
        raise _unexpected("receivedDateTime", "a time with its offset", told)
    return ListedMessage(_id(item), received_at)
