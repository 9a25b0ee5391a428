"""Coming in: passwords, locks, sessions that end, links, forms of other sites."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from pydantic import ValidationError

from dtm_contact.access import Role, csrf_token, digest_of, login, new_account, new_link, try_password
from dtm_contact.access.login import AccountError
from dtm_contact.settings import DeskSettings
from dtm_contact.web import auth
from dtm_contact.web.limits import AccessLimits, BoundedLock, BusyError
from tests.web.conftest import Browser, DeskAlone, Somebody

PASSWORD = "un mot de passe assez long"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords with the least effort: what stands here is who comes in, not how dear guessing is."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(login, "_hasher", lambda: quick)
    login._nobodys_hash.cache_clear()
    yield
    login._nobodys_hash.cache_clear()


@pytest.fixture
def stranger(desk: DeskAlone) -> Browser:
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


def refused(browser: Browser, name: str, password: str) -> tuple[int, str]:
    """Return the status and the page, the name that was typed being left out."""
    answer = browser.send("POST", "/connexion", data={"nom": name, "mot_de_passe": password})
    return answer.status_code, answer.text.replace(f'value="{name}"', "")


def test_an_unknown_name_a_wrong_password_and_a_lock_are_told_alike(stranger: Browser, desk: DeskAlone) -> None:
    told = {refused(stranger, "nobody", "x"), refused(stranger, "anne", "x")}
    for _ in range(5):
        told.add(refused(stranger, "anne", "x"))
        told.add(refused(stranger, "nobody", "x"))
    told.add(refused(stranger, "anne", PASSWORD))
    ((status, page),) = told
    assert status == 401
    assert "Après cinq erreurs" in page
    account = desk.store.accounts.named("anne")
    assert desk.store.accounts.failures(account.id, "") is not None
    later = desk.now() + timedelta(minutes=6)
    assert try_password(desk.store, "anne", PASSWORD, "", later) == account


def test_as_many_passwords_are_hashed_for_an_unknown_name_as_for_a_known_one(
    stranger: Browser, desk: DeskAlone, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = list[str]()
    monkeypatch.setattr(login, "_verify", lambda known, _: hashed.append(known))
    disabled = new_account("eve", "Ève", Role.AGENT, "nord", PASSWORD)
    desk.store.accounts.add(disabled, desk.now())
    desk.store.accounts.disable(desk.store.accounts.named("eve").id, desk.now())
    desk.store.accounts.add(new_account("lou", "Lou", Role.AGENT, "nord", None), desk.now())
    for name in ("anne", "nobody", "eve", "lou", *["anne"] * 6):
        before = len(hashed), len(desk.store.accounts.trail_of(limit=1000))
        assert refused(stranger, name, "x")[0] == 401
        assert (len(hashed), len(desk.store.accounts.trail_of(limit=1000))) == (before[0] + 1, before[1] + 1), name
    assert all(each.startswith("$argon2id$") for each in hashed)


def test_a_lock_keeps_out_strangers_and_not_the_browser_that_has_logged_in_before(
    stranger: Browser, desk: DeskAlone
) -> None:
    home = Browser(desk.pages)
    assert log_in(home, PASSWORD) == 303
    for _ in range(6):
        log_in(stranger, "x")
    assert log_in(stranger, PASSWORD) == 401
    assert log_in(home, PASSWORD) == 303
    for _ in range(5):
        log_in(home, "x")
    assert log_in(home, PASSWORD) == 401, "who guesses at her own desk is locked out there too"


def test_the_browser_of_one_account_is_a_stranger_to_another(stranger: Browser, desk: DeskAlone) -> None:
    desk.store.accounts.add(new_account("paul", "Paul", Role.AGENT, "nord", PASSWORD), desk.now())
    insider = Browser(desk.pages)
    assert log_in(insider, PASSWORD, nom="paul") == 303
    for _ in range(6):
        log_in(stranger, "x")
    assert log_in(insider, PASSWORD) == 401
    assert log_in(insider, PASSWORD, nom="paul") == 303


def test_colleagues_who_share_a_computer_are_both_known_on_it(stranger: Browser, desk: DeskAlone) -> None:
    desk.store.accounts.add(new_account("paul", "Paul", Role.AGENT, "nord", PASSWORD), desk.now())
    shared = Browser(desk.pages)
    assert [log_in(shared, PASSWORD), log_in(shared, PASSWORD, nom="paul")] == [303, 303]
    for _ in range(6):
        log_in(stranger, "x")
        log_in(stranger, "x", nom="paul")
    assert [log_in(shared, PASSWORD), log_in(shared, PASSWORD, nom="paul")] == [303, 303]


def test_a_new_password_forgets_browsers_and_locks(stranger: Browser, desk: DeskAlone) -> None:
    assert log_in(stranger, PASSWORD) == 303
    account = desk.store.accounts.named("anne")
    desk.store.accounts.set_password(account.id, login.hash_password("un tout autre mot de passe"))
    for table in ("desk_devices", "entry_failures", "desk_sessions"):
        with desk.store.database.reading() as connection:
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0  # noqa: S608


def test_locks_grow_and_have_a_bound() -> None:
    spans = [login.lock_of(count) for count in (4, 5, 6, 7, 8, 100)]
    assert spans == [timedelta(minutes=minutes) for minutes in (0, 5, 10, 20, 40, 40)]


@pytest.mark.usefixtures("stranger")
def test_failures_are_forgotten_with_time(desk: DeskAlone) -> None:
    now, account = desk.now(), desk.store.accounts.named("anne")
    for minute in range(4):
        assert not login.count_failure(desk.store, "anne", "", now + timedelta(minutes=minute))
    assert not login.count_failure(desk.store, "anne", "", now + timedelta(hours=3))
    assert desk.store.accounts.failures(account.id, "") == (3, now + timedelta(hours=3))
    assert not login.count_failure(desk.store, "anne", "", now + timedelta(hours=3, minutes=1))
    at = now + timedelta(hours=3, minutes=2)
    assert login.count_failure(desk.store, "anne", "", at)
    assert not login.count_failure(desk.store, "anne", "", at), "during a lock nothing is counted"
    assert try_password(desk.store, "anne", PASSWORD, "", at + timedelta(minutes=4)) is None
    assert try_password(desk.store, "anne", PASSWORD, "", at + timedelta(minutes=6)) == account


def test_what_was_typed_as_an_unknown_name_is_not_kept(stranger: Browser, desk: DeskAlone) -> None:
    refused(stranger, "mon mot de passe secret", "x")
    (line,) = [line for _, line in desk.store.accounts.trail_of(limit=9)]
    assert (line.who, line.what, line.subject, line.data) == ("", "refused", "", {})


def test_too_many_attempts_from_one_address_wait_and_from_a_known_browser_do_not(
    stranger: Browser, desk: DeskAlone
) -> None:
    home = Browser(desk.pages)
    assert log_in(home, PASSWORD) == 303
    for _ in range(desk.settings.desk.entries_per_minute):
        desk.limits.passwords.allows("client 127.0.0.1")
    assert log_in(stranger, PASSWORD) == 429
    assert log_in(home, PASSWORD) == 303
    link = new_link(desk.store, desk.store.accounts.named("anne"), desk.now())
    for _ in range(desk.settings.desk.entries_per_minute + 1):
        desk.limits.links.allows("127.0.0.1")
    assert stranger.send("POST", "/entrer/no-link").status_code == 429
    assert stranger.send("POST", f"/entrer/{link}").headers["location"] == "/file", "a link that exists always lets in"


def test_who_waits_too_long_for_a_password_to_be_tried_is_told(stranger: Browser, desk: DeskAlone) -> None:
    desk.limits._unknown = BoundedLock(longest_wait=0.01)
    with desk.limits.hashing(known_device=False).acquired():
        answer = stranger.send("POST", "/connexion", data={"nom": "anne", "mot_de_passe": PASSWORD})
        assert answer.status_code == 503
        assert "rien n’a été essayé" in answer.text
    assert log_in(stranger, PASSWORD) == 303


def test_few_wait_for_their_turn() -> None:
    turn, waiting, done = BoundedLock(most_waiting=2, longest_wait=30), list[threading.Thread](), list[int]()

    def wait() -> None:
        with turn.acquired():
            done.append(1)

    with turn.acquired():
        waiting = [threading.Thread(target=wait) for _ in range(2)]
        for each in waiting:
            each.start()
        while turn._waiting < 2:
            time.sleep(0.001)
        with pytest.raises(BusyError), turn.acquired():
            pytest.fail("a third one waited")
    for each in waiting:
        each.join()
    assert len(done) == 2


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("::ffff:127.0.0.1", ["2001:db8:1:2:3::4"], "2001:db8:1:2::/64"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_client_is_the_right_most_address_that_is_no_proxy(peer: str, forwarded: list[str], client: str) -> None:
    gate = AccessLimits(DeskSettings(proxies=("127.0.0.1", "10.0.0.0/8")))
    assert gate.client(peer, forwarded) == client
    assert AccessLimits(DeskSettings()).client("127.0.0.1", ["198.51.100.1"]) == "127.0.0.1"


@pytest.mark.parametrize("proxies", [("localhost",), ("10.0.0.1/8",), ("10.0.0.0/64",), ("",)])
def test_proxies_are_addresses_or_networks(proxies: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="no address and no network"):
        DeskSettings(proxies=proxies)


@pytest.mark.parametrize("hosts", [("https://bureau.example",), ("bureau.example:443",), ("",), ("*",)])
def test_hosts_are_names(hosts: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="is no host"):
        DeskSettings(hosts=hosts)


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("bureau.example", True),
        ("Bureau.Example:443", True),
        ("localhost:8027", True),
        ("[::1]:8027", True),
        ("[::1]", True),
        ("192.0.2.7:8027", True),
        ("evil.example", False),
        ("bureau.example.evil.example", False),
        ("bureau.example:x", False),
        ("", False),
    ],
)
def test_only_a_host_of_ours_is_served(host: str, served: bool) -> None:  # noqa: FBT001 - a table
    assert AccessLimits(DeskSettings(hosts=("bureau.example",), host="192.0.2.7")).serves(host) is served


def test_a_page_asked_for_under_another_name_is_not_served(agent: Somebody) -> None:
    for path in ("/connexion", "/file", "/rien-de-tel"):
        answer = agent.client.send("GET", path, headers={"Host": "evil.example"})
        assert (answer.status_code, "DTM_DESK_HOSTS" in answer.text) == (421, True)


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/a\nb"])
def test_the_way_after_the_log_in_leads_to_our_own_pages(stranger: Browser, target: str) -> None:
    answer = stranger.send("POST", "/connexion", data={"nom": "anne", "mot_de_passe": PASSWORD, "vers": target})
    assert answer.headers["location"] == "/file"


def test_a_session_ends_by_quiet_and_by_age(desk: DeskAlone, agent: Somebody) -> None:
    now, limits = desk.now(), desk.settings.desk
    quiet, age = timedelta(minutes=limits.idle_minutes), timedelta(hours=limits.session_hours)
    assert auth.account_of(desk, agent.secret, now) is not None
    assert auth.account_of(desk, agent.secret, now + quiet * 1.01) is None
    at = now
    while at - now < age - quiet / 2:
        assert auth.account_of(desk, agent.secret, at) is not None
        desk.store.accounts.seen(digest_of(agent.secret), at)
        at += quiet / 2
    desk.store.accounts.seen(digest_of(agent.secret), now + age)
    assert auth.account_of(desk, agent.secret, now + age * 1.01) is None


def test_a_page_that_refreshes_itself_keeps_no_session_alive(desk: DeskAlone, agent: Somebody) -> None:
    later = desk.now() + timedelta(minutes=5)
    auth.account_of(desk, agent.secret, later, there=False)
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
    in_the_link = agent.client.send("POST", f"/nouveau?csrf={csrf_token(agent.secret)}", data=fields)
    forged = agent.client.send("POST", "/nouveau", data={**fields, "csrf": "0" * 64})
    token = agent.get("/nouveau").text.split('name="csrf" value="')[1].split('"')[0]
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert agent.client.send("POST", "/nouveau", data={**fields, "csrf": token}, headers=headers).status_code == 403
    assert (bare.status_code, forged.status_code, in_the_link.status_code) == (403, 403, 403)
    by_header = {"X-CSRF-Token": token}
    assert agent.client.send("POST", "/nouveau", data={**fields, "visit": "?"}, headers=by_header).status_code == 409


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
