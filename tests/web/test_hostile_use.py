"""What an agent of another office, a stranger at the door and a hostile sender try, on a daemon and a desk that run.

Requests come straight from 127.0.0.1, or from 127.0.0.2, which is the proxy that the desk believes.
"""

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from dtm_contact.access import Role
from dtm_contact.serving import HEADER_SECONDS, MOST_UNFINISHED
from dtm_contact.store import Store, open_store
from dtm_contact.web.converter import CPU_SECONDS
from tests.web.daemons import Served, served
from tests.web.test_hostile import COSTLY

PASSWORD = "un mot de passe assez long"
ATTEMPTS = 8
PROXY = "127.0.0.2"
_SECONDS = 120.0


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = {"DTM_DESK_PROXIES": f'["{PROXY}"]', "DTM_DESK_ENTRIES_PER_MINUTE": str(ATTEMPTS)}
    with served(tmp_path_factory.mktemp("daemon"), **settings) as running:
        yield running


@pytest.fixture
def store(daemon: Served) -> Iterator[Store]:
    with open_store(daemon.url) as opened:
        yield opened


_open = list[httpx.Client]()


@pytest.fixture(autouse=True)
def left() -> Iterator[None]:
    yield
    while _open:
        _open.pop().close()


class Visitor:
    """Somebody with a browser of their own; `behind`: the address that the proxy tells of them."""

    def __init__(self, daemon: Served, behind: str = "") -> None:
        headers = {"X-Forwarded-For": behind} if behind else {}
        transport = httpx.HTTPTransport(local_address=PROXY if behind else "127.0.0.1")
        self.client = httpx.Client(base_url=daemon.desk, headers=headers, transport=transport, timeout=_SECONDS)
        _open.append(self.client)

    def enters(self, link: str) -> httpx.Response:
        return self.client.post(httpx.URL(link).path)

    def tries(self, name: str, password: str) -> tuple[int, str]:
        """Try to log in; return the status and the page without the name that was typed."""
        answer = self.client.post("/connexion", data={"nom": name, "mot_de_passe": password})
        return answer.status_code, answer.text.replace(f'value="{name}"', "")

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, **fields: str) -> httpx.Response:
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', self.client.get("/aide").text)
        assert token is not None
        return self.client.post(path, data={"csrf": token[1], **fields})

    def opens(self, dwelling: str) -> str:
        """Open a case by hand for a dwelling, and return its number."""
        said = {"text": f"Il n'y a plus de chauffage au {dwelling}.", "dwelling": dwelling}
        answer = self.post("/nouveau", visit="call", **said)
        found = re.search(r"\d{4}-\d{6}", answer.headers["location"])
        assert found is not None, answer.headers["location"]
        return found[0]


def visitor(daemon: Served, name: str, role: Role, office: str) -> Visitor:
    coming = Visitor(daemon)
    assert coming.enters(daemon.link(name, role, office)).headers["location"] == "/file"
    return coming


def found(look: Callable[[], Any]) -> Any:
    """Return what is there once it is."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        if (it := look()) is not None:
            return it
        time.sleep(0.05)
    pytest.fail("it did not come")


def test_an_agent_learns_nothing_of_another_offices_tenants(daemon: Served, store: Store) -> None:
    agency, agent = visitor(daemon, "sonia", Role.AGENCY, "agence"), visitor(daemon, "karim", Role.AGENT, "agence")
    own, other = agency.opens("L000003"), agency.opens("L000002")
    assert [agent.get(f"/dossier/{number}").status_code for number in (own, other)] == [200, 404]
    before = store.cases.get(own)
    answers = {}
    for tenant in ("T000002", "T999999"):
        answer = agent.post(f"/dossier/{own}/locataire", locataire=tenant)
        shown = re.sub(r"\d{2}:\d{2}|name=\"(?:cle|ecrit)\" value=\"[^\"]+\"", "", answer.text).replace(tenant, "…")
        answers[tenant] = answer.status_code, shown
    assert answers["T000002"] == answers["T999999"]
    assert answers["T000002"][0] == 409
    for word in ("lier", "reunir"):
        told = [agent.post(f"/dossier/{own}/{word}", autre=number) for number in (other, "2026-999999")]
        assert [answer.status_code for answer in told] == [404, 404]
        assert told[0].text == told[1].text
    for path in ("/nouveau?tenant=T000002", "/nouveau?q=Jean-Luc Joly", f"/dossier/{own}/locataires?q=Jean-Luc Joly"):
        assert "Jean-Luc" not in agent.get(path).text.replace("value=", "").replace("Jean-Luc Joly", "", 1)
    assert store.cases.get(own) == before
    assert agency.post(f"/dossier/{other}/noter", texte="vu").status_code == 303


def test_a_flood_at_the_door_keeps_out_nobody_else(daemon: Served) -> None:
    daemon.account("chef", Role.HEAD, "agence", PASSWORD)
    flood = Visitor(daemon, "203.0.113.5")
    assert [flood.tries("x", "y")[0] for _ in range(ATTEMPTS + 2)].count(429) == 2
    assert Visitor(daemon, "6.6.6.6, 203.0.113.5").tries("chef", PASSWORD)[0] == 429, "what it made up does not count"
    assert Visitor(daemon, "198.51.100.7").tries("chef", PASSWORD)[0] == 303
    link = daemon.link("anne", Role.AGENT, "nord")
    assert Visitor(daemon, "203.0.113.5").enters(link).headers["location"] == "/file"


def test_a_guesser_locks_out_nobody_and_learns_no_name(daemon: Served) -> None:
    daemon.account("claire", Role.AGENT, "nord", PASSWORD)
    home = Visitor(daemon, "198.51.100.20")
    assert home.tries("claire", PASSWORD)[0] == 303
    told = set()
    for number in range(7):
        guesser = Visitor(daemon, f"192.0.2.{number}")
        told |= {guesser.tries("claire", "faux"), guesser.tries("personne", "faux")}
    told.add(Visitor(daemon, "192.0.2.77").tries("claire", PASSWORD))
    ((status, _),) = told
    assert status == 401
    assert home.tries("claire", PASSWORD)[0] == 303
    found(lambda: True if '"cause": "log-in"' in daemon.log.read_text() else None)
    assert "claire" not in daemon.log.read_text()


def test_a_costly_layout_costs_little_and_the_desk_goes_on(daemon: Served, store: Store) -> None:
    head = visitor(daemon, "lea", Role.HEAD, "agence")
    for name, source in COSTLY.items():
        mail = EmailMessage()
        mail["From"], mail["Subject"] = "Nadia <nadia@free.example>", f"Mise en page : {name}"
        mail.set_content("Bonjour, il y a une fuite.")
        mail.add_alternative(source, subtype="html")
        daemon.hand_over("nadia@free.example", mail.as_bytes())
    arrivals = {name: found(partial(arrival_of, store, f"Mise en page : {name}")) for name in COSTLY}
    for name, arrival in arrivals.items():
        before = cpu_seconds(daemon.pid)
        page = head.get(f"/message/{arrival}")
        assert (page.status_code, "trop compliquée" in page.text, "une fuite" in page.text) == (200, True, True), name
        assert cpu_seconds(daemon.pid) - before < 2 * CPU_SECONDS


def arrival_of(store: Store, subject: str) -> int | None:
    with store.database.reading() as connection:
        query = "SELECT arrival_id FROM contacts WHERE subject = ? AND case_id IS NOT NULL AND judged_at IS NOT NULL"
        return connection.exec_driver_sql(query, (subject,)).scalar_one_or_none()


def cpu_seconds(pid: int) -> float:
    """Return what the desk's processes under a daemon have taken of the processor."""
    ticks = 0
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"dtm_contact.web" in command:
            usage = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += int(usage[11]) + int(usage[12])
            ticks += int(cpu_seconds(int(child)) * os.sysconf("SC_CLK_TCK"))
    return ticks / os.sysconf("SC_CLK_TCK")


def test_who_is_looked_up_stands_in_the_trail(daemon: Served, store: Store) -> None:
    agent = visitor(daemon, "julie", Role.AGENT, "nord")
    for path in ("/nouveau?q=Joly", "/recherche?q=Joly", "/file", "/incidents", "/rendez-vous"):
        assert agent.get(path).status_code == 200
    lines = [(line.what, line.subject) for _, line in store.accounts.trail_of(who="julie")]
    assert lines[:5] == [
        ("read", "rendez-vous"), ("read", "incidents"), ("read", "file"), ("searched", "Joly"), ("searched", "Joly"),
    ]  # fmt: skip


def test_the_stream_of_events_ends_with_its_session(daemon: Served, store: Store) -> None:
    agent = visitor(daemon, "paul", Role.AGENT, "nord")
    account = store.accounts.named("paul")
    with agent.client.stream("GET", "/evenements") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        with store.database.writing() as connection:
            old = "UPDATE desk_sessions SET opened_at = datetime(opened_at, '-11 hours') WHERE account_id = ?"
            assert connection.exec_driver_sql(old, (account.id,)).rowcount == 1
        assert agent.get("/file").headers["location"].startswith("/connexion")
        assert sum(1 for _ in lines) < 20, "it ended by itself"


def test_half_requests_are_bounded_for_each_client_and_in_time(daemon: Served) -> None:
    host, port = httpx.URL(daemon.desk).host, httpx.URL(daemon.desk).port or 0
    began = time.monotonic()
    with ExitStack() as open_ones:
        halves = [open_ones.enter_context(socket.create_connection((host, port))) for _ in range(60)]
        for half in halves:
            half.sendall(b"GET /connexion HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert Visitor(daemon, "198.51.100.9").get("/connexion").status_code == 200
        ended = [half for half in halves if is_ended(half, 2.0)]
        if time.monotonic() - began < HEADER_SECONDS:
            assert len(halves) - len(ended) <= MOST_UNFINISHED
        assert all(is_ended(half, _SECONDS) for half in halves)
    assert Visitor(daemon).get("/connexion").status_code == 200


def is_ended(half: socket.socket, seconds: float) -> bool:
    half.settimeout(seconds)
    try:
        return half.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_half_a_form_is_not_waited_for(daemon: Served) -> None:
    host, port = httpx.URL(daemon.desk).host, httpx.URL(daemon.desk).port or 0
    head = b"POST /connexion HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n"
    with socket.create_connection((host, port)) as half:
        half.settimeout(_SECONDS)
        half.sendall(head + b"Content-Type: application/x-www-form-urlencoded\r\n\r\nnom=x")
        assert half.recv(12) == b"HTTP/1.1 408"


def test_what_was_brought_back_already_is_told_so(daemon: Served, store: Store) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Noël <noel@courriel.example>", "Absence du bureau"
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("Je suis absent jusqu'à lundi.")
    daemon.hand_over("noel@courriel.example", mail.as_bytes())
    agency = visitor(daemon, "rose", Role.AGENCY, "agence")

    def aside() -> int | None:
        return next((each.arrival_id for each in store.desk.set_aside() if each.subject == "Absence du bureau"), None)

    arrival = found(aside)
    assert agency.post(f"/ecartes/{arrival}/reprendre").status_code == 303
    again = agency.post(f"/ecartes/{arrival}/reprendre")
    assert (again.status_code, "déjà été repris" in again.text) == (409, True)
    case = agency.opens("L000003")
    of_a_case = store.cases.get(case).contacts[0].arrival_id
    for unknown in (of_a_case, 99_999_999, 10**30, "x"):
        assert agency.post(f"/ecartes/{unknown}/reprendre").status_code == 404


def test_a_request_for_another_host_is_not_served(daemon: Served) -> None:
    stranger = Visitor(daemon)
    assert stranger.client.get("/connexion", headers={"Host": "evil.example"}).status_code == 421
    assert stranger.client.get("/connexion", headers={"Host": "localhost"}).status_code == 200
