"""Who comes in, and what is asked of them beside a password."""

from typing import Final

from pydantic import BaseModel, Field, field_validator

ROLES: Final = ("agent", "agency", "head", "admin", "auditor")


class AccessSettings(BaseModel):
    """The accounts of the desk."""

    second_factor: tuple[str, ...] = Field(
        default=("head", "admin"),
        description="Roles that must have a second factor (JSON list): who has none yet is led to set it up at the "
        "next log-in; all others may have one",
    )
    password_hours: float = Field(
        default=1.0, gt=0, le=48, description="Hours within which a link to set a lost password must be used"
    )
    invitation_days: float = Field(
        default=7.0, gt=0, le=31, description="Days within which an invitation to set a first password must be used"
    )
    households_an_hour: int = Field(
        default=60,
        ge=2,
        description="Different households and cases that one account reads within an hour, from which on the heads are "
        "shown it as unusual",
    )

    @field_validator("second_factor")
    @classmethod
    def _are_roles(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        for role in roles:
            if role not in ROLES:
                raise ValueError(f"{role!r} is no role; there are {', '.join(ROLES)}")
        return roles
