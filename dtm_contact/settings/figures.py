"""How figures are kept up, and who gets the monthly report."""

from pydantic import BaseModel, Field


class FiguresSettings(BaseModel):
    """The figures of the work, counted by the daemon."""

    minutes: float = Field(default=5.0, gt=0, le=1440, description="Minutes between two counts of the present day")
    days: int = Field(
        default=62,
        ge=7,
        le=366,
        description="Days that every night counts anew, so that corrections made meanwhile count; older ones stay as "
        "they are",
    )
    report_to: tuple[str, ...] = Field(
        default=(), description="Addresses that get the report of each month by mail, once it is over (JSON list)"
    )
