"""What the page of somebody in danger says: where, who is there to be called, whether the writer knows what to do."""

import re

from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, ConversationMatch, Evidence, JoinedBy, Likely
from tests.web.conftest import DeskAlone, Somebody, open_in

CERTAIN = Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS)
WRITTEN = Evidence("place.street", 8.0, "9 rue Hoche\nbât. D")


def head(page: str) -> str:
    return page.partition('class="whose"')[2].partition("</p>")[0]


def test_the_address_is_told_as_it_was_written_where_the_dwelling_is_not_known(
    desk: DeskAlone, agent: Somebody
) -> None:
    at = {"tenant": None, "dwelling": None, "place_evidence": (WRITTEN,)}
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, match=at)
    page = agent.get(f"/dossier/{number}").text
    told = f"« 9 rue Hoche bât. D » ({desk.directory.residences['R01'].name}"
    assert told in head(page)
    assert told in page.partition('id="alertes"')[2].partition("</a>")[0]
    # A later message that gives none takes nothing away; an agent who says where it is does.
    follows = ConversationMatch(number, JoinedBy.MESSAGE_ID, proven=True)
    nowhere = {"tenant": None, "dwelling": None}
    assert open_in(desk.store, "nord", "two", joining=follows, alarm=CERTAIN, match=nowhere) == number
    assert told in head(agent.get(f"/dossier/{number}").text)
    assert told in agent.get("/alertes").text
    assert agent.post(f"/dossier/{number}/locataire", locataire="T01").status_code == 303
    page = agent.get(f"/dossier/{number}").text
    assert "bât. D" not in head(page)
    assert "« 9 rue" not in page.partition('id="alertes"')[2].partition("</a>")[0]


def test_a_place_written_of_another_residence_than_the_case_is_in_is_not_told(desk: DeskAlone, agent: Somebody) -> None:
    elsewhere = {"tenant": None, "dwelling": None, "residence": Likely("R02", 0.99), "place_evidence": (WRITTEN,)}
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, match={"tenant": None, "dwelling": None})
    follows = ConversationMatch(number, JoinedBy.MESSAGE_ID, proven=True)
    open_in(desk.store, "nord", "two", joining=follows, alarm=CERTAIN, match=elsewhere)
    for page in (head(agent.get(f"/dossier/{number}").text), agent.get("/alertes").text):
        assert desk.directory.residences["R01"].name in page
        assert "bât. D" not in page


def test_what_the_message_gives_of_the_address_is_not_asked_for(desk: DeskAlone, agent: Somebody) -> None:
    at = {"tenant": None, "dwelling": None, "place_evidence": (WRITTEN,)}
    number = open_in(desk.store, "nord", "one", alarm=CERTAIN, match=at)
    first = re.findall(r"<li>([^<]*)", agent.get(f"/dossier/{number}").text.partition('id="consigne"')[2])[0]
    assert first.startswith("Le message donne « 9 rue Hoche bât. D ». Demandez")
    assert "numéro dans la rue" not in first
    assert "N&#39;attendez pas" in first
