"""Coming in: passwords, locks, sessions that end, links, forms of other sites."""

import time
from datetime import timedelta

import pytest

from dtm_contact.access import Role, digest_of, new_account, new_link, try_password
from dtm_contact.access.entry import AccountError, locked_until
from dtm_contact.console import sessions
from dtm_contact.console.pages import entering
from tests.console.conftest import Browser, DeskAlone, Somebody, open_in
from tests.store.samples import NOW

PASSWORD = "un mot de passe assez long"


@pytest.fixture
def stranger(desk: DeskAlone) -> Browser:
    entering._attempts.clear()
    desk.store.accounts.add(new_account("anne", "Anne", Role.AGENT, "nord", PASSWORD), desk.now())
    return Browser(desk.pages)


def log_in(browser: Browser, password: str, **more: str) -> int:
    fields = {"nom": "anne", "mot_de_passe": password, "vers": "/file", **more}
    return browser.send("POST", "/connexion", data=fields).status_code


def test_the_right_password_lets_in_and_the_way_out_ends_the_session(stranger: Browser, desk: DeskAlone) -> None:
    assert log_in(stranger, PASSWORD) == 303
    assert stranger.send("GET", "/file").status_code == 200
    secret = stranger.cookies["bureau"]
    assert desk.store.accounts.session(secret) is None, "the store keeps the digest alone"
    page = stranger.send("GET", "/file").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    assert stranger.send("POST", "/deconnexion", data={"csrf": token}).status_code == 303
    stranger.cookies.set("bureau", secret, domain="desk.example")
    assert stranger.send("GET", "/file").headers["location"].startswith("/connexion")


def test_a_wrong_password_is_told_as_an_unknown_name_is_and_locks_after_five(
    stranger: Browser, desk: DeskAlone
) -> None:
    unknown = stranger.send("POST", "/connexion", data={"nom": "nobody", "mot_de_passe": "x"})
    wrong = stranger.send("POST", "/connexion", data={"nom": "anne", "mot_de_passe": "x"})
    assert (unknown.status_code, wrong.status_code) == (401, 401)
    assert "inconnu" in unknown.text
    assert "inconnu" in wrong.text
    for _ in range(4):
        log_in(stranger, "x")
    assert log_in(stranger, PASSWORD) == 401, "the right one is refused while it is locked"
    account = desk.store.accounts.named("anne")
    assert account.failures == 5
    assert try_password(desk.store, "anne", PASSWORD, desk.now() + timedelta(minutes=6))[1] is None


def test_locks_grow_and_have_a_bound() -> None:

    spans = [until - NOW if (until := locked_until(count, NOW)) else None for count in (4, 5, 6, 100)]
    assert spans == [None, timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=320)]


def test_too_many_attempts_from_one_address_wait(stranger: Browser, desk: DeskAlone) -> None:
    for _ in range(desk.settings.desk.entries_per_minute):
        entering._attempts["127.0.0.1"].append(time.monotonic())
    assert log_in(stranger, PASSWORD) == 429


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/a\nb"])
def test_the_way_after_the_log_in_leads_to_our_own_pages(stranger: Browser, target: str) -> None:
    answer = stranger.send("POST", "/connexion", data={"nom": "anne", "mot_de_passe": PASSWORD, "vers": target})
    assert answer.headers["location"] == "/file"


def test_a_session_ends_by_quiet_and_by_age(desk: DeskAlone, agent: Somebody) -> None:
    now, limits = desk.now(), desk.settings.desk
    quiet, age = timedelta(minutes=limits.idle_minutes), timedelta(hours=limits.session_hours)
    assert sessions.whose(desk, agent.secret, now) is not None
    assert sessions.whose(desk, agent.secret, now + quiet * 1.01) is None
    at = now
    while at - now < age - quiet / 2:
        assert sessions.whose(desk, agent.secret, at) is not None
        desk.store.accounts.seen(digest_of(agent.secret), at)
        at += quiet / 2
    desk.store.accounts.seen(digest_of(agent.secret), now + age)
    assert sessions.whose(desk, agent.secret, now + age * 1.01) is None


def test_a_page_that_refreshes_itself_keeps_no_session_alive(desk: DeskAlone, agent: Somebody) -> None:
    later = desk.now() + timedelta(minutes=5)
    sessions.whose(desk, agent.secret, later, there=False)
    session = desk.store.accounts.session(digest_of(agent.secret))
    assert session is not None
    assert session.seen_at < later


def test_a_link_lets_in_once_and_only_when_asked(desk: DeskAlone) -> None:
    desk.store.accounts.add(new_account("anne", "Anne", Role.AGENT, "nord", None), desk.now())
    secret = new_link(desk.store, desk.store.accounts.named("anne"), desk.now())
    browser = Browser(desk.pages)
    assert browser.send("GET", f"/entrer/{secret}").status_code == 200, "looking does not use it up"
    assert browser.send("POST", f"/entrer/{secret}").headers["location"] == "/file"
    assert browser.send("GET", "/file").status_code == 200
    other = Browser(desk.pages)
    assert other.send("POST", f"/entrer/{secret}").headers["location"].startswith("/connexion")


def test_a_disabled_account_is_out_at_once(desk: DeskAlone, agent: Somebody) -> None:
    assert agent.get("/file").status_code == 200
    desk.store.accounts.disable(agent.account.id, desk.now())
    assert agent.get("/file").status_code == 303


def test_a_form_of_another_site_does_nothing(agent: Somebody) -> None:
    fields = {"visit": "call", "text": "Bonjour"}
    bare = agent.client.send("POST", "/nouveau", data=fields)
    forged = agent.client.send("POST", "/nouveau", data={**fields, "csrf": "0" * 64})
    token = agent.get("/nouveau").text.split('name="csrf" value="')[1].split('"')[0]
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert agent.client.send("POST", "/nouveau", data={**fields, "csrf": token}, headers=headers).status_code == 403
    assert (bare.status_code, forged.status_code) == (403, 403)


@pytest.mark.parametrize(
    ("name", "role", "office", "password"),
    [
        ("Anne Martin", "agency", None, PASSWORD),
        ("anne", "agent", None, PASSWORD),
        ("anne", "agency", None, "trop court"),
    ],
)
def test_what_is_no_account_is_refused(name: str, role: str, office: str | None, password: str) -> None:
    with pytest.raises(AccountError):
        new_account(name, "", role, office, password)


def test_reading_a_case_stands_in_the_trail_before_it_is_shown(desk: DeskAlone, agent: Somebody) -> None:

    number = open_in(desk.store, "nord", "one")
    agent.get(f"/dossier/{number}")
    agent.post(f"/dossier/{number}/noter", texte="Vu avec elle")
    agent.get("/foyer/L01")
    lines = [(line.who, line.what, line.subject) for _, line in desk.store.accounts.trail_of(who="paul")]
    assert lines == [("paul", "read", "L01"), ("paul", "changed", number), ("paul", "read", number)]
