"""Everything but mail, calls and alarms: the store, the rules, judging, agents."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator, model_validator

from dtm_contact.settings.common import ListenHost, ListenPort, StoreUrl, WrittenPath, shipped, store_in, user_data

_HOST = re.compile(r"[0-9A-Za-z]([0-9A-Za-z.-]{0,252}[0-9A-Za-z])?|[0-9A-Fa-f:.]{2,45}")
_SQLITE_PATH = re.compile(r"sqlite(?:\+\w+)?:///([^?]+)")
_STORE_URL = re.compile(r"sqlite(\+\w+)?:///(?!:memory:).+|postgresql(\+\w+)?://.*")


class StoreSettings(BaseModel):
    """Where everything is kept."""

    url: StoreUrl = Field(
        default_factory=lambda: store_in(user_data()),
        json_schema_extra={"default": "sqlite:///$XDG_DATA_HOME/dtm-contact/store.db"},
        description="SQLAlchemy URL of the store (SQLite or PostgreSQL); as a service: in `/var/lib/dtm-contact`",
    )

    reserve: int = Field(
        default=200 * 1024 * 1024,
        ge=0,
        description="Octets of a SQLite store's disk kept free for judging: with less, mail is refused for the moment",
    )

    @property
    def sqlite_path(self) -> Path | None:
        """The file of a SQLite store; None where the store is another."""
        found = _SQLITE_PATH.match(self.url)
        return Path(found.group(1)) if found else None

    @field_validator("url")
    @classmethod
    def _is_a_store(cls, url: str) -> str:
        if _STORE_URL.fullmatch(url) is None:
            raise ValueError("write sqlite:///PATH or postgresql://USER@HOST/DATABASE")
        return url


class DirectorySettings(BaseModel):
    """The landlord's export of the estate and its people."""

    versions: int = Field(
        default=14,
        ge=1,
        le=100,
        description="Imports of the directory that are kept and can be restored, the one in force included",
    )
    max_age_days: float = Field(
        default=8.0,
        ge=0,
        description="Days after which the export in force is so old that the admins are told; 0: never",
    )
    quiet_seconds: float = Field(
        default=120.0,
        ge=0,
        description="Seconds without a change in its folder before a scheduled import takes an export for complete",
    )


class RulesSettings(BaseModel):
    """The rules that admins own."""

    dir: Path = Field(
        default_factory=lambda: shipped("rules"),
        json_schema_extra={"default": "those that come with the program"},
        description="Folder of the rules; as a service: `/etc/dtm-contact/rules`",
    )
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


class MatchSettings(BaseModel):
    """From which probability a name is said."""

    tenant: float = Field(
        default=0.97,
        gt=0.5,
        lt=1,
        description="A tenant is named from this probability, calibrated. On made messages never seen before, 999 of "
        "1,000 who are named are right",
    )
    dwelling: float = Field(
        default=0.98,
        gt=0.5,
        lt=1,
        description="A dwelling is named from this probability, calibrated: just above it 98 of 100 are right",
    )
    residence: float = Field(
        default=0.9,
        gt=0.5,
        lt=1,
        description="A residence is named from this probability, calibrated: just above it 90 of 100 are right",
    )
    residence_written: float = Field(
        default=0.6,
        gt=0.5,
        lt=1,
        description="A residence of which the message gives a full address, or the name with the town, is named from "
        "this probability already; the other places that it gives are shown beside it",
    )
    residence_beside: float = Field(
        default=0.975,
        gt=0.5,
        lt=1,
        description="The residence where the tenant lives is named from this probability where the message names it "
        "and another of ours, written out: they mostly tell the two apart",
    )


class JudgeSettings(BaseModel):
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
    stuck_seconds: float = Field(
        default=180.0,
        ge=10,
        description="Seconds without progress, beyond `DTM_JUDGE_SECONDS`, after which the daemon does not feed "
        "systemd's watchdog any more, which then starts it again",
    )


class PdfSettings(BaseModel):
    """Reading the words of PDFs that came along with a message, in a process beside each judge."""

    octets: int = Field(
        default=5_000_000, ge=0, description="Octets up to which a PDF that came along is read; 0: none is read"
    )
    pages: int = Field(default=8, ge=1, le=100, description="Pages of each that are read, from the first")
    cpu_seconds: float = Field(
        default=1.0, gt=0, le=60, description="Seconds of processor time that reading all PDFs of a message may take"
    )
    memory: int = Field(
        default=128 * 1024 * 1024, ge=1, description="Octets of memory that it may take beside what its process holds"
    )
    seconds: float = Field(
        default=6.0,
        gt=0,
        le=60,
        description="Seconds by the clock that it may take; less than DTM_JUDGE_SECONDS, which goes on meanwhile",
    )


class DeskSettings(BaseModel):
    """How agents work on cases."""

    open: bool = Field(default=False, description="Whether the desk is served")
    host: ListenHost = Field(
        default="127.0.0.1", description="Address that the desk listens on; a proxy in front does TLS"
    )
    port: ListenPort = Field(default=8027, ge=0, le=65535, description="Its port; 0 takes a free one")
    secure_cookies: bool = Field(
        default=True, description="Whether browsers keep its cookies for TLS alone; false only on loopback"
    )
    idle_minutes: float = Field(default=60.0, gt=0, description="Minutes without a sign after which a session ends")
    session_hours: float = Field(default=10.0, gt=0, description="Hours after which a session ends in any case")
    url: str = Field(
        default="",
        description="Address under which browsers reach the desk, such as https://bureau.example: links in mails to "
        "agents begin with it, and an identity provider sends people back there; empty: there are no such links",
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Names by which browsers reach the desk (JSON list); those of loopback, the name in "
        "`DTM_DESK_URL` and the address that it listens on always do",
    )
    proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses or networks of the proxies in front of it (JSON list): of what they tell in "
        "X-Forwarded-For, the right-most address that is none of theirs is the client's",
    )
    entries_per_minute: int = Field(
        default=20,
        ge=1,
        description="Attempts to log in within a minute from one address, or from one browser that has logged in "
        "before; beyond it, wait",
    )
    accessibility_contact: str = Field(
        default="",
        max_length=200,
        description="Mail address or phone number for whoever cannot use a page of the desk, told on /accessibilite; "
        "empty: the agency's phone number of the directory",
    )

    socket: WrittenPath | None = Field(
        default=None,
        description="Unix socket on which the daemon takes the changes of other processes; unset: it takes none",
    )
    call_attempts: int = Field(
        default=3, ge=1, le=20, description="Attempts at calling somebody back before the case is closed in vain"
    )
    false_wakings: int = Field(
        default=2,
        ge=0,
        description="Budget of cases a week for which those on call are woken in vain, as agents say afterwards; the "
        "desk and the metrics hold the count against it",
    )
    call_again_minutes: float = Field(
        default=120.0, gt=0, description="Minutes after which a call-back tried in vain comes back by itself"
    )

    @field_validator("url")
    @classmethod
    def _is_an_origin(cls, url: str) -> str:
        parts = urlsplit(url)
        whole = f"{parts.scheme}://{parts.netloc}"
        if url and (
            parts.scheme not in {"http", "https"} or "@" in url or url.rstrip("/") != whole or not parts.hostname
        ):
            raise ValueError(
                f"{url!r} is no address; write the scheme and the name alone, such as https://bureau.example"
            )
        return url.rstrip("/")

    @field_validator("hosts")
    @classmethod
    def _are_names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _HOST.fullmatch(host):
                raise ValueError(f"{host!r} is no host; write a name or an address, without scheme and port")
        return tuple(host.lower() for host in hosts)

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError as error:
                raise ValueError(f"{proxy!r} is no address and no network: {error}") from None
        return proxies


_MEGABYTE: Final = 1024 * 1024
_TEXT: Final = _MEGABYTE
"""Room for the text and the headers of a letter, in octets."""
_IN_LINE: Final = 57
_LINE: Final = 78
"""Octets of a file that base64 writes into a line, and the octets of that line (RFC 2045 section 6.8)."""


class AttachmentSettings(BaseModel):
    """What agents attach to replies, notes and cases by hand."""

    megabytes: int = Field(
        default=25,
        ge=1,
        le=100,
        description="Largest sum of what is attached to one letter, in megabytes (1,048,576 octets); the mail servers "
        "on the way must take a third more, in which attachments are written",
    )
    count: int = Field(default=20, ge=1, le=100, description="Most files of one letter")
    clamd: str = Field(
        default="",
        description="Where clamd listens that looks through each file: the path of its socket, or HOST:PORT; empty: "
        "nothing looks",
    )
    clamd_seconds: float = Field(default=60.0, gt=0, description="Seconds that clamd may take for one file")

    @property
    def octets(self) -> int:
        """The largest sum in octets."""
        return self.megabytes * _MEGABYTE

    @property
    def largest_letter(self) -> int:
        """The octets that a letter with so much attached has on its way, with its text and headers."""
        return -(-self.octets * _LINE // _IN_LINE) + _TEXT

    def megabytes_within(self, octets: int) -> int:
        """Return how many megabytes can be attached to a letter that has so many octets on its way; 0: not one."""
        return max(0, (octets - _TEXT) * _IN_LINE // _LINE // _MEGABYTE)

    @field_validator("clamd")
    @classmethod
    def _is_an_address(cls, clamd: str) -> str:
        host, _, port = clamd.rpartition(":")
        if clamd and not clamd.startswith("/") and not (host and port.isdecimal()):
            raise ValueError(
                f"{clamd!r} is no socket; write an absolute path such as /run/clamav/clamd.ctl, or HOST:PORT"
            )
        return clamd


class LogSettings(BaseModel):
    """What the program says of itself."""

    level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe level that is written"
    )
    json_lines: bool = Field(default=False, description="One JSON object a line, for machines, in place of text")
    file: WrittenPath | None = Field(
        default=None,
        description="File that the daemon writes its log into, opened anew once it was renamed and on SIGHUP; unset, "
        "or where it cannot be written: standard error",
    )


_HEARTBEATS = 3


class LeaseSettings(BaseModel):
    """How long a daemon is believed to live without a sign of it."""

    seconds: float = Field(
        default=30.0,
        ge=1,
        le=45,
        description="Seconds without a heartbeat after which others take over what this daemon held",
    )
    heartbeat_seconds: float = Field(
        default=5.0,
        gt=0,
        le=15,
        description="Seconds between two heartbeats, and two looks at what others held; at most a third of those",
    )

    @model_validator(mode="after")
    def _outlasts_heartbeats(self) -> Self:
        if _HEARTBEATS * self.heartbeat_seconds > self.seconds:
            raise ValueError(f"a lease must outlast {_HEARTBEATS} heartbeats: one that is late is no death")
        return self


class TimersSettings(BaseModel):
    """What happens to cases that wait too long, and when many come at once."""

    seconds: float = Field(default=5.0, gt=0, description="Seconds between two looks at what is due")
    storm_cases: int = Field(
        default=15, ge=2, description="Cases of one topic in one department that are told once, not one by one"
    )
    storm_minutes: float = Field(default=30.0, gt=0, description="Minutes within which they are opened")
    calm_minutes: float = Field(default=60.0, gt=0, description="Minutes without so many after which it is over")
    late_minutes: float = Field(
        default=5.0, gt=0, description="Minutes after which a step that is due and not done makes `/healthz` unwell"
    )
