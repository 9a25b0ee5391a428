"""What was looked at stands in the audit trail before it is shown; what cannot be noted is not shown."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dtm_contact.access import Role
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.model import Likely
from dtm_contact.settings import AccessSettings
from dtm_contact.store import TrailLine
from tests.web.conftest import DIGEST, DeskAlone, Somebody, open_in

# What each page leaves, with what is looked for; "{number}" and "{arrival}" are filled in.
LEAVES = {
    "/adresse/A01": ("read", "A01"),
    "/chiffres": ("read", "chiffres"),
    "/chiffres/carte": ("read", "chiffres"),
    "/chiffres/fiche": ("read", "chiffres"),
    "/chiffres/rapport": ("read", "chiffres"),
    "/chiffres/detail?c=open": ("read", "chiffres"),
    "/chiffres/dossiers?c=opened": ("read", "chiffres"),
    "/chiffres/dossiers/export?c=opened&colonne=objet": ("exported", "dossiers opened"),
    "/chiffres/export?t=bureaux&f=json": ("exported", "chiffres bureaux"),
    "/dossier/{number}": ("read", "{number}"),
    "/dossier/{number}/locataires?q=beranger": ("searched", "beranger"),
    "/dossier/{number}/regles": ("read", "{number}"),
    "/ecartes": ("read", "ecartes"),
    "/file": ("read", "file"),
    "/file?morceau=1": ("read", "file"),
    "/file?morceau=1&apres=WyJQMSJd": ("read", "file"),
    "/foyer/L01": ("read", "L01"),
    "/incident/R01/heating": ("read", "incident R01 heating"),
    "/incidents": ("read", "incidents"),
    "/journal?personne=beranger": ("searched", "beranger"),
    "/journal/export": ("exported", "journal"),
    "/message/{arrival}": ("read", "{number}"),
    "/nouveau?q=beranger": ("searched", "beranger"),
    "/nouveau?tenant=T01&dwelling=L01": ("read", "L01"),
    "/piece/{arrival}/{sha256}": ("read", "{number}"),
    "/piece/{arrival}/{sha256}/photo": ("read", "{number}"),
    "/piece/{arrival}/{sha256}/vignette": ("read", "{number}"),
    "/recherche?q=beranger": ("searched", "beranger"),
    "/recherche?q=introuvable": ("searched", "introuvable"),
    "/recherche?q={number}": ("searched", "{number}"),
    "/recherche?q=0611223344": ("searched", "0611223344"),
    "/rendez-vous": ("read", "rendez-vous"),
}
Fill = Callable[[str], str]


@pytest.fixture
def head(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "claire", Role.HEAD, "nord")


@pytest.fixture
def fill(desk: DeskAlone) -> Fill:
    number = open_in(desk.store, "nord", "one")
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    return lambda text: text.format(number=number, arrival=arrival, sha256=DIGEST)


@pytest.mark.parametrize("path", LEAVES)
def test_what_is_looked_at_leaves_its_line(head: Somebody, fill: Fill, path: str) -> None:
    assert head.get(fill(path)).status_code in {200, 303}
    what, subject = LEAVES[path]
    told = [(line.who, line.what, line.subject) for _, line in head.desk.store.accounts.trail_of(limit=9)]
    assert ("claire", what, fill(subject)) in told


@pytest.mark.parametrize("path", LEAVES)
def test_what_cannot_be_noted_is_not_shown(
    head: Somebody, fill: Fill, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(name: str, **_: Any) -> None:
        raise StoreUnavailableError(name)

    monkeypatch.setattr(head.desk, "call", fails)
    answer = head.get(fill(path))
    assert answer.status_code == 503
    assert not {"T09", "T01", "Fuite", "06 11 22 33 44"} & set(answer.text.replace("<", " ").replace('"', " ").split())


def test_people_who_were_shown_stand_in_the_line_of_their_search(head: Somebody, fill: Fill) -> None:
    head.get(fill("/dossier/{number}/locataires?q=beranger"))
    (line,) = [line for _, line in head.desk.store.accounts.trail_of(limit=9)]
    assert line.data == {"people": ["T09"], "case": fill("{number}")}


def test_a_page_that_keeps_itself_up_is_noted_once(head: Somebody) -> None:
    for path in ("/file", "/file?morceau=1", "/file?morceau=1"):
        head.get(path)
    assert [line.subject for _, line in head.desk.store.accounts.trail_of(limit=9)] == ["file"]


def test_a_tenant_of_another_office_is_not_named_by_the_page_of_a_new_case(desk: DeskAlone) -> None:
    agent = Somebody(desk, "paul", Role.AGENT, "nord")
    assert "Béranger" not in agent.get("/nouveau?tenant=T09&dwelling=L09").text
    assert agent.desk.store.accounts.trail_of(limit=9) == []


def test_what_an_agent_changes_and_opens_has_its_subject(desk: DeskAlone, fill: Fill) -> None:
    agent = Somebody(desk, "paul", Role.AGENT, "nord")
    agent.post(fill("/dossier/{number}/noter"), texte="Vu avec elle")
    lines = [(line.what, line.subject) for _, line in desk.store.accounts.trail_of(who="paul")]
    assert lines == [("changed", fill("{number}"))]
    agent.post("/nouveau", visit="call", text="Bonjour, plus de chauffage.", phone="0612345678", id="0123456789abcdef")
    line = desk.store.accounts.trail_of(who="paul", limit=1)[0][1]
    assert (line.what, line.subject) == ("changed", "0123456789abcdef")


def told(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


def test_the_trail_is_searched_by_who_whom_what_and_when_and_saved(head: Somebody, fill: Fill) -> None:
    agent, store = Somebody(head.desk, "paul", Role.AGENT, "nord"), head.desk.store.accounts
    number = open_in(head.desk.store, "nord", "of a neighbour", match={"tenant": Likely("T09", 0.99)})
    agent.get(f"/dossier/{number}")
    agent.post(f"/dossier/{number}/prendre")
    head.get(fill("/dossier/{number}"))
    old = head.desk.now() - timedelta(days=40)
    store.trail(TrailLine(old, "paul", "read", "=cmd()", {}))
    today = head.desk.now().date()
    for asked, what in (
        ("qui=paul", {"lu", "changé"}),
        ("qui=Pau", {"lu", "changé"}),
        ("qui=personne", set()),
        ("personne=beranger", {"lu", "changé", "cherché"}),
        ("personne=introuvable", set()),
        (f"action=read&du={today}", {"lu"}),
        (f"au={today - timedelta(days=30)}", {"lu"}),
        ("du=demain&au=0001-01-01&action=DROP&avant=-1", {"lu", "changé", "cherché"}),
    ):
        found = {line["quoi"] for line in told(head.get(f"/journal/export?{asked}"))}
        assert found - {"enregistré dans un fichier"} >= what, asked
        if asked.startswith(("qui", "personne=intr")):
            assert found <= what | {"cherché"}, asked
    formula = told(head.get(f"/journal/export?au={today - timedelta(days=30)}"))
    assert [line["sur"] for line in formula] == ["'=cmd()"], "no spreadsheet takes it for a formula"
    exported = store.trail_of(who="claire", limit=1)[0][1]
    assert (exported.what, exported.subject, exported.data["lines"]) == ("exported", "journal", 1)
    assert "beranger" not in str([line for _, line in store.trail_of(limit=99) if line.what == "exported"])


def test_who_reads_many_households_within_an_hour_is_shown_with_the_rule(
    head: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = AccessSettings(households_an_hour=5)
    monkeypatch.setattr(head.desk, "settings", head.desk.settings.model_copy(update={"access": access}))
    trail, now = head.desk.store.accounts.trail, head.desk.now()
    most = head.desk.settings.access.households_an_hour
    noon = (now - timedelta(days=2)).replace(hour=12, minute=0)
    for name, seconds, households in (("much", 3599, most), ("slow", 7200, most), ("few", 3599, most - 1)):
        Somebody(head.desk, name, Role.AGENCY, "agence")
        for number in range(households):
            at = noon + timedelta(seconds=seconds * number / (households - 1))
            trail(TrailLine(at, name, "read", f"L{number:05}", {"household": True}))
            trail(TrailLine(at, name, "read", "file", {"queues": ["nord"]}))
            trail(TrailLine(at, "again", "read", "L1", {"tenant": "T01"}))
    (found,) = head.desk.store.trail.unusual_readings(now - timedelta(days=14), most)
    assert (found.who, found.households) == ("much", most)
    page = head.get("/journal/lectures").text
    assert "Much" in page
    assert f"{most} foyers ou dossiers différents" in page
    assert "Slow" not in page
