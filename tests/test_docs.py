"""The documentation says what is there."""

import re
from pathlib import Path

import pytest

from dtm_contact.settings import Settings, rows

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
DEPLOYED = sorted(path for path in (ROOT / "deploy").iterdir() if path.is_file())
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert dead == []


def test_every_decision_stands_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {page.name for page in folder.glob("*.md")} - {"README.md"}


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "decisions").glob("[!R]*.md")), ids=lambda page: page.stem)
def test_a_decision_tells_context_choice_what_was_refused_and_its_price(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert all(f"**{part}.**" in text for part in ("Context", "Choice", "Refused", "Price"))


def test_the_readme_names_every_part_of_the_package() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    parts = {path.stem for path in (ROOT / "dtm_contact").iterdir() if path.suffix in {"", ".py"}}
    missing = [part for part in sorted(parts) if not part.startswith("__") and not re.search(rf"\b{part}\b", readme)]
    assert missing == []


def test_every_command_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = (ROOT / "dtm_contact" / "cli" / "commands").glob("[!_]*.py")
    names = [path.stem.replace("_", "-").removesuffix("-") for path in commands]
    missing = [name for name in names if f"dtm-contact {name}" not in readme]
    assert missing == []


@pytest.mark.parametrize("page", [*PAGES, *DEPLOYED], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_named_is_one(page: Path) -> None:
    known = {name for name, *_ in rows(Settings.defaults())}
    named = set(re.findall(r"\bDTM_[A-Z_]*[A-Z](?![A-Z_])(?!_?[…*])", page.read_text(encoding="utf-8")))
    assert sorted(named - known - {"DTM_CORPORA"}) == []


def test_the_example_of_the_settings_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (ROOT / "deploy" / "environment").read_text(encoding="utf-8").splitlines()
    for line in lines:
        name, said, value = line.removeprefix("#").partition("=")
        if said and name.startswith("DTM_"):
            monkeypatch.setenv(name, value.strip("'"))
    settings = Settings()
    assert settings.rules.observe
    assert settings.outbound.host == "smtp.parishabitat.example"
