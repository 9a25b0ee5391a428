"""How long personal data is kept, and where what was erased is recorded; each age with the law that it comes from."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, model_validator

from dtm_contact.settings.common import WrittenPath


class RetentionSettings(BaseModel):
    """The nightly pass that archives and erases by age; the ages are for the data protection officer to confirm."""

    enabled: bool = Field(
        default=True,
        description="Archive and erase by age every night; off: `dtm-contact retention plan` says what would go",
    )
    hour: int = Field(default=3, ge=0, le=23, description="Hour of the offices' day from which the nightly pass runs")
    archive_months: int = Field(
        default=12,
        ge=1,
        le=120,
        description="Months after which a closed case is archived: kept for claims, seen by heads, admins and auditors "
        "alone (GDPR art. 5(1)(c) and (e); the CNIL tells the active base from the intermediate archive)",
    )
    case_months: int = Field(
        default=36,
        ge=1,
        le=240,
        description="Months after which a closed case is erased: three years bar what derives from a lease (law 89-462 "
        "of 6 July 1989, art. 7-1); five bar other personal claims (Code civil, art. 2224): 60",
    )
    raw_months: int = Field(
        default=12,
        ge=1,
        le=240,
        description="Months after which the octets of a message as it came, and the trace of its delivery, are erased "
        "(GDPR art. 5(1)(e): the case holds what was read)",
    )
    aside_months: int = Field(
        default=3,
        ge=1,
        le=36,
        description="Months after which what became no case is erased: spam, automatic mail, answered calls "
        "(GDPR art. 5(1)(e))",
    )
    trail_months: int = Field(
        default=12,
        ge=6,
        le=36,
        description="Months for which the audit trail is kept (CNIL, deliberation 2021-122 of 14 October 2021 on "
        "logging: six months to a year; up to three years where misuse is a proven risk)",
    )
    appointment_months: int = Field(
        default=12, ge=1, le=36, description="Months after which an appointment is erased (GDPR art. 5(1)(e))"
    )
    reach_months: int = Field(
        default=12,
        ge=1,
        le=36,
        description="Months for which it is kept that an address receives nothing, or that something was sent before "
        "a restore (GDPR art. 5(1)(e))",
    )
    lease_months: int = Field(
        default=36,
        ge=1,
        le=240,
        description="Months after the end of the last lease for which confirmed addresses and the register are kept "
        "(law 89-462, art. 7-1)",
    )
    directory_months: int = Field(
        default=60,
        ge=1,
        le=240,
        description="Months after its end for which a lease that the landlord still exports stays in the directory "
        "(Code civil, art. 2224)",
    )
    share: float = Field(
        default=0.5,
        gt=0,
        le=100,
        description="Per cent of its time for which the pass may keep the store from others: as many of the messages "
        "that come in meanwhile meet one of its transactions (SQLite has one writer). It rests in between; 100 does "
        "not",
    )
    transaction_ms: int = Field(
        default=20,
        ge=5,
        le=90,
        description="Milliseconds of work that one transaction of the pass aims at: who meets one waits for that and "
        "for the disk",
    )

    @model_validator(mode="after")
    def _archives_before_it_erases(self) -> Self:
        if self.archive_months > self.case_months:
            raise ValueError("archive_months must not be more than case_months")
        return self


class PrivacySettings(BaseModel):
    """The record of what was erased on request, and further places to look for a person in."""

    dir: WrittenPath | None = Field(
        default=None,
        description="Folder of the record of erasures and its key, on another disk than the store and not in its "
        "backups, so that a restore can erase again; unset: `privacy` beside a SQLite store, and none for PostgreSQL",
    )
    folders: tuple[Path, ...] = Field(
        default=(),
        description="Folders with copies of messages (JSON list): `done/` of drop folders, labelled samples, exports; "
        "an erasure looks through them and deletes the person's",
    )
    controller: str = Field(
        default="",
        description="Name and address of the controller, for the register, the notice and the "
        "export (GDPR art. 30, 13, 15)",
    )
    officer: str = Field(
        default="",
        description="How the data protection officer is reached, for the register, the notice and the export: in "
        "French, addresses by post and e-mail to write to, and a telephone number",
    )
    authority: str = Field(
        default="la CNIL : 3 place de Fontenoy, TSA 80715, 75334 Paris cedex 07 ; www.cnil.fr",
        description="In French: the supervisory authority to which people may complain, and how it is reached, for the "
        "notice and the export (GDPR art. 13(2)(d), 15(1)(f))",
    )
    elsewhere: str = Field(
        default="le logiciel de gestion locative",
        description="In French: in which other programs the landlord keeps what it has of a tenant (lease, rents, "
        "applications for housing), as the export names them (GDPR art. 15(1))",
    )
    processors: str = Field(
        default="",
        description="In French: who has the data for us (host, mailbox, switchboard), for the register, the notice and "
        "the export (GDPR art. 15(1)(c)); empty: by their kinds",
    )
    outside_eu: str = Field(
        default="",
        description="In French: what goes outside of the European Union and by which guarantee (GDPR art. 15(2)); "
        "empty: they say that nothing does",
    )
