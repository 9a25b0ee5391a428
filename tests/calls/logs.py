"""Call records for tests: a line a leg, written as `cdr_csv` writes it."""

from datetime import datetime
from zoneinfo import ZoneInfo

MONDAY_NIGHT = 1_794_848_400
"""2026-11-16 18:00 in Paris, in seconds since 1970."""


def local(second: float, zone: str = "Europe/Paris") -> str:
    return datetime.fromtimestamp(second, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def record(  # noqa: PLR0913 - a record has many columns
    *,
    at: int,
    seconds: int = 30,
    line: str = "1",
    number: str = "0639980001",
    clid: str | None = None,
    dialled: str = "0179616460",
    context: str = "dtm-ferme",
    channel: str = "PJSIP/trunk-ovh-00000001",
    answering: str = "",
    application: str = "VoiceMail",
    answered: bool = True,
    call: int | None = None,
    leg: str | None = None,
    zone: str = "Europe/Paris",
) -> str:
    """Return the line of a leg that begins `at` seconds after Monday night, of the call that began at `call`."""
    start = MONDAY_NIGHT + at
    linkedid = f"{MONDAY_NIGHT + (at if call is None else call)}.{line}"
    values = (
        "", number, dialled, context, f'"{number}" <{number}>' if clid is None else clid, channel, answering,
        application, "", local(start, zone), local(start, zone) if answered else "", local(start + seconds, zone),
        str(seconds), str(seconds if answered else 0), "ANSWERED" if answered else "NO ANSWER", "DOCUMENTATION",
        leg or linkedid, "",
        "", linkedid, "1",
    )  # fmt: skip
    return ",".join('"' + value.replace('"', '""') + '"' for value in values)


def written(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)
