"""The report of a trial: in French, without names, and nothing in it that a spreadsheet or a browser would run."""

import csv
import io
from functools import cache
from pathlib import Path

from dtm_contact.cli.grounds import names_of
from dtm_contact.directory import Directory, read_export
from dtm_contact.pipeline import Grounds
from dtm_contact.settings import Settings
from dtm_contact.takeover import MboxFile, as_csv, as_html, try_out
from dtm_contact.takeover.trial import MailboxTrial
from tests.outbound.engine import ROOT
from tests.rules.once import load_once
from tests.takeover.mails import mail
from tests.takeover.test_folders import mbox
from tests.vouched import vouched

TENANT = b"huguette.joly@courriel.example"


@cache
def grounds() -> Grounds:
    directory = Directory(read_export(ROOT / "tests" / "directory" / "good")[0])
    return Grounds.build(directory, load_once(ROOT / "rules", directory.offices), Settings.defaults())


def source(tmp_path: Path) -> MboxFile:
    of_tenant = vouched(mail(2, "Grosse fuite d'eau dans la salle de bain.").replace(b"nadia2@free.example", TENANT))
    return mbox(
        tmp_path / "old",
        mail(1, "Je suis bloquée dans l'ascenseur, venez vite !", Subject="=cmd|'/c calc'!A0"),
        of_tenant,
        of_tenant,
        mail(3, "Toujours rien pour la fuite.", Subject="<script>alert(1)</script>", Auto_Submitted="auto-replied"),
        b"",
    )


async def tried(tmp_path: Path, *, masked: bool = True) -> MailboxTrial:
    return await try_out(source(tmp_path), None, grounds(), names_of(grounds()), masked=masked)


async def test_each_mail_is_told_once_with_its_queue_and_why(tmp_path: Path) -> None:
    trial = await tried(tmp_path)
    assert len(trial.lines) == 3
    by_subject = {line.subject: line for line in trial.lines}
    danger = by_subject["=cmd|'/c calc'!A0"]
    assert (danger.priority, danger.alarm, danger.sender) == ("P1", "Danger", "n…@free.example")
    leak = by_subject["Bonjour"]
    assert (leak.tenant, leak.topic) == ("T000001", "Fuite, dégât des eaux")
    assert "règle" in leak.why
    assert sum(figures.messages for figures in trial.queues) == 3
    assert sum(figures.danger for figures in trial.queues) == 1
    assert [each.reason for each in trial.unread] == ["it is empty, or its server does not hand it over"]


async def test_names_are_shown_where_they_are_asked_for(tmp_path: Path) -> None:
    masked, shown = as_csv(await tried(tmp_path)), as_csv(await tried(tmp_path, masked=False))
    assert TENANT not in masked
    assert b"Joly" not in masked
    assert TENANT in shown
    assert b"Joly" in shown


async def test_nothing_in_a_report_is_run(tmp_path: Path) -> None:
    trial = await tried(tmp_path)
    page, table = as_html(trial).decode(), as_csv(trial).decode("utf-8-sig")
    assert "<script" not in page
    assert "Où nous l’aurions mis" in page
    assert "il est vide" in page
    cells = [cell for row in csv.reader(io.StringIO(table), delimiter=";") for cell in row]
    assert "'=cmd|'/c calc'!A0" in cells
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
