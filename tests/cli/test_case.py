"""`dtm-contact case …`: what agents can do, what they read of it, and how they are refused."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtm_contact.directory import read_export
from dtm_contact.model import Likely, Match
from dtm_contact.store import Store, open_store
from tests.cli.conftest import ROOT, Program
from tests.store.fresh import fresh_store
from tests.store.samples import judgement, open_case

NUMBER = "2026-000001"


@pytest.fixture
def store(environment: dict[str, str]) -> Iterator[Store]:
    url = environment["DTM_STORE_URL"]
    fresh_store(url)
    with open_store(url) as opened:
        records, _warnings = read_export(ROOT / "tests" / "directory" / "good")
        opened.directory.save(records, "import", datetime.now(UTC))
        open_case(opened, "one", judgement(queue="bagnolet"))
        yield opened


def a_tenant(store: Store) -> str:
    return next(lease.tenant_id for lease in store.directory.load().leases if lease.lease_end is None)


def test_an_agent_works_on_a_case(program: Program, store: Store) -> None:
    taken = program("case", "take", NUMBER, "--as", "paul", "--version", "1")
    assert (taken.returncode, taken.stdout) == (0, f"{NUMBER} : Dossier pris\n")
    late = program("case", "note", NUMBER, "vu", "--as", "anne", "--version", "1")
    assert (late.returncode, late.stdout) == (1, "")
    assert "entre-temps. Relisez le dossier" in late.stderr
    moved = program("case", "move", NUMBER, "pantin", "--reason", "c'est à Pantin", "--as", "paul", "--json")
    told = json.loads(moved.stdout)
    assert (told["number"], told["version"], told["events"][0]["what"]) == (NUMBER, 3, "moved")
    assert told["events"][0]["data"]["changed"]["queue"] == ["bagnolet", "pantin"]
    noted = program("case", "note", NUMBER, "Locataire pénible", "--as", "paul")
    assert (noted.returncode, noted.stdout) == (0, f"{NUMBER} : Note : Locataire pénible\n")
    assert noted.stderr.startswith("à relire : « Locataire pénible » – Jugement.")
    shown = program("case", "show", NUMBER).stdout
    assert "Transmis : pantin ; c'est à Pantin" in shown
    assert store.cases.get(NUMBER).case.queue == "pantin"


def test_a_tenant_is_named_and_known_from_then_on(program: Program, store: Store) -> None:
    tenant_id = a_tenant(store)
    named = program("case", "tenant", NUMBER, tenant_id, "--confirm", "--as", "paul")
    assert f"nadia.benali@free.example ajouté à la fiche de {tenant_id}" in named.stdout
    assert store.cases.get(NUMBER).case.tenant_id == tenant_id
    undone = program("case", "undo", NUMBER, "--as", "paul")
    assert "Changement annulé : locataire" in undone.stdout
    assert store.cases.get(NUMBER).case.tenant_id == "T1"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("take", "2026-999999"), 1, "2026-999999"),
        (("move", NUMBER, "bobigny", "--reason", "x"), 1, "La file 'bobigny' n'existe pas ; il y a "),
        (("move", NUMBER, "pantin"), 2, "Missing option '--reason'"),
        (("done", NUMBER), 1, "Indiquez la raison de la clôture"),
        (("call-back", NUMBER, "answered"), 2, "'answered' is not one of"),
        (("call-back", NUMBER, "unsettled"), 1, "Dites en un mot où on en est"),
        (("done", NUMBER, "--danger-over", "checked"), 1, "Aucun danger n'est signalé dans ce dossier"),
        (("wait", NUMBER, "--until", "demain"), 2, "'demain' is no ISO time"),
        (("tenant", NUMBER), 2, "name a tenant, or a --dwelling, or say --nobody"),
        (("tenant", NUMBER, "T404"), 1, "L'annuaire n'a pas de locataire T404"),
        (("release", NUMBER), 1, "Personne ne l'a pris"),
        (("undo", NUMBER), 1, "Il n'y a rien à annuler"),
    ],
)
@pytest.mark.usefixtures("store")
def test_what_cannot_be_is_said(program: Program, arguments: tuple[str, ...], status: int, said: str) -> None:
    done = program("case", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_danger_is_closed_by_saying_why_it_is_over(program: Program, store: Store) -> None:
    assert program("case", "priority", NUMBER, "P1", "--as", "paul").returncode == 0
    refused = program("case", "undo", NUMBER, "--as", "paul")
    assert "n'en est plus une" in refused.stderr
    assert "pourquoi le danger est écarté" in program("case", "done", NUMBER, "--reason", "fait").stderr
    done = program("case", "done", NUMBER, "--danger-over", "rescued", "--reason", "à 14 h", "--as", "paul")
    assert done.stdout == f"{NUMBER} : Dossier clos : raison Les secours sont intervenus – à 14 h\n"
    assert store.cases.get(NUMBER).case.state == "closed"


def test_a_call_back_comes_again(program: Program, store: Store) -> None:
    tried = program("case", "call-back", NUMBER, "no_answer", "--again", "2099-11-25T10:00", "--as", "paul")
    assert tried.stdout == f"{NUMBER} : Rappel sans réponse : jusqu'au 25/11/2099 10:00\n"
    assert store.cases.get(NUMBER).case.is_waiting(datetime.now(UTC))


def test_without_a_daemon_the_socket_is_not_waited_for(program: Program, store: Store, tmp_path: Path) -> None:
    done = program("case", "take", NUMBER, DTM_DESK_SOCKET=str(tmp_path / "desk.sock"))
    assert done.returncode == 0
    assert store.cases.get(NUMBER).case.owner


def test_a_household_on_one_time_line(program: Program, store: Store) -> None:
    tenant_id = a_tenant(store)
    open_case(store, "two", judgement(queue="bagnolet", match=Match(tenant=Likely(tenant_id, 0.99))))
    shown = program("tenant", "show", tenant_id)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "dossiers ouverts : 2026-000002" in shown.stdout
    assert "message : Fuite sous l’évier" in shown.stdout
    told = json.loads(program("tenant", "show", tenant_id, "--json").stdout)
    assert [case["number"] for case in told["cases"]] == ["2026-000002"]
    assert tenant_id in told["people"]
    assert "ce numéro n'est à personne dans l'annuaire" in program("tenant", "show", "0699999999").stdout
    nobody = program("tenant", "show", "personne")
    assert (nobody.returncode, "ni un locataire, ni un logement" in nobody.stderr) == (1, True)


def test_a_case_by_hand_waits_for_the_daemon(program: Program, store: Store) -> None:
    asked = program("case", "new", "counter", "--topic", "gas", "--as", "paul", given=b"Odeur de gaz")
    assert asked.stdout == "enregistré ; le dossier sera ouvert dès que le service tournera\n"
    assert store.arrivals.waiting() == 1
