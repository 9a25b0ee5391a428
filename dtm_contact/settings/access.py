"""Who comes in, and what is asked of them beside a password."""

import base64
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from dtm_contact.errors import WrongSettingError
from dtm_contact.settings.common import is_safe_address
from dtm_contact.settings.files import SecretFile, first_line, text_lines

ROLES: Final = ("agent", "agency", "head", "admin", "auditor")


class AccessSettings(BaseModel):
    """The accounts of the desk."""

    second_factor: tuple[str, ...] = Field(
        default=("head", "admin"),
        description="Roles that must have a second factor (JSON list): who has none yet is led to set it up at the "
        "next log-in; all others may have one",
    )
    key_file: SecretFile | None = Field(
        default=None,
        description="File of the keys by which the secrets of second factors are sealed in the store, one a line "
        "(`openssl rand -base64 32`); or `credential:NAME`. The first seals, all open; unset: they lie open there",
    )
    password_hours: float = Field(
        default=1.0, gt=0, le=48, description="Hours within which a link to set a lost password must be used"
    )
    invitation_days: float = Field(
        default=7.0, gt=0, le=31, description="Days within which an invitation to set a first password must be used"
    )
    households_an_hour: int = Field(
        default=60,
        ge=2,
        description="Different households and cases that one account reads within an hour, from which on the heads are "
        "shown it as unusual",
    )

    def read_keys(self) -> tuple[str, ...]:
        """Return the keys of second factors, in base64, the newest first; none where no file is set.

        Raises:
            WrongSettingError: the file cannot be read, or a line of it is no key.
        """
        setting = "DTM_ACCESS_KEY_FILE"
        keys = text_lines(self.key_file, setting) if self.key_file is not None else ()
        for number, key in enumerate(keys, start=1):
            if not _is_key(key):
                raise WrongSettingError(f"{setting}: line {number} is no key; write what openssl rand -base64 32 says")
        return keys

    def usable_keys(self) -> tuple[tuple[str, ...], str]:
        """Return the keys as `read_keys`, and "" with them; where they cannot be read none, and why."""
        try:
            return self.read_keys(), ""
        except WrongSettingError as error:
            return (), str(error)

    @field_validator("second_factor")
    @classmethod
    def _are_roles(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        for role in roles:
            if role not in ROLES:
                raise ValueError(f"{role!r} is no role; there are {', '.join(ROLES)}")
        return roles


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text.translate(_URL_SAFE), validate=True)) == _KEY_OCTETS
    except ValueError:
        return False


_KEY_OCTETS: Final = 32
_URL_SAFE: Final = str.maketrans("-_", "+/")
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class OidcSettings(BaseModel):
    """The identity provider (OpenID Connect) by which people come in."""

    issuer: str = Field(
        default="",
        description="Issuer of the provider, as it calls itself, such as https://login.bailleur.example; empty: nobody "
        "comes in by one. `DTM_DESK_URL`/connexion/retour is the redirect URI to register there, and "
        "`DTM_DESK_URL`/connexion the one after a log-out",
    )
    client_id: str = Field(default="", description="By which name the provider knows the desk")
    secret_file: SecretFile | None = Field(
        default=None,
        description="File that holds the client secret, in its first line; or `credential:NAME`; unset: a public "
        "client",
    )
    name: str = Field(
        default="mon compte professionnel",
        max_length=60,
        description="What stands behind « Se connecter avec » on the button",
    )
    scopes: tuple[str, ...] = Field(
        default=("profile", "email"), description="Scopes that are asked for beside `openid` (JSON list)"
    )
    groups_claim: str = Field(
        default="groups", min_length=1, description="Claim, of the ID token or the userinfo, that lists the groups"
    )
    roles: dict[str, str] = Field(
        default={},
        description="Role of each group (JSON object); of several the one counts that stands first here. Who is in "
        "none of them does not come in",
    )
    offices: dict[str, str] = Field(
        default={},
        description="Office of each group, by its identifier (JSON object); the first of somebody's is the main one, "
        "and they see the cases of all",
    )
    only: bool = Field(
        default=False,
        description="Whether nobody comes in by a password any more; `dtm-contact user link` still lets somebody in",
    )
    algorithms: tuple[str, ...] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA"),
        description="Algorithms by which an ID token may be signed (JSON list)",
    )
    authority: Path | None = Field(
        default=None,
        description="PEM file of the authorities that the provider's certificate is checked against; unset: the "
        "system's",
    )
    seconds: float = Field(default=5.0, gt=0, le=30, description="Seconds within which the provider answers each time")
    leeway_seconds: int = Field(default=30, ge=0, le=300, description="Seconds that the clocks may be apart")

    @property
    def is_set(self) -> bool:
        """Whether an identity provider is configured, by which people log in."""
        return bool(self.issuer)

    def read_secret(self) -> str | None:
        """Return the client secret; None where no file is set.

        Raises:
            WrongSettingError: the file cannot be read, or nothing stands in it.
        """
        return first_line(self.secret_file, "DTM_OIDC_SECRET_FILE")

    @field_validator("issuer")
    @classmethod
    def _is_an_issuer(cls, issuer: str) -> str:
        if issuer and not is_safe_address(issuer):
            raise ValueError(f"{issuer!r} is no issuer; write https://NAME, with a path where it has one, no query")
        return issuer

    @field_validator("roles")
    @classmethod
    def _are_roles(cls, roles: dict[str, str]) -> dict[str, str]:
        for group, role in roles.items():
            if role not in ROLES:
                raise ValueError(f"{role!r} of the group {group!r} is no role; there are {', '.join(ROLES)}")
        return roles

    @field_validator("algorithms")
    @classmethod
    def _are_signatures_by_keys_of_theirs(cls, algorithms: tuple[str, ...]) -> tuple[str, ...]:
        for algorithm in algorithms:
            if algorithm not in _ALGORITHMS:
                raise ValueError(f"{algorithm!r} cannot be trusted here; there are {', '.join(_ALGORITHMS)}")
        return algorithms

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.issuer and not (self.client_id and self.roles):
            raise ValueError("an issuer needs a client_id, and roles: which group has which role")
        if self.only and not self.issuer:
            raise ValueError("only needs an issuer: else nobody could come in")
        return self
