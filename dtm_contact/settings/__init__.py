"""Every setting of the engine; an environment variable each, `DTM_<GROUP>_<NAME>`; `docs/settings.md` lists them."""

from zoneinfo import ZoneInfo

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from dtm_contact.settings.engine import Alarm, Desk, Judge, Log, Match, Monitor, Rules, Store, Timers
from dtm_contact.settings.mail_server import Lmtp, MailServer, Smtp
from dtm_contact.settings.mailbox import Imap, Outbound
from dtm_contact.settings.switchboard import Switchboard

__all__ = [
    "Alarm",
    "Desk",
    "Imap",
    "Judge",
    "Lmtp",
    "Log",
    "MailServer",
    "Match",
    "Monitor",
    "Outbound",
    "Rules",
    "Settings",
    "Smtp",
    "Store",
    "Switchboard",
    "Timers",
]


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
    timers: Timers = Timers()
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
