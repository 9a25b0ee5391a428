"""The mailbox that is read, and what is sent."""

from datetime import date
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, field_validator, model_validator

from dtm_contact.settings.common import is_safe_address
from dtm_contact.settings.files import SecretFile, first_line, secret_file


class FollowedMailbox(BaseModel):
    """What is the same of every mailbox that is read, by whatever protocol."""

    since: date | None = Field(
        default=None,
        description="At the first start, messages from this day on are taken in; unset: only those that come later",
    )
    after: str = Field(
        default="move",
        pattern="^(move|flag|leave)$",
        description="What becomes of a message whose case is known: move (into its queue's folder), flag (with a "
        "keyword, at Microsoft a category), or leave",
    )
    queue_folder: str = Field(default="Bureaux/{queue}", description="Folder of a queue's messages, `/` between levels")
    folders: dict[str, str] = Field(
        default={"automatic": "Automatiques", "spam": "Publicités", "none": "Sans suite"},
        description="Folders by queue, `automatic`, `spam` or `none` (our own that came back), where they differ "
        "(JSON object)",
    )
    size_limit: int = Field(
        default=50_000_000, gt=0, description="Octets of a message that are read; the rest is cut off"
    )
    seconds: float = Field(default=60.0, gt=0, description="Seconds that the server may take for each of its answers")
    poll_seconds: float = Field(
        default=300.0,
        gt=0,
        lt=1740.0,
        description="Seconds after which is looked anew, though the server tells of nothing",
    )
    pause: float = Field(default=2.0, gt=0, description="Seconds before connecting again; each further pause doubles")
    longest_pause: float = Field(default=300.0, gt=0, description="Seconds of the longest of those pauses")
    remembered_days: float = Field(default=30.0, gt=0, description="Days for which a message waits to be filed")

    def folder_of(self, target: str) -> str:
        """Return the folder of a queue, of `automatic` or of `spam`."""
        return self.folders.get(target) or self.queue_folder.replace("{queue}", target)


class ImapSettings(FollowedMailbox):
    """The mailbox that the address already has."""

    host: str = Field(default="localhost", description="Its IMAP server")
    port: int = Field(default=993, ge=1, le=65535, description="Its port")
    tls: bool = Field(default=True, description="Whether the connection is protected by TLS from its beginning")
    authority: Path | None = Field(
        default=None,
        description="PEM file of the authorities that its certificate is checked against; unset: the system's",
    )
    user: str = Field(default="", description="User name there")
    password_file: SecretFile | None = Field(
        default=None,
        description="File that holds the password, in its first line; or `credential:NAME`, which systemd hands over "
        "(`LoadCredential`)",
    )
    token_file: SecretFile | None = Field(
        default=None, description="File that holds a token for XOAUTH2, in its first line; or `credential:NAME`"
    )
    token_command: str = Field(
        default="", description="Command that prints a token for XOAUTH2, run for each connection"
    )
    oauth: bool = Field(
        default=False, description="Whether the token for XOAUTH2 is asked for where `DTM_OAUTH_TOKEN_URL` says"
    )
    scope: str = Field(
        default="",
        description="Scope of that token, such as https://outlook.office365.com/.default; empty: as it was granted",
    )
    folder: str = Field(default="INBOX", description="Folder that is read")
    sent_folder: str = Field(default="Sent", description="Folder that the channel `imap_sent` reads")

    def read_password(self) -> str | None:
        """Return the password; None where no file is set.

        Raises:
            WrongSettingError: the file cannot be read, or nothing stands in it.
        """
        return first_line(self.password_file, "DTM_IMAP_PASSWORD_FILE")

    def read_token(self) -> str | None:
        """Return the token; None where no file is set.

        Raises:
            WrongSettingError: the file cannot be read, or nothing stands in it.
        """
        return first_line(self.token_file, "DTM_IMAP_TOKEN_FILE")


class GraphSettings(FollowedMailbox):
    """A mailbox at Microsoft, read by Microsoft Graph; its tokens come from where `DTM_OAUTH_TOKEN_URL` says."""

    url: str = Field(default="https://graph.microsoft.com/v1.0", description="Address of the service, with its version")
    authority: Path | None = Field(
        default=None,
        description="PEM file of the authorities that its certificate is checked against; unset: the system's",
    )
    user: str = Field(default="", description="Whose mailbox is read: the address by which they log in, or their id")
    scope: str = Field(default="https://graph.microsoft.com/.default", description="Scope of the tokens")
    folder: str = Field(
        default="inbox",
        description="Folder that is read: one of Microsoft's names, an id, or what people see, `/` between levels",
    )
    sent_folder: str = Field(default="sentitems", description="Folder that the channel `graph_sent` reads")
    poll_seconds: float = Field(
        default=60.0, gt=0, lt=1740.0, description="Seconds after which is looked anew: the service tells of nothing"
    )

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        if not is_safe_address(url):
            raise ValueError(f"{url!r}: write https://NAME, with a path, no query: tokens go there")
        return url.rstrip("/")


class OAuthSettings(BaseModel):
    """Who gives us tokens for a mailbox (OAuth 2.0), and how we are known there."""

    token_url: str = Field(
        default="",
        description="Address that gives tokens, such as "
        "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token; empty: none is asked for",
    )
    client_id: str = Field(default="", description="By which name it knows us")
    secret_file: SecretFile | None = Field(
        default=None, description="File that holds the client secret, in its first line; or `credential:NAME`"
    )
    refresh_token_file: SecretFile | None = Field(
        default=None,
        description="File that holds the refresh token of whoever consented, in its first line; or `credential:NAME`. "
        "Those that come in its place are kept in the folder of the alarms. Unset: we ask in our own name (client "
        "credentials)",
    )
    authority: Path | None = Field(
        default=None,
        description="PEM file of the authorities that its certificate is checked against; unset: the system's",
    )
    seconds: float = Field(default=15.0, gt=0, le=60, description="Seconds within which it answers each time")

    @property
    def is_set(self) -> bool:
        """Whether tokens are asked for."""
        return bool(self.token_url)

    def read_secret(self) -> str | None:
        """Return the client secret; None where no file is set.

        Raises:
            WrongSettingError: the file cannot be read, or nothing stands in it.
        """
        return first_line(self.secret_file, "DTM_OAUTH_SECRET_FILE")

    def read_refresh_token(self) -> str | None:
        """Return the refresh token that was set up; None where no file is set.

        Raises:
            WrongSettingError: the file cannot be read, or nothing stands in it.
        """
        return first_line(self.refresh_token_file, "DTM_OAUTH_REFRESH_TOKEN_FILE")

    @field_validator("token_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        if url and not is_safe_address(url):
            raise ValueError(f"{url!r}: write https://NAME, with a path, no query: secrets go there")
        return url

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.token_url and not (self.client_id and (self.secret_file or self.refresh_token_file)):
            raise ValueError("a token_url needs a client_id, and a secret_file or a refresh_token_file")
        return self


class OutboundSettings(BaseModel):
    """What is sent: answers that go out by themselves, agents' replies, words to our own people."""

    host: str = Field(default="", description="Mail server that sends for us; empty: nothing is written or sent")
    port: int = Field(default=587, ge=1, le=65535, description="Its port")
    security: str = Field(
        default="starttls",
        pattern="^(starttls|tls|none)$",
        description="How the connection is protected: starttls, tls, or none (a server on the same host)",
    )
    authority: Path | None = Field(
        default=None,
        description="PEM file of the authorities that its certificate is checked against; unset: the system's",
    )
    user: str = Field(default="", description="User name at that server; empty: none is asked for")
    password_file: SecretFile | None = Field(
        default=None, description="File that holds the password, in its first line; or `credential:NAME`"
    )
    sender: str = Field(
        default="metropole@parishabitat.fr",
        pattern=r"^[^@\s]+@[^@\s]+$",
        description="Our one address, which everything is sent from",
    )
    sender_name: str = Field(default="Votre bailleur", description="Name beside it")
    key_file: SecretFile | None = Field(
        default=None,
        description="File with the secret (16 octets or more) that signs case numbers, or `credential:NAME`; unset: "
        "the store keeps one",
    )
    answers: bool = Field(default=True, description="Whether answers that rules name go out by themselves")
    answers_per_address: int = Field(
        default=4,
        ge=0,
        description="Answers that go out by themselves in 24 hours to one mailbox whose owner is proven to have "
        "written; to any other, one",
    )
    answers_per_hour: int = Field(
        default=300,
        ge=0,
        description="Answers that go out by themselves in an hour in all; beyond it there is an alarm, and only what "
        "tells somebody in danger what to do (P1) still goes, once an hour to a mailbox",
    )
    connect_seconds: float = Field(
        default=10.0, gt=0, description="Seconds that connecting may take, TLS and credentials included"
    )
    seconds: float = Field(default=60.0, gt=0, description="Seconds that the server may take for each of its answers")
    pause: float = Field(
        default=10.0,
        gt=0,
        description="Seconds before a second attempt; each further pause is 3 times longer, but for what tells of "
        "danger (P1), and while the server is away: then the most urgent is tried so often",
    )
    longest_pause: float = Field(default=3600.0, gt=0, description="Seconds of the longest pause between attempts")
    days: float = Field(default=3.0, gt=0, description="Days after which a message that no server takes is given up")
    urgent_minutes: float = Field(
        default=5.0,
        gt=0,
        description="Minutes after which something that tells of danger (P1) and waits still makes `/healthz` unwell",
    )
    stop_seconds: float = Field(
        default=5.0, gt=0, description="Seconds that a stop waits for the server's answer to what is being handed over"
    )

    def read_key(self) -> bytes | None:
        """Return the secret that signs case numbers; None where no file is set.

        Raises:
            OSError: the file cannot be read.
            WrongSettingError: it is a credential that is not handed over.
        """
        if self.key_file is None:
            return None
        return secret_file(self.key_file, "DTM_OUTBOUND_KEY_FILE").read_bytes().strip()

    def read_password(self) -> str | None:
        """Return the password; None where no file is set.

        Raises:
            WrongSettingError: the file cannot be read, or nothing stands in it.
        """
        return first_line(self.password_file, "DTM_OUTBOUND_PASSWORD_FILE")
