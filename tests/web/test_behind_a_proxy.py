"""The desk behind nginx and behind Caddy, by the recipes in deploy/: TLS, live queues, who it is, how much fits."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from dtm_contact.access import Role
from tests.alerting.test_notifiers import free_port
from tests.certificates import made
from tests.web.daemons import Served, served

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = "contact.parishabitat.example"
PASSWORD = "un mot de passe assez long"
ATTEMPTS = 3
MIB = 1024 * 1024


class Client(HTTPSConnection):
    """A client at an address of its own, which finds our name at the proxy's port; it keeps its cookies."""

    def __init__(self, port: int, authority: Path, at: str = "127.0.0.1") -> None:
        context = ssl.create_default_context(cafile=str(authority))
        super().__init__(NAME, port, timeout=120, context=context)
        self.cookies: dict[str, str] = {}
        self._at = at
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout, (self._at, 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._tls.wrap_socket(plain, server_hostname=NAME)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> HTTPResponse:
        """Send a request as a browser does, and return its answer, not read yet."""
        headers = {"Host": NAME, "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **headers}
        self.request(method, path, body, headers)
        answer = self.getresponse()
        for cookie in answer.headers.get_all("set-cookie") or ():
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer

    def post(self, path: str, headers: dict[str, str] | None = None, /, **fields: str) -> tuple[int, str]:
        """Send a form; return status and page."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        answer = self.ask("POST", path, urlencode(fields).encode(), **form)
        return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(
        tmp_path_factory.mktemp("desk"),
        DTM_DESK_HOSTS=json.dumps([NAME]),
        DTM_DESK_PROXIES='["127.0.0.1"]',
        DTM_DESK_SECURE_COOKIES="true",
        DTM_DESK_ENTRIES_PER_MINUTE=str(ATTEMPTS),
    ) as daemon:
        daemon.account("claire", Role.HEAD, "siege", PASSWORD)
        # It listens before its process is there, which no proxy waits for as long as a busy machine takes.
        with closing(HTTPConnection(daemon.desk.removeprefix("http://"), timeout=600)) as direct:
            direct.request("GET", "/connexion")
            assert direct.getresponse().status == 200
        yield daemon


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tls") / "made", name=NAME)


def program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"there is no {name}: apt {package}")
    return found


def adapted(recipe: Path, *changes: tuple[str, str]) -> str:
    """Return a recipe with the ports and places of a test; each is one that it has."""
    text = recipe.read_text("utf-8")
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after)
    return text


@contextmanager
def nginx(folder: Path, desk: Served, certificate: Path) -> Iterator[tuple[int, Path]]:
    """Run nginx by our recipe; give its port and its access log."""
    port = free_port()
    site = adapted(
        DEPLOY / "nginx" / "dtm-contact.conf",
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("    listen [::]:443 ssl;\n", ""),
        ("listen 80", f"listen 127.0.0.1:{free_port()}"),
        ("    listen [::]:80;\n", ""),
        ("/etc/ssl/dtm-contact/fullchain.pem", str(certificate)),
        ("/etc/ssl/dtm-contact/key.pem", str(certificate)),
        ("/var/log/nginx", str(folder)),
        ("http://127.0.0.1:8027", desk.desk),
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\npid {folder}/pid;\nevents {{}}\nhttp {{\n{temporary}{site}}}\n", "utf-8"
    )
    command = [program("nginx", "nginx"), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with running(command, port, folder):
        yield port, folder / "dtm-contact.log"


@contextmanager
def caddy(folder: Path, desk: Served, certificate: Path) -> Iterator[tuple[int, Path]]:
    """Run Caddy by our recipe; give its port and its access log."""
    port = free_port()
    site = adapted(
        DEPLOY / "caddy" / "Caddyfile",
        (f"\n{NAME} {{\n", f"\n{NAME} {{\n\tbind 127.0.0.1\n\ttls {certificate} {certificate}\n"),
        ("/var/log/caddy", str(folder)),
        ("127.0.0.1:8027", desk.desk.removeprefix("http://")),
    )
    options = f"{{\n\tadmin off\n\thttps_port {port}\n\tauto_https disable_redirects\n\tskip_install_trust\n}}\n"
    (folder / "Caddyfile").write_text(options + site, "utf-8")
    command = [program("caddy", "caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with running(command, port, folder):
        yield port, folder / "dtm-contact.log"


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run a proxy from when it listens until the block ends."""
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "said").open("w+") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said, cwd=folder)
        try:
            while True:
                assert process.poll() is None, (folder / "said").read_text("utf-8")
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
            yield
        finally:
            process.terminate()
            process.wait()


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs: its name, its number among others, its access log, and what makes a client at an address."""

    name: str
    number: int
    log: Path
    at: Callable[[str], Client]


PROXIES = [nginx, caddy]


@pytest.fixture(scope="module", params=PROXIES, ids=["nginx", "Caddy"])
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, desk: Served, certificate: Path
) -> Iterator[Proxy]:
    """Give what makes a client at an address, and the access log of the proxy that it goes through."""
    with ExitStack() as stack:
        port, log = stack.enter_context(request.param(tmp_path_factory.mktemp("proxy"), desk, certificate))
        yield Proxy(
            name=request.param.__name__,
            number=PROXIES.index(request.param),
            log=log,
            at=lambda at: stack.enter_context(closing(Client(port, certificate, at))),
        )


def come_in(client: Client, desk: Served, name: str) -> None:
    """Come in by a link, as somebody does who was sent one."""
    link = desk.link(name, Role.HEAD, "siege").removeprefix(desk.desk)
    assert client.ask("GET", link).read().count(b"<form") >= 1
    assert client.post(link)[0] == 303
    assert any(cookie.startswith("__Host-") for cookie in client.cookies), "for TLS alone"


def said_by(proxy: Proxy) -> str:
    """Return what a proxy wrote elsewhere than into its access log."""
    return (proxy.log.parent / "said").read_text("utf-8")


def test_one_logs_in_over_it_and_a_case_shows_on_the_open_page_at_once(proxy: Proxy, desk: Served) -> None:
    client = proxy.at("127.0.0.10")
    come_in(client, desk, f"visitor-{proxy.name}")
    page = client.ask("GET", "/file?q=Joly")
    assert (page.status, page.headers["strict-transport-security"]) == (200, "max-age=31536000")
    page.read()
    live = proxy.at("127.0.0.10")
    live.cookies = client.cookies
    stream = live.ask("GET", "/evenements")
    assert stream.status == 200
    # The first octets come at once; a proxy that gathers an answer holds them until there is more.
    assert stream.readline().startswith(b"retry:")
    desk.send("p@free.example", f"Fuite {proxy.name}", "Grosse fuite d'eau au 3e étage.")
    while not stream.readline().startswith(b"data:"):
        pass
    live.close()
    written = ""
    # Caddy writes down what it has answered a moment later.
    while "127.0.0.10" not in written:
        assert "127.0.0.10" not in said_by(proxy), "it has a log of its own"
        written = proxy.log.read_text("utf-8") if proxy.log.exists() else ""
    assert not re.search(r"Joly|entrer|free\.example", written), "neither names nor links"


def test_attempts_count_for_the_client_and_not_for_the_proxy_nor_for_what_a_client_claims(proxy: Proxy) -> None:
    guesser, other = proxy.at(f"127.0.1.{proxy.number}"), proxy.at(f"127.0.2.{proxy.number}")
    seen = [
        guesser.post("/connexion", {"X-Forwarded-For": f"192.0.2.{number}"}, nom="x", mot_de_passe="y", vers="/file")[0]
        for number in range(ATTEMPTS + 1)
    ]
    assert seen == [401] * ATTEMPTS + [429]
    assert other.post("/connexion", nom="claire", mot_de_passe=PASSWORD, vers="/file")[0] == 303


@pytest.mark.parametrize("octets", [26 * MIB, 40 * MIB], ids=["26 MiB", "40 MiB"])
def test_a_body_too_large_for_the_desk_or_the_proxy_is_refused_in_words(proxy: Proxy, octets: int) -> None:
    client = proxy.at("127.0.0.13")
    try:
        answer = client.ask("POST", "/connexion", bytes(octets), **{"Content-Type": "application/octet-stream"})
    except (ConnectionError, ssl.SSLError):
        # It answered, and did not wait for the rest.
        answer = HTTPResponse(client.sock)
        answer.begin()
    assert answer.status == 413
    told = answer.read().decode()
    assert ("25 Mo" in told) == (octets > 32 * MIB), "what the desk would take is left to the desk"
    assert "trop" in told.lower()
