"""Who may what: every page and action, every role, the own office's case and another's."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from starlette.routing import Route

from dtm_contact.access import Role, csrf_token, digest_of
from dtm_contact.cases import Command
from dtm_contact.model import DraftKey, DraftKind, EntryKind
from dtm_contact.web.registry import all_routes
from tests.store.samples import confirmed, entered
from tests.web.conftest import DIGEST, OFFICES, DeskAlone, Somebody, desk_over, message, open_in

PDF = b"%PDF-1.7 bail"
# For agent, agency, head, admin, auditor: with what is the own office's, and with what is another's.
# What was set aside belongs to no office, and no case is among it.
# o: served, or refused by the case's state alone; n: not found; f: not allowed; e: everybody, logged in or not.
_READ = "on oo oo oo oo"
_WORK = "on oo oo ff ff"
_READ_ALL = "oo oo oo oo oo"
_WORK_ALL = "oo oo oo ff ff"
_OVERSIGHT = "ff ff oo oo oo"
_AGENCY_READ = "nn oo oo oo oo"
TABLE = {
    "GET /": _READ_ALL,
    "GET /accessibilite": "ee ee ee ee ee",
    "GET /adresse/{address}": _READ,
    "GET /aide": _READ_ALL,
    "GET /alertes": _READ_ALL,
    "GET /brouillon": _WORK,
    "POST /brouillon": _WORK,
    "POST /brouillon/piece": _WORK,
    "POST /brouillon/piece/{file}/retirer": "nn nn nn ff ff",  # another's draft, whoever asks
    "POST /brouillon/present": _WORK,
    "GET /chiffres": _OVERSIGHT,
    "GET /chiffres/carte": _OVERSIGHT,
    "GET /chiffres/fiche": _OVERSIGHT,
    "GET /chiffres/rapport": _OVERSIGHT,
    "GET /chiffres/detail": _OVERSIGHT,
    "GET /chiffres/dossiers": _OVERSIGHT,
    "GET /chiffres/dossiers/export": _OVERSIGHT,
    "GET /chiffres/export": _OVERSIGHT,
    "GET /compte/{account}": "ff ff ff oo ff",
    "POST /compte/{account}": "ff ff ff oo ff",
    "POST /compte/{account}/fermer": "ff ff ff oo ff",
    "POST /compte/{account}/inviter": "ff ff ff oo ff",
    "POST /compte/{account}/lien": "ff ff ff oo ff",
    "POST /compte/{account}/rouvrir": "ff ff ff oo ff",
    "POST /compte/{account}/second-facteur": "ff ff ff oo ff",
    "GET /comptes": "ff ff ff oo ff",
    "GET /comptes/nouveau": "ff ff ff oo ff",
    "POST /comptes/nouveau": "ff ff ff oo ff",
    "GET /connexion": "ee ee ee ee ee",
    "POST /connexion": "ee ee ee ee ee",
    "GET /connexion/fournisseur": "nn nn nn nn nn",  # the settings name none
    "GET /connexion/retour": "nn nn nn nn nn",
    "GET /dangers": "ff ff oo oo oo",
    "POST /deconnexion": _READ_ALL,
    "GET /dossier/{number}": _READ,
    "GET /dossier/{number}/envoi/{outgoing}": "nn nn nn nn nn",  # nothing was sent of these cases
    "GET /dossier/{number}/invitation": "nn nn nn nn nn",
    "GET /dossier/{number}/locataires": _READ,
    "GET /dossier/{number}/regles": _READ,
    "GET /dossier/{number}/reponses-types": _READ,
    "POST /dossier/{number}/reponses-types/{answer}": _WORK,
    "POST /dossier/{number}/dedoubler": _WORK,
    "POST /dossier/{number}/annuler": _WORK,
    "POST /dossier/{number}/brouillon/supprimer": _WORK,
    "POST /dossier/{number}/attendre": _WORK,
    "POST /dossier/{number}/clore": _WORK,
    "POST /dossier/{number}/danger-reel": _WORK,
    "POST /dossier/{number}/degeler": "ff ff nn nn ff",  # it is not held
    "POST /dossier/{number}/etiqueter": _WORK,
    "POST /dossier/{number}/faire-suivre": _WORK,
    "POST /dossier/{number}/geler": "ff ff oo oo ff",
    "POST /dossier/{number}/inscrire": _WORK,
    "POST /dossier/{number}/lier": _WORK,
    "POST /dossier/{number}/locataire": _WORK,
    "POST /dossier/{number}/motif": _WORK,
    "POST /dossier/{number}/noter": _WORK,
    "POST /dossier/{number}/pas-de-danger": _WORK,
    "POST /dossier/{number}/prendre": _WORK,
    "POST /dossier/{number}/priorite": _WORK,
    "POST /dossier/{number}/rendez-vous": _WORK,
    "POST /dossier/{number}/rendez-vous/annuler": _WORK,
    "POST /dossier/{number}/rendre": _WORK,
    "POST /dossier/{number}/repondre": _WORK,
    "POST /dossier/{number}/reprendre": _WORK,
    "POST /dossier/{number}/retenir": _WORK,
    "POST /dossier/{number}/reunir": _WORK,
    "POST /dossier/{number}/rouvrir": _WORK,
    "POST /dossier/{number}/rappeler": _WORK,
    "POST /dossier/{number}/separer": _WORK,
    "POST /dossier/{number}/terminer-inscription": _WORK,
    "POST /dossier/{number}/transmettre": _WORK,
    "GET /ecartes": _AGENCY_READ,
    "POST /ecartes/{arrival}/reprendre": "nn nn nn ff ff",
    "GET /entrer/{link}": "ee ee ee ee ee",
    "POST /entrer/{link}": "ee ee ee ee ee",
    "GET /evenements": _READ,
    "GET /fichiers/{digest}/{name}": "ee ee ee ee ee",
    "GET /file": _READ_ALL,
    "POST /file/annuler": _WORK_ALL,
    "POST /file/clore": _WORK_ALL,
    "POST /file/prendre": _WORK_ALL,
    "GET /foyer/{dwelling}": _READ,
    "POST /foyer/{dwelling}/inscrire": _WORK,
    "POST /foyer/{dwelling}/reprendre-inscription": _WORK,
    "POST /foyer/{dwelling}/terminer-inscription": _WORK,
    "POST /foyer/{dwelling}/retirer": "on nn nn ff ff",  # what the first takes back is there no more
    "GET /incident/{residence}/{topic}": _READ,
    "POST /incident/{residence}/{topic}/clore": _WORK,
    "POST /incident/{residence}/{topic}/nouvelle": _WORK,
    "GET /incidents": _READ_ALL,
    "GET /jointe/{file}": _READ,
    "GET /journal": "ff ff oo oo oo",
    "GET /journal/export": "ff ff oo oo oo",
    "GET /journal/lectures": "ff ff oo oo oo",
    "GET /message/{arrival}": _READ,
    "GET /moi": _READ_ALL,
    "POST /moi": _WORK_ALL,
    "POST /moi/mot-de-passe": _READ_ALL,
    "GET /mot-de-passe-perdu": "ee ee ee ee ee",
    "POST /mot-de-passe-perdu": "ee ee ee ee ee",
    "GET /mot-de-passe/{link}": "ee ee ee ee ee",
    "POST /mot-de-passe/{link}": "ee ee ee ee ee",
    "GET /nouveau": _WORK_ALL,
    "POST /nouveau": _WORK_ALL,
    "POST /nouveau/chercher": _WORK_ALL,
    "GET /nouveau/file": _WORK_ALL,
    "POST /nouveau/supprimer": _WORK_ALL,
    "GET /personnes": "ff ff ff oo ff",
    "POST /personnes/effacer": "ff ff ff oo ff",
    "GET /personnes/export": "ff ff ff oo ff",
    "GET /piece/{arrival}/{sha256}": _READ,
    "GET /piece/{arrival}/{sha256}/apercu": _READ,
    "GET /piece/{arrival}/{sha256}/photo": _READ,
    "GET /piece/{arrival}/{sha256}/vignette": _READ,
    "GET /recherche": _READ_ALL,
    "GET /regles": "ff ff ff oo ff",
    "GET /rendez-vous": _READ,
    "GET /second-facteur": _READ_ALL,
    "POST /second-facteur/code": _READ_ALL,
    "POST /second-facteur/confirmer": _READ_ALL,
    "POST /second-facteur/nouveau": _READ_ALL,
    "POST /second-facteur/retirer": _READ_ALL,
    "GET /tableau/{token}": "oo oo oo oo oo",  # whoever has its token, logged in or not
    "GET /reponses-types": _READ_ALL,
    "GET /reponses-types/{answer}": _READ_ALL,
    "POST /reponses-types/{answer}/enregistrer": "ff ff oo oo ff",
    "POST /reponses-types/{answer}/essai": "ff ff oo oo ff",
    "POST /reponses-types/{answer}/reprendre": "ff ff nn nn ff",  # nothing was written here that could be taken back
}
ROUTES = {f"{route.method} {route.path}": route for route in all_routes()}
ROLES = (Role.AGENT, Role.AGENCY, Role.HEAD, Role.ADMIN, Role.AUDITOR)
# What is asked for where that makes a difference; "{office}" is filled in.
ASKED = {
    "GET /rendez-vous": "?bureau={office}",
    "GET /file": "?file={office}",
    "GET /recherche": "?q=fuite",
    "GET /chiffres": "?p=semaine&b={office}&r={residence}&m={topic}&le=2026-11-24",
    "GET /chiffres/carte": "?b={office}",
    "GET /chiffres/fiche": "?b={office}",
    "GET /chiffres/detail": "?c=in_time&b={office}&r={residence}&m={topic}",
    "GET /chiffres/dossiers": "?c=opened&b={office}&r={residence}&m={topic}",
    "GET /chiffres/dossiers/export": "?c=opened&b={office}&f=csv&colonne=objet&r={residence}&m={topic}",
    "GET /chiffres/export": "?t=bureaux&f=csv&b={office}&r={residence}&m={topic}",
    "GET /personnes": "?q=nadia@free.example",
    "GET /personnes/export": "?q=nadia@free.example",
    "GET /brouillon": "?forme=repondre&sur={number}",
    "POST /brouillon/piece": "?forme=repondre&sur={number}&nom=bail.txt",
}


def test_every_page_and_action_has_its_line(offices: DeskAlone) -> None:
    served = offices.pages.routes
    assert all(isinstance(route, Route) for route in served), "nothing is mounted beside the pages"
    assert {route.name for route in served if isinstance(route, Route)} == set(TABLE)


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskAlone]:
    with desk_over(tmp_path_factory.mktemp("world")) as desk:
        desk.store.figures.add_board("hall", digest_of(BOARD), desk.now())
        yield desk


@pytest.mark.parametrize("name", sorted(TABLE))
def test_each_role_may_what_its_line_says(offices: DeskAlone, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtm_contact.web.pages.opening._JUDGED_WITHIN_SECONDS", 0.0)
    things = {whose: _things(offices, office, f"{name} {whose}") for whose, office in OFFICES.items()}
    found = {(role, whose): _found(offices, name, role, whose, things[whose]) for role in ROLES for whose in OFFICES}
    assert " ".join(found[role, "own"] + found[role, "other"] for role in ROLES) == TABLE[name].replace("e", "o")


def _found(offices: DeskAlone, name: str, role: Role, whose: str, things: dict[str, str]) -> str:
    """Return what one of a role finds when asking for something, and make sure that what is refused changed nothing."""
    who, (method, path) = Somebody(offices, f"{role}-{next(_numbers)}", role, "nord"), name.split()
    if name == "GET /evenements":
        return "o" if things["number"] in asyncio.run(_first_told(who)) else "n"
    before = offices.store.cases.get(things["number"])
    if path.endswith("/apercu"):
        things = {**things, "sha256": hashlib.sha256(PDF).hexdigest()}
    path = (path + ASKED.get(name, "")).format(**things)
    fields = {key: value.format(**things) for key, value in FIELDS.get(name, {}).items()}
    answer = who.get(path) if method == "GET" else who.post(path, **fields, dossier=things["number"])
    if name == "POST /brouillon/piece":
        # A file is the body of a request, so the token comes as a header.
        answer = who.client.send("POST", path, content=b"Bonjour", headers={"X-CSRF-Token": csrf_token(who.secret)})
    assert answer.status_code < 500
    after = offices.store.cases.get(things["number"])
    found = {404: "n", 403: "f"}.get(answer.status_code, "o")
    if found != "o" or method == "GET" or (role is Role.AGENT and whose == "other"):
        assert after == before
    if role is Role.AGENT and whose == "other":
        assert things["number"] not in answer.text
        assert "Fuite sud" not in answer.text
    return found


async def _first_told(who: Somebody) -> str:
    """Return what the stream of events tells at first of all that has happened so far, and leave."""
    told, leave = list[str](), asyncio.Event()

    async def receive() -> dict[str, str]:
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(part: Mapping[str, Any]) -> None:
        told.append(part.get("body", b"").decode() or str(part.get("status", "")))
        if told[-1].startswith("id:"):
            leave.set()

    headers = [(b"cookie", f"bureau={who.secret}".encode()), (b"host", b"desk.example")]
    scope = {
        "type": "http", "method": "GET", "path": "/evenements", "query_string": b"depuis=0", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("desk.example", 80), "scheme": "http", "root_path": "",
    }  # fmt: skip
    await who.desk.pages(scope, receive, send)
    return "".join(told)


_numbers = count(1)
BOARD = "the secret of a board"
FIELDS = {
    "POST /dossier/{number}/geler": {"motif": "expertise"},
    "POST /personnes/effacer": {"q": "nadia@free.example"},
    "POST /brouillon": {"forme": "repondre", "sur": "{number}", "champs": '{{"texte": "Bonjour"}}'},
    "POST /brouillon/present": {"forme": "repondre", "sur": "{number}"},
    "POST /dossier/{number}/brouillon/supprimer": {"forme": "noter"},
    "POST /dossier/{number}/lier": {"autre": "2026-000001"},
    "POST /dossier/{number}/reunir": {"autre": "2026-000001"},
    "POST /nouveau": {"visit": "call", "text": "Bonjour, plus de chauffage."},
    "POST /dossier/{number}/noter": {"texte": "note"},
    "POST /foyer/{dwelling}/inscrire": {"locataire": "{tenant}", "quoi": "language", "valeur": "pt"},
    "POST /foyer/{dwelling}/reprendre-inscription": {"inscription": "{entry}"},
    "POST /foyer/{dwelling}/terminer-inscription": {"inscription": "{entry}"},
    "POST /foyer/{dwelling}/retirer": {"locataire": "T01", "valeur": "+33698765432"},
}


def _things(desk: DeskAlone, office: str, external_id: str) -> dict[str, str]:
    number = open_in(desk.store, office, external_id, message(files={"bail.pdf": PDF}))
    if office == "nord":
        confirmed(desk.store, "number", "+33698765432", "T01", number)
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    tenant = "T01" if office == "nord" else "T09"
    entry = entered(desk.store, tenant, EntryKind.NEVER, f"a{number}@free.example")
    return {
        "number": number, "arrival": str(arrival), "sha256": DIGEST, "link": "x", "office": office,
        "dwelling": "L01" if office == "nord" else "L09", "residence": "R01" if office == "nord" else "R02",
        "topic": "heating", "file": str(_sent_file(desk, number)), "outgoing": "1", "answer": "fsl", "digest": "x",
        "address": "A01" if office == "nord" else "A09", "token": BOARD, "name": "desk.css",
        "account": _an_account(desk), "tenant": tenant, "entry": str(entry),
    }  # fmt: skip


def _an_account(desk: DeskAlone) -> str:
    return Somebody(desk, f"auditor-{next(_numbers)}", Role.AUDITOR, None).account.name


def _sent_file(desk: DeskAlone, number: str) -> int:
    """Return the id of a file that was left with a case."""
    who = Somebody(desk, f"agency-{next(_numbers)}", Role.AGENCY, "agence")
    files = desk.store.files
    file_id = files.begin(DraftKey(who.account.id, DraftKind.NOTE, number), "a.pdf", "application/pdf", desk.now())
    files.add_piece(file_id, who.account.id, 0, PDF)
    files.finish(file_id, who.account.id, "0" * 64)
    desk.send(Command("note", who.account.name, number, {"text": "Vu", "files": [file_id]}))
    return file_id


def test_nobody_who_is_not_logged_in_gets_anything(desk: DeskAlone) -> None:
    number = open_in(desk.store, "nord", "one")
    stranger = Somebody(desk, "anne", Role.AGENT, "nord")
    stranger.client.cookies.clear()
    for name, route in ROUTES.items():
        if route.right is None:
            continue
        named = {"dwelling": "L01", "residence": "R", "topic": "gas", "outgoing": "1", "answer": "fsl", "file": "1"}
        named |= {"address": "A01", "account": "x"}
        path = route.path.format(number=number, arrival="1", sha256=DIGEST, **named)
        answer = stranger.get(path) if route.method == "GET" else stranger.post(path)
        assert answer.status_code == 303, name
        assert answer.headers["location"].startswith("/connexion"), name
