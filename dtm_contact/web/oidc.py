"""The identity provider (OpenID Connect Core 1.0): the way there, the code brought back, the ID token verified.

Authlib checks claims and joserfc signatures; requests are ours, since what a provider answers is bounded in size and
time. All calls block, and run in the threads of pages.
"""

import base64
import hmac
import json
import secrets
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dtm_contact.errors import DtmContactError, described
from dtm_contact.settings import OidcSettings
from dtm_contact.web.limits import BusyError

_METADATA_SECONDS: Final = 3600.0
_KEYS_AGAIN_SECONDS: Final = 5.0
"""Between two look-ups of keys for a key that is not among them: no answer makes us ask without end."""
_LARGEST_ANSWER: Final = 512 * 1024
_LARGEST_TOKEN: Final = 64 * 1024
_LONGEST_HINT: Final = 6000
_LONGEST_SUBJECT: Final = 255
_MOST_GROUPS: Final = 1000
_LONGEST_GROUP: Final = 256
_LONGEST_TEXT: Final = 255
_MOST_AT_ONCE: Final = 8
_OK: Final = 200
_VERIFIER_OCTETS: Final = 48


class EntryRefusedError(DtmContactError):
    """What the provider, or a browser, brought does not let in; `reason` says why, and holds nothing of a person."""

    def __init__(self, reason: str) -> None:
        """Take why."""
        super().__init__()
        self.reason = reason


class ProviderDownError(DtmContactError):
    """The provider does not answer, or not as one; `reason` says why."""

    retry = True

    def __init__(self, reason: str) -> None:
        """Take why."""
        super().__init__()
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EntryAttempt:
    """What the browser keeps while it is at the provider, and what its return is held against.

    Attributes:
        state, nonce, verifier: secrets of this one attempt.
        to: the page that was asked for.
    """

    state: str
    nonce: str
    verifier: str
    to: str

    @classmethod
    def begun(cls, to: str) -> "EntryAttempt":
        """Return a new one."""
        state, nonce, verifier = (secrets.token_urlsafe(_VERIFIER_OCTETS) for _ in range(3))
        return cls(state, nonce, verifier, to)

    @classmethod
    def read(cls, cookie: str) -> "EntryAttempt | None":
        """Return what a cookie holds; None where it holds none."""
        try:
            attempt = cls(**json.loads(base64.urlsafe_b64decode(cookie)))
        except (ValueError, TypeError, RecursionError):
            return None
        values = asdict(attempt).values()
        return attempt if all(isinstance(each, str) and each for each in values) else None

    def cookie(self) -> str:
        """Return it as a cookie holds it."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """Who came in, as the provider says; the texts are bounded, and the address is one that it says is theirs.

    Attributes:
        issuer, subject: by which they are known for good.
        name: by which they would be called here; may be empty.
        shown_as: what colleagues read; may be empty.
        email: their address, where the provider has verified it.
        groups: what they belong to.
        id_token: the token, for the end of the session there.
    """

    issuer: str
    subject: str
    name: str
    shown_as: str
    email: str | None
    groups: tuple[str, ...]
    id_token: str


class IdentityProvider:
    """One provider. Its addresses are kept for an hour, its keys until a token names one that is not among them."""

    def __init__(self, settings: OidcSettings, desk_url: str) -> None:
        """Take where it is, and the address of the desk, to which it sends people back."""
        self._settings = settings
        self._returns_to = f"{desk_url}/connexion/retour"
        self._after = f"{desk_url}/connexion"
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._keys: KeySet | None = None
        self._keys_at = 0.0
        self._context: ssl.SSLContext | None = None

    def way_there(self, attempt: EntryAttempt) -> str:
        """Return the address at the provider to which the browser is sent.

        Raises:
            ProviderDownError: where that is cannot be learnt.
        """
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._returns_to,
            "scope": " ".join(dict.fromkeys(["openid", *self._settings.scopes])),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return _with_query(self._endpoint("authorization_endpoint"), asked)

    def way_out(self, id_token: str | None) -> str | None:
        """Return the address at the provider that ends the session there; None where it has none, or is down."""
        try:
            endpoint = self._metadata_now().get("end_session_endpoint")
        except (ProviderDownError, BusyError):
            return None
        if not isinstance(endpoint, str) or not self._is_safe(endpoint):
            return None
        asked = {"client_id": self._settings.client_id, "post_logout_redirect_uri": self._after}
        # Servers take addresses of some thousand octets; without the hint the provider asks who leaves.
        if id_token is not None and len(id_token) <= _LONGEST_HINT:
            asked["id_token_hint"] = id_token
        return _with_query(endpoint, asked)

    def identity(self, attempt: EntryAttempt | None, brought: Mapping[str, str]) -> ProviderIdentity:
        """Return who came back from the provider.

        Args:
            attempt: what the browser has kept of its way there; None where it has nothing.
            brought: the parameters of the address that it came back by.

        Raises:
            EntryRefusedError: it does not let in.
            ProviderDownError: the provider does not answer.
        """
        if attempt is None or not hmac.compare_digest(brought.get("state", "").encode(), attempt.state.encode()):
            raise EntryRefusedError("state")
        issuer = brought.get("iss")
        if issuer is not None and issuer != self._settings.issuer:
            # RFC 9207: somebody mixes the answers of two providers up.
            raise EntryRefusedError("issuer of the answer")
        if brought.get("error"):
            raise EntryRefusedError("the provider refused")
        code = brought.get("code", "")
        if not code:
            raise EntryRefusedError("no code")
        tokens = self._tokens(code, attempt.verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not 0 < len(id_token) <= _LARGEST_TOKEN:
            raise EntryRefusedError("no ID token")
        access = access_token if isinstance(access_token, str) else ""
        claims = self._verified(id_token, attempt.nonce, access)
        return self._identity_of(self._with_userinfo(claims, access), id_token)

    def _tokens(self, code: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._returns_to,
            "code_verifier": verifier,
            "client_id": self._settings.client_id,
        }
        auth, secret = None, self._settings.read_secret()
        if secret is not None and "client_secret_basic" in self._methods():
            # Both are form-encoded first (RFC 6749 section 2.3.1).
            auth = quote(self._settings.client_id, safe=""), quote(secret, safe="")
        elif secret is not None:
            form["client_secret"] = secret
        status, answer = self._ask("POST", self._endpoint("token_endpoint"), form=form, auth=auth)
        if status != _OK:
            # A code that was used before, or was never given out, is told so (RFC 6749 section 5.2).
            raise EntryRefusedError(f"the code was not taken: status {status}")
        return answer

    def _methods(self) -> Sequence[str]:
        methods = self._metadata_now().get("token_endpoint_auth_methods_supported")
        return methods if isinstance(methods, list) else ["client_secret_basic"]

    def _verified(self, id_token: str, nonce: str, access_token: str) -> Mapping[str, Any]:
        """Return the claims of an ID token that is the provider's, for us, of this attempt and in time.

        Raises:
            EntryRefusedError: it is not.
        """
        settings = self._settings
        try:
            try:
                token = jwt.decode(id_token, self._key_set(again=False), algorithms=settings.algorithms)
            except (JoseError, ValueError):
                # Signed by a key that came since: keys are rotated without a word.
                token = jwt.decode(id_token, self._key_set(again=True), algorithms=settings.algorithms)
            options = {"iss": {"values": [settings.issuer]}, "aud": {"value": settings.client_id}}
            params = {"nonce": nonce, "client_id": settings.client_id, "access_token": access_token}
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(now=int(time.time()), leeway=settings.leeway_seconds)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise EntryRefusedError(f"ID token: {_word(error)}") from None
        return dict(claims)

    def _with_userinfo(self, claims: Mapping[str, Any], access_token: str) -> Mapping[str, Any]:
        """Return claims with those of the userinfo, where the token lacks the groups."""
        if self._settings.groups_claim in claims or not access_token:
            return claims
        endpoint = self._metadata_now().get("userinfo_endpoint")
        if not isinstance(endpoint, str) or not self._is_safe(endpoint):
            return claims
        status, told = self._ask("GET", endpoint, bearer=access_token)
        if status != _OK:
            raise EntryRefusedError(f"userinfo: status {status}")
        if told.get("sub") != claims["sub"]:
            # Core 5.3.2: it may be somebody else's.
            raise EntryRefusedError("userinfo of somebody else")
        return {**told, **claims}

    def _identity_of(self, claims: Mapping[str, Any], id_token: str) -> ProviderIdentity:
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise EntryRefusedError("sub")
        groups = claims.get(self._settings.groups_claim, [])
        groups = [groups] if isinstance(groups, str) else groups
        if not isinstance(groups, list) or len(groups) > _MOST_GROUPS:
            raise EntryRefusedError("groups")
        email = _text(claims, "email") if claims.get("email_verified") is True else ""
        return ProviderIdentity(
            issuer=self._settings.issuer,
            subject=subject,
            name=_text(claims, "preferred_username"),
            shown_as=_text(claims, "name"),
            email=email or None,
            groups=tuple(each for each in groups if isinstance(each, str) and len(each) <= _LONGEST_GROUP),
            id_token=id_token,
        )

    def _endpoint(self, name: str) -> str:
        found = self._metadata_now().get(name)
        if not isinstance(found, str) or not self._is_safe(found):
            raise ProviderDownError(f"its {name} is none")
        return found

    def _is_safe(self, address: str) -> bool:
        """Return whether an address may be asked: by TLS; without it only where the issuer, which is local, is so."""
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.scheme in {"https", urlsplit(self._settings.issuer).scheme}

    def _metadata_now(self) -> Mapping[str, Any]:
        with self._lock:
            known = self._metadata
        if known is not None and time.monotonic() - known[0] < _METADATA_SECONDS:
            return known[1]
        address = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        status, metadata = self._ask("GET", address)
        if status != _OK:
            raise ProviderDownError(f"its configuration: status {status}")
        if metadata.get("issuer") != self._settings.issuer:
            raise ProviderDownError("it calls itself otherwise than DTM_OIDC_ISSUER")
        with self._lock:
            self._metadata = time.monotonic(), metadata
        return metadata

    def _key_set(self, *, again: bool) -> KeySet:
        """Return the provider's keys; `again` looks them up anew, though not all the time."""
        with self._lock:
            keys, age = self._keys, time.monotonic() - self._keys_at
        if keys is not None and (not again or age < _KEYS_AGAIN_SECONDS):
            return keys
        status, told = self._ask("GET", self._endpoint("jwks_uri"))
        if status != _OK:
            raise ProviderDownError(f"its keys: status {status}")
        try:
            # Keys that are no public ones of a kind that signs are of no use here.
            usable = [key for key in told["keys"] if key.get("kty") in {"RSA", "EC", "OKP"} and key.get("use") != "enc"]
            keys = KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProviderDownError(f"its keys: {_word(error)}") from None
        with self._lock:
            self._keys, self._keys_at = keys, time.monotonic()
        return keys

    def _ask(
        self,
        method: str,
        address: str,
        *,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        bearer: str = "",
    ) -> tuple[int, Mapping[str, Any]]:
        """Ask for an address; return the status, and the JSON object that is the answer, empty where it is none.

        Raises:
            ProviderDownError: it does not answer in time, or its certificate is refused.
            BusyError: too many wait for it already.
        """
        if not self._slots.acquire(blocking=False):
            raise BusyError
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        until = time.monotonic() + self._settings.seconds
        try:
            with (
                httpx.Client(verify=self._tls(), timeout=self._settings.seconds, trust_env=False) as client,
                client.stream(method, address, data=form, auth=auth, headers=headers) as answer,
            ):
                octets = b""
                for piece in answer.iter_bytes():
                    octets += piece
                    if len(octets) > _LARGEST_ANSWER or time.monotonic() > until:
                        raise ProviderDownError("its answer takes no end")
                return answer.status_code, _object(octets)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ProviderDownError(described(error) if isinstance(error, OSError) else _word(error)) from error
        finally:
            self._slots.release()

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            authority = self._settings.authority
            self._context = ssl.create_default_context(cafile=str(authority) if authority else None)
        return self._context


def _object(octets: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _with_query(address: str, parameters: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(parameters, quote_via=quote)}"


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value.strip() if isinstance(value, str) and len(value) <= _LONGEST_TEXT and value.isprintable() else ""


def _word(error: Exception) -> str:
    """Return what an error is, without what it says: that may hold something of a person."""
    return type(error).__name__
