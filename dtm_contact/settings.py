"""Every setting of the engine; an environment variable each, `DTM_<GROUP>_<NAME>`; `docs/settings.md` lists them."""

from datetime import date
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def _first_line(path: Path | None) -> str | None:
    if path is None:
        return None
    return next(iter(path.read_text(encoding="utf-8").splitlines()), "").strip()


class Store(BaseModel):
    """Where everything is kept."""

    url: str = Field(
        default="sqlite:///var/dtm-contact.db", description="SQLAlchemy URL of the store (SQLite or PostgreSQL)"
    )


class Rules(BaseModel):
    """The rules that admins own."""

    dir: Path = Field(default=Path("rules"), description="Folder of the rules")
    poll_seconds: float = Field(
        default=2.0, gt=0, description="Seconds between two looks whether the folder changed; taken up once it is quiet"
    )
    trial_seconds: float = Field(
        default=120.0, gt=0, description="Seconds that checking and testing changed rules may take before it is refused"
    )
    observe: bool = Field(
        default=False,
        description="Judge and record beside an old process, without effect: nobody is told, nothing is sent",
    )


class MailServer(BaseModel):
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
    key: Path | None = Field(default=None, description="PEM file of the certificate's key, if not in the same file")
    size_limit: int = Field(default=35_000_000, gt=0, description="Largest message taken, in octets")
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


class Smtp(MailServer):
    """The way in for mail, as a mail server's neighbour."""

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8025, ge=0, le=65535, description="Port to listen on; 0 takes a free one")


class Lmtp(MailServer):
    """The way in for mail from a mail server on the same host, with a reply for each recipient."""

    host: str = Field(default="127.0.0.1", description="Address to listen on, where no socket is set")
    port: int = Field(default=8024, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    socket: Path | None = Field(default=None, description="Unix socket to listen on, in place of an address")


class Imap(BaseModel):
    """The mailbox that the address already has."""

    host: str = Field(default="localhost", description="Its IMAP server")
    port: int = Field(default=993, ge=1, le=65535, description="Its port")
    tls: bool = Field(default=True, description="Whether the connection is protected by TLS from its beginning")
    authority: Path | None = Field(
        default=None,
        description="PEM file of the authorities that its certificate is checked against; unset: the system's",
    )
    user: str = Field(default="", description="User name there")
    password_file: Path | None = Field(default=None, description="File that holds the password, in its first line")
    token_file: Path | None = Field(default=None, description="File that holds a token for XOAUTH2, in its first line")
    token_command: str = Field(
        default="", description="Command that prints a token for XOAUTH2, run for each connection"
    )
    folder: str = Field(default="INBOX", description="Folder that is read")
    sent_folder: str = Field(default="Sent", description="Folder that the channel `imap_sent` reads")
    since: date | None = Field(
        default=None,
        description="At the first start, messages from this day on are taken in; unset: only those that come later",
    )
    after: str = Field(
        default="move",
        pattern="^(move|flag|leave)$",
        description="What becomes of a message whose case is known: move (into its queue's folder), flag, or leave",
    )
    queue_folder: str = Field(default="Bureaux/{queue}", description="Folder of a queue's messages, `/` between levels")
    folders: dict[str, str] = Field(
        default={"automatic": "Automatiques", "spam": "Publicités"},
        description="Folders by queue, `automatic` or `spam`, where they differ (JSON object)",
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

    def read_password(self) -> str | None:
        """Return the password; None where no file is set.

        Raises:
            OSError: the file cannot be read.
        """
        return _first_line(self.password_file)

    def read_token(self) -> str | None:
        """Return the token; None where no file is set.

        Raises:
            OSError: the file cannot be read.
        """
        return _first_line(self.token_file)


class Switchboard(BaseModel):
    """How the switchboard (Asterisk) writes its call records, and what its contexts and applications are called."""

    records: Path = Field(
        default=Path("/var/log/asterisk/cdr-csv/Master.csv"),
        description="Call records that the channel `asterisk_cdr` follows; rotated ones are found beside them",
    )
    queue_log: Path | None = Field(
        default=Path("/var/log/asterisk/queue_log"),
        description="Queue log that it follows with them; empty where there is none: the records alone tell",
    )
    start: str = Field(
        default="beginning",
        pattern="^(beginning|end)$",
        description="Where it begins the first time: `beginning`, or `end` where the logs hold years of old calls",
    )
    poll_seconds: float = Field(default=1.0, gt=0, description="Seconds after which it looks for new lines")
    timezone: str = Field(
        default="Europe/Paris",
        description="Time zone of the times in the call records; held against the second in each uniqueid",
    )
    columns: tuple[str, ...] = Field(
        default=(),
        description="Columns of records written by `cdr_custom`, in their order (JSON list; `-` is passed over); "
        "empty: those of `cdr_csv`, told by their number",
    )
    internal_contexts: tuple[str, ...] = Field(
        default=("from-internal",), description="Contexts that our own extensions call from (JSON list)"
    )
    closed_contexts: tuple[str, ...] = Field(
        default=("dtm-ferme",), description="Contexts of callers while we are closed (JSON list)"
    )
    queues: tuple[str, ...] = Field(
        default=("dtm-accueil",), description="Queues whose lines in the queue log count (JSON list); empty: all"
    )
    queue_applications: tuple[str, ...] = Field(
        default=("Queue",), description="Applications that let callers wait for an agent (JSON list)"
    )
    voicemail_applications: tuple[str, ...] = Field(
        default=("VoiceMail",), description="Applications that record a voice message (JSON list)"
    )
    voicemail_senders: tuple[str, ...] = Field(
        default=("@ringover.com", "@ovh.net", "@ovh.com", "@freepro.com", "@3cx.net", "@orange.com"),
        description="Addresses, and domains that begin with @, that tell by e-mail of voice messages (JSON list): such "
        "a message joins the call it belongs to. Add the switchboard's own",
    )
    extension_digits: int = Field(default=5, ge=1, le=8, description="Digits of the longest internal extension")
    automated_prefixes: tuple[str, ...] = Field(
        default=(
            "0162", "0163", "0270", "0271", "0377", "0378", "0424", "0425", "0568", "0569", "0948", "0949",
        ),
        description="Beginnings of numbers that call by machine (JSON list): no call-back, unless in the directory",
    )  # fmt: skip
    quiet_seconds: float = Field(
        default=10.0, ge=0, description="Seconds by the log's clock without a record before a call is judged"
    )
    hold_seconds: float = Field(
        default=3_600.0,
        ge=0,
        description="Seconds that a call is held back while the queue log says that the caller still waits or speaks",
    )
    late_seconds: float = Field(
        default=86_400.0,
        ge=0,
        description="Seconds by the log's clock during which a call's late records are waited for",
    )

    @field_validator("queue_log", mode="before")
    @classmethod
    def _none_if_empty(cls, path: object) -> object:
        return None if path == "" else path

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no such time zone; write a name such as Europe/Paris") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the call records."""
        return ZoneInfo(self.timezone)


class Match(BaseModel):
    """From which probability a name is said."""

    tenant: float = Field(default=0.97, gt=0.5, lt=1, description="A tenant is named from this probability")
    dwelling: float = Field(default=0.96, gt=0.5, lt=1, description="A dwelling is named from this probability")
    residence: float = Field(default=0.9, gt=0.5, lt=1, description="A residence is named from this probability")


class Judge(BaseModel):
    """The processes that judge arrivals."""

    processes: int = Field(default=2, ge=1, le=64, description="Processes that judge side by side")
    seconds: float = Field(
        default=10.0, gt=0, description="Seconds that judging one arrival may take before it is parked"
    )
    cpu_seconds: float = Field(
        default=2.0, gt=0, description="Seconds of processor time that judging one arrival may take before it is parked"
    )
    memory_factor: float = Field(
        default=10.0, ge=0, description="Memory that judging one arrival may take, as a multiple of its size"
    )
    memory_margin: int = Field(
        default=16 * 1024 * 1024, ge=0, description="Octets of memory that it may take besides, whatever its size"
    )
    attempts: int = Field(default=4, ge=1, description="Attempts at an arrival before it is parked")
    pause: float = Field(
        default=2.0, gt=0, description="Seconds before the second attempt; each further pause is 4 times longer"
    )


class Desk(BaseModel):
    """How agents work on cases."""

    open: bool = Field(default=False, description="Whether the desk is served")
    host: str = Field(default="127.0.0.1", description="Address that the desk listens on; a proxy in front does TLS")
    port: int = Field(default=8027, ge=0, le=65535, description="Its port; 0 takes a free one")
    secure_cookies: bool = Field(
        default=True, description="Whether browsers keep its cookies for TLS alone; false only on loopback"
    )
    idle_minutes: float = Field(default=60.0, gt=0, description="Minutes without a sign after which a session ends")
    session_hours: float = Field(default=10.0, gt=0, description="Hours after which a session ends in any case")
    entries_per_minute: int = Field(
        default=20, ge=1, description="Attempts to log in from one address in a minute; beyond it, wait"
    )

    socket: Path | None = Field(
        default=None,
        description="Unix socket on which the daemon takes the changes of other processes; unset: it takes none",
    )
    call_attempts: int = Field(
        default=3, ge=1, le=20, description="Attempts at calling somebody back before the case is closed in vain"
    )
    call_again_minutes: float = Field(
        default=120.0, gt=0, description="Minutes after which a call-back tried in vain comes back by itself"
    )


class Log(BaseModel):
    """What the program says of itself."""

    level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe level that is written"
    )
    json_lines: bool = Field(default=False, description="One JSON object a line, for machines, in place of text")


class Monitor(BaseModel):
    """`/metrics` and `/healthz`."""

    host: str = Field(default="127.0.0.1", description="Address that `/metrics` and `/healthz` listen on")
    port: int = Field(default=8026, ge=0, le=65535, description="Their port; 0 takes a free one")


class Alarm(BaseModel):
    """Who is told when something needs a person."""

    recipients: tuple[str, ...] = Field(default=(), description="Admins who are told by e-mail (JSON list)")
    sender: str = Field(default="dtm-contact@localhost", description="Sender of those notices")
    host: str = Field(default="127.0.0.1", description="Mail server that takes them")
    port: int = Field(default=25, ge=1, le=65535, description="Its port")


class Outbound(BaseModel):
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
    password_file: Path | None = Field(default=None, description="File that holds the password, in its first line")
    sender: str = Field(
        default="metropole@parishabitat.fr", description="Our one address, which everything is sent from"
    )
    sender_name: str = Field(default="Votre bailleur", description="Name beside it")
    key_file: Path | None = Field(
        default=None,
        description="File with the secret (16 octets or more) that signs case numbers; unset: the store keeps one",
    )
    answers: bool = Field(default=True, description="Whether answers that rules name go out by themselves")
    answers_per_address: int = Field(
        default=4, ge=0, description="Answers that go out by themselves to one address in 24 hours"
    )
    answers_per_hour: int = Field(
        default=300,
        ge=0,
        description="Answers that go out by themselves in an hour in all; beyond it there is an alarm",
    )
    seconds: float = Field(default=60.0, gt=0, description="Seconds that the server may take for each of its answers")
    pause: float = Field(
        default=15.0, gt=0, description="Seconds before a second attempt; each further pause is 3 times longer"
    )
    longest_pause: float = Field(default=3600.0, gt=0, description="Seconds of the longest pause between attempts")
    days: float = Field(default=3.0, gt=0, description="Days after which a message that no server takes is given up")
    stop_seconds: float = Field(
        default=5.0, gt=0, description="Seconds that a stop waits for the server's answer to what is being handed over"
    )

    def read_key(self) -> bytes | None:
        """Return the secret that signs case numbers; None where no file is set.

        Raises:
            OSError: the file cannot be read.
        """
        return None if self.key_file is None else self.key_file.read_bytes().strip()

    def read_password(self) -> str | None:
        """Return the password; None where no file is set.

        Raises:
            OSError: the file cannot be read.
        """
        return _first_line(self.password_file)


class Settings(BaseSettings):
    """All settings; environment variables override the defaults given here.

    Raises:
        pydantic.ValidationError: a variable holds a value that its setting does not allow.
    """

    model_config = SettingsConfigDict(
        env_prefix="DTM_", env_nested_delimiter="_", env_nested_max_split=1, frozen=True, extra="ignore"
    )

    store: Store = Store()
    rules: Rules = Rules()
    channels: tuple[str, ...] = Field(
        default=("smtp",), description="The ways in that are open (JSON list); each is a file of `dtm_contact/channels`"
    )
    smtp: Smtp = Smtp()
    lmtp: Lmtp = Lmtp()
    imap: Imap = Imap()
    switchboard: Switchboard = Switchboard()
    match: Match = Match()
    judge: Judge = Judge()
    desk: Desk = Desk()
    log: Log = Log()
    monitor: Monitor = Monitor()
    alarm: Alarm = Alarm()
    outbound: Outbound = Outbound()
    name: str = Field(
        default="daemon",
        min_length=1,
        max_length=64,
        description="Name of this daemon; those that share a PostgreSQL store need one each",
    )
    timezone: str = Field(default="Europe/Paris", description="Time zone of the offices and of times without an offset")
    numbers: tuple[str, ...] = Field(
        default=("0179616460",), description="The phone numbers that are ours (JSON list); no evidence of who writes"
    )
    domains: tuple[str, ...] = Field(
        default=("parishabitat.fr", "parishabitat.example"),
        description="Mail domains that are the landlord's own (JSON list); no evidence of who writes",
    )

    servers: tuple[str, ...] = Field(
        default=("mail.parishabitat.fr",),
        description="Names our mail servers give themselves in the headers that we trust (JSON list)",
    )

    @classmethod
    def defaults(cls) -> "Settings":
        """Return the settings as they are where the environment says nothing."""
        return cls.model_construct()

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the offices."""
        return ZoneInfo(self.timezone)
