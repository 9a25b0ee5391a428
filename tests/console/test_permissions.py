"""Who may what: every page and deed, every role, the own office's case and another's."""

from collections.abc import Iterator
from itertools import count

import httpx
import pytest

from dtm_contact.access import Role
from dtm_contact.console import pages
from dtm_contact.console.registry import known_routes
from tests.console.conftest import DIGEST, OFFICES, DeskAlone, Somebody, desk_over, open_in

# For agent, agency, head, admin, auditor: with what is the own office's, and with what is another's.
# What was set aside belongs to no office, and no case is among it.
# o: served, or refused by the case's state alone; n: not found; f: not allowed; e: everybody, logged in or not.
_READ = "on oo oo oo oo"
_WORK = "on oo oo ff ff"
_READ_ALL = "oo oo oo oo oo"
_WORK_ALL = "oo oo oo ff ff"
_AGENCY_READ = "nn oo oo oo oo"
TABLE = {
    "GET /": _READ_ALL,
    "GET /aide": _READ_ALL,
    "GET /alertes": _READ_ALL,
    "GET /comptes": "ff ff ff oo ff",
    "GET /connexion": "ee ee ee ee ee",
    "POST /connexion": "ee ee ee ee ee",
    "POST /deconnexion": _READ_ALL,
    "GET /dossier/{number}": _READ,
    "GET /dossier/{number}/invitation": "nn nn nn nn nn",
    "GET /dossier/{number}/locataires": _READ,
    "GET /dossier/{number}/regles": _READ,
    "POST /dossier/{number}/annuler": _WORK,
    "POST /dossier/{number}/attendre": _WORK,
    "POST /dossier/{number}/clore": _WORK,
    "POST /dossier/{number}/etiqueter": _WORK,
    "POST /dossier/{number}/lier": _WORK,
    "POST /dossier/{number}/locataire": _WORK,
    "POST /dossier/{number}/motif": _WORK,
    "POST /dossier/{number}/noter": _WORK,
    "POST /dossier/{number}/prendre": _WORK,
    "POST /dossier/{number}/priorite": _WORK,
    "POST /dossier/{number}/rendez-vous": _WORK,
    "POST /dossier/{number}/rendez-vous/annuler": _WORK,
    "POST /dossier/{number}/rendre": _WORK,
    "POST /dossier/{number}/repondre": _WORK,
    "POST /dossier/{number}/reprendre": _WORK,
    "POST /dossier/{number}/reunir": _WORK,
    "POST /dossier/{number}/rouvrir": _WORK,
    "POST /dossier/{number}/sans-reponse": _WORK,
    "POST /dossier/{number}/separer": _WORK,
    "POST /dossier/{number}/transmettre": _WORK,
    "GET /ecartes": _AGENCY_READ,
    "POST /ecartes/{arrival}/reprendre": "nn nn nn ff ff",
    "GET /entrer/{link}": "ee ee ee ee ee",
    "POST /entrer/{link}": "ee ee ee ee ee",
    "GET /evenements": _READ_ALL,
    "GET /file": _READ_ALL,
    "POST /file/clore": _WORK_ALL,
    "POST /file/prendre": _WORK_ALL,
    "GET /foyer/{dwelling}": _READ,
    "GET /incident/{residence}/{topic}": _READ,
    "POST /incident/{residence}/{topic}/clore": _WORK,
    "POST /incident/{residence}/{topic}/nouvelle": _WORK,
    "GET /incidents": _READ_ALL,
    "GET /journal": "ff ff oo oo oo",
    "GET /message/{arrival}": _READ,
    "GET /nouveau": _WORK_ALL,
    "POST /nouveau": _WORK_ALL,
    "GET /piece/{arrival}/{sha256}": _READ,
    "GET /piece/{arrival}/{sha256}/photo": _READ,
    "GET /piece/{arrival}/{sha256}/vignette": _READ,
    "GET /recherche": _READ_ALL,
    "GET /regles": "ff ff ff oo ff",
    "GET /rendez-vous": _READ,
}
ROUTES = {f"{route.method} {route.path}": route for route in known_routes(pages)}
ROLES = (Role.AGENT, Role.AGENCY, Role.HEAD, Role.ADMIN, Role.AUDITOR)
# What is asked for where that makes a difference; "{office}" is filled in.
ASKED = {"GET /rendez-vous": "?bureau={office}", "GET /file": "?file={office}", "GET /recherche": "?q=fuite"}


def test_every_page_and_deed_has_its_line() -> None:
    assert set(TABLE) == set(ROUTES)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskAlone]:
    with desk_over(tmp_path_factory.mktemp("world")) as desk:
        yield desk


@pytest.mark.parametrize("name", sorted(TABLE))
def test_each_role_may_what_its_line_says(world: DeskAlone, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtm_contact.console.pages.opening._SECONDS", 0.0)
    route = ROUTES[name]
    things = {whose: _things(world, office, f"{name} {whose}") for whose, office in OFFICES.items()}
    found = {}
    for role in ROLES:
        for whose in OFFICES:
            if name == "GET /evenements":
                # An open stream has no end: that it asks for a right is what counts here.
                found[role, whose] = "o" if route.right == "read" else "?"
                continue
            path = route.path.format(**things[whose]) + ASKED.get(name, "").format(office=OFFICES[whose])
            answer = _ask(_somebody(world, role), route.method, path, {**FIELDS.get(name, {}), **_case(things[whose])})
            found[role, whose] = _told(answer)
            if role is Role.AGENT:
                assert things["other"]["number"] not in answer.text
                assert "Fuite sud" not in answer.text
    assert " ".join(found[role, "own"] + found[role, "other"] for role in ROLES) == TABLE[name].replace("e", "o")


def _somebody(desk: DeskAlone, role: Role) -> Somebody:
    return Somebody(desk, f"{role}-{next(_numbers)}", role, "nord")


def _ask(who: Somebody, method: str, path: str, fields: dict[str, str]) -> httpx.Response:
    return who.get(path) if method == "GET" else who.post(path, **fields)


def _case(things: dict[str, str]) -> dict[str, str]:
    return {"dossier": things["number"]}


_numbers = count(1)
FIELDS = {
    "POST /dossier/{number}/lier": {"autre": "2026-000001"},
    "POST /dossier/{number}/reunir": {"autre": "2026-000001"},
    "POST /nouveau": {"visit": "call", "text": "Bonjour, plus de chauffage."},
    "POST /dossier/{number}/noter": {"texte": "note"},
}


def _told(answer: httpx.Response) -> str:
    assert answer.status_code < 500
    return {404: "n", 403: "f"}.get(answer.status_code, "o")


def _things(desk: DeskAlone, office: str, external_id: str) -> dict[str, str]:
    number = open_in(desk.store, office, external_id)
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    return {
        "number": number, "arrival": str(arrival), "sha256": DIGEST, "link": "x", "office": office,
        "dwelling": "L01" if office == "nord" else "L09", "residence": "R01" if office == "nord" else "R02",
        "topic": "heating",
    }  # fmt: skip


def test_nobody_who_is_not_logged_in_gets_anything(desk: DeskAlone) -> None:
    number = open_in(desk.store, "nord", "one")
    stranger = Somebody(desk, "anne", Role.AGENT, "nord")
    stranger.client.cookies.clear()
    for name, route in ROUTES.items():
        if route.right is None:
            continue
        path = route.path.format(number=number, arrival="1", sha256=DIGEST, dwelling="L01", residence="R", topic="gas")
        answer = stranger.get(path) if route.method == "GET" else stranger.post(path)
        assert answer.status_code == 303, name
        assert answer.headers["location"].startswith("/connexion"), name
