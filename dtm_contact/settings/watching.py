"""Who watches over the engine: pages for programs, alarms for admins, signs of life, the open P1 on disk."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field

from dtm_contact.settings.common import ListenHost, ListenPort, WrittenPath


class MonitorSettings(BaseModel):
    """`/metrics`, `/healthz` and `/readyz`."""

    host: ListenHost = Field(
        default="127.0.0.1", description="Address that `/metrics`, `/healthz` and `/readyz` listen on"
    )
    port: ListenPort = Field(default=8026, ge=0, le=65535, description="Their port; 0 takes a free one")
    free_octets: int = Field(
        default=1024 * 1024 * 1024,
        ge=0,
        description="Octets that should be free on each disk that the daemon writes on; with less the admins are told",
    )


def _http_url(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    try:
        sound = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    # What it names may be secret: it is not quoted.
    if not sound or not url.isascii() or not url.isprintable() or " " in url or parts.username is not None:
        raise ValueError("write https://HOST/PATH, in ASCII, without a user and a password")
    return url


Url = Annotated[str | None, AfterValidator(_http_url)]


class AlarmSettings(BaseModel):
    """Who is told when something needs a person, and how."""

    recipients: tuple[str, ...] = Field(default=(), description="Admins who are told by e-mail (JSON list)")
    sender: str = Field(default="dtm-contact@localhost", description="Sender of those notices")
    host: str = Field(default="127.0.0.1", description="Mail server that takes them")
    port: int = Field(default=25, ge=1, le=65535, description="Its port")
    webhook: Url = Field(
        default=None, description="Address (http or https) that alarms are posted to as JSON, where mail does not work"
    )
    command: tuple[str, ...] = Field(
        default=(),
        description="Program and its arguments (JSON list, no shell) that gets an alarm as JSON on its standard input "
        "and ends with status 0 once somebody is told, where neither mail nor webhook work",
    )
    ways: tuple[Literal["mail", "webhook", "command"], ...] = Field(
        default=("mail", "webhook", "command"),
        description="In which order those ways are tried (JSON list): the first that works tells; with none the alarm "
        "is kept and told later",
    )
    authority: Path | None = Field(
        default=None,
        description="PEM file of the authorities that the webhook's certificate is checked against; unset: the "
        "system's",
    )
    seconds: float = Field(default=20.0, gt=0, le=300, description="Seconds that one way may take to tell one alarm")
    longest_pause: float = Field(
        default=300.0, gt=0, description="Seconds of the longest pause between attempts at telling; the first is 10"
    )
    repeat_hours: float = Field(
        default=6.0, ge=0, description="Hours after which an alarm that lasts is told again; 0: never"
    )
    settle_seconds: float = Field(
        default=300.0,
        ge=0,
        description="Seconds for which a cause must be gone before its alarm is told to be over; one that comes back "
        "within them is the same alarm, and counted",
    )
    folder: WrittenPath | None = Field(
        default=None,
        description="Folder that keeps alarms not told yet over a restart; unset: that of a SQLite store, and with "
        "PostgreSQL none",
    )


class HeartbeatSettings(BaseModel):
    """The dead-man's switch: a sign every minute while all is well, whose silence is an alarm elsewhere."""

    url: Url = Field(
        default=None, description="Address (http or https) asked for (GET) every minute while `/healthz` is well"
    )
    file: WrittenPath | None = Field(default=None, description="File touched every minute while `/healthz` is well")
    authority: Path | None = Field(
        default=None,
        description="PEM file of the authorities that the certificate of that address is checked against; unset: the "
        "system's",
    )


class DangerSettings(BaseModel):
    """The page of the open P1 on disk, for when the store or the desk is down."""

    folder: WrittenPath | None = Field(
        default=None,
        description="Folder in which `danger.html` and `danger.txt` are kept fresh: the open P1 with all that whoever "
        "is on call needs, names and numbers included; unset: nothing is written",
    )
    group_reads: bool = Field(default=False, description="Whether their group may read them (0640), or nobody (0600)")
    old_minutes: int = Field(
        default=5, ge=2, description="Minutes after which the page asks its reader not to trust it any more"
    )
