"""Accounts by command: none at first, no password beforehand."""

from tests.cli.conftest import Program

PASSWORD = b"un mot de passe assez long\n"


def test_accounts_are_added_listed_and_disabled(program: Program) -> None:
    assert program("directory", "import", "tests/directory/good").returncode == 0
    assert program("user", "add", "claire", "--role", "agent", "--office", "nord", given=PASSWORD).returncode == 0
    assert program("user", "add", "claire", "--role", "admin", given=PASSWORD).returncode == 1
    assert "there is no office 'sud'" in program("user", "add", "anne", "--role", "agent", "--office", "sud").stderr
    short = program("user", "add", "anne", "--role", "head", given=b"court\n")
    assert "12 to 1024 characters" in short.stderr
    assert program("user", "password", "claire", given=PASSWORD).returncode == 0
    assert program("user", "link", "claire").stdout.startswith("/entrer/")
    both = ("--office", "nord", "--office", "agence", "--email", "Lea@x.example", "--without-password")
    assert "agent of nord, agence" in program("user", "add", "lea", "--role", "agent", *both).stdout
    assert program("user", "remove-second-factor", "lea").returncode == 0
    assert program("user", "disable", "lea").returncode == 0
    assert program("user", "enable", "lea").returncode == 0
    assert program("user", "disable", "claire").returncode == 0
    listed = program("user", "list").stdout
    assert "claire" in listed
    assert "disabled" in listed
