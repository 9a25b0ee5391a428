"""What the blocks of `sources.yaml` read of a sample, and the block that is offered where none has its sender."""

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
