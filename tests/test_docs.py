"""The documentation says what is there."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from dtm_contact import dead_man_switch
from dtm_contact.access import login
from dtm_contact.alarms import CAUSES, cause_of
from dtm_contact.alerting import announcer
from dtm_contact.cli import cli
from dtm_contact.conversation import danger_reply, joining
from dtm_contact.doctor import CHECKS
from dtm_contact.figures import comparing, keeping, scanning, surpluses
from dtm_contact.health import _SOUNDED, READY
from dtm_contact.ingest import known_receivers
from dtm_contact.rules import arguments, document, instructions, library
from dtm_contact.settings import Settings, rows
from dtm_contact.settings.loading import CONFIG_VARIABLE, load
from dtm_contact.store import drafts, imports, outbox

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DEPLOYED = sorted(path for path in (ROOT / "deploy").iterdir() if path.is_file())
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert dead == []


@pytest.mark.parametrize("name", ["decisions", "figures"])
def test_every_page_of_a_folder_stands_in_its_list(name: str) -> None:
    folder = ROOT / "docs" / name
    listed = {link for link in LINK.findall((folder / "README.md").read_text(encoding="utf-8")) if "/" not in link}
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
    names = cli.list_commands(click.Context(cli))
    missing = [name for name in names if f"dtm-contact {name}" not in readme]
    assert missing == []


@pytest.mark.parametrize("page", [*PAGES, *DEPLOYED], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_named_is_one(page: Path) -> None:
    known = {name for name, *_ in rows(Settings.defaults())}
    named = set(re.findall(r"\bDTM_[A-Z_]*[A-Z](?![A-Z_])(?!_?[…*])", page.read_text(encoding="utf-8")))
    assert sorted(named - known - {"DTM_CORPORA", CONFIG_VARIABLE}) == []


def test_the_example_of_the_settings_holds_with_all_that_it_offers(tmp_path: Path) -> None:
    example = (ROOT / "deploy" / "dtm-contact.toml").read_text(encoding="utf-8")
    assert load(ROOT / "deploy" / "dtm-contact.toml", {}).settings.rules.observe
    offered = tmp_path / "offered.toml"
    offered.write_text(re.sub(r"^#(?=[a-z_]+ = |\[)", "", example, flags=re.MULTILINE), encoding="utf-8")
    settings = load(offered, {}).settings
    assert settings.outbound.host == "smtp.parishabitat.example"
    assert settings.danger.folder == Path("/var/lib/dtm-contact/danger")


def offered_settings(text: str) -> set[str]:
    """Return the variable of each setting that a settings file names, be it in a comment."""
    named, group = set(), ""
    for line in text.splitlines():
        if table := re.match(r"#?\[([a-z_]+)\]", line):
            group = f"{table[1]}_"
        elif key := re.match(r"(?:#|# Or: )?([a-z_]+) = ", line):
            named.add(f"DTM_{group}{key[1]}".upper())
    return named


def test_the_example_of_the_settings_offers_all_that_only_a_site_can_say() -> None:
    """What has a value by default suits as it is, and `dtm-contact settings` lists it; what has none, and what is off
    until somebody says so, is overlooked where the file is silent about it.
    """
    offered = offered_settings((ROOT / "deploy" / "dtm-contact.toml").read_text(encoding="utf-8"))
    all_ = {name: default for name, default, *_ in rows(Settings.defaults())}
    nothing = [name for name, default in all_.items() if default is False or default in (None, "", (), {})]
    assert len(nothing) > 60
    assert sorted(set(nothing) - offered) == []
    assert sorted(offered - set(all_)) == [], "what is offered is a setting"


def told_rows() -> list[tuple[str, str, str]]:
    """Return the rows of the tables of causes in docs/alarms.md."""
    causes = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8").partition("## The causes")[2]
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \| (.+) \|$", causes, re.MULTILINE)
    return [(word, meaning, remedy) for word, meaning, remedy in rows]


def test_every_cause_of_an_alarm_stands_in_its_table_as_it_is_told() -> None:
    by_table = sorted(CAUSES.items(), key=lambda each: (not each[1].lasts, not each[1].ill))
    assert told_rows() == [(word, cause.meaning, cause.remedy) for word, cause in by_table]


def sounded() -> Iterator[tuple[str, str]]:
    """Yield each cause that the program names where it sounds an alarm, with its file."""
    for path in sorted((ROOT / "dtm_contact").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            if node.func.attr in {"sound", "happened", "over"} and "alarms" in ast.unparse(node.func.value):
                first = node.args[0]
                cause = first.value if isinstance(first, ast.Constant) else named.get(ast.unparse(first))
                if isinstance(cause, str):
                    yield path.name, cause


def test_every_alarm_that_is_sounded_has_its_cause() -> None:
    found = set(sounded())
    assert len({cause for _file, cause in found}) > 10
    assert sorted((file, cause) for file, cause in found if cause not in CAUSES) == []
    listening = {name for name, each in known_receivers().items() if each.listens is not None}
    assert set(known_receivers()) - set(CAUSES) == listening, "what goes wrong with one that reads by itself lasts"
    assert set(_SOUNDED.values()) <= set(CAUSES)
    assert cause_of("parked-JudgeTimeoutError") is CAUSES["parked-…"]
    assert set(READY) <= {"event loop", "store", "leases", "intake"}


def test_every_check_stands_in_the_table() -> None:
    page = (ROOT / "docs" / "alarms.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z ]+)` \| .* \| 503 \|$", page, re.MULTILINE))
    source = (ROOT / "dtm_contact" / "health.py").read_text(encoding="utf-8")
    looked = set(re.findall(r'^            "([a-z ]+)": ', source, re.MULTILINE)) | set(
        re.findall(r'found(?:: [^=]+)?(?: = {|\[)"([a-z ]+)"', source)
    )
    assert told == looked


def test_every_metric_named_is_one() -> None:
    source = (ROOT / "dtm_contact" / "metrics.py").read_text(encoding="utf-8")
    known = set(re.findall(r'"(dtm_\w+)"', source))
    for page in PAGES:
        named = set(re.findall(r"`(dtm_[a-z_]+)`", page.read_text(encoding="utf-8")))
        assert {name.removesuffix("_total") for name in named} <= known, page.name


SETTINGS = Settings.defaults()
IN_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def _hours(span: timedelta) -> int:
    return int(span / timedelta(hours=1))


SAID = [
    ("decisions/conversation.md", f"closed for more than {joining.JOINS_CLOSED_WITHIN.days} days;"),
    ("sources.md", f"closed more than {joining.JOINS_CLOSED_WITHIN.days} days before is not reopened"),
    ("decisions/conversation.md", f"or {joining.LONGEST_SILENCE.days} days of silence"),
    ("decisions/conversation.md", f"same text within {_hours(joining.SAME_TEXT_WITHIN)} hours too"),
    ("danger.md", f"within {_hours(danger_reply.ANSWERED_WITHIN)} hours, whose own first word is"),
    ("desk.md", f"or after {drafts.KEPT.days} days, which each daemon"),
    ("going-live.md", f"within the last {_hours(imports.RECENT)} hours are shown"),
    ("going-live.md", f"dangers of more than {_hours(imports.RECENT)} hours ago"),
    ("mail.md", f"and {IN_WORDS[outbox.MOST_AN_HOUR]} an hour, to any other {IN_WORDS[outbox.MOST_UNPROVEN]} a day"),
    ("mail.md", f"proven to have written {IN_WORDS[SETTINGS.outbound.answers_per_address]} a day"),
    ("mail.md", f"In all {SETTINGS.outbound.answers_per_hour} an hour"),
    ("desk.md", f"{IN_WORDS[login._FAILURES_BEFORE_LOCK].capitalize()} wrong ones lock an account for"),
    ("desk.md", f"lock an account for {IN_WORDS[login._LOCK // timedelta(minutes=1)]} minutes"),
    ("alarms.md", f"`DTM_ALARM_REPEAT_HOURS` ({SETTINGS.alarm.repeat_hours:g}) while it lasts"),
    ("alarms.md", f"`DTM_ALARM_SETTLE_SECONDS` ({SETTINGS.alarm.settle_seconds / 60:g} minutes)"),
    ("alarms.md", f"`DTM_ALARM_LONGEST_PAUSE` ({SETTINGS.alarm.longest_pause / 60:g} minutes)"),
    ("alarms.md", f"told by no way for {announcer._UNHEARD // timedelta(minutes=1)} minutes"),
    ("alarms.md", f"at its start and every {dead_man_switch._SECONDS:g} seconds"),
    ("figures.md", f"the last `DTM_FIGURES_DAYS` ({SETTINGS.figures.days}) again"),
    (
        "figures.md",
        f"the days before those {SETTINGS.figures.days} by itself, {keeping._MADE_UP_AT_ONCE} at each count",
    ),
    ("figures.md", f"compares places only from {scanning.SMALLEST} cases on"),
    ("figures.md", f"with {surpluses.FEWEST} cases or more"),
    ("figures.md", f"{comparing.LEAST_POINTS:.0f} points of a share, or {comparing.LEAST_MINUTES:.0f} minutes"),
    ("privacy.md", f"| {SETTINGS.retention.aside_months} months | what became no case"),
    ("privacy.md", f"| {SETTINGS.retention.archive_months} months after closing | the case is **archived**"),
    ("privacy.md", f"| {SETTINGS.retention.case_months} months after closing | the case with all"),
    ("privacy.md", f"| {SETTINGS.retention.lease_months} months after the last lease | confirmed addresses"),
    ("privacy.md", f"| {SETTINGS.retention.directory_months} months after the last lease | the tenant"),
    ("rules.md", f"at the most, a text {library.LONGEST_TEXT:,}."),
    (
        "rules.md",
        (
            f"{instructions._MOST_PARTS} parts of {IN_WORDS[instructions._MOST_STEPS]} steps, a step of"
            f" {instructions._LONGEST_STEP} characters, and {IN_WORDS[instructions._MOST_BUTTONS]} buttons"
        ),
    ),
    ("rules.md", f"a text of at most {instructions._LONGEST_TEXT} characters"),
    ("rules.md", f"and {document.VALUES_LIMIT:,} values at the most, a list in a rule {arguments.LIST_LIMIT:,} values"),
]
"""What a page says with a number that the program has: written here with the program's own."""


@pytest.mark.parametrize(("page", "words"), SAID, ids=[f"{page}: {words[:40]}" for page, words in SAID])
def test_a_page_says_the_number_that_the_program_has(page: str, words: str) -> None:
    text = " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())
    assert words in text


def test_every_check_of_the_doctor_stands_in_its_table() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8").partition("## The checks")[2]
    told = re.findall(r"^\| `([a-z]+)` \| (.+) \| ?(yes)? ?\|$", page, re.MULTILINE)
    checks = [(each.name, each.looks_at, "yes" if each.offline else "") for each in CHECKS.values()]
    assert [(name, looks_at, offline) for name, looks_at, offline in told] == checks
