"""Letters that come as PDF: what is told of them, and what is made of their words, by `route`."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from dtm_contact.cli import cli
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import (
    AlarmLevel,
    FileOutcome,
    FileReader,
    FileText,
    Judgement,
    NoHistory,
    Part,
    Priority,
    Unread,
)
from dtm_contact.pdf.reader import PdfReader
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading import limits, notes, read
from dtm_contact.rules import load_rules
from dtm_contact.settings import PdfSettings, Settings
from tests.pdf import documents
from tests.pdf.documents import letter, mail
from tests.reading.reads import RECEIVED_AT, arrival

ROOT = Path(__file__).parents[2]
MUTATION = (
    "Madame, Monsieur,\nObjet : demande de mutation\nLocataire d'un deux pièces depuis 2011, nous vivons à cinq\n"
    "et demandons un logement plus grand, de quatre pièces.\nVeuillez agréer, Madame, Monsieur, mes salutations."
)
GAS = (
    "Madame, Monsieur,\nDepuis ce matin une forte odeur de gaz règne dans l'escalier,\nprès de la chaudière.\n"
    "Nous avons mal à la tête. Venez vite."
)
LONG = (
    "Bonjour, je vous renvoie le document que vous m'avez demandé pour compléter mon dossier de renouvellement de "
    "bail, merci de me confirmer que vous l'avez bien reçu et que tout est complet."
)


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    directory = Directory(read_export(ROOT / "tests" / "directory" / "good")[0])
    pdfs = PdfReader(PdfSettings(cpu_seconds=20, seconds=60))
    yield Grounds.build(directory, load_rules(ROOT / "rules", directory.offices), Settings.defaults(), files=pdfs)
    pdfs.close()


def judged(raw: bytes, grounds: Grounds) -> Judgement:
    return judge(arrival(raw), RECEIVED_AT, grounds, NoHistory())


@pytest.mark.parametrize("text", ["", "Veuillez trouver mon courrier ci-joint. Cordialement"])
def test_a_letter_beside_few_words_is_understood_as_if_written_there(text: str, grounds: Grounds) -> None:
    judgement = judged(mail(text, letter(MUTATION)), grounds)
    written = judged(mail(MUTATION), grounds)
    understanding = judgement.understanding
    assert understanding.topic == written.understanding.topic == "transfer_request"
    assert (understanding.unread, judgement.contact.attachments[0].read) == (None, True)
    assert judgement.decision.queue == written.decision.queue
    evidence = understanding.findings[0].evidence
    assert {piece.span.part for piece in evidence if piece.span} == {Part.ATTACHED}
    for piece in evidence:
        assert piece.span is not None
        assert judgement.contact.text(Part.ATTACHED)[piece.span.start : piece.span.end] == piece.seen


def test_a_letter_beside_words_of_its_own_makes_no_topic(grounds: Grounds) -> None:
    understanding = judged(mail(LONG, letter(MUTATION)), grounds).understanding
    assert understanding.topics == judged(mail(LONG), grounds).understanding.topics


@pytest.mark.parametrize("text", ["", LONG])
def test_danger_in_a_letter_is_seen_whatever_stands_beside_it(text: str, grounds: Grounds) -> None:
    judgement = judged(mail(text, letter(GAS)), grounds)
    understanding = judgement.understanding
    assert (understanding.alarm.level, understanding.priority) == (AlarmLevel.CERTAIN, Priority.P1)
    assert understanding.topic == "gas"
    assert {piece.span.part for piece in understanding.raised_by if piece.span} == {Part.ATTACHED}
    assert judgement.decision.alarm.certain


def test_the_alarm_of_the_message_itself_stays(grounds: Grounds) -> None:
    understanding = judged(mail(GAS, letter(MUTATION)), grounds).understanding
    assert understanding.alarm.certain
    assert {piece.span.part for piece in understanding.raised_by if piece.span} <= {Part.NEW, Part.SUBJECT}


@pytest.mark.parametrize(
    ("octets", "note"),
    [
        (documents.scan(), notes.FILE_WITHOUT_WORDS),
        (documents.locked(), notes.FILE_LOCKED),
        (documents.cyclic(), notes.FILE_BROKEN),
    ],
    ids=["scan", "locked", "cyclic"],
)
def test_a_letter_that_was_not_read_waits_for_a_person(octets: bytes, note: str, grounds: Grounds) -> None:
    judgement = judged(mail("1 pli numérisé. Voir pièce jointe.", octets), grounds)
    assert judgement.understanding.unread is Unread.SCAN
    assert note in judgement.contact.notes
    assert not judgement.contact.attachments[0].read


def told(*texts: FileText) -> FileReader:
    def reader(files: Sequence[bytes]) -> Sequence[FileText]:
        return texts[: len(files)]

    return reader


READ = FileText(FileOutcome.READ, "Bonjour")


def test_words_of_several_files_stand_in_their_order_and_are_bounded() -> None:
    raw = mail("", letter("a"), letter("b"), letter("c"))
    long = FileText(FileOutcome.READ, "x" * limits.ATTACHED_TEXT)
    contact = read(arrival(raw), files=told(READ, FileText(FileOutcome.COSTLY), long), file_octets=10_000)
    assert contact.attached_text == f"Bonjour\n{long.text}"[: limits.ATTACHED_TEXT]
    assert [file.read for file in contact.attachments] == [True, False, True]
    assert contact.notes == (notes.FILE_COSTLY, notes.FILE_CUT, notes.ONLY_LETTER)


def test_files_too_many_or_too_large_are_left_to_a_person() -> None:
    many = [letter(str(number)) for number in range(limits.FILES_READ + 1)]
    contact = read(arrival(mail("", *many)), files=told(*[READ] * len(many)), file_octets=10_000)
    assert [file.read for file in contact.attachments].count(False) == 1
    assert notes.FILES_CUT in contact.notes
    large = read(arrival(mail("", many[0])), files=told(READ), file_octets=100)
    assert (large.attached_text, large.notes) == ("", (notes.FILE_COSTLY, notes.ONLY_FILES))


def test_what_a_letter_holds_can_be_stored_and_shown() -> None:
    hostile = FileText(FileOutcome.READ, "a\x00b\ud800\u202ec\r\nd")
    contact = read(arrival(mail("", letter("a"))), files=told(hostile), file_octets=10_000)
    contact.attached_text.encode()
    assert not {"\x00", "\u202e", "\r"} & set(contact.attached_text)


def test_letters_that_a_font_draws_in_one_are_told_apart() -> None:
    drawn = FileText(FileOutcome.READ, "chau\ufb00age, a\ufb03che, \ufb01n")
    assert read(arrival(mail("", letter("a"))), files=told(drawn), file_octets=10_000).attached_text == (
        "chauffage, affiche, fin"
    )


def test_route_and_explain_tell_of_a_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTM_PDF_SECONDS", "60")
    monkeypatch.setenv("DTM_PDF_CPU_SECONDS", "20")
    (tmp_path / "lettre.eml").write_bytes(mail("", letter(GAS)))
    options = ["--directory", str(ROOT / "tests" / "directory" / "good"), "--rules", str(ROOT / "rules")]
    routed = CliRunner().invoke(cli, ["route", *options, "--json", str(tmp_path / "lettre.eml")])
    assert routed.exit_code == 0, routed.output
    decided = json.loads(routed.output)
    assert (decided["topic"], decided["priority"]) == ("gas", "P1")
    explained = CliRunner().invoke(cli, ["explain", *options, str(tmp_path / "lettre.eml")])
    assert "pièce jointe (PDF) :" in explained.output
