"""Every setting of the engine; an environment variable each, `DTM_<GROUP>_<NAME>`; `docs/settings.md` lists them."""

from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from dtm_contact.settings.access import AccessSettings, OidcSettings
from dtm_contact.settings.backup import BackupSettings, JournalSettings
from dtm_contact.settings.common import OWN_OF_MACHINE, ZoneName
from dtm_contact.settings.engine import (
    AttachmentSettings,
    DeskSettings,
    DirectorySettings,
    JudgeSettings,
    LeaseSettings,
    LogSettings,
    MatchSettings,
    PdfSettings,
    RulesSettings,
    StoreSettings,
    TimersSettings,
)
from dtm_contact.settings.figures import FiguresSettings
from dtm_contact.settings.files import SecretFile
from dtm_contact.settings.intake import DropFolder, FolderSettings, HttpSettings, HttpSource
from dtm_contact.settings.mail_server import LmtpSettings, MailServerSettings, SmtpSettings
from dtm_contact.settings.mailbox import FollowedMailbox, GraphSettings, ImapSettings, OAuthSettings, OutboundSettings
from dtm_contact.settings.places import is_place, parts_of
from dtm_contact.settings.privacy import PrivacySettings, RetentionSettings
from dtm_contact.settings.recognition import RecognitionSettings
from dtm_contact.settings.switchboard import SwitchboardSettings
from dtm_contact.settings.watching import AlarmSettings, DangerSettings, HeartbeatSettings, MonitorSettings
from dtm_contact.wording import UserLanguage

__all__ = [
    "AccessSettings",
    "AlarmSettings",
    "AttachmentSettings",
    "BackupSettings",
    "DangerSettings",
    "DeskSettings",
    "DirectorySettings",
    "DropFolder",
    "FiguresSettings",
    "FolderSettings",
    "FollowedMailbox",
    "GraphSettings",
    "HeartbeatSettings",
    "HttpSettings",
    "HttpSource",
    "ImapSettings",
    "JournalSettings",
    "JudgeSettings",
    "LeaseSettings",
    "LmtpSettings",
    "LogSettings",
    "MailServerSettings",
    "MatchSettings",
    "MonitorSettings",
    "OAuthSettings",
    "OidcSettings",
    "OutboundSettings",
    "PdfSettings",
    "PrivacySettings",
    "RecognitionSettings",
    "RetentionSettings",
    "RulesSettings",
    "Settings",
    "SmtpSettings",
    "StoreSettings",
    "SwitchboardSettings",
    "TimersSettings",
    "below_environment",
    "rows",
    "secret_files",
    "unknown",
    "written",
]

below_environment: Final[ContextVar[Mapping[str, Any]]] = ContextVar("below_environment", default={})  # noqa: B039 - never changed
"""What a settings file says, while settings are made of it: it holds where the environment says nothing."""


class Settings(BaseSettings):
    """All settings; environment variables override the defaults given here.

    Raises:
        pydantic.ValidationError: a variable holds a value that its setting does not allow.
    """

    model_config = SettingsConfigDict(
        env_prefix="DTM_", env_nested_delimiter="_", env_nested_max_split=1, frozen=True, extra="ignore"
    )

    store: StoreSettings = StoreSettings()
    directory: DirectorySettings = DirectorySettings()
    rules: RulesSettings = RulesSettings()
    model: Path | None = Field(
        default=None,
        description="File of the learned model that is heard beside the words; unset: the one that comes with the "
        "program. A running daemon takes another one up when it is started again",
    )
    channels: tuple[str, ...] = Field(
        default=("smtp",),
        description="The receivers that are open, the ways in (JSON list): each is one of `dtm_contact/ingest`",
    )
    smtp: SmtpSettings = SmtpSettings()
    lmtp: LmtpSettings = LmtpSettings()
    imap: ImapSettings = ImapSettings()
    graph: GraphSettings = GraphSettings()
    oauth: OAuthSettings = OAuthSettings()
    http: HttpSettings = HttpSettings()
    folder: FolderSettings = FolderSettings()
    switchboard: SwitchboardSettings = SwitchboardSettings()
    match: MatchSettings = MatchSettings()
    judge: JudgeSettings = JudgeSettings()
    pdf: PdfSettings = PdfSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    lease: LeaseSettings = LeaseSettings()
    desk: DeskSettings = DeskSettings()
    access: AccessSettings = AccessSettings()
    oidc: OidcSettings = OidcSettings()
    attachments: AttachmentSettings = AttachmentSettings()
    log: LogSettings = LogSettings()
    monitor: MonitorSettings = MonitorSettings()
    alarm: AlarmSettings = AlarmSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    danger: DangerSettings = DangerSettings()
    timers: TimersSettings = TimersSettings()
    figures: FiguresSettings = FiguresSettings()
    outbound: OutboundSettings = OutboundSettings()
    backup: BackupSettings = BackupSettings()
    journal: JournalSettings = JournalSettings()
    retention: RetentionSettings = RetentionSettings()
    privacy: PrivacySettings = PrivacySettings()
    name: str = Field(
        default="daemon",
        min_length=1,
        max_length=64,
        description="Name of this daemon; those that share a PostgreSQL store need one each",
    )
    language: UserLanguage | None = Field(
        default=None,
        description="Language in which the commands of managers (`rules`, `figures`, `board`, `person`, `retention`, "
        "`privacy`) and their `--help` speak: `fr` or `en`; unset: that of the locale "
        "(`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`)",
    )
    timezone: ZoneName = Field(
        default="Europe/Paris", description="Time zone of the offices and of times without an offset"
    )
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

    own_received: int = Field(
        default=0,
        ge=0,
        le=5,
        description="How many of the newest Received headers our own servers write above their Authentication-Results "
        "(OpenDKIM and OpenDMARC before 2026 with Postfix: 1); only where they remove such headers that came in",
    )

    @model_validator(mode="after")
    def _knows_the_way_back(self) -> Self:
        if self.oidc.is_set and not self.desk.url:
            raise ValueError("DTM_OIDC_ISSUER needs DTM_DESK_URL: the provider sends people back there")
        return self

    @model_validator(mode="after")
    def _knows_who_gives_tokens(self) -> Self:
        if self.imap.oauth and not self.oauth.is_set:
            raise ValueError("DTM_IMAP_OAUTH needs DTM_OAUTH_TOKEN_URL: who gives the tokens")
        if self.graph.user and not self.oauth.is_set:
            raise ValueError("DTM_GRAPH_USER needs DTM_OAUTH_TOKEN_URL: who gives the tokens")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where values come from, the first wins: arguments, the environment, a settings file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, InitSettingsSource(settings_cls, dict(below_environment.get()))

    @classmethod
    def defaults(cls) -> "Settings":
        """Return the settings as they are where the environment says nothing."""
        return cls.model_construct()

    @property
    def state_folder(self) -> Path | None:
        """Where the daemon keeps what must outlast a store that is down; None where there is no such folder."""
        if self.alarm.folder is not None:
            return self.alarm.folder
        sqlite = self.store.sqlite_path
        return sqlite.parent if sqlite else None

    @property
    def mail_servers(self) -> dict[str, MailServerSettings]:
        """The ways in from a mail server, by channel: both take mail for the same, unless LMTP names its own."""
        given = self.lmtp.recipients or self.smtp.recipients
        return {"smtp": self.smtp, "lmtp": self.lmtp.model_copy(update={"recipients": given})}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the offices."""
        return ZoneInfo(self.timezone)


def rows(model: BaseModel, prefix: str = "DTM_") -> Iterator[tuple[str, object, object, str]]:
    """Yield every setting: its variable, its default, its value, and what it is."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from rows(value, f"{prefix}{name.upper()}_")
        else:
            yield f"{prefix}{name.upper()}", _default(field), value, field.description or ""


def written(model: BaseModel, prefix: str = "DTM_") -> Iterator[str]:
    """Yield the variable of every setting that the environment or the settings file says, even what its default is."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from written(value, f"{prefix}{name.upper()}_")
        elif name in model.model_fields_set:
            yield f"{prefix}{name.upper()}"


def secret_files(model: BaseModel, within: str = "") -> Iterator[tuple[str, SecretFile]]:
    """Yield every file of a secret that is set, by its type: its setting (`imap.token_file`) and its path."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from secret_files(value, f"{within}{name}.")
        elif isinstance(value, Mapping):
            for key, each in value.items():
                if isinstance(each, BaseModel):
                    yield from secret_files(each, f"{within}{name}.{key}.")
        elif value is not None and SecretFile in parts_of(field):
            yield f"{within}{name}", value


def own_of_machine(model: BaseModel, prefix: str = "DTM_") -> Iterator[str]:
    """Yield the variable of every setting that each machine says for itself, by its type: a path, what we listen on."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from own_of_machine(value, f"{prefix}{name.upper()}_")
        elif OWN_OF_MACHINE in field.metadata or is_place(field):
            yield f"{prefix}{name.upper()}"


def _default(field: FieldInfo) -> object:
    """Return a setting's default; of one that is another for each user, how it is told."""
    if field.default_factory is None:
        return field.default
    told = field.json_schema_extra
    return told["default"] if isinstance(told, dict) else ""


def unknown(variables: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each variable that looks like a setting and is none: a slip of the pen changes nothing."""
    known = [name for name, *_ in rows(Settings.defaults())]
    for name in variables:
        if name.upper().startswith("DTM_") and name.upper() not in known:
            meant = get_close_matches(name.upper(), known, n=1)
            yield f"There is no setting {name}, so it changes nothing" + (
                f"; did you mean {meant[0]}?" if meant else ""
            )
