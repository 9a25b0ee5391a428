"""The desk follows the rules that the daemon has taken up."""

import shutil
from pathlib import Path

from dtm_contact.access import Role
from dtm_contact.model import Problem
from dtm_contact.rules.ruleset import digest
from dtm_contact.store.rule_versions import pack
from dtm_contact.web.app_context import RulesInForce
from tests.web.conftest import ROOT, DeskAlone, Somebody


def test_rules_that_were_taken_up_are_shown_and_those_refused_are_told(desk: DeskAlone, tmp_path: Path) -> None:
    rules = RulesInForce(desk.store, desk.settings)
    shipped = rules()
    assert rules() is shipped
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    queues = folder / "queues.yaml"
    queues.write_text(queues.read_text().replace("Bureau de proximité de Pantin", "Pantin, rue Hoche"))
    desk.store.rule_versions.put_in_force(desk.settings.name, digest(folder), pack(folder), desk.now())
    assert rules().queues["pantin"].label == "Pantin, rue Hoche"
    desk.store.rule_versions.refuse(
        desk.settings.name, "abc", [Problem("routing.yaml", 3, 1, "no such topic", "")], desk.now()
    )
    page = Somebody(desk, "adele", Role.ADMIN, None).get("/regles").text
    assert "refusée" in page
    assert "no such topic" in page
