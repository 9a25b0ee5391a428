"""Coming in by a second factor: asked after the password, set up where the role demands it, replaced and removed."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher

from dtm_contact.access import Role, csrf_token, login, new_account, new_link
from dtm_contact.access.totp import code_of, step_at
from tests.web.conftest import PASSWORD, Browser, DeskAlone

OTHER = "un tout autre mot de passe"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(login, "_hasher", lambda: quick)
    login._nobodys_hash.cache_clear()
    yield
    login._nobodys_hash.cache_clear()


class Clock(SimpleNamespace):
    at: datetime

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock(desk: DeskAlone, monkeypatch: pytest.MonkeyPatch) -> Clock:
    stands = Clock(at=desk.now())
    monkeypatch.setattr(desk, "now", lambda: stands.at)
    return stands


class Person(Browser):
    """Somebody at a browser of their own, with a telephone."""

    def __init__(self, desk: DeskAlone, clock: Clock, name: str, role: Role) -> None:
        super().__init__(desk.pages)
        self.desk, self.clock, self.name = desk, clock, name
        desk.store.accounts.add(new_account(name, name.title(), role, "nord", PASSWORD), desk.now())
        self.id = desk.store.accounts.named(name).id

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Return the status, and where it leads to or the page."""
        answer = self.send("POST", path, data={"csrf": csrf_token(self.cookies.get("bureau") or ""), **fields})
        return answer.status_code, answer.headers.get("location", answer.text)

    def log_in(self, password: str = PASSWORD, **more: str) -> str:
        return self.post("/connexion", nom=self.name, mot_de_passe=password, vers="/incidents", **more)[1]

    def code(self) -> str:
        """Return the code that the telephone shows once the clock has gone on."""
        self.clock.later(seconds=31)
        factor = self.desk.store.second_factors.of(self.id)
        return code_of(factor.pending or factor.secret or "", step_at(self.clock.at))

    def set_up(self) -> list[str]:
        """Set a second factor up, and return the recovery codes."""
        self.post("/second-facteur/nouveau")
        status, page = self.post("/second-facteur/confirmer", code=self.code(), vers="/incidents")
        assert status == 200
        return re.findall(r"<code>([a-z2-7-]{19})</code>", page)

    def is_in(self) -> bool:
        return self.send("GET", "/file").status_code == 200


@pytest.fixture
def claire(desk: DeskAlone, clock: Clock) -> Person:
    return Person(desk, clock, "claire", Role.HEAD)


@pytest.fixture
def paul(desk: DeskAlone, clock: Clock) -> Person:
    return Person(desk, clock, "paul", Role.AGENT)


def test_a_head_without_one_is_led_to_set_it_up_and_is_in_once_a_code_confirms_it(claire: Person) -> None:
    assert claire.log_in() == "/second-facteur?vers=/incidents"
    for path in ("/file", "/moi", "/journal", "/dossier/2026-000001", "/evenements"):
        assert claire.send("GET", path).headers["location"].startswith("/second-facteur?vers=")
    assert claire.post("/moi", signature="x")[1] == "/connexion"
    page = claire.send("GET", "/second-facteur").text
    assert "Votre rôle demande un second facteur" in page
    shown = claire.post("/second-facteur/nouveau")[1]
    assert "<svg" in shown
    assert claire.post("/second-facteur/confirmer", code="000000")[0] == 401
    before = claire.cookies["bureau"]
    assert len(claire.set_up()) == 10
    assert claire.cookies["bureau"] != before, "the session of who was only coming in lets nobody in"
    lines = [(line.what, line.data.get("how")) for _, line in claire.desk.store.accounts.trail_of(limit=9)]
    assert lines == [("entered", "code"), ("second factor set", None)]
    assert claire.is_in()


def test_who_has_one_gives_a_code_after_the_password_and_no_code_twice(claire: Person) -> None:
    claire.log_in()
    (recovery, *_) = claire.set_up()
    claire.post("/deconnexion")
    assert claire.log_in() == "/second-facteur?vers=/incidents"
    assert not claire.is_in()
    assert claire.post("/second-facteur/nouveau")[0] == 404, "who has the password alone makes no new secret"
    code = claire.code()
    assert claire.post("/second-facteur/code", code="123456")[0] == 401
    assert claire.post("/second-facteur/code", code=code, vers="//evil.example") == (303, "/file")
    assert claire.is_in()
    thief = Browser(claire.desk.pages)
    thief.send("POST", "/connexion", data={"nom": "claire", "mot_de_passe": PASSWORD})
    claire.cookies, kept = thief.cookies, claire.cookies
    assert claire.post("/second-facteur/code", code=code)[0] == 401, "the code was seen over her shoulder"
    assert claire.post("/second-facteur/code", code=recovery)[0] == 303
    claire.cookies = kept
    assert claire.is_in()


def test_guessing_codes_locks_and_giving_the_password_again_gives_no_more_guesses(claire: Person) -> None:
    claire.log_in()
    claire.set_up()
    stranger = Browser(claire.desk.pages)
    claire.cookies = stranger.cookies
    for _ in range(5):
        assert claire.log_in().startswith("/second-facteur")
        claire.post("/second-facteur/code", code="000000")
    assert "Après cinq erreurs" in claire.log_in()
    told = [line.what for _, line in claire.desk.store.accounts.trail_of(limit=2)]
    assert told == ["refused", "code refused"]


def test_the_password_and_the_code_at_once_let_in_as_the_dialog_of_an_open_page_sends_them(claire: Person) -> None:
    claire.log_in()
    claire.set_up()
    claire.cookies.clear()
    assert "Nom, mot de passe ou code inconnu" in claire.log_in(code="000000")
    assert claire.log_in(code=claire.code()) == "/incidents"
    assert claire.is_in()


def test_a_link_that_lets_in_asks_for_the_code_too(claire: Person) -> None:
    claire.log_in()
    claire.set_up()
    claire.cookies.clear()
    store = claire.desk.store
    link = new_link(store, store.accounts.named("claire"), claire.clock.at)
    assert claire.post(f"/entrer/{link}") == (303, "/second-facteur?vers=/file")
    assert claire.post("/second-facteur/code", code=claire.code())[0] == 303
    assert claire.is_in()


def test_who_takes_too_long_for_the_code_begins_again(claire: Person) -> None:
    claire.log_in()
    claire.set_up()
    claire.post("/deconnexion")
    claire.log_in()
    claire.clock.later(minutes=16)
    assert claire.post("/second-facteur/code", code=claire.code())[1] == "/connexion"


def test_an_agent_may_have_one_and_remove_it_by_a_code_and_a_head_may_not(paul: Person, claire: Person) -> None:
    assert paul.log_in() == "/incidents"
    paul.set_up()
    assert paul.post("/second-facteur/retirer", code="000000")[0] == 401
    assert paul.post("/second-facteur/nouveau", code="000000")[0] == 401, "a new one is made by a code of the old"
    assert paul.post("/second-facteur/retirer", code=paul.code()) == (303, "/moi?fait=second_factor_removed")
    claire.log_in()
    claire.set_up()
    assert claire.post("/second-facteur/retirer", code=claire.code())[0] == 409


def test_without_its_token_no_form_of_the_second_factor_does_anything(claire: Person) -> None:
    claire.log_in()
    for path in ("code", "nouveau", "confirmer", "retirer"):
        assert claire.post(f"/second-facteur/{path}", csrf="0" * 64)[0] == 403
    assert claire.desk.store.second_factors.of(claire.id).pending is None


def test_the_own_password_is_set_by_the_old_one_and_ends_the_other_sessions(paul: Person) -> None:
    paul.log_in()
    elsewhere = paul.cookies
    paul.cookies = Browser(paul.desk.pages).cookies
    paul.log_in()
    for fields, status in (
        ({"ancien": "faux", "nouveau": OTHER, "encore": OTHER}, 401),
        ({"ancien": PASSWORD, "nouveau": OTHER, "encore": OTHER + "!"}, 422),
        ({"ancien": PASSWORD, "nouveau": "court", "encore": "court"}, 422),
        ({"ancien": PASSWORD, "nouveau": OTHER, "encore": OTHER}, 303),
    ):
        assert paul.post("/moi/mot-de-passe", **fields)[0] == status
    assert paul.is_in()
    paul.cookies = elsewhere
    assert not paul.is_in()
    assert "inconnu" in paul.log_in()
    assert paul.log_in(OTHER) == "/incidents"
