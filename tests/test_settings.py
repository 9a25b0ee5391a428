"""One settings file below the environment: which one is read, what it may say, and how a slip in it is told."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from dtm_contact.settings import HttpSettings, HttpSource, Settings, rows, secret_files
from dtm_contact.settings.common import FILE_NAME, SERVICE_CONFIG, shipped
from dtm_contact.settings.files import SecretFile
from dtm_contact.settings.loading import InvalidSettingsError, find_file, load, read_file


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DTM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def faults(text: str, path: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(InvalidSettingsError) as refused:
        load(written(path, text), environ or {})
    return [fault.replace(f"{path}", "FILE") for fault in refused.value.faults]


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'channels = ["lmtp"]\n[smtp]\nport = 2525\nhost = "::1"\n[imap]\nsince = 2026-11-24\n'
    monkeypatch.setenv("DTM_SMTP_PORT", "2626")
    settings = load(written(tmp_path / "a.toml", text)).settings
    assert (settings.smtp.port, settings.smtp.host, settings.smtp.size_limit) == (2626, "::1", 37_748_736)
    assert settings.channels == ("lmtp",)
    assert str(settings.imap.since) == "2026-11-24"
    assert Settings().smtp.host == "127.0.0.1", "what a file says must not stay"


def test_the_file_is_the_one_named_else_that_of_the_folder_else_that_of_the_user(tmp_path: Path) -> None:
    assert find_file(None, {}) in {None, SERVICE_CONFIG / FILE_NAME}
    user = written(tmp_path / "config" / "dtm-contact" / FILE_NAME, "")
    assert find_file(None, {}) == user
    here = written(tmp_path / "here" / FILE_NAME, "")
    assert find_file(None, {}) == here
    assert find_file(None, {"DTM_CONFIG": "other.toml"}) == tmp_path / "here" / "other.toml"
    assert find_file(Path("third.toml"), {"DTM_CONFIG": "other.toml"}) == tmp_path / "here" / "third.toml"
    assert find_file(None, {"DTM_CONFIG": ""}) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_in_the_folder_is_not_obeyed(tmp_path: Path) -> None:
    here = written(tmp_path / "here" / FILE_NAME, "")
    os.chown(here, 12345, 12345)
    with pytest.raises(InvalidSettingsError, match="another user, who could have you run commands"):
        load(None, {})
    assert load(here, {}).file is not None, "named, it is trusted"


def test_the_file_of_the_service_leaves_out_what_lies_where_a_service_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dtm_contact.settings.loading.SERVICE_CONFIG", tmp_path / "etc")
    file = written(tmp_path / "etc" / FILE_NAME, "[store]\nreserve = 5\n")
    settings = load(file, {}).settings
    assert (settings.store.url, settings.store.reserve) == ("sqlite:////var/lib/dtm-contact/store.db", 5)
    assert settings.rules.dir == tmp_path / "etc" / "rules"


def test_what_nobody_sets_lies_at_absolute_places() -> None:
    settings = Settings.defaults()
    assert settings.store.sqlite_path is not None
    assert settings.store.sqlite_path.is_absolute()
    assert settings.rules.dir == shipped("rules")
    assert (shipped("rules") / "routing.yaml").is_file()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[smtp]\nprot = 25", "FILE:2: smtp.prot: there is no such setting; did you mean smtp.port?"),
        ("[smpt]\nport = 25", "FILE:1: smpt: there is no such setting; did you mean smtp?"),
        ('DTM_LOG_LEVEL = "INFO"', "FILE:1: DTM_LOG_LEVEL: there is no such setting; did you mean log.level?"),
        (
            "[monitor]\n#[alarm]\nrecipients = []",
            "FILE:3: monitor.recipients: there is no such setting; did you mean smtp.recipients or",
        ),
        ("[desk]\n\nwebhook = 1", "FILE:3: desk.webhook: there is no such setting; did you mean alarm.webhook?"),
        ("[smtp]\nport = 2.5", "FILE:2: smtp.port: Input should be a valid integer"),
        ('[smtp]\nrecipients = "a@b"', "FILE:2: smtp.recipients: this is a list of values; write a list, such"),
        ("smtp = 25", "FILE:1: smtp: this is a group of settings; write a table: [name], and its keys"),
        ("[lease]\nseconds = 3", "FILE:1: lease: a lease must outlast 3 heartbeats"),
        ('timezone = "Mars"', "FILE:1: timezone: no such time zone; write a name such as Europe/Paris"),
        ('smtp.host = "x"\nsmtp.port = -1', "FILE:2: smtp.port: Input should be greater than or equal to 0"),
        ("name = Paul", 'FILE:1:8: no TOML: Invalid value; write a text in quotation marks: key = "text"'),
        ('name = "Paul', "FILE:1: no TOML: "),
        ("[smtp]\nport = 1\nport = 2", "FILE:3: no TOML: Cannot overwrite a value"),
        ("name = [", "FILE:1: no TOML: Invalid value"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_its_line_and_what_would_be_right(text: str, told: str, tmp_path: Path) -> None:
    [fault] = faults(text, tmp_path / "a.toml")
    assert fault.startswith(told)


def test_all_that_is_wrong_is_told_at_once_each_where_it_stands(tmp_path: Path) -> None:
    environ = {"DTM_DESK_PORT": "-1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DTM_DESK_PORT", "-1")
        told = faults('[desk]\nport = 1\nprot = 2\n[log]\nlevel = "LOUD"\n', tmp_path / "a.toml", environ)
    assert [fault.split(": ")[:2] for fault in told] == [
        ["FILE:3", "desk.prot"],
        ["setting DTM_DESK_PORT", "Input should be greater than or equal to 0 (docs/settings.md)"],
        ["FILE:5", "log.level"],
    ]


def test_a_value_that_is_wrong_is_never_quoted(tmp_path: Path) -> None:
    text = '[store]\nurl = "postgres:secret"\n[alarm]\nwebhook = "ftp://secret@x"\n'
    told = faults(text, tmp_path / "a.toml")
    assert len(told) == 2
    assert "secret" not in str(told)


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (b'name = "caf\xe9"', 0o600, "a.toml:1: no text in UTF-8"),
        (b"", 0o666, "anybody may change it"),
        (b"#" * 1_100_000, 0o600, "larger than 1,048,576 octets"),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, mode: int, told: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(InvalidSettingsError, match=told):
        read_file(path)


def test_a_mark_of_the_byte_order_is_no_slip(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "d1"\n')
    assert load(path, {}).settings.name == "d1"


def test_every_setting_that_is_described_as_the_file_of_a_secret_is_one_by_its_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    described = re.compile(r"file\b.*\b(secret|password|token|keys?)\b", re.IGNORECASE | re.DOTALL)
    # It opens the backups, so that it has no place in them; all others are taken by `backup --secrets`.
    expected = {
        name
        for name, default, _value, told in rows(Settings.defaults())
        if default is None and described.search(told) and name != "DTM_BACKUP_AGE_IDENTITY"
    }
    for name in expected:
        monkeypatch.setenv(name, "/secret")
    found = {f"DTM_{setting.upper().replace('.', '_')}" for setting, _path in secret_files(Settings())}
    assert found == expected
    assert "DTM_OIDC_SECRET_FILE" in found


def test_the_tokens_of_each_source_are_secrets_too() -> None:
    http = HttpSettings(sources={"agence": HttpSource(tokens=SecretFile(Path("/tokens")))})
    settings = Settings.defaults().model_copy(update={"http": http})
    assert list(secret_files(settings)) == [("http.sources.agence.tokens", Path("/tokens"))]
