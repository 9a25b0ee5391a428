"""Whether our own mail server vouches for the sender's address (RFC 8601, RFC 7489).

Anybody can write any From, and any Authentication-Results. Only the headers that our own servers added count, and of
their results only those that are about the domain of From itself: a passing signature of another domain says nothing
of who wrote.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

from publicsuffixlist import PublicSuffixList

from dtm_contact.model import Authentication, domain_of
from dtm_contact.reading.decoding import clean_line, decode, decode_header
from dtm_contact.reading.headers import Headers, parse_mailboxes

_AUTHENTICATION: Final = "authentication-results"
_FILTERS: Final = re.compile(r"x-(?:spam|virus|amavis|rspamd|ms-exchange-organization-scl)\b.*")
_SHOWN: Final = 500

_TOKEN: Final = re.compile(
    r'(?P<space>\s+)|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[;=])|(?P<word>[^\s;="()]+)', re.DOTALL
)
_COMMENT_END: Final = re.compile(r"[()\\]")
_FAILURES: Final = frozenset({("spf", "fail"), ("spf", "softfail"), ("dkim", "fail")})
_RESULTS: Final = 200
"""Results read of all headers together: a server writes some ten."""


def trusted_verdicts(headers: Headers, authserv_ids: Collection[str], own_received: int = 0) -> tuple[str, ...]:
    """Return the verdicts of our own mail servers as "Header: value", topmost first, each cut for display.

    Args:
        headers: the message's.
        authserv_ids: the names that our servers give themselves.
        own_received: as `authentication` takes it.
    """
    found: list[str] = []
    for name, body in _added_by_us(headers, own_received):
        if name == _AUTHENTICATION:
            if _is_ours(body, authserv_ids):
                found.append(f"Authentication-Results: {decode_header(body)}"[:_SHOWN])
        elif _FILTERS.fullmatch(name):
            found.append(f"{name.title()}: {decode_header(body)}"[:_SHOWN])
    return tuple(found)


def authentication(headers: Headers, authserv_ids: Collection[str], own_received: int = 0) -> Authentication:
    """Return what our own mail servers found of the address in From.

    Vouched: there is exactly one From, DMARC did not fail, and DMARC passed for From's domain, or a DKIM signature
    whose `header.d`, or an SPF check whose `smtp.mailfrom`, is aligned with it passed (relaxed alignment, RFC 7489
    section 3.1). Failed: DMARC failed, there is more than one From, or a check failed and none vouches.

    Args:
        headers: the message's.
        authserv_ids: the names that our servers give themselves; without one no header is known to be ours, and
            nobody is vouched for.
        own_received: how many of the newest Received headers are our own servers', which write their results below
            them and remove what others wrote in their name (RFC 8601 section 5).
    """
    authors = [mailbox.address for body in headers.all_raw("from")[:20] for mailbox in parse_mailboxes(body)]
    if len(authors) != 1:
        return Authentication.FAILED if authors else Authentication.NONE
    domain = domain_of(authors[0])
    results = [
        result
        for name, body in _added_by_us(headers, own_received)
        if name == _AUTHENTICATION and authserv_ids and _is_ours(body, authserv_ids)
        for result in parse_results(clean_line(decode(body)))
    ][:_RESULTS]
    if any(result.method == "dmarc" and result.value == "fail" for result in results):
        return Authentication.FAILED
    if any(_vouches(result, domain) for result in results):
        return Authentication.VOUCHED
    failed = any((result.method, result.value) in _FAILURES for result in results)
    return Authentication.FAILED if failed else Authentication.NONE


class Unvouched(Enum):
    """Why nobody vouches for a sender, as whoever sets the mail server up can mend it."""

    NOT_MARKED = "no server has left its results on the message"
    NO_NAMES = "no name of a server of ours is set"
    OTHER_NAMES = "the results bear names that are not set"
    BELOW = "our server's results stand below Received headers that count as others'"
    NOT_PASSED = "no check passed for the domain of From, or DMARC failed for it"


@dataclass(frozen=True, slots=True)
class UnvouchedReason:
    """Why nobody vouches for the sender of one message.

    Attributes:
        kind: what is in the way.
        names: the names that the message's results bear, topmost first.
        received: how many Received headers stand above the first results that bear a name of ours.
    """

    kind: Unvouched
    names: tuple[str, ...] = ()
    received: int = 0


def unvouched_reason(headers: Headers, authserv_ids: Collection[str], own_received: int = 0) -> UnvouchedReason | None:
    """Return why nobody vouches for a sender; None where somebody does.

    Args:
        headers: the message's.
        authserv_ids: the names that our servers give themselves.
        own_received: as `authentication` takes it.
    """
    if authentication(headers, authserv_ids, own_received) is Authentication.VOUCHED:
        return None
    names = tuple(dict.fromkeys(_named(body) for body in headers.all_raw(_AUTHENTICATION)[:_RESULTS]))
    if not names or "received" not in headers:
        return UnvouchedReason(Unvouched.NOT_MARKED, names)
    if not authserv_ids:
        return UnvouchedReason(Unvouched.NO_NAMES, names)
    received = 0
    for name, body in headers.fields:
        received += name == "received"
        if name == _AUTHENTICATION and _is_ours(body, authserv_ids):
            kind = Unvouched.BELOW if received > own_received else Unvouched.NOT_PASSED
            return UnvouchedReason(kind, names, received)
    return UnvouchedReason(Unvouched.OTHER_NAMES, names)


@dataclass(frozen=True, slots=True)
class Result:
    """What one method found (RFC 8601 section 2.2).

    Attributes:
        method: `dkim`, `spf`, `dmarc`, …; lower case, without its version.
        value: `pass`, `fail`, `none`, …; lower case.
        properties: what it was found of, by name (`header.d`, `smtp.mailfrom`), lower case; the first of each name.
    """

    method: str
    value: str
    properties: dict[str, str]


def parse_results(text: str) -> tuple[Result, ...]:
    """Return the results of one Authentication-Results header; none where its quotation marks or comments never end.

    Args:
        text: the header's body, unfolded, the authserv-id included.
    """
    try:
        sections = _sections(text)
    except ValueError:
        return ()
    return tuple(result for section in sections[1:] if (result := _result(section)) is not None)


def aligned(domain: str, author: str) -> bool:
    """Return whether two domains belong to one organization (relaxed alignment, RFC 7489 section 3.1)."""
    domain, author = _ascii(domain), _ascii(author)
    if not domain or not author:
        return False
    return domain == author or (_organization(domain) is not None and _organization(domain) == _organization(author))


def _added_by_us(headers: Headers, own_received: int) -> Iterator[tuple[str, bytes]]:
    """Yield the headers above the topmost Received that is not ours: a server adds its own above those that came in.

    Where no server received the message, none is ours.
    """
    if "received" not in headers:
        return
    passed = 0
    for name, body in headers.fields:
        if name == "received":
            passed += 1
            if passed > own_received:
                return
        else:
            yield name, body


def _is_ours(body: bytes, authserv_ids: Collection[str]) -> bool:
    """Return whether a header bears the name of one of our servers (RFC 8601 section 5); any does if none is known."""
    if not authserv_ids:
        return True
    return _named(body) in {name.lower() for name in authserv_ids}


def _named(body: bytes) -> str:
    return re.split(r"[;\s]", clean_line(decode(body)).strip(), maxsplit=1)[0].lower()


def _vouches(result: Result, author: str) -> bool:
    if result.value != "pass":
        return False
    match result.method:
        case "dmarc":
            # DMARC is about From and nothing else; some servers leave out the property that repeats it.
            return _ascii(result.properties.get("header.from", author)) == _ascii(author) != ""
        case "dkim":
            return aligned(result.properties.get("header.d", ""), author)
        case "spf":
            envelope = result.properties.get("smtp.mailfrom", "")
            return aligned(envelope.rpartition("@")[2], author)
        case _:
            return False


def _sections(text: str) -> list[list[tuple[str, str]]]:
    """Cut a header at its semicolons into tokens of a kind (`word`, `quoted`, `=`) each, comments left out.

    Raises:
        ValueError: a quotation or a comment never ends.
    """
    sections: list[list[tuple[str, str]]] = [[]]
    position = 0
    while position < len(text):
        if text[position] == "(":
            position = _after_comment(text, position)
            continue
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError("a quotation never ends")
        position = token.end()
        if token["mark"] == ";":
            sections.append([])
        elif token["mark"]:
            sections[-1].append(("=", "="))
        elif token["quoted"]:
            sections[-1].append(("quoted", re.sub(r"\\(.)", r"\1", token["quoted"][1:-1])))
        elif token["word"]:
            glued = token.start() > 0 and text[token.start() - 1] == '"'
            sections[-1].append(("domain" if glued and token["word"].startswith("@") else "word", token["word"]))
    return sections


def _after_comment(text: str, start: int) -> int:
    depth, position = 0, start
    while found := _COMMENT_END.search(text, position):
        match found[0]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    return found.end()
            case _:
                # A backslash quotes what follows it.
                position = found.end() + 1
                continue
        position = found.end()
    raise ValueError("a comment never ends")


def _result(section: list[tuple[str, str]]) -> Result | None:
    """Read `method[/version] = result [reason = value] [ptype.property = value …]`."""
    pairs: list[tuple[str, str]] = []
    name = ""
    tokens = iter(section)
    for kind, text in tokens:
        if kind == "=":
            value_kind, value = next(tokens, ("", ""))
            if value_kind not in ("word", "quoted") or not name:
                return None
            pairs.append((name.lower(), value))
            name = ""
        elif kind == "domain" and pairs and not name:
            # A mailbox with a quoted local part: "a b"@example.
            pairs[-1] = (pairs[-1][0], pairs[-1][1] + text)
        elif kind == "word":
            name += text
        else:
            return None
    if not pairs or name:
        return None
    method, value = pairs[0]
    properties: dict[str, str] = {}
    for key, found in pairs[1:]:
        properties.setdefault(key, found.lower())
    return Result(method.partition("/")[0], value.lower(), properties)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _organization(domain: str) -> str | None:
    """Return the organizational domain (RFC 7489 section 3.2); None of a public suffix, under which anybody can be."""
    return _suffixes().privatesuffix(domain)


def _ascii(domain: str) -> str:
    """Return a domain in lower case and in letters that DNS knows; empty where it is none."""
    try:
        return domain.strip().rstrip(".").lower().encode("idna").decode("ascii")
    except UnicodeError:
        return ""
