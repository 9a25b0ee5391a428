"""Coming in by an identity provider: two of them, log-in, log-out, groups, rotated keys; and all that is refused."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import ValidationError

from dtm_contact.access import Role, csrf_token, new_account
from dtm_contact.settings import DeskSettings, OidcSettings, Settings
from dtm_contact.web.limits import BusyError
from dtm_contact.web.oidc import EntryAttempt, EntryRefusedError, IdentityProvider, ProviderDownError, ProviderIdentity
from tests.web.conftest import ADDRESS, PASSWORD, Browser, DeskAlone
from tests.web.provider import CLIENT, HandMadeProvider, hand_made_provider, mock_provider, new_key, npm_provider

ROLES = {"bureau-admins": "admin", "bureau-chefs": "head", "bureau-nord": "agent", "bureau-sud": "agent"}
OFFICES = {"bureau-nord": "nord", "bureau-sud": "sud"}


@pytest.fixture(scope="module")
def running() -> Iterator[HandMadeProvider]:
    with hand_made_provider() as made:
        yield made


@pytest.fixture
def hand_made(running: HandMadeProvider) -> HandMadeProvider:
    issuer, key = running.issuer, running.key
    running.claims, running.header, running.answers = {}, {}, {}
    running.asked, running.used, running.published, running.issuer = [], set(), [key], issuer
    return running


def settings_of(issuer: str, **more: Any) -> OidcSettings:
    return OidcSettings(issuer=issuer, client_id=CLIENT, roles=ROLES, offices=OFFICES, seconds=20, **more)


def provider_of(made: HandMadeProvider, **more: Any) -> IdentityProvider:
    return IdentityProvider(settings_of(made.issuer, **more), ADDRESS)


def come_back(provider: IdentityProvider, attempt: EntryAttempt | None = None, **brought: str) -> ProviderIdentity:
    attempt = attempt or EntryAttempt.begun("/file")
    return provider.identity(attempt, {"state": attempt.state, "code": f"1.{attempt.nonce}", **brought})


def test_who_comes_back_is_who_the_token_says(hand_made: HandMadeProvider) -> None:
    came = come_back(provider_of(hand_made))
    assert (came.issuer, came.subject, came.name, came.shown_as) == (hand_made.issuer, "42", "lea.roy", "Léa Roy")
    assert came.groups == ("bureau-nord",)
    form = dict(hand_made.asked)["/token"]
    assert form["redirect_uri"] == [f"{ADDRESS}/connexion/retour"]


def test_the_way_there_has_a_challenge_a_state_and_a_nonce_of_its_own(hand_made: HandMadeProvider) -> None:
    provider = provider_of(hand_made)
    asked = [parse_qs(urlsplit(provider.way_there(EntryAttempt.begun("/file"))).query) for _ in range(2)]
    assert asked[0]["code_challenge_method"] == ["S256"]
    assert asked[0]["scope"] == ["openid profile email"]
    for secret in ("state", "nonce", "code_challenge"):
        assert asked[0][secret] != asked[1][secret]


def unsigned(made: HandMadeProvider) -> None:
    header = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    made.answers["/token"] = 200, {"id_token": f"{header}.{made.token('x').split('.')[1]}."}


def signed_with_the_public_key(made: HandMadeProvider) -> None:
    """Sign by HMAC with the public key, as who knows no secret could."""
    told = {"iss": made.issuer, "sub": "42", "aud": CLIENT, "iat": int(time.time()), "exp": int(time.time()) + 300}
    parts = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256", "kid": "one"}, told)
    ]
    seal = hmac.digest(made.key.as_pem(private=False), b".".join(parts), "sha256")
    signed = b".".join([*parts, urlsafe_b64encode(seal).rstrip(b"=")])
    made.answers["/token"] = 200, {"id_token": signed.decode()}


def signed_by_another(made: HandMadeProvider) -> None:
    made.published = [new_key("one")]


def claims(**wrong: Any) -> Callable[[HandMadeProvider], None]:
    return lambda made: made.claims.update(wrong)


def answers(path: str, status: int, told: Any) -> Callable[[HandMadeProvider], None]:
    return lambda made: made.answers.update({path: (status, told)})


PAST = int(time.time()) - 10_000
REFUSED: dict[str, Callable[[HandMadeProvider], None]] = {
    "a nonce of another attempt": claims(nonce="another"),
    "no nonce": claims(nonce=None),
    "another issuer": claims(iss="https://evil.example"),
    "for somebody else": claims(aud="other"),
    "for somebody else too, and given to them": claims(aud=[CLIENT, "other"], azp="other"),
    "for several, and no word to whom": claims(aud=[CLIENT, "other"]),
    "expired": claims(exp=PAST),
    "without an end": claims(exp=None),
    "not yet": claims(nbf=int(time.time()) + 10_000),
    "made in the future": claims(iat=int(time.time()) + 10_000),
    "an end that is no number": claims(exp="tomorrow"),
    "an end that is a list": claims(exp=[1]),
    "without a subject": claims(sub=None),
    "a subject that is a number": claims(sub=42),
    "an empty subject": claims(sub=""),
    "a subject that is too long": claims(sub="x" * 300),
    "groups that are a number": claims(groups=7),
    "groups that are an object": claims(groups={"bureau-admins": True}),
    "too many groups": claims(groups=["x"] * 2000),
    "of another access token": claims(at_hash="AAAA"),
    "alg none": unsigned,
    "signed with the public key": signed_with_the_public_key,
    "signed by another": signed_by_another,
    "no token": answers("/token", 200, {}),
    "a token that is a number": answers("/token", 200, {"id_token": 7}),
    "a token that is none": answers("/token", 200, {"id_token": "a.b.c"}),
    "a token that is too large": answers("/token", 200, {"id_token": "a" * 70_000}),
    "an answer that is a list": answers("/token", 200, ["id_token"]),
    "an answer that is no JSON": answers("/token", 200, b"<html>"),
    "an answer nested without end": answers("/token", 200, b"[" * 100_000),
    "a code that was used": answers("/token", 400, {"error": "invalid_grant"}),
    "the way to somewhere else": answers("/token", 302, {}),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_what_is_not_the_provider_s_for_us_of_this_attempt_lets_nobody_in(
    hand_made: HandMadeProvider, wrong: str
) -> None:
    REFUSED[wrong](hand_made)
    with pytest.raises(EntryRefusedError):
        come_back(provider_of(hand_made))


DOWN: dict[str, list[tuple[int, Any]]] = {
    "/.well-known/openid-configuration": [
        (500, {}), (200, {}), (200, {"issuer": "https://evil.example"}), (200, b"x" * 600_000), (302, {}),
    ],
    "/keys": [(500, {}), (200, {}), (200, {"keys": 7}), (200, {"keys": [{"kty": "RSA"}]})],
}  # fmt: skip


@pytest.mark.parametrize(("path", "answer"), [(path, answer) for path, each in DOWN.items() for answer in each])
def test_a_provider_that_answers_as_none_is_down(
    hand_made: HandMadeProvider, path: str, answer: tuple[int, Any]
) -> None:
    hand_made.answers[path] = answer
    with pytest.raises((ProviderDownError, EntryRefusedError)):
        come_back(provider_of(hand_made))


def test_endpoints_without_tls_are_not_asked_where_the_issuer_has_it() -> None:
    provider = IdentityProvider(settings_of("https://login.example"), ADDRESS)
    provider._metadata = time.monotonic(), {"token_endpoint": "http://login.example/token", "jwks_uri": "file:///etc"}
    for name in ("token_endpoint", "jwks_uri", "authorization_endpoint"):
        with pytest.raises(ProviderDownError):
            provider._endpoint(name)


@pytest.mark.parametrize(
    ("brought", "why"),
    [
        ({"state": "another"}, "state"),
        ({"state": ""}, "state"),
        ({"state": "é"}, "state"),
        ({"iss": "https://evil.example"}, "issuer of the answer"),
        ({"error": "access_denied"}, "the provider refused"),
        ({"code": ""}, "no code"),
    ],
)
def test_what_the_browser_brings_is_held_against_what_it_has_kept(
    hand_made: HandMadeProvider, brought: dict[str, str], why: str
) -> None:
    with pytest.raises(EntryRefusedError) as told:
        come_back(provider_of(hand_made), None, **brought)
    assert told.value.reason == why
    assert "/token" not in dict(hand_made.asked), "no code is given out for it"


@pytest.mark.parametrize("cookie", ["", "x", "e30=", "W10=", "bnVsbA==", "WzFd", "eyJhIjoxfQ==", "é", "W" * 9999])
def test_a_cookie_that_is_none_is_no_attempt(cookie: str) -> None:
    assert EntryAttempt.read(cookie) is None


def test_a_code_is_taken_once(hand_made: HandMadeProvider) -> None:
    provider, attempt = provider_of(hand_made), EntryAttempt.begun("/file")
    come_back(provider, attempt)
    with pytest.raises(EntryRefusedError):
        come_back(provider, attempt)


def test_a_rotated_key_is_looked_up_and_keys_are_not_asked_for_without_end(hand_made: HandMadeProvider) -> None:
    provider, old = provider_of(hand_made), hand_made.key
    come_back(provider)
    try:
        hand_made.key = new_key("two")
        hand_made.published = [hand_made.key]
        provider._keys_at -= 10
        assert come_back(provider).subject == "42"
        hand_made.key = new_key("three")
        for _ in range(3):
            with pytest.raises(EntryRefusedError):
                come_back(provider)
        assert [path for path, _ in hand_made.asked].count("/keys") == 2
    finally:
        hand_made.key = old


def test_groups_of_the_userinfo_count_where_the_token_has_none_and_are_of_the_same_person(
    hand_made: HandMadeProvider,
) -> None:
    hand_made.claims["groups"] = None
    hand_made.answers["/userinfo"] = 200, {"sub": "42", "groups": "bureau-sud"}
    assert come_back(provider_of(hand_made)).groups == ("bureau-sud",)
    hand_made.answers["/userinfo"] = 200, {"sub": "43", "groups": ["bureau-admins"]}
    with pytest.raises(EntryRefusedError):
        come_back(provider_of(hand_made))


def test_few_wait_for_a_provider_at_once(hand_made: HandMadeProvider) -> None:
    provider = provider_of(hand_made)
    for _ in range(8):
        provider._slots.acquire()
    with pytest.raises(BusyError):
        come_back(provider)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"issuer": "http://login.example"}, "is no issuer"),
        ({"issuer": "https://a@login.example"}, "is no issuer"),
        ({"issuer": "https://login.example?x=1"}, "is no issuer"),
        ({"issuer": "https://login.example"}, "needs a client_id"),
        ({"only": True}, "only needs an issuer"),
        ({"roles": {"x": "root"}}, "is no role"),
        ({"algorithms": ["HS256"]}, "cannot be trusted"),
        ({"algorithms": ["none"]}, "cannot be trusted"),
    ],
)
def test_settings_that_let_the_wrong_ones_in_are_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        OidcSettings(**wrong)


def test_a_provider_needs_the_address_of_the_desk() -> None:
    with pytest.raises(ValidationError, match="DTM_DESK_URL"):
        Settings(oidc=settings_of("https://login.example"))
    assert Settings(oidc=settings_of("https://login.example"), desk=DeskSettings(url="https://b.example")).oidc.is_set


# ---- through the pages


def with_provider(desk: DeskAlone, issuer: str, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    oidc = settings_of(issuer, **more)
    at = desk.settings.desk.model_copy(update={"url": ADDRESS})
    monkeypatch.setattr(desk, "settings", desk.settings.model_copy(update={"oidc": oidc, "desk": at}))
    monkeypatch.setattr(desk, "provider", IdentityProvider(oidc, ADDRESS))


def by_hand(browser: Browser, to: str = "/incidents") -> httpx.Response:
    """Go to the hand-made provider, which lets everybody in, and come back."""
    there = browser.send("GET", f"/connexion/fournisseur?vers={to}")
    asked = parse_qs(urlsplit(there.headers["location"]).query)
    code = f"{time.monotonic_ns()}.{asked['nonce'][0]}"
    return browser.send("GET", f"/connexion/retour?state={asked['state'][0]}&code={code}")


def test_groups_give_role_and_offices_anew_at_each_log_in(
    desk: DeskAlone, hand_made: HandMadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_provider(desk, hand_made.issuer, monkeypatch)
    browser = Browser(desk.pages)
    for groups, role, offices in (
        (["bureau-nord", "autre"], "agent", ("nord",)),
        (["bureau-sud", "bureau-nord"], "agent", ("nord", "sud")),
        (["bureau-sud", "bureau-chefs"], "head", ("sud",)),
    ):
        hand_made.claims["groups"] = groups
        assert by_hand(browser).headers["location"] == "/incidents"
        account = desk.store.accounts.named("lea.roy")
        assert (account.role, account.offices, account.shown_as) == (role, offices, "Léa Roy")
    assert browser.send("GET", "/file").status_code == 200, "a head needs no second factor of ours"
    hand_made.claims["groups"] = ["autre"]
    stranger = Browser(desk.pages)
    assert "aucun de vos groupes" in by_hand(stranger).text
    assert browser.send("GET", "/file").status_code == 303, "and is out of the session that was open"
    hand_made.claims["groups"] = ["bureau-nord"]
    desk.store.accounts.disable(desk.store.accounts.named("lea.roy").id, desk.now())
    assert "fermé" in by_hand(stranger).text


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_way_back_leads_to_our_own_pages(
    desk: DeskAlone, hand_made: HandMadeProvider, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    with_provider(desk, hand_made.issuer, monkeypatch)
    assert by_hand(Browser(desk.pages), to).headers["location"] == "/file"


def test_a_return_is_of_the_browser_that_left_and_counts_once(
    desk: DeskAlone, hand_made: HandMadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_provider(desk, hand_made.issuer, monkeypatch)
    mine, thief = Browser(desk.pages), Browser(desk.pages)
    there = mine.send("GET", "/connexion/fournisseur")
    asked = parse_qs(urlsplit(there.headers["location"]).query)
    back = f"/connexion/retour?state={asked['state'][0]}&code=9.{asked['nonce'][0]}"
    assert thief.send("GET", back).status_code == 401
    assert mine.send("GET", back).status_code == 303
    assert mine.send("GET", back).status_code == 401
    page = mine.send("GET", "/connexion/retour?error=access_denied&error_description=<script>")
    assert (page.status_code, "<script>" in page.text) == (401, False)


def test_an_account_is_taken_over_by_an_address_that_the_provider_has_verified_and_by_nothing_else(
    desk: DeskAlone, hand_made: HandMadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_provider(desk, hand_made.issuer, monkeypatch)
    made = new_account("lea.roy", "Léa", Role.ADMIN, None, None)
    desk.store.accounts.add(made, desk.now())
    desk.store.accounts.change(replace(desk.store.accounts.named("lea.roy"), email="lea@x.example"))
    hand_made.claims |= {"email": "lea@x.example", "email_verified": False}
    by_hand(Browser(desk.pages))
    assert desk.store.accounts.named("lea.roy").role == "admin", "nobody becomes her by being called so"
    assert desk.store.accounts.named("lea.roy-2").role == "agent"
    hand_made.claims |= {"sub": "43", "email_verified": True}
    by_hand(Browser(desk.pages))
    assert desk.store.accounts.named("lea.roy").role == "agent"
    hand_made.claims |= {"sub": "44"}
    by_hand(Browser(desk.pages))
    assert desk.store.accounts.named("lea.roy-3").role == "agent", "an account is one person's"


def test_only_by_the_provider_means_that_no_password_lets_in(
    desk: DeskAlone, hand_made: HandMadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_provider(desk, hand_made.issuer, monkeypatch, only=True)
    desk.store.accounts.add(new_account("anne", "Anne", Role.AGENT, "nord", PASSWORD), desk.now())
    browser = Browser(desk.pages)
    page = browser.send("GET", "/connexion").text
    assert 'name="mot_de_passe"' not in page
    assert "Se connecter avec mon compte professionnel" in page
    given = {"nom": "anne", "mot_de_passe": PASSWORD}
    assert browser.send("POST", "/connexion", data=given).status_code == 403
    new = {"nouveau": PASSWORD, "encore": PASSWORD}
    assert browser.send("POST", "/mot-de-passe/x", data=new).status_code == 303


def test_a_provider_that_is_down_is_told_and_the_password_still_lets_in(
    desk: DeskAlone, hand_made: HandMadeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_provider(desk, hand_made.issuer, monkeypatch)
    hand_made.answers["/.well-known/openid-configuration"] = 500, {}
    browser = Browser(desk.pages)
    answer = browser.send("GET", "/connexion/fournisseur")
    assert (answer.status_code, "ne répond pas" in answer.text, 'name="mot_de_passe"' in answer.text) == (
        503,
        True,
        True,
    )


def test_log_in_and_log_out_at_oidc_provider_mock(
    desk: DeskAlone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret & more\n")
    user = {"sub": "7", "preferred_username": "Zoé.Dupré", "name": "Zoé Dupré", "groups": ["bureau-sud"]}
    with mock_provider(user) as issuer:
        with_provider(desk, issuer, monkeypatch, secret_file=secret)
        browser = Browser(desk.pages)
        there = browser.send("GET", "/connexion/fournisseur?vers=/incidents").headers["location"]
        back = httpx.post(there, data={"sub": "7"}, timeout=60).headers["location"]
        assert back.startswith(f"{ADDRESS}/connexion/retour?")
        assert browser.send("GET", back.removeprefix(ADDRESS)).headers["location"] == "/incidents"
        account = desk.store.accounts.named("zoe.dupre")
        assert (account.role, account.offices) == ("agent", ("sud",))
        assert browser.send("GET", back.removeprefix(ADDRESS)).status_code == 401
        out = browser.send("POST", "/deconnexion", data={"csrf": csrf_token(browser.cookies["bureau"])})
        assert out.status_code == 200
        address = out.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
        asked = parse_qs(urlsplit(address).query)
        assert asked["post_logout_redirect_uri"] == [f"{ADDRESS}/connexion"]
        assert len(asked["id_token_hint"][0].split(".")) == 3
        assert httpx.get(address, timeout=60).status_code == 200
        assert browser.send("GET", "/file").status_code == 303


def test_log_in_and_log_out_at_oidc_provider_of_npm(
    desk: DeskAlone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret & more\n")
    client = {
        "client_id": CLIENT,
        "client_secret": "a secret & more",
        "redirect_uris": [f"{ADDRESS}/connexion/retour"],
        "post_logout_redirect_uris": [f"{ADDRESS}/connexion"],
    }
    claims = {"name": "Zoé Dupré", "preferred_username": "zoe", "groups": ["bureau-nord", "bureau-sud"]}
    with npm_provider(client, claims) as issuer, httpx.Client(timeout=60) as theirs:
        with_provider(desk, issuer, monkeypatch, secret_file=secret)
        browser = Browser(desk.pages)
        at = browser.send("GET", "/connexion/fournisseur?vers=/incidents").headers["location"]
        form: dict[str, str] | None = None
        # Its own pages ask for a name, then for consent.
        for _ in range(12):
            if at.startswith(ADDRESS):
                break
            page = theirs.get(at) if form is None else theirs.post(at, data=form)
            asks = "prompt" in page.text and page.status_code == 200
            at = at if asks else str(httpx.URL(at).join(page.headers["location"]))
            prompt = "login" if 'value="login"' in page.text else "consent"
            form = {"prompt": prompt, "login": "7", "password": "x"} if asks else None
        assert browser.send("GET", at.removeprefix(ADDRESS)).headers["location"] == "/incidents"
        account = desk.store.accounts.named("zoe")
        assert (account.role, account.offices) == ("agent", ("nord", "sud"))
        out = browser.send("POST", "/deconnexion", data={"csrf": csrf_token(browser.cookies["bureau"])})
        address = out.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
        assert theirs.get(address).status_code == 200, "it knows the client, the token and the way back"
