"""Letters that come as images, from the copier's mail to the decision; recognised once for all tests here."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from dtm_contact.directory import Directory, read_export
from dtm_contact.model import (
    AlarmLevel,
    Attachment,
    Channel,
    FileOutcome,
    Judgement,
    Mailbox,
    NoHistory,
    Priority,
    Recognition,
    ScannedLine,
    Unread,
)
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading import notes
from dtm_contact.recognition.reader import RecognisingReader
from dtm_contact.rules import load_rules
from dtm_contact.settings import RecognitionSettings, Settings
from tests.reading.reads import RECEIVED_AT, arrival
from tests.recognition import letters
from tests.recognition.letters import Letter

ROOT = Path(__file__).parents[2]
JOLY = ("Mme Huguette Joly", "14 rue du 11-Novembre-1918", "Bâtiment A, porte F", "93170 Bagnolet")
NOTICE = Letter(
    body="Malgré mes courriers, les infiltrations dans la chambre continuent et les murs moisissent. Je vous mets en "
    "demeure de faire cesser ces désordres sous quinze jours. À défaut je saisirai le tribunal.",
    sender=JOLY,
    dated="Bagnolet, le 20 novembre 2026",
    subject="mise en demeure",
    registered="Lettre recommandée avec AR n° 1A 201 345 6789 0",
    signed="Huguette Joly",
)


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    directory = Directory(read_export(ROOT / "tests" / "directory" / "good")[0])
    scans = RecognisingReader(RecognitionSettings(seconds=1800, cpu_seconds=120))
    return Grounds.build(directory, load_rules(ROOT / "rules", directory.offices), Settings.defaults(), scans=scans)


def judged(octets: bytes, grounds: Grounds, sender: str = "copieur@parishabitat.example") -> Judgement:
    return judge(arrival(letters.mail(octets, sender=sender)), RECEIVED_AT, grounds, NoHistory())


def test_a_formal_notice_by_post_goes_to_the_lawyers_by_the_day_that_it_gives(grounds: Grounds) -> None:
    judgement = judged(letters.jpeg(NOTICE, letters.USUAL), grounds)
    contact, decision = judgement.contact, judgement.decision
    assert (contact.channel, contact.sender, contact.subject) == (
        Channel.LETTER,
        Mailbox("Mme Huguette Joly"),
        "mise en demeure",
    )
    assert contact.recognised is not None
    assert contact.recognised.sure
    assert (contact.recognised.dated, contact.recognised.registered) == (date(2026, 11, 20), "1A 201 345 6789 0")
    assert judgement.match.tenant is not None
    assert judgement.match.tenant.id == "T000001"
    assert (decision.queue, decision.due is not None and decision.due.date()) == ("agence-juridique", date(2026, 12, 9))
    assert "mise-en-demeure" in decision.tags
    assert notes.FILE_WITHOUT_WORDS not in contact.notes
    assert any("à vérifier" in note for note in contact.notes)


def test_a_letter_beyond_reading_goes_to_the_reception_and_names_nobody(grounds: Grounds) -> None:
    judgement = judged(letters.jpeg(NOTICE, letters.RUINED), grounds)
    assert judgement.understanding.unread is Unread.SCAN
    assert judgement.match.tenant is None
    assert (judgement.decision.queue, judgement.decision.priority) == ("agence-accueil", Priority.P3)


def told(text: str, confidence: float) -> Grounds:
    """Judge by what a scan is said to hold, so that what is made of its confidence is seen alone."""
    directory = Directory(read_export(ROOT / "tests" / "directory" / "good")[0])
    rows = text.splitlines()
    page = tuple(
        ScannedLine(row, 100, 300 + 20 * place, 900, 312 + 20 * place, len(row.split()), confidence)
        for place, row in enumerate(rows)
    )

    def scans(_raw: bytes, files: Sequence[Attachment]) -> list[Recognition]:
        return [Recognition(FileOutcome.READ, (page,)) for _ in files]

    rules = load_rules(ROOT / "rules", directory.offices)
    return Grounds.build(directory, rules, Settings.defaults(), scans=scans)


GAS = (
    "Madame, Monsieur,\nDepuis ce matin une forte odeur de gaz règne dans l'escalier,\nprès de la chaudière.\n"
    "Nous avons mal à la tête. Venez vite.\nHuguette Joly"
)


@pytest.mark.parametrize(("confidence", "level"), [(95.0, AlarmLevel.CERTAIN), (40.0, AlarmLevel.POSSIBLE)])
def test_danger_in_a_letter_is_heard_and_possible_where_it_is_read_badly(confidence: float, level: AlarmLevel) -> None:
    judgement = judged(b"\xff\xd8\xff no image", told(GAS, confidence))
    understanding = judgement.understanding
    assert understanding.alarm.level is level
    assert (understanding.unread is Unread.SCAN) == (level is AlarmLevel.POSSIBLE)
    assert judgement.decision.priority <= Priority.P2


def test_whoever_sends_a_picture_of_their_own_letter_stays_its_sender() -> None:
    judgement = judged(b"\xff\xd8\xff no image", told(GAS, 95.0), sender="huguette.joly@courriel.example")
    assert judgement.contact.channel is Channel.EMAIL
    assert judgement.contact.sender.address == "huguette.joly@courriel.example"
