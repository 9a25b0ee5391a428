"""The manuals in French: what they name is there, what is there is named, and the grid of accessibility adds up."""

import re
import shutil
from collections import Counter
from pathlib import Path

import click
import pytest
import yaml

from dtm_contact.access.login import LINK_MINUTES
from dtm_contact.cli import cli
from dtm_contact.model import Problem, Severity
from dtm_contact.rules.answers import NAMES
from dtm_contact.rules.ruleset import load_rules, yaml_files
from dtm_contact.rules.schedule import parse_due
from dtm_contact.rules.validation import InvalidValueError, hint_for
from dtm_contact.settings import Settings, rows
from dtm_contact.web.pages import trail
from dtm_contact.web.pages.accessibility import AUDITED_ON, CONFORMING, NOT_MET
from dtm_contact.web.registry import all_routes
from dtm_contact.wording import Translatable, UserLanguage, in_language, worded

ROOT = Path(__file__).parents[1]
FRENCH = ROOT / "docs" / "fr"
TEMPLATES = ROOT / "dtm_contact" / "web" / "templates"
MANUALS = {path.name: path.read_text("utf-8") for path in sorted(FRENCH.glob("*.md"))}
ALL = "\n".join(MANUALS.values())
PARTS_OF_PAGES = {"/alertes", "/brouillon", "/evenements", "/nouveau/file"}
"""What scripts of pages ask for; nobody opens it."""
LARGEST_PICTURE, MOST_PICTURES = 60_000, 12

CRITERIA = {1: 9, 2: 2, 3: 3, 4: 13, 5: 8, 6: 2, 7: 5, 8: 10, 9: 4, 10: 14, 11: 13, 12: 11, 13: 12}
"""How many criteria each theme of RGAA 4.1.2 has."""
ROW = re.compile(r"^\| (\d+\.\d+) \| (.+) \| (C|NC|NA) \| (.+) \|$", re.MULTILINE)


def grid() -> dict[str, tuple[str, str]]:
    """Return each criterion with its state and how that was found."""
    rows = ROW.findall((FRENCH / "accessibilite.md").read_text("utf-8"))
    return {criterion: (state, how) for criterion, _what, state, how in rows}


def test_the_grid_has_every_criterion_once_and_its_rate_is_what_its_rows_add_up_to() -> None:
    rows = ROW.findall((FRENCH / "accessibilite.md").read_text("utf-8"))
    assert [row[0] for row in rows] == [f"{theme}.{n + 1}" for theme, count in CRITERIA.items() for n in range(count)]
    counts = Counter(row[2] for row in rows)
    rate = 100 * counts["C"] / (counts["C"] + counts["NC"])
    said = (
        f"{counts['C']} critères respectés, {counts['NC']} non respectés, {counts['NA']} sans objet : **{rate:.1f} %**"
    )
    assert said.replace(".", ",") in (FRENCH / "accessibilite.md").read_text("utf-8")
    assert counts["C"] == CONFORMING
    state = "totalement conforme" if rate == 100 else "partiellement conforme" if rate >= 50 else "non conforme"
    for page in ("base.html", "board.html"):
        assert f"Accessibilité : {state}</a>" in (TEMPLATES / page).read_text("utf-8")
    assert f"<b>{state}</b>" in (TEMPLATES / "accessibility.html").read_text("utf-8")


def test_the_statement_names_what_the_grid_says_is_not_met() -> None:
    not_met = {criterion: how for criterion, (state, how) in grid().items() if state == "NC"}
    assert NOT_MET.keys() == not_met.keys()
    for criterion, how in NOT_MET.items():
        assert how.replace("’", "'").split(" ; ")[0] in not_met[criterion]
    assert f"{AUDITED_ON.day}er décembre {AUDITED_ON.year}" in (FRENCH / "accessibilite.md").read_text("utf-8")


def test_every_table_says_what_it_is() -> None:
    tables = {
        f"{path.name}: {table}"
        for path in TEMPLATES.glob("*.html")
        for table in re.findall(r"<table(?:[^>]*)>(?!<caption)", path.read_text("utf-8"))
        if "aria-label" not in table
    }
    assert tables == set()
    headers = [each for path in TEMPLATES.glob("*.html") for each in re.findall(r"<th>", path.read_text("utf-8"))]
    assert headers == []


def pages() -> set[str]:
    """Return the paths of the pages that people open, but for those that show one thing of many."""
    paths = {route.path for route in all_routes() if route.method == "GET" and "{" not in route.path}
    return {path for path in paths if not path.endswith("/export")} - PARTS_OF_PAGES


def keys() -> set[str]:
    """Return the keys that the help of the desk lists."""
    listed = (TEMPLATES / "help.html").read_text("utf-8").partition("for keys, what in (")[2].partition(")) %}")[0]
    return {key for group in re.findall(r'\("([^"]+)", "', listed) for key in group.split()}


def test_every_page_of_the_desk_is_named_and_every_one_that_is_named_is_there() -> None:
    paths = {route.path for route in all_routes()}
    named = {path.rstrip("/") or "/" for path in re.findall(r"`(/[a-z-]*(?:/[a-z-]+)*)`", ALL)} - {"/"}
    assert sorted(named - paths - keys()) == []
    assert sorted(path for path in pages() if f"`{path}`" not in ALL) == []


def test_every_key_is_named_and_every_one_that_is_named_works() -> None:
    named = set(re.findall(r"[Tt]ouche `([^`]+)`", ALL))
    assert len(keys()) > 20
    assert named == keys()


@pytest.mark.parametrize("page", MANUALS)
def test_every_command_and_setting_that_is_named_is_there(page: str) -> None:
    context = click.Context(cli)
    for group, command in re.findall(r"dtm-contact ([a-z-]+)(?: ([a-z-]+))?", MANUALS[page]):
        found = cli.get_command(context, group)
        assert found is not None, f"dtm-contact {group}"
        if isinstance(found, click.Group) and command:
            assert command in found.list_commands(click.Context(found)), f"dtm-contact {group} {command}"
    known = {name for name, *_ in rows(Settings.defaults())}
    assert set(re.findall(r"\bDTM_[A-Z_]+\b", MANUALS[page])) <= known


def test_every_file_of_the_rules_is_named_and_every_one_that_is_named_is_there() -> None:
    files = {path.name for path in yaml_files(ROOT / "rules")}
    named = set(re.findall(r"`([a-z_-]+\.yaml)`", ALL))
    assert named == files
    for folder in ("answers/", "answers/library/", "tests/"):
        assert f"`{folder}`" in ALL


def test_every_manual_stands_in_the_list_and_every_picture_is_small_and_shown() -> None:
    assert sorted(name for name in MANUALS if f"]({name})" not in MANUALS["README.md"] and name != "README.md") == []
    pictures = sorted((FRENCH / "images").iterdir())
    assert len(pictures) <= MOST_PICTURES
    assert [path.name for path in pictures if path.stat().st_size > LARGEST_PICTURE] == []
    assert {path.name for path in pictures} == set(re.findall(r"\]\(images/([^)]+)\)", ALL))


def test_what_the_manual_quotes_is_what_the_program_says() -> None:
    quoted = MANUALS["regles.md"].partition("ce qu'il faudrait écrire :\n\n```\n")[2].partition("```")[0].splitlines()
    place = ("routing.yaml", 4, 11)
    said = [
        Problem(*place, worded("unknown queue {queue}", queue="pantn"), hint_for("pantn", ["pantin", "bagnolet"])),
        Problem(
            "routing.yaml", 2, 9, worded("the key {key} is written twice", key="topic"),
            worded("it stands first in line {first}; keep one of them", first=1),
        ),
        Problem("queues.yaml", 9, 3, *_refused("4 heures")),
        Problem(
            "routing.yaml", 12, 3, worded("the test expects that {rule} decides", rule="ascenseurs-le-landy"),
            worded(
                "{rule} does, for {message}", rule="panne-ascenseur",
                message=worded("{kind} {priority}: {topics}", kind="case", priority="P3", topics="elevator"),
            ),
        ),
    ]  # fmt: skip
    assert [in_language(problem.wording, UserLanguage.FRENCH) for problem in said] == quoted
    for word in ("error", "warning"):
        assert (
            f"`{in_language(Problem('', 0, 0, '', '', Severity(word)).wording, UserLanguage.FRENCH).split(' : ')[1]}`"
            in ALL
        )
    sound = in_language(
        worded("{folder}: {rules}, {queues}, version {version}: sound", folder="", rules="", queues="", version=""),
        UserLanguage.FRENCH,
    )
    assert f"`{sound.rpartition(' : ')[2]}`" in ALL


def test_the_delays_that_the_manual_says_are_those_delivered() -> None:
    due = yaml.safe_load((ROOT / "rules" / "queues.yaml").read_text("utf-8"))["due"]
    number = {priority: due[priority].split()[0] for priority in ("P1", "P2", "P3", "P4")}
    assert [due[priority].partition(" ")[2] for priority in number] == ["minutes", *["business hours"] * 3]
    told = " ".join(MANUALS["chiffres.md"].split())
    assert (
        f"en {number['P1']} minutes pour un P1, jour et nuit ; en {number['P2']} heures d'ouverture pour un P2, "
        f"{number['P3']} pour un P3, {number['P4']} pour un P4"
    ) in told
    assert f"due: {{P1: {due['P1']}, P2: {due['P2']}, P3: {due['P3']}, P4: {due['P4']}}}" in MANUALS["regles.md"]


def test_the_manual_of_accounts_says_the_numbers_that_the_program_has() -> None:
    told = " ".join(MANUALS["comptes.md"].split())
    assert f"n’est bon que {LINK_MINUTES} minutes" in told
    usual = Settings.defaults().access.households_an_hour
    assert f"({usual}, si l’informatique n’a rien changé), depuis {trail._DAYS} jours" in told


def test_the_tasks_are_as_many_as_is_said() -> None:
    numbers = [int(found) for found in re.findall(r"^### (\d+)\. ", MANUALS["bureau.md"], re.MULTILINE)]
    assert numbers == list(range(1, 17))
    assert MANUALS["bureau.md"].count("seize") == 2


def test_the_condition_and_the_answer_of_the_manuals_are_sound(tmp_path: Path) -> None:
    (when,) = re.findall(r"^when: .*hours.*$", MANUALS["regles.md"], re.MULTILINE)
    answer = MANUALS["reponses.md"].partition("```\n")[2].partition("```")[0]
    folder = tmp_path / "rules"
    shutil.copytree(ROOT / "rules", folder)
    (folder / "answers" / "parking.fr.txt").write_text(answer, "utf-8")
    rule = f"- id: parking-du-vendredi\n  {when}\n  then: {{queue: office, answer: parking}}\n\n"
    routing = folder / "routing.yaml"
    before, general, after = routing.read_text("utf-8").partition("- id: logement-et-immeuble\n")
    routing.write_text(f"{before}{rule}{general}{after}", "utf-8")
    assert "parking" in load_rules(folder).answers
    assert set(re.findall(r"`(known|open|urgent|again)`", MANUALS["reponses.md"])) <= NAMES.keys()


def _refused(duration: str) -> tuple[Translatable, Translatable]:
    with pytest.raises(InvalidValueError) as refused:
        parse_due(duration)
    return refused.value.message, refused.value.hint
