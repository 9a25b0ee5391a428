"""The commands around a backup, as an operator types them."""

import json
from pathlib import Path

from dtm_contact.journal import Journal
from dtm_contact.store import open_store
from dtm_contact.store.schema import SCHEMA_VERSION
from tests.backup.test_backup import filled
from tests.cli.conftest import Program
from tests.store.samples import NOW, arrival


def test_out_of_the_machine_and_back(program: Program, environment: dict[str, str], tmp_path: Path) -> None:
    assert program("store", "migrate").returncode == 0
    with open_store(environment["DTM_STORE_URL"]) as store:
        filled(store)
    assert "--to DIR" in program("backup").stderr
    told = json.loads(program("backup", "--to", f"{tmp_path}/backups", "--verify", "--json").stdout)
    assert (told["verified"], told["counts"]["cases"], told["schema"]) == (True, 14, SCHEMA_VERSION)
    sound = program("verify", told["file"])
    assert (sound.returncode, sound.stdout[:6]) == (0, "sound:")
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(Path(told["file"]).read_bytes()[:-70])
    refused = program("verify", str(damaged))
    assert (refused.returncode, "damaged" in refused.stderr) == (1, True)

    files = program("restore", told["file"], "--files", f"{tmp_path}/files")
    rules, *others = files.stdout.splitlines()
    assert rules.startswith(f"{tmp_path}/files/rules (")
    assert [line.partition(": ")[0] for line in others] == [
        f"{tmp_path}/files/{name}" for name in ("bodies.sha256", "settings.env")
    ]
    assert "it goes nowhere" in others[0], "each line says what the file is for"
    assert "look through them" in others[1]
    assert "with --replace it is set aside" in program("restore", told["file"]).stderr
    place = {"DTM_STORE_URL": f"sqlite:///{tmp_path}/new/store.db", "DTM_RULES_DIR": f"{tmp_path}/rules"}
    restored = program("restore", told["file"], **place)
    assert (restored.returncode, "waits@free.example" in restored.stdout) == (0, True)
    assert (tmp_path / "rules" / "routing.yaml").exists()

    without = program("arrivals", "replay", **place)
    assert (without.returncode, "where none is left: --lost" in without.stderr) == (2, True)
    assert "may be missing, dangers too" in program("doctor", "--only", "journal", **place).stdout

    journal = Journal(tmp_path / "journal", 14, lambda: NOW)
    journal.append_arrivals([arrival("since"), arrival("waits")])
    journal.close()
    too_early = program("outbox", "release", "--all", **place)
    assert (too_early.returncode, "1 stay held" in too_early.stderr) == (1, True)
    replayed = program("arrivals", "replay", f"{tmp_path}/journal", **place)
    assert replayed.stdout.startswith("1 of 2 arrivals were not in the store")
    (held,) = (json.loads(line) for line in program("outbox", "list", "--json", **place).stdout.splitlines())
    assert (held["to"], held["urgency"]) == ("waits@free.example", "answer")
    assert "name numbers" in program("outbox", "release", **place).stderr
    assert program("outbox", "release", "99", **place).returncode == 1
    assert "will be sent" in program("outbox", "release", str(held["id"]), **place).stdout
    assert "will not be sent" not in program("outbox", "drop", "--all", **place).stdout
    assert "no file of a journal" in program("arrivals", "replay", f"{tmp_path}/files", **place).stderr
    assert "nothing asks for a journal" in program("arrivals", "replay", "--lost", **place).stdout
    assert program("restore", told["file"], "--replace", **place).returncode == 0
    assert program("arrivals", "replay", "--lost", **place).stdout.endswith("is not asked for any more\n")
    assert json.loads(program("arrivals", "replay", "--lost", "--json", **place).stdout) == {"gap": None}
    assert "write sqlite" in program("store", "copy", "mysql://x", "postgresql://y").stderr


def test_backups_are_listed_with_the_newest_sound_one(program: Program, tmp_path: Path) -> None:
    assert program("store", "migrate").returncode == 0
    folder = tmp_path / "backups"
    assert "name a folder" in program("backup", "list").stderr
    first, second, third = (
        Path(json.loads(program("backup", "--to", str(folder), *more, "--json").stdout)["file"])
        for more in (["--verify"], ["--verify"], [])
    )
    second.write_bytes(second.read_bytes()[:-1] + b"x")
    listed = program("backup", "list", DTM_BACKUP_DIR=str(folder))
    head, *rows, counted, sound = listed.stdout.splitlines()
    assert (listed.returncode, head.split()) == (0, ["backup", "made", "age", "octets", "verified"])
    told = [(row.split()[0], "never verified" in row) for row in rows]
    assert told == [(third.name, True), (second.name, False), (first.name, False)], "the newest first, and no notes"
    assert counted.startswith(f"3 backups in {folder}; 14 are kept")
    assert sound.startswith(f"the newest sound one is {first.name}, 0 hours old"), "an octet of the second has changed"
    lines = [json.loads(line) for line in program("backup", "list", str(folder), "--json").stdout.splitlines()]
    assert [(Path(line["path"]).name, line["newest_sound"]) for line in lines] == [
        (third.name, False), (second.name, False), (first.name, True),
    ]  # fmt: skip
    first.unlink()
    none = program("backup", "list", str(folder))
    assert (none.returncode, "none of them is known to be sound" in none.stdout) == (1, True)
