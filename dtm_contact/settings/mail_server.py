"""The ways in for mail from a mail server."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

from dtm_contact.settings.common import ListenHost, ListenPort, WrittenPath
from dtm_contact.settings.files import SecretFile, secret_file


class MailServerSettings(BaseModel):
    """What the ways in for mail have in common: whom they hear and how much they bear."""

    hostname: str = Field(default="localhost", description="Name given in the greeting; no DNS is asked for it")
    recipients: tuple[str, ...] = Field(
        default=("metropole@parishabitat.fr",),
        min_length=1,
        description="Addresses that are ours (JSON list); others are refused. `name+anything@` is `name@`",
    )
    networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")),
        description="Networks whose hosts may hand over mail (JSON list of CIDR blocks)",
    )
    certificate: Path | None = Field(
        default=None, description="PEM file of the TLS certificate and its chain; STARTTLS is offered where it is set"
    )
    key: SecretFile | None = Field(
        default=None,
        description="PEM file of the certificate's key, if not in the same file; or `credential:NAME`",
    )
    size_limit: int = Field(default=37_748_736, gt=0, description="Largest message taken, in octets")
    memory_limit: int = Field(
        default=512_000_000, gt=0, description="Octets of messages on their way in; beyond it senders try again later"
    )
    recipient_limit: int = Field(default=1_000, ge=100, description="Recipients of one message (RFC 5321: 100 or more)")
    hop_limit: int = Field(default=50, ge=1, description="Received lines from which a message counts as going round")
    connections: int = Field(default=1_000, ge=1, description="Connections open at once")
    connections_per_client: int = Field(default=50, ge=1, description="Connections open at once from one address")
    error_limit: int = Field(default=20, ge=1, description="Refused commands before a session is ended")
    idle_command_limit: int = Field(
        default=100, ge=1, description="Commands that bring no message before a session is ended (NOOP, RSET, …)"
    )
    idle_seconds: float = Field(
        default=300.0, gt=0, description="Seconds without a command, or without data, before a session is ended"
    )
    data_seconds: float = Field(default=1800.0, gt=0, description="Seconds that sending one message may take in all")
    stop_seconds: float = Field(
        default=10.0, gt=0, description="Seconds that a stop waits for messages that are being stored"
    )

    @model_validator(mode="after")
    def _one_message_fits(self) -> Self:
        if self.memory_limit < self.size_limit:
            raise ValueError("memory_limit is less than size_limit: the largest messages would be put off for ever")
        return self

    def key_path(self) -> Path | None:
        """Return the file of the certificate's key; None where it stands in the same file.

        Raises:
            WrongSettingError: it is a credential that is not handed over.
        """
        return None if self.key is None else secret_file(self.key, "the key of the way in for mail")


class SmtpSettings(MailServerSettings):
    """The way in for mail, as a mail server's neighbour."""

    host: ListenHost = Field(default="127.0.0.1", description="Address to listen on")
    port: ListenPort = Field(default=8025, ge=0, le=65535, description="Port to listen on; 0 takes a free one")


class LmtpSettings(MailServerSettings):
    """The way in for mail from a mail server on the same host, with a reply for each recipient."""

    recipients: tuple[str, ...] = Field(
        default=(), description="Addresses that are ours (JSON list); empty: those of DTM_SMTP_RECIPIENTS"
    )
    host: ListenHost = Field(default="127.0.0.1", description="Address to listen on, where no socket is set")
    port: ListenPort = Field(default=8024, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    socket: WrittenPath | None = Field(default=None, description="Unix socket to listen on, in place of an address")
