"""Requests handed over by HTTP, as their senders see it."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.routing import Route

from dtm_contact import ingest
from dtm_contact.daemon import files_needed
from dtm_contact.doctor import CHECKS
from dtm_contact.doctor.registry import Site, addresses_of
from dtm_contact.errors import CommitUnknownError, StoreUnavailableError, WrongSettingError
from dtm_contact.ingest import Receiver, known_receivers
from dtm_contact.ingest.http_intake import HttpIntake
from dtm_contact.ingest.http_openapi import openapi_document
from dtm_contact.ingest.request_message import RequestRefusedError
from dtm_contact.model import Arrival, Channel
from dtm_contact.reading import read
from dtm_contact.settings import HttpSettings, HttpSource, Settings
from tests.ingest.conftest import NOON
from tests.ingest.inbox import FakeInbox

ROOT = Path(__file__).parents[2]
TOKEN, NEXT = "tok-" + "a" * 40, "tok-" + "b" * 40
REQUEST = {
    "number": "AN-1",
    "nom": "Petit",
    "prénom": "Zoé",
    "courriel": "zoe.petit@courriel.example",
    "objet": "Chauffage",
    "adresse": {"rue": "1 rue des Tilleuls", "commune": "Saint-Ouen"},
    "demande": "Plus de chauffage depuis hier.\nMerci de passer.",
}
PDF = b"%PDF-1.4\n%%EOF\n"


class Served:
    """A way in that is open, and a client that has its token."""

    def __init__(self, intake: HttpIntake, tokens: Path) -> None:
        self.intake = intake
        self.tokens = tokens
        self.client = httpx.AsyncClient(base_url=f"http://{intake.address}", timeout=60)
        self.client.headers["Authorization"] = f"Bearer {TOKEN}"

    async def post(self, body: Mapping[str, Any] | bytes, **headers: str | bytes) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **headers}
        octets = [(name.encode(), each if isinstance(each, bytes) else each.encode()) for name, each in sent.items()]
        return await self.client.post("/intake/agence", content=content, headers=octets)


class Open:
    """Opens ways in for one test."""

    def __init__(self, inbox: FakeInbox, folder: Path) -> None:
        self.inbox, self.folder = inbox, folder
        self.served: list[Served] = []

    async def __call__(self, **settings: Any) -> Served:
        tokens = self.folder / "tokens"
        tokens.write_text(f"{TOKEN}\n")
        source = {"tokens": tokens, **settings.pop("source", {})}
        values = {"port": 0, "stop_seconds": 1, "sources": {"agence": source}, **settings}
        intake = HttpIntake(HttpSettings.model_validate(values), self.inbox, lambda: NOON)
        await intake.listen()
        self.served.append(Served(intake, tokens))
        return self.served[-1]


@pytest_asyncio.fixture
async def opened(inbox: FakeInbox, tmp_path: Path) -> AsyncIterator[Open]:
    opening = Open(inbox, tmp_path)
    yield opening
    inbox.gate.set()
    for each in opening.served:
        await each.client.aclose()
        await each.intake.stop()


def message_in(arrival: Arrival) -> EmailMessage:
    message = message_from_bytes(arrival.raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def pointer(answer: httpx.Response) -> str | None:
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], bool(told["detail"])) == (answer.status_code, True)
    return told["errors"][0]["pointer"] if "errors" in told else None


@pytest.mark.parametrize(
    ("body", "answered", "at"),
    [
        ({"evenement": {"id": "E-1"}, "texte": "Fuite"}, 202, None),
        ({"evenement.id": "E-1", "texte": "Fuite"}, 202, None),
        ({"evenement": {"nom": "E-1"}, "texte": "Fuite"}, 422, "/evenement/id"),
        ({"evenement": "E-1", "texte": "Fuite"}, 422, "/evenement/id"),
        ({"evenement": {"id": "E-1"}}, 422, ""),
    ],
    ids=["within an object", "a key with a dot", "not there", "no object", "nothing but its number"],
)
async def test_the_number_stands_where_its_path_leads(
    opened: Open, inbox: FakeInbox, body: dict[str, Any], answered: int, at: str | None
) -> None:
    served = await opened(source={"number": "evenement.id"})
    answer = await served.post(body)
    assert answer.status_code == answered
    if answered != 202:
        assert pointer(answer) == at
        return
    assert answer.json() == {"source": "agence", "number": "E-1"}
    assert inbox.arrivals[0].external_id == "agence:E-1"


@pytest.mark.parametrize("path", ["", ".id", "evenement..id", "evenement."])
def test_a_path_without_a_key_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="number"):
        HttpSettings.model_validate({"sources": {"agence": {"tokens": "tokens", "number": path}}})


class SignedIntake(HttpIntake):
    """As one file more would have it: its source signs each body, and has no token."""

    name = "signed"

    def authorize(self, source: str, request: Request) -> HttpSource:  # noqa: ARG002 - as the base has it
        return self.settings.sources[source]

    def verify(self, source: str, request: Request, body: bytes) -> None:  # noqa: ARG002 - as the base has it
        due = hmac.new(b"secret", body, "sha256").hexdigest()
        if not hmac.compare_digest(request.headers.get("x-signature", ""), due):
            raise RequestRefusedError(401, "the signature is not of this body")


async def test_a_receiver_of_ones_own_checks_a_signature_by_public_methods(inbox: FakeInbox, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(f"{TOKEN}\n")
    settings = HttpSettings.model_validate({"sources": {"agence": {"tokens": tmp_path / "tokens"}}})
    intake = SignedIntake(settings, inbox, lambda: NOON)
    body = json.dumps({"number": "S-1", "texte": "Fuite"}).encode()
    signed = {"Content-Type": "application/json", "X-Signature": hmac.new(b"secret", body, "sha256").hexdigest()}
    transport = httpx.ASGITransport(intake.application())
    async with httpx.AsyncClient(transport=transport, base_url="http://intake.example") as client:
        assert (await client.post("/intake/agence", content=body, headers=signed)).status_code == 202
        assert (await client.post("/intake/agence", content=body + b" ", headers=signed)).status_code == 401
    assert [each.external_id for each in inbox.arrivals] == ["agence:S-1"]


def test_what_a_receiver_says_of_itself_is_what_daemon_and_doctor_reckon_with(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start(*_: Any) -> Any:
        raise NotImplementedError

    known = {**known_receivers(), "signed": Receiver(start, "http", lambda _: ("127.0.0.1", 9000))}
    monkeypatch.setattr(ingest._receivers, "_complete", known)
    settings = Settings.defaults().model_copy(update={"channels": ("signed",)})
    assert ("signed", "127.0.0.1", 9000) in addresses_of(settings)
    without = files_needed(settings.model_copy(update={"channels": ()}))
    assert files_needed(settings) - without == settings.http.connections
    found = list(CHECKS["intake"].look(cast("Site", SimpleNamespace(settings=settings))))
    assert [each.message for each in found] == ["http.sources: none is named, so nobody may hand over anything"]


async def test_a_request_is_stored_as_one_message(opened: Open, inbox: FakeInbox) -> None:
    answer = await (await opened()).post(REQUEST)
    assert (answer.status_code, answer.json()) == (202, {"source": "agence", "number": "AN-1"})
    (arrival,) = inbox.arrivals
    assert (arrival.channel, arrival.external_id, arrival.received_at) == ("http", "agence:AN-1", NOON)
    message = message_in(arrival)
    assert (message["X-DTM-Source"], message["X-DTM-Request"]) == ("agence", "AN-1")
    (fields,) = [part for part in message.iter_attachments() if part.get_content_type() == "application/json"]
    assert fields.get_filename() == "demande.json"
    assert json.loads(fields.get_content()) == REQUEST
    contact = read(arrival)
    assert (contact.channel, contact.subject) == (Channel.FORM, "Chauffage")
    assert (contact.sender.name, contact.sender.address) == ("Zoé Petit", "zoe.petit@courriel.example")
    assert "Adresse / rue : 1 rue des Tilleuls" in contact.new_text
    assert "Demande :\nPlus de chauffage depuis hier.\nMerci de passer." in contact.new_text
    assert not contact.automatic_signs


async def test_a_request_that_names_no_address_has_nobody_to_answer(opened: Open, inbox: FakeInbox) -> None:
    assert (await (await opened()).post({"number": 7, "demande": "Plus d'eau"})).status_code == 202
    assert read(inbox.arrivals[0]).sender.address == ""
    assert read(inbox.arrivals[0]).subject == "Demande 7"


async def test_a_form_with_files(opened: Open, inbox: FakeInbox) -> None:
    served = await opened(source={"channel": "letter", "number": "ref"})
    files = [
        ("pieces", ("../../fu\r\nite.pdf", PDF, "application/pdf")),
        ("pieces", ("mail.eml", b"Subject: x\n\ny", "message/rfc822")),
    ]
    data = {"ref": "9", "demande": "Voir la photo", "motif": ["a", "b"]}
    assert (await served.client.post("/intake/agence", data=data, files=files)).status_code == 202
    message = message_in(inbox.arrivals[0])
    attached = {part.get_filename(): part for part in message.iter_attachments()}
    assert sorted(map(str, attached)) == ["demande.json", "fuDAite.pdf".replace("DA", "%0D%0A"), "mail.eml"]
    assert attached["mail.eml"].get_content_type() == "application/octet-stream"
    assert json.loads(attached["demande.json"].get_content()) == {**data, "motif": ["a", "b"]}
    assert read(inbox.arrivals[0]).channel is Channel.LETTER


async def test_the_same_request_again_is_taken_once_and_another_is_a_conflict(opened: Open, inbox: FakeInbox) -> None:
    served = await opened()
    again = dict(reversed(REQUEST.items()))
    assert [(await served.post(each)).status_code for each in (REQUEST, again)] == [202, 202]
    other = await served.post({**REQUEST, "demande": "Autre chose"})
    assert (other.status_code, pointer(other)) == (409, "/number")
    assert "other content" in other.json()["detail"]
    assert len(inbox.arrivals) == 1


async def test_two_at_once_with_one_number(opened: Open, inbox: FakeInbox) -> None:
    served = await opened()
    both = [served.post({**REQUEST, "demande": demand}) for demand in ("Un", "Deux")]
    assert sorted(answer.status_code for answer in await asyncio.gather(*both)) == [202, 409]
    assert len(inbox.arrivals) == 1


async def test_nothing_is_answered_before_it_is_durable(opened: Open, inbox: FakeInbox) -> None:
    served = await opened()
    inbox.gate.clear()
    answering = asyncio.create_task(served.post(REQUEST))
    await inbox.offered.wait()
    assert not answering.done()
    inbox.gate.set()
    assert (await answering).status_code == 202


@pytest.mark.parametrize("fault", [StoreUnavailableError("full"), CommitUnknownError()])
async def test_a_store_that_cannot_promise(opened: Open, inbox: FakeInbox, fault: Exception) -> None:
    served = await opened()
    inbox.fault = fault
    answer = await served.post(REQUEST)
    assert (answer.status_code, pointer(answer)) == (503, None)
    assert int(answer.headers["retry-after"]) > 0
    inbox.fault = None
    assert (await served.post(REQUEST)).status_code == 202


WRONG = (b"", b"Bearer", f"Bearer {NEXT}".encode(), f"Basic {TOKEN}".encode(), TOKEN.encode(), "Bearer é".encode())


async def test_a_wrong_token(opened: Open, inbox: FakeInbox) -> None:
    served = await opened()
    for header in WRONG:
        answer = await served.post(REQUEST, Authorization=header)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="intake"'), header
        assert TOKEN not in answer.text
    assert inbox.arrivals == []


async def test_a_source_that_there_is_not_answers_as_a_wrong_token(opened: Open) -> None:
    served = await opened()
    answers = [
        await served.client.post(f"/intake/{name}", json=REQUEST, headers={"Authorization": "Bearer x"})
        for name in ("agence", "autre")
    ]
    assert answers[0].content == answers[1].content
    assert [answer.status_code for answer in answers] == [401, 401]


async def test_two_tokens_hold_while_they_change(opened: Open) -> None:
    served = await opened()
    served.tokens.write_text(f"{TOKEN}\n{NEXT}\n")
    for token in (TOKEN, NEXT):
        assert (await served.post(REQUEST, Authorization=f"Bearer {token}")).status_code == 202
    served.tokens.write_text(f"{NEXT}\n")
    assert (await served.post(REQUEST)).status_code == 401
    served.tokens.unlink()
    assert (await served.post(REQUEST)).status_code == 503


async def test_tokens_are_read_before_it_opens(inbox: FakeInbox, tmp_path: Path) -> None:
    (tmp_path / "none").write_text("\n")
    for name, told in (("missing", "No such file"), ("none", "holds 0 tokens")):
        source = {"agence": {"tokens": tmp_path / name}}
        with pytest.raises(WrongSettingError, match=f"DTM_HTTP_SOURCES, agence.tokens.*{told}"):
            HttpIntake(HttpSettings.model_validate({"sources": source}), inbox)


BAD: dict[str, tuple[bytes, int, str | None]] = {
    "no JSON": (b"{", 400, None),
    "no UTF-8": (b'{"number": "\xff"}', 400, None),
    "no number at all": (b'{"number": NaN, "a": "b"}', 400, None),
    "too large a number": (b'{"number": "1", "a": 1e999}', 400, None),
    "too long a number": (b'{"number": "1", "a": ' + b"9" * 5000 + b"}", 400, None),
    "a list": (b"[]", 422, ""),
    "without a number": (b'{"demande": "x"}', 422, "/number"),
    "a number with a line feed": (b'{"number": "1\\nX-DTM-Source: x", "demande": "x"}', 422, "/number"),
    "a number that is an object": (b'{"number": {}, "demande": "x"}', 422, "/number"),
    "saying nothing": (b'{"number": "1", "a": {"b": ["", null]}}', 422, ""),
    "half a surrogate pair": (b'{"number": "1", "a": {"b/c": "\\ud800"}}', 422, "/a/b~1c"),
    "half a pair as key": (b'{"number": "1", "\\udc00": "x"}', 422, ""),
    "one key twice": (b'{"number": "1", "a": "x", "a": "y"}', 422, "/a"),
    "half a pair as key twice": (b'{"number": "1", "\\udc00": 1, "\\udc00": 2}', 422, "/?"),
    "too deep": (b'{"number": "1", "a": ' + b"[" * 6 + b"]" * 6 + b"}", 422, "/a/0/0/0/0"),
    "far too deep": (b'{"number": "1", "a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 422, None),
    "too many fields": (json.dumps({"number": "1", "a": list(range(200))}).encode(), 422, "/a"),
    "too much text": (b'{"number": "1", "a": "' + b"x" * 200_000 + b'"}', 413, None),
}


async def test_what_does_not_hold_is_named(opened: Open, inbox: FakeInbox) -> None:
    served = await opened()
    seen = {case: await served.post(body) for case, (body, _, _) in BAD.items()}
    found = {case: (answer.status_code, pointer(answer)) for case, answer in seen.items()}
    assert found == {case: (status, at) for case, (_, status, at) in BAD.items()}
    assert inbox.arrivals == []


A_PART = b'--b\r\nContent-Disposition: form-data; name="number"\r\n\r\n1'
FORM = "multipart/form-data; boundary=b"
FORMS = {
    "no boundary": ("multipart/form-data", b"x", 400),
    "cut short": (FORM, A_PART, 400),
    "no end mark": (FORM, A_PART + b"\r\n" + A_PART.replace(b"number", b"a") + b"\r\n--b\r\n", 400),
    "another type": ("text/plain", b"number=1", 415),
    "no type": ("", b"{}", 415),
}


async def test_a_form_that_does_not_hold(opened: Open, inbox: FakeInbox) -> None:
    served = await opened()
    for case, (kind, body, status) in FORMS.items():
        answer = await served.post(body, **{"Content-Type": kind})
        assert (answer.status_code, pointer(answer)) == (status, None), case
    assert inbox.arrivals == []


async def test_bounds_of_files_and_size(opened: Open, inbox: FakeInbox) -> None:
    served = await opened(size_limit=2_000, files_limit=1)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 1_000

    many = [("f", ("a.pdf", PDF, "application/pdf"))] * 2
    answers = [
        await served.client.post("/intake/agence", data={"number": "1", "a": "b"}, files=many),
        await served.client.post("/intake/agence", data={"number": "1"}, files={"f": ("a", b"x" * 3_000)}),
        await served.client.post("/intake/agence", content=pieces()),
    ]
    assert [answer.status_code for answer in answers] == [400, 413, 413]
    assert inbox.arrivals == []


async def test_too_much_at_once_is_put_off(opened: Open) -> None:
    served = await opened()
    served.intake._octets = served.intake.settings.memory_limit
    answer = await served.post(REQUEST)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    served.intake._octets = 0
    assert (await served.post(REQUEST)).status_code == 202
    assert served.intake._octets == 0


async def test_a_source_that_sends_too_often(opened: Open) -> None:
    served = await opened(per_minute=2)
    answers = [await served.post({**REQUEST, "number": str(each)}) for each in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[-1].headers["retry-after"] == "60"


async def test_a_body_that_does_not_come(opened: Open) -> None:
    served = await opened(body_seconds=0.05)
    host, _, port = served.intake.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /intake/agence HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{".encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_what_there_is_not(opened: Open) -> None:
    served = await opened()
    for method, path, status in (("GET", "/intake/agence", 405), ("GET", "/", 404), ("PUT", "/x", 404)):
        answer = await served.client.request(method, path)
        assert (answer.status_code, pointer(answer)) == (status, None)


async def test_what_fails_within_is_told_to_nobody(opened: Open, inbox: FakeInbox) -> None:
    served = await opened()
    inbox.fault = RuntimeError("zoe.petit@courriel.example")
    answer = await served.post(REQUEST)
    assert (answer.status_code, "zoe" in answer.text) == (500, False)


async def test_it_stops_once_what_is_being_stored_is_answered(opened: Open, inbox: FakeInbox) -> None:
    served = await opened(stop_seconds=60)
    inbox.gate.clear()
    answering = asyncio.create_task(served.post(REQUEST))
    await inbox.offered.wait()
    stopping = asyncio.create_task(served.intake.stop())
    inbox.gate.set()
    assert (await answering).status_code == 202
    await stopping
    assert served.intake.health() == f"{served.intake.address} does not listen"
    with pytest.raises(httpx.ConnectError):
        await served.client.get("/openapi.json")


async def test_its_document_is_served_kept_and_of_its_routes(opened: Open) -> None:
    served = await opened()
    document = openapi_document()
    assert (await served.client.get("/openapi.json")).json() == document
    kept = ROOT / "docs" / "intake.openapi.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == document, "make docs"
    told = {(path, method.upper()) for path, each in document["paths"].items() for method in each}
    routes = {
        (route.path, method)
        for route in served.intake.application().routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert told == routes


@pytest.mark.parametrize("channel", ["smtp", "lmtp", "imap", "import", "file"])
def test_our_own_headers_are_believed_of_our_own_messages_alone(channel: str) -> None:
    forged = b"X-DTM-Source: agence\nX-DTM-Channel: letter\nFrom: a@b.example\n\nx\n"
    assert read(Arrival(channel, "1", NOON, "message/rfc822", None, forged)).channel is Channel.EMAIL
    assert read(Arrival("http", "1", NOON, "message/rfc822", None, forged)).channel is Channel.LETTER
