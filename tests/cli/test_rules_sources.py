"""What the blocks of `sources.yaml` read of a sample, and the block that is offered where none has its sender."""

import json
from email.message import EmailMessage
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import ROOT, Program

RULES = str(ROOT / "rules")
FORM = """From: {sender}
To: metropole@parishabitat.fr
Subject: Demande

N° de demande : AN-1
Nom : Roy
{more}Motif : Canapé
Message :
Plus de chauffage depuis hier.
"""
AGENCY = "ne-pas-repondre@agence-numerique.example"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return tmp_path / "sample.eml"


def test_what_is_read_of_a_sample_is_told(program: Program, sample: Path) -> None:
    sample.write_text(FORM.format(sender=AGENCY, more="E-mail : roy@mail.example\nBadge : bleu\n"), "utf-8")
    done = program("rules", "try-source", "--rules", RULES, str(sample))
    assert done.returncode == 0
    told = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "agence-numerique reads it, by lines:" in told
    assert {"request AN-1", "name Roy", "answered roy@mail.example", "text Plus de chauffage depuis hier."} <= {*told}
    assert "labels that no field has: “Badge”" in told
    assert "the code “Canapé” is none of topics: it is read as text" in told


def test_with_a_fault_in_the_file_nothing_is_said_of_its_blocks(program: Program, sample: Path, tmp_path: Path) -> None:
    faulty = f"version: 1\nsources:\n  agence:\n    label: A\n    from: {AGENCY}\n    reads: lines\n    neds: [text]\n"
    (tmp_path / "sources.yaml").write_text(faulty, "utf-8")
    sample.write_text(FORM.format(sender=AGENCY, more=""), "utf-8")
    done = program("rules", "try-source", "--rules", str(tmp_path), str(sample))
    assert done.returncode == 1
    assert "sources.yaml:7:5: error: unknown key neds" in done.stderr
    assert "whether a block has this sender is known once the faults above are mended" in done.stdout
    assert "One to begin with" not in done.stdout


OURS = "mx.parishabitat.example"
RECEIVED = f"Received: from agence by {OURS}; Mon, 23 Nov 2026 09:31:00 +0100\n"
PASSED = f"Authentication-Results: {OURS}; dmarc=pass header.from=agence-numerique.example\n"


@pytest.mark.parametrize(
    ("head", "servers", "own", "why"),
    [
        ("", [OURS], "0", "no mail server of ours has left its Authentication-Results on it"),
        (PASSED + RECEIVED, [], "0", f"DTM_SERVERS names no server, and its Authentication-Results bear “{OURS}”"),
        (PASSED + RECEIVED, ["mx2.example"], "0", f"bear “{OURS}”, and DTM_SERVERS names “mx2.example”"),
        (RECEIVED + PASSED, [OURS], "0", "stand below 1 of its Received headers, and DTM_OWN_RECEIVED counts fewer"),
        (PASSED.replace("pass", "fail") + RECEIVED, [OURS], "0", "no check passed for the domain of its sender"),
        (RECEIVED + PASSED, [OURS], "1", ""),
        (PASSED + RECEIVED, [OURS], "0", ""),
    ],
    ids=["not marked", "no names set", "other names", "below", "failed", "below, counted", "vouched for"],
)
def test_it_is_said_why_a_message_as_it_was_saved_would_not_be_its_source_s(
    program: Program, sample: Path, head: str, servers: list[str], own: str, why: str
) -> None:
    sample.write_text(head + FORM.format(sender=AGENCY, more=""), "utf-8")
    set_to = {"DTM_SERVERS": json.dumps(servers), "DTM_OWN_RECEIVED": own}
    done = program("rules", "try-source", "--rules", RULES, str(sample), **set_to)
    assert done.returncode == 0
    assert "agence-numerique reads it, by lines:" in done.stdout
    assert why in done.stdout
    assert ("read like anybody's mail" in done.stdout) == bool(why)


def test_what_is_missing_is_told_where_a_block_does_not_read_its_sender_s_message(
    program: Program, sample: Path
) -> None:
    text = FORM.format(sender=AGENCY, more="").replace("Message :", "Votre souci :")
    sample.write_text(text, "utf-8")
    done = program("rules", "try-source", "--rules", RULES, str(sample))
    assert done.returncode == 1
    assert "agence-numerique does not read it: by lines, nothing gives text" in done.stdout
    assert "labels that no field has: “Votre souci”" in done.stdout


def test_who_is_in_no_block_is_offered_one_that_is_sound(program: Program, sample: Path, tmp_path: Path) -> None:
    sample.write_text(FORM.format(sender="bot@nouveau.example", more="Étage d'accès : 3\n"), "utf-8")
    done = program("rules", "try-source", "--rules", RULES, str(sample))
    assert done.returncode == 1
    head, _, block = done.stdout.partition("\n\n")
    assert "no block has this sender" in head
    offered = yaml.safe_load(block)["new-source"]
    assert offered["from"] == "bot@nouveau.example"
    assert offered["reads"] == "lines"
    assert offered["fields"] == {
        "request": ["N° de demande"],
        "name": ["Nom"],
        "ignored": ["Étage d'accès"],
        "topic": ["Motif"],
        "text": ["Message"],
    }
    (tmp_path / "sources.yaml").write_text("version: 1\nsources:\n" + block, "utf-8")
    again = program("rules", "try-source", "--rules", str(tmp_path), str(sample))
    assert again.returncode == 0
    assert "new-source reads it" in again.stdout


BLOCK = """version: 1
sources:
  permanence:
    label: Permanence
    from: tickets@permanence.example
    reads: {reads}
    fields:
{fields}    ends_at: Nombre de suivis
    topic: thanks
"""


def test_what_its_closing_line_cuts_off_is_told(program: Program, sample: Path, tmp_path: Path) -> None:
    block = BLOCK.format(reads="lines", fields="      text: Description\n")
    (tmp_path / "sources.yaml").write_text(block, "utf-8")
    text = "Description :\nAppel rappelé, à revoir demain\nNombre de suivis : 1\nUn câble nu pend dans le hall\n"
    sample.write_text(f"From: tickets@permanence.example\nSubject: Suivi\n\n{text}", "utf-8")
    done = program("rules", "try-source", "--rules", str(tmp_path), str(sample))
    told = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "not read Un câble nu pend dans le hall" in told
    assert "but its text is judged, too: where that asks for something, so does the message" in told


def test_a_notice_without_a_recording_is_told_to_be_none(program: Program, sample: Path, tmp_path: Path) -> None:
    block = BLOCK.format(reads="voicemail", fields="      phone: Appelant\n").replace("    topic: thanks\n", "")
    (tmp_path / "sources.yaml").write_text(block, "utf-8")
    sample.write_text("From: tickets@permanence.example\nSubject: Message vocal\n\nAppelant : 0188159256\n", "utf-8")
    done = program("rules", "try-source", "--rules", str(tmp_path), str(sample))
    assert done.returncode == 1
    assert "permanence does not read it: it has nothing that voicemail reads" in done.stdout


def test_a_notice_whose_caller_is_not_read_is_read_as_a_whole(program: Program, sample: Path, tmp_path: Path) -> None:
    block = BLOCK.format(reads="voicemail", fields="      phone: Appelant\n").replace("    topic: thanks\n", "")
    (tmp_path / "sources.yaml").write_text(block, "utf-8")
    notice = EmailMessage()
    notice["From"], notice["Subject"] = "tickets@permanence.example", "Nouveau message 7"
    notice.set_content("De la part du 0188159256\n")
    notice.add_attachment(b"RIFF", maintype="audio", subtype="x-wav", filename="msg0006.WAV")
    sample.write_bytes(notice.as_bytes())
    done = program("rules", "try-source", "--rules", str(tmp_path), str(sample))
    assert done.returncode == 0
    assert "permanence reads it as a whole, by voicemail: nothing gives phone" in done.stdout
