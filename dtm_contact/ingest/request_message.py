"""A request of another program, checked and made into one message: what is stored of it, and judged like any other."""

import hashlib
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from dtm_contact.errors import DtmContactError
from dtm_contact.model import (
    CHANNEL_HEADER,
    DIGEST_HEADER,
    REQUEST_FILE,
    REQUEST_HEADER,
    SOURCE_HEADER,
    Arrival,
    Channel,
)

REQUESTS: Final = "http"
"""The receiver that all requests are kept under: one number that comes by HTTP and in a folder is one request."""
HEAD_OCTETS: Final = 4096
"""So much of a stored message holds its digest: our own headers come first."""

_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")
_STORED_DIGEST: Final = re.compile(rb"^" + DIGEST_HEADER.encode() + rb": ([0-9a-f]{64})\r?$", re.MULTILINE)
_SAFE_POLICY: Final = policy.SMTP.clone(max_line_length=200)
_LONGEST_NAME: Final = 120
_SHOWN_DIGITS: Final = 40
_KEYS: Final = " / "
"""Stands between the keys that lead to a value, where people read them."""
_LONGEST_LINE: Final = 120
# By the key alone, so that a reply finds its way where nothing says what a source's keys mean.
_ADDRESS_KEYS: Final = frozenset({"email", "mail", "courriel", "adresseemail", "adressemail", "adressecourriel"})
_NAME_KEYS: Final = (frozenset({"prenom", "firstname"}), frozenset({"nom", "name", "lastname"}))
_SUBJECT_KEYS: Final = frozenset({"objet", "sujet", "subject", "titre"})
_ACCENTS: Final = str.maketrans("éèêàçôîûù", "eeeacoiuu")

Fields = Mapping[str, Any]


class RequestRefusedError(DtmContactError):
    """The request cannot be taken."""

    def __init__(self, status: int, detail: str, pointer: str | None = None) -> None:
        """Take why.

        Args:
            status: of HTTP (RFC 9110).
            detail: what is wrong and what would be right, in a sentence that quotes no value.
            pointer: which field is meant (RFC 6901); None where it is none of them.
        """
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class FieldLimits:
    """How large the fields of a request may be: their depth, their number and their octets together."""

    depth: int
    fields: int
    octets: int


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A file that came with a request: its name and type as its sender says, and its octets."""

    name: str
    media_type: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Submission:
    """What was handed over, not checked yet: its fields, and the files that came with them."""

    fields: Fields
    files: tuple[RequestFile, ...] = ()


@dataclass(frozen=True, slots=True)
class IntakeRequest:
    """A request that was checked.

    Attributes:
        source: who handed it over, as the settings call them.
        number: the source's own number of it.
        channel: by which channel the person made contact.
        fields: what it says; the keys are the source's.
        files: what came with it.
    """

    source: str
    number: str
    channel: Channel
    fields: Fields
    files: tuple[RequestFile, ...] = ()

    @property
    def external_id(self) -> str:
        """What makes it the same request when it is handed over twice."""
        return f"{self.source}:{self.number}"

    def digest(self) -> str:
        """Return what tells its content from any other; the order of keys does not matter."""
        fields = json.dumps(self.fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
        content = hashlib.sha256(f"{self.channel.value}\0{fields}".encode())
        for file in self.files:
            content.update(f"\0{file.name}\0{file.media_type}\0".encode())
            content.update(hashlib.sha256(file.octets).digest())
        return content.hexdigest()


def fields_of_json(raw: bytes, limits: FieldLimits) -> Fields:
    """Return the object that JSON holds (RFC 8259), strictly: every key once, finite numbers, text in UTF-8.

    Raises:
        RequestRefusedError: it is none, or exceeds a limit.
    """
    if len(raw) > limits.octets:
        raise RequestRefusedError(413, f"the fields hold more than {limits.octets:,} octets")
    try:
        found = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise RequestRefusedError(400, "the body is no text in UTF-8") from None
    except RecursionError:
        raise _too_deep(limits) from None
    except json.JSONDecodeError as error:
        raise RequestRefusedError(400, f"no JSON: {error.msg} at octet {error.pos}") from None
    except ValueError:
        most = sys.get_int_max_str_digits()
        raise RequestRefusedError(400, f"no JSON: a number has more than {most:,} digits; send it as text") from None
    if not isinstance(found, dict):
        raise RequestRefusedError(422, "the body must be one JSON object", "")
    return found


def check_fields(fields: Fields, limits: FieldLimits) -> None:
    """Make sure that fields are within the limits, and text through and through.

    Raises:
        RequestRefusedError: one is not; it is named.
    """
    count, octets = 0, 0
    waiting: list[tuple[str, int, Any]] = [("", 0, fields)]
    while waiting:
        pointer, depth, value = waiting.pop()
        octets += len(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else 1
        if octets > limits.octets:
            raise RequestRefusedError(413, f"the fields hold more than {limits.octets:,} octets")
        if isinstance(value, str):
            _check_text(value, pointer)
            continue
        if not isinstance(value, Mapping | list):
            continue
        if depth >= limits.depth:
            raise _too_deep(limits, pointer)
        count += len(value)
        if count > limits.fields:
            raise RequestRefusedError(422, f"there are more than {limits.fields} fields", pointer)
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            _check_text(str(key), pointer)
            octets += len(str(key))
            waiting.append((pointer + pointer_of(str(key)), depth + 1, inner))


def pointer_of(key: str) -> str:
    """Return the JSON pointer (RFC 6901) of a key within its object."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def path_to(fields: Fields, written: str) -> tuple[str, ...]:
    """Return the keys that lead to a field, from outside in; a key of the outermost object may hold dots itself.

    Args:
        fields: the request's.
        written: the keys with dots between, as settings and `sources.yaml` have them: `evenement.id`.
    """
    return (written,) if written in fields else tuple(written.split("."))


def number_in(fields: Fields, written: str) -> str:
    """Return the request number among fields.

    Args:
        fields: the request's.
        written: the path to the number (`path_to`).

    Raises:
        RequestRefusedError: there is none, or it is none that we could tell again.
    """
    path = path_to(fields, written)
    pointer = "".join(map(pointer_of, path))
    found: Any = fields
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if found is None or found == "":
        raise RequestRefusedError(422, "the request number is missing; write one that is this request's alone", pointer)
    if not isinstance(found, str) or not _NUMBER.fullmatch(found):
        told = "the request number must be 1 to 100 letters, digits or . _ : / -, the first a letter or a digit"
        raise RequestRefusedError(422, told, pointer)
    return found


def check_content(fields: Fields, number_key: str, files: Sequence[RequestFile]) -> None:
    """Make sure that a request says something besides its number.

    Raises:
        RequestRefusedError: it does not.
    """
    number = _KEYS.join(path_to(fields, number_key))
    said = any(text.strip() for key, text in _lines(fields) if key != number)
    if not said and not files:
        raise RequestRefusedError(422, "the request says nothing: every field besides its number is empty", "")


def arrival_of(request: IntakeRequest, received_at: datetime) -> Arrival:
    """Return what is stored of a request that was there whole at a time, aware."""
    raw = message_of(request, received_at)
    return Arrival(REQUESTS, request.external_id, received_at, "message/rfc822", None, raw)


def is_same_content(head: bytes | None, request: IntakeRequest) -> bool:
    """Return whether what is stored under a request's number is that request.

    Args:
        head: the first octets of what is stored; None where its bytes have been erased, and nobody can tell any more.
        request: the one that came with that number.
    """
    if head is None:
        return True
    found = _STORED_DIGEST.search(head)
    return found is not None and found[1].decode() == request.digest()


def message_of(request: IntakeRequest, received_at: datetime) -> bytes:
    """Return a request as one message (RFC 5322): our own headers, readable lines, its fields as JSON, its files."""
    digest = request.digest()
    identity = hashlib.sha256(f"{request.external_id}\0{digest}".encode()).hexdigest()[:32]
    message = EmailMessage(policy=_SAFE_POLICY)
    message[SOURCE_HEADER] = request.source
    message[REQUEST_HEADER] = request.number
    message[CHANNEL_HEADER] = request.channel.value
    message[DIGEST_HEADER] = digest
    message["Date"] = format_datetime(received_at)
    # RFC 6854: a group without members says who hands over, and that there is nobody to answer.
    message["From"] = _writer(request.fields) or Group(request.source, ())
    message["Subject"] = _subject(request)
    message["Message-ID"] = f"<{identity}@{request.source}.invalid>"
    message.set_content(_readable(request), charset="utf-8", cte="base64")
    if request.fields:
        fields = json.dumps(request.fields, ensure_ascii=False, indent=1).encode()
        message.add_attachment(fields, maintype="application", subtype="json", filename=REQUEST_FILE)
    for file in request.files:
        main, _, sub = file.media_type.partition("/")
        message.add_attachment(file.octets, maintype=main, subtype=sub, filename=file.name)
    message.set_boundary(f"=_{digest[:40]}")
    return message.as_bytes()


def file_named(name: str, media_type: str, octets: bytes) -> RequestFile:
    """Return a file under a name and a type that a message can bear, whatever its sender says of both."""
    base = re.split(r"[/\\]", name)[-1]
    kept = "".join(each for each in base if each.isprintable() and each not in '"<>|:*?\ufffd').strip(" .")
    kind = media_type.partition(";")[0].strip().lower()
    # A message within ours would be read as one that somebody passed on.
    usable = _MEDIA_TYPE.fullmatch(kind) and not kind.startswith(("multipart/", "message/"))
    return RequestFile(kept[-_LONGEST_NAME:] or "fichier", kind if usable else "application/octet-stream", octets)


def is_mailbox(written: str) -> bool:
    """Return whether something is one e-mail address as people have them, and nothing else."""
    return _MAILBOX.fullmatch(written) is not None and ".." not in written


def _too_deep(limits: FieldLimits, pointer: str | None = None) -> RequestRefusedError:
    told = f"objects and lists lie more than {limits.depth} deep within each other"
    return RequestRefusedError(422, told, None if pointer is None else pointer[:200])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        told = "a key stands twice in one object; which of its values is meant cannot be told"
        raise RequestRefusedError(422, told, _printable(pointer_of(twice)))
    return found


def _no_number(constant: str) -> float:
    raise RequestRefusedError(400, f"no JSON: {constant} is no number")


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        shown = written[:_SHOWN_DIGITS]
        raise RequestRefusedError(400, f"no JSON: the number {shown} is beyond a double; send it as text")
    return number


def _check_text(text: str, pointer: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        told = "half of a surrogate pair is no character; write the whole pair, or the character itself"
        raise RequestRefusedError(422, told, _printable(pointer)) from None


def _printable(pointer: str) -> str:
    return pointer.encode("utf-8", "replace").decode()[:200]


def _lines(fields: Fields) -> Iterator[tuple[str, str]]:
    """Yield each value as text with its key; those within others by all keys, from outside in."""
    waiting: list[tuple[str, Any]] = list(reversed(list(fields.items())))
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [(f"{key}{_KEYS}{name}", inner) for name, inner in reversed(list(value.items()))]
        elif isinstance(value, list):
            waiting += [(key, inner) for inner in reversed(value)]
        elif isinstance(value, bool):
            yield key, "oui" if value else "non"
        elif value is not None:
            yield key, str(value)


def _readable(request: IntakeRequest) -> str:
    """Return the fields as people write a form: a line each, what is longer below its label."""
    said = []
    for key, text in _lines(request.fields):
        words = "".join(each if each.isprintable() or each == "\n" else " " for each in text.replace("\r\n", "\n"))
        if not words.strip() or words == request.number:
            continue
        label = re.sub(r"[\s_]+", " ", "".join(each if each.isprintable() else " " for each in key)).strip()
        label = label[:1].upper() + label[1:]
        long = "\n" in words or len(words) > _LONGEST_LINE
        said.append(f"\n{label} :\n{words.strip()}\n" if long else f"{label} : {words.strip()}")
    return "\n".join(said).strip() + "\n"


def _key(written: str) -> str:
    return re.sub(r"[^a-z]", "", written.lower().translate(_ACCENTS))


def _first(fields: Fields, keys: frozenset[str]) -> str:
    found = (value for key, value in fields.items() if isinstance(value, str) and _key(key) in keys)
    return next((words for value in found if (words := " ".join(value.split()))), "")


def _writer(fields: Fields) -> Address | None:
    """Return who writes, where a key says by its own word that it holds an e-mail address."""
    address = _first(fields, _ADDRESS_KEYS)
    if not is_mailbox(address):
        return None
    name = " ".join(filter(None, (_first(fields, keys) for keys in _NAME_KEYS)))
    shown = "".join(each for each in name if each.isprintable())[:_LONGEST_NAME]
    try:
        return Address(display_name=shown, addr_spec=address)
    except (ValueError, IndexError):
        return None


def _subject(request: IntakeRequest) -> str:
    said = "".join(each for each in _first(request.fields, _SUBJECT_KEYS) if each.isprintable())
    # Nobody's words: what a letter asks for stands in its files alone.
    return said[:_LONGEST_LINE] or (f"Demande {request.number}" if request.fields else "Courrier numérisé")
