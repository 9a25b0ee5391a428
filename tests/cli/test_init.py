"""A trial and a service are laid out, nothing is ever overwritten, and the settings are checked before a start."""

import json
import os
import pwd
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dtm_contact.cli.init import CannotLayOutError, lay_out, lay_out_service
from dtm_contact.doctor.local import written_folders
from dtm_contact.settings.common import shipped
from dtm_contact.settings.loading import load
from tests.cli.conftest import Program


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_trial_is_laid_out_so_that_its_settings_hold(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "a trial"
    done = program("init", str(folder))
    assert done.returncode == 0
    assert len(done.stdout.partition("\n\n")[2].splitlines()) <= 8
    settings = load(folder / "dtm-contact.toml", {}).settings
    assert settings.store.sqlite_path == folder / "data" / "store.db"
    assert settings.rules.dir == folder / "rules"
    assert settings.rules.observe, "nobody is told or answered by a trial"
    assert not settings.desk.secure_cookies
    before = {f".shipped/{name}": octets for name, octets in contents(shipped("rules")).items() if "schema" not in name}
    assert contents(folder / "rules") == contents(shipped("rules")) | before
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700
    checked = program("--config", str(folder / "dtm-contact.toml"), "settings", "check", DTM_SMTP_PORT="8025")
    assert checked.returncode == 0, checked.stdout


def test_the_folders_that_its_settings_offer_below_it_are_there(tmp_path: Path) -> None:
    lay_out(tmp_path / "trial")
    text = (tmp_path / "trial" / "dtm-contact.toml").read_text(encoding="utf-8")
    offered = tmp_path / "offered.toml"
    offered.write_text(re.sub(r"^#(?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE), encoding="utf-8")
    folders = dict(written_folders(load(offered, {}).settings))
    own = {setting: folder for setting, folder in folders.items() if folder.is_relative_to(tmp_path)}
    assert {"danger.folder", "backup.dir", "alarm.folder"} <= set(own)
    assert [setting for setting, folder in own.items() if not folder.is_dir()] == []


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "rules" / "routing.yaml").write_text("mine")
    (tmp_path / "rules" / "topics.yaml").unlink()
    (tmp_path / "dtm-contact.toml").write_text('name = "mine"\n')
    before = contents(tmp_path)
    again = lay_out(tmp_path)
    assert contents(tmp_path) == before
    assert again.made == []
    kept = {tmp_path.name, "data", "danger", "backups", "rules", "dtm-contact.toml"}
    assert {path.name for path in again.kept} == kept


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "dtm-contact.toml").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "rules").symlink_to(tmp_path / "elsewhere-too")
    lay_out(tmp_path)
    assert not (tmp_path / "elsewhere").exists()
    assert not (tmp_path / "elsewhere-too").exists()


def test_a_copy_that_breaks_off_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "rules"))

    monkeypatch.setattr("dtm_contact.cli.init.shutil.copyfile", full)
    with pytest.raises(CannotLayOutError):
        lay_out(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"data", "backups"}


def test_a_folder_that_cannot_stand_in_a_settings_file_is_refused(program: Program, tmp_path: Path) -> None:
    done = program("init", str(tmp_path / 'my "trial"'))
    assert done.returncode == 1
    assert "choose a folder without quotation marks" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--service", "x")])
def test_either_a_folder_or_the_service(program: Program, arguments: tuple[str, ...]) -> None:
    done = program("init", *arguments)
    assert (done.returncode, "a folder to try it in, or --service" in done.stderr) == (2, True)


def test_the_service_is_laid_out_for_its_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtm_contact.cli.init._closed_to_others", lambda _path: iter(()))
    user = pwd.getpwuid(os.geteuid()).pw_name
    done = lay_out_service(tmp_path, user)
    etc = tmp_path / "etc" / "dtm-contact"
    assert load(etc / "dtm-contact.toml", {}).settings.store.url == "sqlite:////var/lib/dtm-contact/store.db"
    assert stat.S_IMODE((etc / "dtm-contact.toml").stat().st_mode) == 0o640
    data = tmp_path / "var" / "lib" / "dtm-contact"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (data, data / "danger")] == [0o700, 0o700]
    units = tmp_path / "etc" / "systemd" / "system"
    unit = (units / "dtm-contact.service").read_text()
    assert f"ExecStart={sys.prefix}/bin/dtm-contact run\n" in unit
    assert "DTM_CONFIG=/etc/dtm-contact/dtm-contact.toml" in unit
    assert {path.suffix for path in units.iterdir()} == {".service", ".timer"}
    command = tmp_path / "usr" / "local" / "sbin" / "dtm-contact"
    assert os.access(command, os.X_OK)
    assert subprocess.run(["sh", "-n", str(command)], check=False).returncode == 0
    assert len(done.next.splitlines()) <= 8
    before = contents(tmp_path)
    assert lay_out_service(tmp_path, user).made == []
    assert contents(tmp_path) == before


def test_the_service_says_what_it_wants_first(tmp_path: Path) -> None:
    with pytest.raises(CannotLayOutError, match="there is no user nobody-of-ours; first: useradd --system"):
        lay_out_service(tmp_path, "nobody-of-ours")
    assert list(tmp_path.iterdir()) == []


def test_a_check_of_the_settings_fails_with_a_fault_alone(program: Program, tmp_path: Path) -> None:
    lay_out(tmp_path / "trial")
    config = tmp_path / "trial" / "dtm-contact.toml"
    told = program("settings", "check", "--json", DTM_CONFIG=str(config), DTM_DESK_PORT="8027")
    found = [json.loads(line) for line in told.stdout.splitlines()]
    warned = [each["check"] for each in found if each["state"] == "warning"]
    assert warned == ["alarms", "addressees", "addressees"], "a trial sends nothing yet, and its addresses are examples"
    assert told.returncode == 0
    config.write_text(f"{config.read_text()}\n[smpt]\n")
    broken = program("settings", "check", DTM_CONFIG=str(config))
    assert broken.returncode == 1
    assert "smpt: there is no such setting; did you mean smtp?" in broken.stdout
    refused = program("queue", "list", DTM_CONFIG=str(config))
    assert (refused.returncode, "did you mean smtp?" in refused.stderr) == (1, True)


def test_the_status_of_the_doctor_is_that_of_the_worst(program: Program, tmp_path: Path) -> None:
    def status(*checks: str, **more: str) -> int:
        only = [word for check in checks for word in ("--only", check)]
        return program("doctor", *only, DTM_RULES_OBSERVE="true", **more).returncode

    assert status("relay", "addresses") == 0
    assert status("relay", "database") == 1, "there is no store yet"
    (tmp_path / "store.db").write_text("no database")
    assert status("relay", "database") == 2


def test_no_password_is_listed(program: Program) -> None:
    shown = program("settings", DTM_STORE_URL="postgresql://dtm:sesame@db.example/dtm").stdout
    assert "postgresql://dtm:…@db.example/dtm" in shown
    assert "sesame" not in shown
