"""Accounts in the browser: made, changed, closed, invited by mail; a lost password; and the trail of it."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher

from dtm_contact.access import AccountMail, Role, call_procedure, login
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.accounts import REFUSALS
from dtm_contact.model import OutgoingKind
from dtm_contact.settings import OutboundSettings
from dtm_contact.store import Account
from dtm_contact.web.account_mail import AccountMailer, written
from tests.heard import made_alarms
from tests.outbound.relays import RelayServer, relay_server
from tests.web.conftest import Browser, DeskAlone, Somebody

NEW = "un tout autre mot de passe"
FORM = {"nom": "lea.roy", "affiche": "Léa Roy", "role": "agent", "bureau": "nord", "adresse": "Lea@Bailleur.example"}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(login, "_hasher", lambda: quick)
    login._nobodys_hash.cache_clear()
    yield
    login._nobodys_hash.cache_clear()


@pytest.fixture
def mails(desk: DeskAlone, monkeypatch: pytest.MonkeyPatch) -> list[AccountMail]:
    """Return what is mailed to the owners of accounts, and give the desk an address."""
    sent = list[AccountMail]()

    def call(name: str, **arguments: Any) -> Any:
        result = call_procedure(desk.store, name, arguments, desk.now())
        sent.extend(result.mails)
        return result.answer

    monkeypatch.setattr(desk, "call", call)
    url = desk.settings.desk.model_copy(update={"url": "https://bureau.example"})
    monkeypatch.setattr(desk, "settings", desk.settings.model_copy(update={"desk": url}))
    return sent


@pytest.fixture
def admin(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "ines", Role.ADMIN, None)


def named(desk: DeskAlone, name: str) -> Account:
    return desk.store.accounts.named(name)


def lines(desk: DeskAlone) -> list[tuple[str, str, str]]:
    return [(line.who, line.what, line.subject) for _, line in desk.store.accounts.trail_of(limit=50)][::-1]


def link_in(mail: AccountMail) -> str:
    found = re.search(r"https://bureau\.example(/mot-de-passe/[\w-]+)", mail.text)
    assert found is not None
    return found[1]


def test_an_account_is_added_changed_closed_and_opened_again(
    desk: DeskAlone, admin: Somebody, mails: list[AccountMail]
) -> None:
    added = admin.post("/comptes/nouveau", **FORM, inviter="1", autres="sud")
    assert added.headers["location"] == "/compte/lea.roy?fait=invited"
    account = named(desk, "lea.roy")
    assert (account.shown_as, account.role, account.email) == ("Léa Roy", "agent", "lea@bailleur.example")
    assert account.offices == ("nord", "sud")
    assert [mail.to for mail in mails] == ["lea@bailleur.example"]
    assert "Votre identifiant : lea.roy" in mails[0].text
    changed = {**FORM, "role": "agency", "affiche": "Léa R."}
    assert admin.post("/compte/lea.roy", **changed).headers["location"].endswith("fait=account_changed")
    assert (named(desk, "lea.roy").role, named(desk, "lea.roy").offices) == ("agency", ("nord",))
    admin.post("/compte/lea.roy/fermer")
    assert named(desk, "lea.roy").disabled_at is not None
    refused = admin.post("/compte/lea.roy/inviter")
    assert (refused.status_code, REFUSALS["closed"] in refused.text) == (422, True)
    assert admin.post("/compte/lea.roy/lien").status_code == 422
    admin.post("/compte/lea.roy/rouvrir")
    assert named(desk, "lea.roy").disabled_at is None
    done = ["account added", "invited", "account changed", "account disabled", "account enabled"]
    assert lines(desk) == [("ines", what, "lea.roy") for what in done]
    page = admin.get("/compte/lea.roy").text
    assert "compte rouvert" in page
    assert "avant : agent" in page.lower()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"nom": "Léa Roy"}, "name"),
        ({"nom": "../etc"}, "name"),
        ({"nom": "ines"}, "taken"),
        ({"role": "root"}, "role"),
        ({"bureau": ""}, "office"),
        ({"bureau": "bureau-inconnu"}, "office"),
        ({"adresse": "lea"}, "email"),
        ({"adresse": "lea@x.example\nBcc: all@x.example"}, "email"),
        ({"adresse": "a@x.example,b@x.example"}, "email"),
    ],
)
def test_what_is_no_account_is_refused_with_what_would_be_right(
    desk: DeskAlone, admin: Somebody, wrong: dict[str, str], why: str
) -> None:
    answer = admin.post("/comptes/nouveau", **{**FORM, **wrong})
    assert (answer.status_code, REFUSALS[why] in answer.text) == (422, True)
    assert "Léa Roy" in answer.text, "what was typed is still there"
    assert [each.name for each in desk.store.accounts.all()] == ["ines"]


def test_nobody_shuts_themselves_or_the_last_admin_out(desk: DeskAlone, admin: Somebody) -> None:
    form = {"affiche": "Ines", "role": "auditor"}
    for path, fields in (("/compte/ines/fermer", {}), ("/compte/ines", form)):
        assert REFUSALS["self"] in admin.post(path, **fields).text
    other = Somebody(desk, "omar", Role.ADMIN, None)
    assert other.post("/compte/ines/fermer").status_code == 303
    assert admin.get("/comptes").status_code == 303, "who was closed is out at once"
    assert (
        desk.call("change_account", who="omar", login="omar", shown_as="", role="head", offices=[], email="") == "self"
    )


@pytest.mark.parametrize("role", [Role.AGENT, Role.AGENCY, Role.HEAD, Role.AUDITOR])
def test_the_daemon_asks_the_store_who_may_see_to_accounts(desk: DeskAlone, role: Role) -> None:
    Somebody(desk, "paul", role, "nord")
    given = {"shown_as": "", "role": "admin", "offices": [], "email": ""}
    for name, arguments in (
        ("add_account", {"login": "eve", **given}),
        ("change_account", {"login": "paul", **given}),
        ("close_account", {"login": "paul"}),
        ("reopen_account", {"login": "paul"}),
        ("reset_second_factor", {"login": "paul"}),
        ("make_entry_link", {"login": "paul"}),
        ("invite", {"login": "paul", "url": "", "days": 1}),
    ):
        with pytest.raises(NotFoundError):
            desk.call(name, who="paul", **arguments)
    assert (named(desk, "paul").role, lines(desk)) == (role, [])


def test_the_second_factor_of_who_lost_the_telephone_is_removed_and_a_link_shown_once(
    desk: DeskAlone, admin: Somebody, mails: list[AccountMail]
) -> None:
    paul = Somebody(desk, "paul", Role.HEAD, "nord")
    desk.store.second_factors.propose(paul.account.id, "A" * 32)
    desk.store.second_factors.confirm(paul.account.id, "A" * 32, 1, ["x"], desk.now())
    admin.post("/compte/paul/second-facteur")
    assert desk.store.second_factors.of(paul.account.id).secret is None
    assert paul.get("/file").status_code == 303, "their sessions end"
    shown = re.search(r"https://bureau\.example(/entrer/[\w-]+)", admin.post("/compte/paul/lien").text)
    assert shown is not None
    assert Browser(desk.pages).send("POST", shown[1]).headers["location"].startswith("/second-facteur")
    assert mails == []


def test_a_lost_password_is_told_alike_to_all_and_mailed_to_its_owner_alone(
    desk: DeskAlone, admin: Somebody, mails: list[AccountMail]
) -> None:
    admin.post("/comptes/nouveau", **FORM)
    admin.post("/comptes/nouveau", **{**FORM, "nom": "twin", "adresse": "double@x.example"})
    admin.post("/comptes/nouveau", **{**FORM, "nom": "twin2", "adresse": "double@x.example"})
    admin.post("/comptes/nouveau", **{**FORM, "nom": "shut", "adresse": "shut@x.example"})
    admin.post("/compte/shut/fermer")
    stranger = Browser(desk.pages)
    typed = (
        "lea.roy",
        "LEA@bailleur.example",
        "nobody",
        "no@x.example",
        "double@x.example",
        "ines",
        "shut",
        "",
        "\x00",
    )
    pages = {
        stranger.send("POST", "/mot-de-passe-perdu", data={"nom": each}).text.replace(each or "\0", "")
        for each in typed
    }
    assert len(pages) == 1
    assert [mail.to for mail in mails] == ["lea@bailleur.example"] * 2
    for _ in range(5):
        stranger.send("POST", "/mot-de-passe-perdu", data={"nom": "lea.roy"})
    assert len(mails) == 3, "a mailbox is not flooded"


def test_a_link_sets_a_password_once_in_time_and_ends_all_sessions(
    desk: DeskAlone, admin: Somebody, mails: list[AccountMail], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.post("/comptes/nouveau", **FORM)
    stranger = Browser(desk.pages)
    for _ in range(2):
        stranger.send("POST", "/mot-de-passe-perdu", data={"nom": "lea.roy"})
    first, second = map(link_in, mails)
    assert stranger.send("GET", first).status_code == 200, "looking does not use it up"
    for nouveau, encore in (("court", "court"), (NEW, NEW + "!")):
        assert stranger.send("POST", first, data={"nouveau": nouveau, "encore": encore}).status_code == 422
    assert stranger.send("POST", first.replace("mot-de-passe", "entrer")).headers["location"].endswith("lien=perdu")
    new = {"nouveau": NEW, "encore": NEW}
    assert stranger.send("POST", first, data=new).headers["location"] == "/connexion?lien=pose"
    assert "Mot de passe enregistré" in stranger.send("GET", "/connexion?lien=pose").text
    for used in (first, second):
        assert stranger.send("POST", used, data=new).headers["location"] == "/connexion?lien=perdu"
    form = {"nom": "lea.roy", "mot_de_passe": NEW}
    assert stranger.send("POST", "/connexion", data=form).headers["location"] == "/file"
    stranger.send("POST", "/mot-de-passe-perdu", data={"nom": "lea.roy"})
    late = desk.now().replace(year=desk.now().year + 1)
    monkeypatch.setattr(desk, "now", lambda: late)
    assert stranger.send("POST", link_in(mails[-1]), data=new).headers["location"] == "/connexion?lien=perdu"


def test_an_agent_of_two_offices_sees_both_and_no_third(desk: DeskAlone) -> None:
    paul = Somebody(desk, "paul", Role.AGENT, "nord")
    assert set(map(desk.office_of, desk.queues_of(paul.account))) == {"nord"}
    desk.store.accounts.change(replace(paul.account, further_offices=("sud",)))
    both = named(desk, "paul")
    assert set(map(desk.office_of, desk.queues_of(both))) == {"nord", "sud"}


async def test_a_mail_goes_out_at_once_and_what_no_server_takes_sounds_an_alarm() -> None:
    mail = AccountMail("lea@x.example", "Sujet é", "Bonjour,\n\nle lien\n")
    settings = OutboundSettings(security="none", sender_name="Bailleur Métropole")
    async with relay_server(RelayServer()) as relay:
        mailer = AccountMailer(settings.model_copy(update={"host": "127.0.0.1", "port": relay.port}), made_alarms())
        mailer.send([mail])
        async with asyncio.timeout(30):
            while not relay.taken:
                await asyncio.sleep(0.01)
        await mailer.close()
    heard = list[str]()
    alarms = made_alarms(lambda cause, _told: heard.append(cause))
    down = AccountMailer(settings.model_copy(update={"host": "127.0.0.1", "port": 1}), alarms, pauses=(0.0,))
    down.send([mail])
    await asyncio.gather(*down._sending)
    AccountMailer(settings, made_alarms(lambda cause, _told: heard.append(cause))).send([mail])
    assert heard == ["account-mail", "account-mail"]
    outgoing = written(mail, settings)
    assert outgoing.kind is OutgoingKind.NOTICE
    assert b"Auto-Submitted: auto-generated\r\n" in outgoing.raw
