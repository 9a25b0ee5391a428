import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dtm_contact import cli as package
from dtm_contact.cli import CommandGroup, cli
from dtm_contact.cli.settings import as_markdown
from tests.cli.conftest import ROOT, Program

SMALL = "tests/directory/good"
COMMANDS = tuple(cli.list_commands(click.Context(cli)))
LEAK = b"From: A <a@free.example>\nSubject: Fuite\nDate: Tue, 24 Nov 2026 10:30:00 +0100\n\nGrosse fuite d'eau.\n"
SECOND = LEAK.replace(b"Fuite", b"Deuxieme")


def test_help_lists_every_command(program: Program) -> None:
    done = program("--help")
    assert done.returncode == 0
    assert len(COMMANDS) > 15
    assert all(re.search(rf"^  {command}  ", done.stdout, re.MULTILINE) for command in COMMANDS)


def pages(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=name, terminal_width=80)
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            assert below is not None
            yield from pages(below, f"{name} {each}")


def test_no_help_is_cut_off() -> None:
    found = dict(pages(cli, "dtm-contact"))
    assert len(found) > 50
    assert [name for name, page in found.items() if re.search(r"[a-z]\.\.\.$", page, re.MULTILINE)] == []


def commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below)


def test_a_list_of_commands_says_what_each_says_of_itself() -> None:
    for group in (command for command in commands(cli) if isinstance(command, CommandGroup)):
        context = click.Context(group)
        for name in group.list_commands(context):
            listed, command = group.described(context, name), group.get_command(context, name)
            assert listed is not None
            assert command is not None
            assert (listed.name, listed.get_short_help_str()) == (command.name, command.get_short_help_str())


def test_every_command_that_is_written_is_there() -> None:
    names = [module.name for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
    modules = map(importlib.import_module, names)
    written = {value for module in modules for value in vars(module).values() if isinstance(value, click.Command)}
    assert len(written) > 40
    assert written <= set(commands(cli))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(program: Program, command: str) -> None:
    assert "Usage: dtm-contact" in program(command, "--help").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("fly",), 2, "No such command 'fly'"),
        (("route",), 2, "Missing argument"),
        (("route", "--at", "tomorrow", "x.eml"), 2, "is no ISO time; write for instance 2026-11-24T09:30"),
        (("route", "--directory", SMALL, "nowhere.eml"), 1, "nowhere.eml: No such file or directory"),
        (("route", "--directory", SMALL, "docs"), 1, "docs: the folder holds no .eml file"),
        (("queue", "list"), 1, "there is no store yet; run: dtm-contact store migrate"),
        (("run",), 1, "Run: dtm-contact directory import DIR"),
        (("score", "docs", "--directory", SMALL), 1, "truth.jsonl: error: the folder has no such file"),
    ],
)
def test_wrong_use_is_told_with_what_would_be_right(
    program: Program, arguments: tuple[str, ...], status: int, message: str
) -> None:
    done = program(*arguments)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("DTM_SMTP_PORT", "a lot", "setting DTM_SMTP_PORT: Input should be a valid integer"),
        ("DTM_TIMEZONE", "Mars/Olympus", "setting DTM_TIMEZONE: no such time zone"),
        ("DTM_STORE_URL", "var/store.db", "setting DTM_STORE_URL: write sqlite:///PATH or postgresql://"),
        ("DTM_STORE_URL", "sqlite:///:memory:", "setting DTM_STORE_URL: write sqlite:///PATH"),
        ("DTM_OUTBOUND_SENDER", "metropole", "setting DTM_OUTBOUND_SENDER: "),
        ("DTM_CHANNELS", "smtp", "setting DTM_CHANNELS or DTM_CHANNELS_…: write a list as JSON"),
        ("DTM_SMTP_RECIPIENTS", "a@b.example", "setting DTM_SMTP or DTM_SMTP_…: write a list as JSON"),
        ("DTM_SMTP_NETWORKS", '["here"]', "setting DTM_SMTP_NETWORKS: Input is not a valid IPv4 network; "),
    ],
)
def test_a_wrong_setting_is_named(program: Program, variable: str, value: str, told: str) -> None:
    done = program("settings", **{variable: value})
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_that_there_is_not_is_told(program: Program) -> None:
    done = program("settings", DTM_OUTBOUND_HSOT="relay.example", DTM_OUTBOUND_USER="us")
    assert done.stderr == (
        "There is no setting DTM_OUTBOUND_HSOT, so it changes nothing; did you mean DTM_OUTBOUND_HOST?\n"
    )


def test_route_prints_the_contract_in_the_order_of_its_input(program: Program, tmp_path: Path) -> None:
    (tmp_path / "b.eml").write_bytes(SECOND)
    (tmp_path / "a.eml").write_bytes(LEAK)
    box = tmp_path / "x.mbox"
    box.write_bytes(b"".join(b"From a@free.example Tue Nov 24 10:30:00 2026\n" + raw + b"\n" for raw in (LEAK, SECOND)))
    done = program("route", "--json", "--directory", SMALL, str(tmp_path), str(box), "-", given=LEAK)
    assert done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["source"] for one in found] == ["a.eml", "b.eml", "x.mbox#1", "x.mbox#2", "-"]
    assert {one["topic"] for one in found} == {"water_leak"}
    assert {one["kind"] for one in found} == {"case"}
    assert found[0]["due"] == "2026-11-24T14:30:00+01:00"
    assert "trace" not in found[0]


def test_at_fixes_the_clock(program: Program) -> None:
    done = program("route", "--json", "--directory", SMALL, "--at", "2026-12-24T16:00", "-", given=LEAK)
    assert json.loads(done.stdout)["due"] == "2026-12-28T12:00:00+01:00"


def test_trace_shows_evidence_and_every_rule(program: Program) -> None:
    done = program("route", "--trace", "--directory", SMALL, "-", given=LEAK)
    trace = json.loads(done.stdout)["trace"]
    assert any(rule["held"] for rule in trace["rules"])
    assert trace["topics"][0]["evidence"]


def test_explain_tells_it_in_sentences_and_with_details_the_codes(program: Program) -> None:
    done = program("explain", "--directory", SMALL, "-", given=LEAK)
    assert done.returncode == 0
    for told in ("Sujet : Fuite, dégât des eaux – d'après « ", "une fuite", "décide parce que", "[Fuite]"):
        assert told in done.stdout
    for folded in ("water_leak", "routing.yaml", "la première qui convient décide"):
        assert folded not in done.stdout
    assert "Aucune réponse automatique ne part" not in done.stdout
    details = program("explain", "--details", "--directory", SMALL, "-", given=LEAK).stdout
    for told in ("water_leak", "routing.yaml:fuite", "la première qui convient décide", "non routing.yaml:urgence-gaz"):
        assert told in details


def test_a_message_cannot_command_the_terminal(program: Program) -> None:
    evil = LEAK.replace(b"Grosse", b"\x1b]0;owned\x07\x1b[2JGrosse")
    for command in ("route", "explain"):
        assert "\x1b" not in program(command, "--directory", SMALL, "-", given=evil).stdout


def test_a_directory_is_checked_imported_and_compared(program: Program) -> None:
    assert program("directory", "check", SMALL).returncode == 0
    dry = program("directory", "import", "--dry-run", SMALL)
    assert "nothing was changed" in dry.stdout
    assert program("directory", "import", SMALL).returncode == 0
    again = json.loads(program("directory", "import", "--json", SMALL).stdout.splitlines()[-1])
    assert not any(keys for change in again.values() for keys in change.values())


def test_a_bad_directory_changes_nothing_and_says_where(program: Program, tmp_path: Path) -> None:
    for file in (ROOT / SMALL).glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    offices = (tmp_path / "residences.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "residences.csv").write_text("\n".join([offices[0], offices[1] + "x", *offices[2:]]), encoding="utf-8")
    done = program("directory", "import", str(tmp_path))
    assert done.returncode == 1
    assert "residences.csv:2:" in done.stderr
    assert "nothing was changed" in done.stderr


def test_the_shipped_rules_are_sound(program: Program) -> None:
    done = program("rules", "check")
    assert done.returncode == 0
    assert "sound" in done.stdout


def test_bad_rules_are_told_with_their_places(program: Program, tmp_path: Path) -> None:
    for name in ("routing.yaml", "queues.yaml", "topics.yaml"):
        (tmp_path / name).write_bytes((ROOT / "rules" / name).read_bytes())
    with (tmp_path / "routing.yaml").open("a", encoding="utf-8") as file:
        file.write("- id: again\n  whem: {topic: gas}\n")
    done = program("rules", "check", str(tmp_path))
    assert done.returncode == 1
    assert re.search(r"^routing\.yaml:\d+:\d+: error: .*whem", done.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "command"),
    [("docs/settings.md", ("settings", "--markdown")), ("docs/conditions.md", ("rules", "conditions", "--markdown"))],
)
def test_a_generated_page_is_current(program: Program, page: str, command: tuple[str, ...]) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == program(*command).stdout, "run: make docs"


def test_the_page_of_settings_names_each_with_its_default() -> None:
    page = as_markdown()
    assert "| `DTM_SMTP_PORT` | `8025` |" in page
    assert "| `DTM_STORE_URL` |" in page
