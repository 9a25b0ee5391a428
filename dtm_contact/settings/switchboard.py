"""How the switchboard writes its records."""

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator

from dtm_contact.settings.common import ZoneName


class SwitchboardSettings(BaseModel):
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
    timezone: ZoneName = Field(
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

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the call records."""
        return ZoneInfo(self.timezone)
