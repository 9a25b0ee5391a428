"""Every setting of the engine; an environment variable each, `DTM_<GROUP>_<NAME>`; `docs/settings.md` lists them."""

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Store(BaseModel):
    """Where everything is kept."""

    url: str = Field(
        default="sqlite:///var/dtm-contact.db", description="SQLAlchemy URL of the store (SQLite or PostgreSQL)"
    )


class Rules(BaseModel):
    """The rules that admins own."""

    dir: Path = Field(default=Path("rules"), description="Folder of the rules")


class Smtp(BaseModel):
    """The way in for mail, as a mail server's neighbour."""

    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8025, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    recipients: tuple[str, ...] = Field(
        default=("metropole@parishabitat.fr",),
        description="Addresses that are ours (JSON list); others are refused",
    )
    networks: tuple[str, ...] = Field(
        default=("127.0.0.0/8", "::1/128"),
        description="Networks whose hosts may hand over mail (JSON list of CIDR blocks)",
    )
    size_limit: int = Field(default=35_000_000, gt=0, description="Largest message taken, in octets")


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
    attempts: int = Field(default=4, ge=1, description="Attempts at an arrival before it is parked")
    pause: float = Field(
        default=2.0, gt=0, description="Seconds before the second attempt; each further pause is 4 times longer"
    )


class Log(BaseModel):
    """What the program says of itself."""

    level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe level that is written"
    )
    json_lines: bool = Field(default=False, description="One JSON object a line, for machines, in place of text")


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
    smtp: Smtp = Smtp()
    match: Match = Match()
    judge: Judge = Judge()
    log: Log = Log()
    timezone: str = Field(default="Europe/Paris", description="Time zone of the offices and of times without an offset")
    numbers: tuple[str, ...] = Field(
        default=("0179616460",), description="The phone numbers that are ours (JSON list); no evidence of who writes"
    )
    domains: tuple[str, ...] = Field(
        default=("parishabitat.fr", "parishabitat.example"),
        description="Mail domains that are the landlord's own (JSON list); no evidence of who writes",
    )

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the offices."""
        return ZoneInfo(self.timezone)
