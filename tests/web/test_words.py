"""No page shows an agent a code, an English word of the program, an identifier, or somebody's log-in."""

import enum
import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import ModuleType

import pytest
from selectolax.lexbor import LexborHTMLParser

from dtm_contact import model
from dtm_contact.access import Role, roles
from dtm_contact.labels import cases as case_labels
from dtm_contact.labels import events, judging
from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, EntryKind
from dtm_contact.store.cases import Case
from dtm_contact.web.registry import all_routes
from tests.store.samples import confirmed, entered
from tests.web.conftest import DeskAlone, Somebody, open_in

_SHORTEST = 4
_SPOKEN_TO = ("title", "placeholder", "aria-label", "alt")
# Heads and admins look up by identifiers there: they are what these pages are about.
_NO_PAGES = {"/evenements", "/fichiers/{digest}/{name}"}
_UNTOLD = re.compile(r"CodedText\(")
"""What a coded text looks like that nobody has put into words."""
_OF_IDENTIFIERS = {"/journal", "/journal/export", "/comptes", "/compte/{account}", "/regles"}


def codes(desk: DeskAlone) -> set[str]:
    """Return all that the program calls by a code, but for what is a French word of the labels as well."""
    found = {member.value for module in (model, roles) for each in _enums(module) for member in each}
    found |= {*events.EVENTS, *events.ENGINE, *Case.__dataclass_fields__}
    found |= {*desk.rules.reader.topics, *desk.rules.queues, *(rule.id for rule in desk.rules.rules)}
    spoken = " ".join(_labels(case_labels, events, judging)).lower()
    spoken += " ".join(topic.label for topic in desk.rules.reader.topics.values()).lower()
    spoken += " ".join(queue.label for queue in desk.rules.queues.values()).lower()
    spoken += " ".join(rule.says for rule in desk.rules.rules).lower()
    words = set(re.findall(r"\w+", spoken))
    written = {str(code) for code in found}
    return {code for code in written if len(code) >= _SHORTEST and " " not in code and code.lower() not in words}


def _enums(module: ModuleType) -> Iterator[type[enum.StrEnum]]:
    for _name, each in inspect.getmembers(module, inspect.isclass):
        if issubclass(each, enum.StrEnum) and each is not enum.StrEnum:
            yield each


def _labels(*modules: ModuleType) -> Iterator[str]:
    for module in modules:
        for each in vars(module).values():
            if isinstance(each, Mapping):
                yield from (word for word in each.values() if isinstance(word, str))


def shown(page: str) -> str:
    """Return what somebody sees or hears of a page: its text, and what its attributes say."""
    tree = LexborHTMLParser(page)
    for each in tree.css("script, style, head, kbd, code"):
        each.decompose()
    said = [tree.body.text(separator=" ") if tree.body else ""]
    said += [each.attributes.get(name) or "" for name in _SPOKEN_TO for each in tree.css(f"[{name}]")]
    return " ".join(said)


@pytest.fixture
def seeded(desk: DeskAlone) -> dict[str, str]:
    """Fill the store with all that pages show; return what their paths are made of."""
    agent, secretary = Somebody(desk, "paul", Role.AGENT, "nord"), Somebody(desk, "anne", Role.AGENCY, "agence")
    maybe = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.4, 0.7)
    number = open_in(desk.store, "nord", "one", proven=True, alarm=maybe)
    other, third = open_in(desk.store, "nord", "two"), open_in(desk.store, "nord", "three")
    at = f"/dossier/{number}"
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    for path, fields in (
        ("prendre", {}),
        ("noter", {"texte": "Rappeler Mme Joly."}),
        ("etiqueter", {"ajouter": "langue-a-traduire"}),
        ("motif", {"motif": "pests"}),
        ("locataire", {"locataire": "T01"}),
        ("retenir", {"valeur": "nadia.benali@free.example"}),
        ("lier", {"autre": other}),
        ("dedoubler", {"arrivee": arrival, "motif": "rent_charges"}),
        ("rappeler", {"issue": "no_answer", "texte": "Personne."}),
        ("rappeler", {"issue": "unsettled", "texte": "Joint, il rappelle."}),
        ("attendre", {"jours": "1", "raison": "pièce attendue"}),
        ("reprendre", {}),
        ("inscrire", {"locataire": "T01", "quoi": "reach", "valeur": "phone"}),
        ("danger-reel", {"raison": "elle entend siffler"}),
        ("pas-de-danger", {"raison": "c'était le voisin"}),
        ("repondre", {"texte": "Nous passons.", "a": "nadia.benali@free.example", "non_verifiee": "1"}),
        ("annuler", {}),
    ):
        assert agent.post(f"{at}/{path}", **fields).status_code in {303, 409}, path
    claimed = desk.store.outbox.claim("worker", datetime.now(UTC))
    assert claimed is not None
    desk.store.outbox.settle(claimed, "sent", "250", datetime.now(UTC))
    secretary.post(f"/dossier/{third}/transmettre", file="pantin", raison="Pantin")
    secretary.post(f"/dossier/{other}/clore", raison="Fait")
    confirmed(desk.store, "number", "+33698765432", "T01", number)
    entered(desk.store, "T01", EntryKind.LANGUAGE, "pt")
    danger = open_in(desk.store, "nord", "four", alarm=Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS))
    return {
        "number": number,
        "danger": danger,
        "arrival": str(arrival),
        "address": "A01",
        "dwelling": "L01",
        "residence": "R01",
        "topic": "heating",
        "answer": "fsl",
        "outgoing": str(next(each.id for each in desk.store.outbox.of_case(number) if each.kind == "reply")),
    }


def test_no_page_shows_a_code_or_a_log_in(desk: DeskAlone, seeded: dict[str, str]) -> None:
    who = {role: Somebody(desk, f"x{role.value}", role, "nord" if role is Role.AGENT else "agence") for role in Role}
    forbidden = re.compile(rf"(?<![\w@./-])(?:{'|'.join(map(re.escape, sorted(codes(desk))))})(?![\w@-])")
    identifier = re.compile(r"\b[TLRAGE]0\d+\b|(?<![\w.@])(?:paul|anne|x[a-z]+)(?![\w.@])")
    faults = dict[str, None]()
    for route in all_routes():
        if route.method != "GET" or "{sha256}" in route.path or route.path in _NO_PAGES:
            continue
        path = route.path.format(**{"link": "x", "token": "x", "file": "1", "account": "paul", **seeded})
        looked_for = [_UNTOLD, *([forbidden] if route.path != "/regles" else [])]
        looked_for += [identifier] if route.path not in _OF_IDENTIFIERS else []
        for somebody in who.values():
            answer = somebody.get(path)
            if answer.status_code not in {303, 403} and "html" in answer.headers.get("content-type", ""):
                faults |= dict.fromkeys(_found(path, shown(answer.text), looked_for))
    assert not faults, "\n".join(faults)


def _found(path: str, text: str, looked_for: list[re.Pattern[str]]) -> Iterator[str]:
    for pattern in looked_for:
        for found in pattern.finditer(text):
            around = " ".join(text[max(0, found.start() - 50) : found.end() + 30].split())
            yield f"{path}: {found[0]!r} in {around!r}"


def test_a_code_on_a_page_is_found(desk: DeskAlone) -> None:
    assert {"housing_application", "water_leak", "outbound", "given_up", "waiting"} <= codes(desk)
    assert "danger" not in codes(desk)
    assert "pris" in shown('<body><p title="par paul">pris <script>worker</script></p></body>')
    assert "par paul" in shown('<body><p title="par paul">pris</p></body>')
