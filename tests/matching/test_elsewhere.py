"""Letters about a matter that is not where the writer's address or name suggests, by two hands.

`natural.jsonl` is what people would write; `contrasts.jsonl` has streets and residences of one name in two towns. Both
were scored before anybody read them: docs/figures/matching.md has the figures of then.
"""

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.model import Arrival, Envelope, NoHistory
from dtm_contact.pipeline import judge
from tests.sources.mails import grounds

AT = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
OURS = "metropole@parishabitat.fr"


def _placed(letter: dict[str, Any]) -> str | None:
    """Return the residence of the matter as the engine tells it."""
    message = EmailMessage()
    message["From"], message["To"] = formataddr((letter["from_name"], letter["from"])), OURS
    message["Subject"] = letter["subject"]
    message.set_content(letter["text"])
    envelope = Envelope(letter["from"], (OURS,), "127.0.0.1")
    arrival = Arrival("smtp", letter["id"], AT, "message/rfc822", envelope, message.as_bytes())
    residence = judge(arrival, AT, grounds(), NoHistory()).match.residence
    return residence.id if residence is not None else None


@pytest.mark.parametrize(
    ("name", "least_right", "most_wrong"), [("natural", 89, 0), ("contrasts", 73, 3)], ids=["natural", "contrasts"]
)
def test_the_place_that_a_letter_names_is_found_and_hardly_another(
    name: str, least_right: int, most_wrong: int
) -> None:
    lines = (Path(__file__).parent / "elsewhere" / f"{name}.jsonl").read_text("utf-8").splitlines()
    letters = [letter for letter in map(json.loads, lines) if letter["names_place"]]
    assert len(letters) == 90
    told = {letter["id"]: (letter["matter_residence_id"], _placed(letter)) for letter in letters}
    right = [key for key, (truth, place) in told.items() if place == truth]
    wrong = [key for key, (truth, place) in told.items() if place not in {None, truth}]
    assert len(wrong) <= most_wrong, wrong
    assert len(right) >= least_right, sorted(told.keys() - right)
