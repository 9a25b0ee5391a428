"""Files that agents attach: taken in piece by piece, held to types and sizes, looked through, and of nobody else."""

import asyncio
import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from dtm_contact.access import Role, csrf_token
from dtm_contact.errors import AwaitsRecognitionError
from dtm_contact.model import (
    Arrival,
    Attachment,
    Channel,
    DraftKey,
    DraftKind,
    FileOutcome,
    Mailbox,
    NoHistory,
    Priority,
    Recognition,
    ScannedLine,
)
from dtm_contact.outbound.letters import AttachedFile, with_files
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading.formats.fields import DESK
from dtm_contact.rules import load_rules
from dtm_contact.store.files import PIECE
from dtm_contact.worker.recognition_queue import StoredScanReader
from tests.rules.cast import DIRECTORY
from tests.web.conftest import DeskAlone, Somebody, message, open_in
from tests.web.fake_clamd import SIGN, clamd

PDF = b"%PDF-1.7\n" + os.urandom(2 * PIECE)


def uploaded(who: Somebody, name: str, octets: bytes, about: str, form: str = "repondre") -> httpx.Response:
    """Send a file as the page does, as the body of a request."""
    query = str(httpx.QueryParams({"forme": form, "sur": about, "nom": name}))
    headers = {"X-CSRF-Token": csrf_token(who.secret), "Content-Type": "application/octet-stream"}
    return who.client.send("POST", f"/brouillon/piece?{query}", content=octets, headers=headers)


@pytest.fixture
def number(desk: DeskAlone) -> str:
    return open_in(desk.store, "nord", "a case", proven=True, sender=Mailbox("Nadia", "nadia@free.example"))


def reply(who: Somebody, number: str, **fields: Any) -> httpx.Response:
    version = who.desk.store.cases.get(number).case.version
    return who.post(
        f"/dossier/{number}/repondre",
        **{"version": str(version), "texte": "Voici.", "a": "nadia@free.example", "non_verifiee": "1", **fields},
    )


def test_a_file_goes_from_the_draft_into_the_letter_bit_for_bit(agent: Somebody, number: str) -> None:
    answer = uploaded(agent, "quittance été.pdf", PDF, number)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["name"] == "quittance été.pdf"
    page = agent.get(f"/dossier/{number}").text
    assert "quittance été.pdf" in page, "it is there after a reload"
    assert reply(agent, number, piece=str(told["id"])).status_code == 303
    store = agent.desk.store
    claimed = store.outbox.claim("s", agent.desk.now())
    assert claimed is not None
    (file,) = claimed.outgoing.files
    assert file.file_id is not None
    pieces = list(store.files.pieces(file.file_id))
    assert max(map(len, pieces)) <= PIECE
    assert b"".join(pieces) == PDF
    letter = b"".join(with_files(claimed.outgoing.raw, [AttachedFile(file.name, file.media_type, iter(pieces))]))
    read = message_from_bytes(letter, policy=policy.default)
    (part,) = [each for each in read.walk() if each.get_filename()]
    assert (part.get_filename(), part.get_content_type()) == ("quittance été.pdf", "application/pdf")
    assert part.get_payload(decode=True) == PDF
    # It is the case's now: whoever sees that may have it, and the draft is gone.
    assert agent.get(f"/jointe/{told['id']}").content == PDF
    assert store.drafts.draft(DraftKey(agent.account.id, DraftKind.REPLY, number)) is None


@pytest.mark.parametrize(
    ("name", "octets", "why"),
    [
        ("virus.exe", b"MZ", "format accepté"),
        ("page.html", b"<script>", "format accepté"),
        ("macro.docm", b"PK\x03\x04", "format accepté"),
        ("sans-fin", b"%PDF-", "format accepté"),
        ("faux.pdf", b"MZ this is a program", "pas ce que dit son nom"),
        ("faux.docx", b"%PDF-1.7", "pas ce que dit son nom"),
        ("vide.txt", b"", "vide"),
        ("lourd.pdf", PDF + bytes(1024 * 1024), "trop lourd"),
    ],
)
def test_what_may_not_be_sent_is_refused_with_words(
    agent: Somebody, number: str, name: str, octets: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachments = agent.desk.settings.attachments.model_copy(update={"megabytes": 1})
    monkeypatch.setattr(agent.desk, "settings", agent.desk.settings.model_copy(update={"attachments": attachments}))
    answer = uploaded(agent, name, octets, number)
    assert answer.status_code == 409
    assert why in answer.text
    draft = agent.desk.store.drafts.draft(DraftKey(agent.account.id, DraftKind.REPLY, number))
    assert draft is None or agent.desk.store.files.of_draft(draft.id) == []


def test_a_name_leads_nowhere_and_turns_nothing_around(agent: Somebody, number: str) -> None:
    told = uploaded(agent, "../../étc/\u202efdp.exe\r\nX: y.pdf", PDF, number).json()
    assert told["name"] == "_.._étc_fdp.exe_X: y.pdf"


def test_a_file_of_a_draft_is_nobody_elses(desk: DeskAlone, agent: Somebody, number: str) -> None:
    file_id = uploaded(agent, "a.pdf", PDF, number).json()["id"]
    colleague = Somebody(desk, "anne", Role.AGENT, "nord")
    head = Somebody(desk, "claire", Role.HEAD, None)
    for other in (colleague, head):
        assert other.get(f"/jointe/{file_id}").status_code == 404
        assert other.post(f"/brouillon/piece/{file_id}/retirer").status_code == 404
        refused = reply(other, number, piece=str(file_id))
        assert refused.status_code == 409
        assert "joignez-la de nouveau" in refused.text
    assert desk.store.files.file(file_id) is not None
    assert agent.post(f"/brouillon/piece/{file_id}/retirer").status_code == 204
    assert agent.get(f"/jointe/{file_id}").status_code == 404


def test_a_file_left_with_a_note_is_of_its_case_and_not_of_another_office(desk: DeskAlone, number: str) -> None:
    agency = Somebody(desk, "agnes", Role.AGENCY, "agence")
    other = open_in(desk.store, "sud", "another case")
    ids = {}
    for where in (number, other):
        ids[where] = uploaded(agency, "plan.pdf", PDF, where, "noter").json()["id"]
        assert agency.post(f"/dossier/{where}/noter", texte="Le plan", piece=str(ids[where])).status_code == 303
    agent = Somebody(desk, "paul", Role.AGENT, "nord")
    assert agent.get(f"/jointe/{ids[number]}").content == PDF
    assert agent.get(f"/jointe/{ids[other]}").status_code == 404
    assert agent.get(f"/jointe/{ids[other]}").text == agent.get("/jointe/999999").text
    # One case's draft holds nothing of another's.
    mine = uploaded(agent, "a.pdf", PDF, number, "noter").json()["id"]
    second = open_in(desk.store, "nord", "a second case")
    assert agent.post(f"/dossier/{second}/noter", texte="x", piece=str(mine)).status_code == 409
    assert uploaded(agent, "a.pdf", PDF, other).status_code == 404


def test_a_file_handed_in_at_the_counter_is_of_the_case_that_is_made(desk: DeskAlone, agent: Somebody) -> None:
    about = "0123456789abcdef"
    file_id = uploaded(agent, "bail.pdf", PDF, about, "nouveau").json()["id"]
    answer = agent.post("/nouveau", id=about, visit="counter", text="Voici mon bail.", piece=str(file_id))
    assert answer.status_code == 303
    file = desk.store.files.file(file_id)
    assert file is not None
    assert (file.draft_id, file.arrival_id is None) == (None, False)
    assert agent.get(f"/jointe/{file_id}").status_code == 404, "not before its case is judged, and is theirs"


def _lines(*texts: str) -> tuple[ScannedLine, ...]:
    return tuple(
        ScannedLine(text, 100, 300 + 40 * row, 900, 330 + 40 * row, len(text.split()), 95.0)
        for row, text in enumerate(texts)
    )


@pytest.mark.parametrize(("typed", "says"), [("", "Madame"), ("Voir pièce jointe.", "Voir pièce jointe.")])
def test_a_letter_is_read_from_its_scan_with_what_the_agent_wrote_before_it(
    desk: DeskAlone, agent: Somebody, typed: str, says: str
) -> None:
    about = "0123456789abcdef"
    scan = tiny_jpeg()
    file_id = uploaded(agent, "lettre.jpg", scan, about, "nouveau").json()["id"]
    given = {"text": typed, "name": "Mme Petit", "piece": str(file_id)}
    assert agent.post("/nouveau", id=about, visit="letter", **given).status_code == 303
    store, now = desk.store, desk.now()
    grounds = Grounds.build(DIRECTORY, load_rules(desk.settings.rules.dir), desk.settings)
    grounds = replace(grounds, scans=StoredScanReader(store))
    claimed = store.arrivals.claim("worker", now)
    assert claimed is not None
    with pytest.raises(AwaitsRecognitionError) as raised:
        judge(claimed.arrival, now, grounds, NoHistory())
    assert store.recognitions.wait(claimed, raised.value.digests, now, timedelta(minutes=30))
    waiting = store.recognitions.begin(now, timedelta(minutes=1))
    assert waiting is not None
    assert waiting.raw == scan
    lines = _lines("Madame, Monsieur,", "Une fuite d'eau coule du plafond de ma cuisine depuis trois jours déjà.")
    store.recognitions.keep(waiting, Recognition(FileOutcome.READ, (lines,)))
    judgement = judge(claimed.arrival, now, grounds, NoHistory())
    assert judgement.contact.new_text.startswith(says)
    assert "Une fuite d'eau coule du plafond" in judgement.contact.new_text
    assert (judgement.contact.sender.name, judgement.contact.channel) == ("Mme Petit", Channel.DESK)
    assert judgement.understanding.topic == "water_leak"


def test_a_letter_of_which_an_agent_says_what_it_asks_waits_for_nobody(desk: DeskAlone, agent: Somebody) -> None:
    about = "0123456789abcdef"
    file_id = uploaded(agent, "lettre.jpg", tiny_jpeg(), about, "nouveau").json()["id"]
    told = "Odeur de gaz dans la cage d'escalier depuis ce matin."
    assert agent.post("/nouveau", id=about, visit="letter", text=told, piece=str(file_id)).status_code == 303
    grounds = Grounds.build(DIRECTORY, load_rules(desk.settings.rules.dir), desk.settings)
    claimed = desk.store.arrivals.claim("worker", desk.now())
    assert claimed is not None
    scans = StoredScanReader(desk.store)
    judgement = judge(claimed.arrival, desk.now(), replace(grounds, scans=scans), NoHistory())
    assert judgement.decision.priority is Priority.P1


def test_a_letter_whose_scan_is_not_laid_to_it_yet_is_not_taken_for_broken(desk: DeskAlone) -> None:
    store, now = desk.store, desk.now()
    raw = {"visit": "letter", "text": "", "files": [{"name": "a.jpg", "media_type": "image/jpeg", "size": 1}]}
    raw["files"][0]["sha256"] = "0" * 64  # type: ignore[index]
    store.arrivals.accept([Arrival("desk", "still-coming", now, DESK, None, json.dumps(raw).encode())])
    claimed = store.arrivals.claim("worker", now)
    assert claimed is not None
    assert store.recognitions.wait(claimed, ["0" * 64], now, timedelta(minutes=30))
    assert store.recognitions.begin(now, timedelta(minutes=1)) is None


@pytest.mark.parametrize("visit", ["letter", "counter"])
def test_without_a_word_only_a_letter_with_its_scan_is_taken(desk: DeskAlone, agent: Somebody, visit: str) -> None:
    about = "0123456789abcdef"
    file_id = uploaded(agent, "photo.jpg", tiny_jpeg(), about, "nouveau").json()["id"]
    piece = {"piece": str(file_id)} if visit == "counter" else {}
    refused = agent.post("/nouveau", id=about, visit=visit, text="", **piece)
    assert refused.status_code == 409
    assert "crivez ce qui est demandé" in refused.text
    assert desk.store.arrivals.waiting() == 0


def tiny_jpeg() -> bytes:
    made = io.BytesIO()
    Image.new("L", (8, 8), 255).save(made, "JPEG")
    return made.getvalue()


def _with_clamd(desk: DeskAlone, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    attachments = desk.settings.attachments.model_copy(update={"clamd": str(path)})
    settings = desk.settings.model_copy(update={"attachments": attachments})
    monkeypatch.setattr(desk, "settings", settings)
    monkeypatch.setattr(desk._in_force, "_settings", settings)


def test_a_virus_is_refused_and_a_scanner_that_is_away_keeps_the_file(
    desk: DeskAlone, agent: Somebody, number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clamd.sock"
    _with_clamd(desk, monkeypatch, path)
    away = uploaded(agent, "a.pdf", PDF, number)
    assert "ne répond pas" in away.json()["told"]
    file_id = away.json()["id"]
    refused = reply(agent, number, piece=str(file_id))
    assert refused.status_code == 409
    assert "ne répond pas" in refused.text
    assert "Voici." in refused.text
    assert desk.store.outbox.waiting() == 0
    with clamd(path):
        found = uploaded(agent, "b.pdf", b"%PDF-1.7 " + SIGN, number)
        assert found.status_code == 409
        assert "reconnu Dtm.Test" in found.text
        # What came while it was away is looked through before it is sent.
        assert reply(agent, number, piece=str(file_id)).status_code == 303
    assert desk.store.outbox.waiting() == 1
    file = desk.store.files.file(file_id)
    assert file is not None
    assert file.state == "clean"


def test_what_came_while_the_scanner_was_away_and_holds_a_virus_is_not_sent(
    desk: DeskAlone, agent: Somebody, number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clamd.sock"
    _with_clamd(desk, monkeypatch, path)
    file_id = uploaded(agent, "b.pdf", b"%PDF-1.7 " + SIGN, number).json()["id"]
    with clamd(path):
        refused = reply(agent, number, piece=str(file_id))
    assert refused.status_code == 409
    assert desk.store.outbox.waiting() == 0
    assert desk.store.files.file(file_id) is None


def test_an_upload_without_the_token_or_that_breaks_off_leaves_nothing(agent: Somebody, number: str) -> None:
    query = str(httpx.QueryParams({"forme": "repondre", "sur": number, "nom": "a.pdf"}))
    assert agent.client.send("POST", f"/brouillon/piece?{query}", content=PDF).status_code == 403

    async def breaks_off() -> None:
        messages = iter([{"type": "http.request", "body": PDF[:PIECE], "more_body": True}])

        async def receive() -> dict[str, Any]:
            return next(messages, {"type": "http.disconnect"})

        async def send(_message: Mapping[str, Any]) -> None: ...

        headers = {"cookie": f"bureau={agent.secret}", "host": "desk.example", "content-length": str(len(PDF))}
        headers["x-csrf-token"] = csrf_token(agent.secret)
        scope = {
            "type": "http", "method": "POST", "path": "/brouillon/piece", "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("desk.example", 80), "scheme": "http", "root_path": "",
        }  # fmt: skip
        await agent.desk.pages(scope, receive, send)

    asyncio.run(breaks_off())
    draft = agent.desk.store.drafts.draft(DraftKey(agent.account.id, DraftKind.REPLY, number))
    assert draft is not None
    with agent.desk.store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM files").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM file_pieces").scalar() == 0


@pytest.mark.parametrize(("framed", "status"), [({}, 401), ({"transfer-encoding": "chunked"}, 411)])
def test_a_request_without_a_length_has_no_body_unless_it_comes_in_chunks(
    desk: DeskAlone, framed: dict[str, str], status: int
) -> None:
    told: list[int] = []

    async def ask() -> None:
        messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, Any]:
            return next(messages, {"type": "http.disconnect"})

        async def send(message: Mapping[str, Any]) -> None:
            told.extend([message["status"]] if "status" in message else [])

        headers = {"host": "desk.example", "sec-fetch-site": "same-origin", **framed}
        scope = {
            "type": "http", "method": "POST", "path": "/connexion", "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("desk.example", 80), "scheme": "http", "root_path": "",
        }  # fmt: skip
        await desk.pages(scope, receive, send)

    asyncio.run(ask())
    assert told == [status]


def test_a_received_pdf_is_shown_in_a_frame_in_which_nothing_runs(desk: DeskAlone, agent: Somebody) -> None:
    digest = hashlib.sha256(PDF).hexdigest()
    pieces = (Attachment("bail.pdf", "application/pdf", len(PDF), digest),)
    number = open_in(desk.store, "nord", "with a PDF", raw=message(files={"bail.pdf": PDF}), attachments=pieces)
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    assert f'src="/piece/{arrival}/{digest}/apercu" loading' in agent.get(f"/dossier/{number}").text
    shown = agent.get(f"/piece/{arrival}/{digest}/apercu")
    assert shown.content == PDF
    assert shown.headers["content-type"] == "application/pdf"
    held = shown.headers["content-security-policy"]
    assert "sandbox;" in held
    assert "script" not in held
    assert "frame-ancestors 'self'" in held
    assert shown.headers["x-frame-options"] == "SAMEORIGIN"
    other = Somebody(desk, "luc", Role.AGENT, "sud")
    assert other.get(f"/piece/{arrival}/{digest}/apercu").status_code == 404
