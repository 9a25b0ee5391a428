"""An identity provider made by hand, which can be told to answer wrongly; and one of PyPI's, started beside a test."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT = "bureau"


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}, private=True)


class HandMadeProvider:
    """Answers each code with one ID token; `claims` and `header` change what it says, `answers` what a path answers."""

    def __init__(self) -> None:
        self.key = new_key("one")
        self.published = [self.key]
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, Mapping[str, list[str]]]] = []
        self.used: set[str] = set()
        self.issuer = ""

    def token(self, nonce: str) -> str:
        now = int(time.time())
        told = {
            "iss": self.issuer, "sub": "42", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce,
            "groups": ["bureau-nord"], "preferred_username": "lea.roy", "name": "Léa Roy",
        }  # fmt: skip
        claims = {name: value for name, value in {**told, **self.claims}.items() if value is not None}
        header = {"alg": "RS256", "kid": str(self.key.kid), **self.header}
        return jwt.encode(header, claims, self.key, algorithms=["RS256", "HS256"])

    def answer(self, path: str, form: Mapping[str, list[str]]) -> tuple[int, Any]:
        self.asked.append((path, form))
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            named = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            named |= {"userinfo_endpoint": "userinfo", "end_session_endpoint": "out"}
            return 200, {"issuer": self.issuer, **{name: f"{self.issuer}/{at}" for name, at in named.items()}}
        if path == "/keys":
            return 200, KeySet(self.published).as_dict(private=False)  # type: ignore[arg-type]
        if path == "/token":
            (code,) = form["code"]
            if code in self.used:
                return 400, {"error": "invalid_grant"}
            self.used.add(code)
            return 200, {
                "id_token": self.token(code.partition(".")[2]),
                "access_token": "opaque",
                "token_type": "Bearer",
            }
        return 404, {}


@contextmanager
def hand_made_provider() -> Iterator[HandMadeProvider]:
    made = HandMadeProvider()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, told = made.answer(self.path, parse_qs(self.rfile.read(length).decode()))
            octets = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", f"{made.issuer}/keys")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(octets)

        do_GET = do_POST = _answer  # noqa: N815 - as http.server calls them

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server calls it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


NODE_FOLDER = Path(__file__).parents[2] / ".venv" / "node"
"""Where `.ci/run` installs npm's `oidc-provider`."""


@contextmanager
def npm_provider(client: Mapping[str, Any], claims: Mapping[str, Any]) -> Iterator[str]:
    """Run npm's `oidc-provider`, and give its issuer."""
    if not (NODE_FOLDER / "node_modules" / "oidc-provider").is_dir() or shutil.which("node") is None:
        told = f"oidc-provider is not installed: npm install --prefix {NODE_FOLDER} --ignore-scripts oidc-provider"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(told)
    port = free_port()
    script = Path(__file__).with_suffix(".mjs")
    command = ["node", str(script), str(NODE_FOLDER), str(port), json.dumps({"client": client, "claims": claims})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"listens\n"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def mock_provider(*users: Mapping[str, Any]) -> Iterator[str]:
    """Run `oidc-provider-mock`, and give its issuer."""
    port = free_port()
    claims = [part for user in users for part in ("--user-claims", json.dumps(user))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *claims]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            while process.poll() is None:
                with suppress(httpx.TransportError):
                    if httpx.get(f"{address}/.well-known/openid-configuration", timeout=60).status_code == 200:
                        break
                time.sleep(0.05)
            yield address
        finally:
            process.terminate()
