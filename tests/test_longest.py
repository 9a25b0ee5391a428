from pathlib import Path, PurePath

from tests.longest import LONGEST, place_of

HERE = Path(__file__).parent


def test_the_longest_begin_then_long_folders_then_the_others() -> None:
    files = [PurePath("tests", name) for name in ("calls/test_a.py", "web/test_a.py", *reversed(LONGEST))]
    assert [file.as_posix() for file in sorted(files, key=place_of)] == [
        *(f"tests/{name}" for name in LONGEST),
        "tests/web/test_a.py",
        "tests/calls/test_a.py",
    ]


def test_each_of_the_longest_is_a_file_and_stands_once() -> None:
    assert [name for name in LONGEST if not (HERE / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)
