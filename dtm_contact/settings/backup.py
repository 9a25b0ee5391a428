"""Backups of the store, and the intake journal that closes the window since the last one."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, field_validator, model_validator

from dtm_contact.settings.common import WrittenPath


class BackupSettings(BaseModel):
    """Where backups go, how many are kept, and for whom they are encrypted."""

    dir: WrittenPath | None = Field(
        default=None,
        description="Folder of the backups, best on another disk; unset: `backup --to` must name one, and nobody "
        "is told that none is made",
    )
    max_age_hours: float = Field(
        default=30.0,
        ge=0,
        description="Hours after which the newest backup in that folder is so old that the admins are told; 0: never",
    )
    keep: int = Field(
        default=14, ge=1, le=1000, description="Backups that are kept; the newest verified one is kept besides"
    )
    age_recipient: str = Field(
        default="",
        pattern=r"^(age1[0-9a-z]+|ssh-(ed25519|rsa) [0-9A-Za-z+/=]+( .*)?)?$",
        description="Public key that backups are encrypted for by the program `age`; empty: they are not",
    )
    gpg_key: str = Field(
        default="",
        pattern=r"^[^-\s][^\r\n]*$|^$",
        description="Key (fingerprint or address) that backups are encrypted for by `gpg`; empty: they are not",
    )
    age_identity: Path | None = Field(
        default=None,
        description="File of the secret key by which `verify` and `restore` open what `age` encrypted, as `--identity` "
        "names it for one command; best not on this machine but for the hour of a restore",
    )
    key_max_age_days: float = Field(
        default=200.0,
        ge=0,
        description="Days since an encrypted backup was last opened with its secret key after which `doctor` warns "
        "that nobody may have that key any more; 0: never",
    )
    scratch_url: str = Field(
        default="",
        description="SQLAlchemy URL of an empty PostgreSQL database that `verify` may load a backup into and empty "
        "again; unset: a backup of PostgreSQL is read through, and not loaded",
    )

    @field_validator("scratch_url")
    @classmethod
    def _is_postgresql(cls, url: str) -> str:
        if url and not url.startswith("postgresql"):
            raise ValueError("write postgresql://USER@HOST/DATABASE")
        return url

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if self.age_recipient and self.gpg_key:
            raise ValueError("set DTM_BACKUP_AGE_RECIPIENT or DTM_BACKUP_GPG_KEY, not both")
        return self


class JournalSettings(BaseModel):
    """The intake journal: what came in and what was sent, on another disk than the store."""

    dir: WrittenPath | None = Field(
        default=None, description="Folder of the intake journal, on another disk than the store; unset: none is kept"
    )
    days: int = Field(
        default=14, ge=2, le=400, description="Days after which its files are erased; more than lie between backups"
    )
