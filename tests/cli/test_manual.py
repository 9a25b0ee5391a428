"""Manual pages and completion are made of the commands, for each of them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dtm_contact.cli import cli
from dtm_contact.cli.manual import contexts, page, page_name


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"there is no {name}: apt {package}")
    return found


def test_every_command_has_a_page_that_troff_reads_without_a_word(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["man", str(tmp_path)])
    assert done.exit_code == 0, done.output
    pages = sorted(tmp_path.iterdir())
    names = {page_name(each): each for each in contexts(cli)}
    assert {path.stem for path in pages} == names.keys()
    assert {"dtm-contact", "dtm-contact-case-move", "dtm-contact-rules-replay", "dtm-contact-man"} <= names.keys()
    for path in pages:
        text = path.read_text("utf-8")
        assert re.search(r"^\.SH NAME\n\S+ \\- \S", text, re.MULTILINE), f"{path.name} says what it is for"
        command = names[path.stem].command
        options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
        assert all(each.opts[0].replace("-", r"\-") in text for each in options), path.name
    groff = [tool("groff", "groff"), "-man", "-ww", "-z", "-K", "utf8", *map(str, pages)]
    read = subprocess.run(groff, capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def test_what_a_help_says_is_no_request_to_troff() -> None:
    @click.command(help=".so /etc/passwd\n\n'br \\X'x' `a-b`\n\n\b\n.ig\nas it is")
    @click.option("--quiet", help=".de never")
    def hostile() -> None:
        pass

    written = page(click.Context(hostile, info_name="x"), "2026-12-01")
    assert not re.search(r"^[.'](?!TH|SH|PP|TP|nf|fi)", written, re.MULTILINE)
    assert "\\X" not in written
    assert "\n\\&.ig\nas it is\n" in written


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(cli, ["man", str(tmp_path / "file" / "below")])
    assert done.exit_code == 1
    assert f"{tmp_path}/file/below: Not a directory" in str(done.exception)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_while_no_settings_hold(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTM_CONFIG", "/no/such/file")
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0, done.output
    assert f"_DTM_CONTACT_COMPLETE={shell}_complete" in done.output


def test_bash_completes_a_command(tmp_path: Path) -> None:
    program = tmp_path / "dtm-contact"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dtm_contact "$@"\n', "utf-8")
    program.chmod(0o755)
    script = (
        'eval "$(dtm-contact completion bash)"; COMP_WORDS=(dtm-contact rules re); COMP_CWORD=2; '
        '_dtm_contact_completion dtm-contact; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["replay", "restore"]
