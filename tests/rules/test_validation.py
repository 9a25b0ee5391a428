"""What a model says of a file, in words that help to mend it."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dtm_contact.model import Problem, Scope
from dtm_contact.rules import read_document, validate
from dtm_contact.rules.validation import InvalidValueError
from dtm_contact.wording import Translatable


def even(number: int) -> int:
    if number % 2:
        raise InvalidValueError(Translatable(f"{number} is odd"), Translatable("write an even number"))
    return number


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Inner(Strict):
    words: tuple[str, ...]
    with_: str = Field(alias="with", default="")
    weight: float = Field(default=1.0, gt=0)


class Outer(Strict):
    version: Literal[1] = 1
    topics: dict[str, list[Inner]] = {}
    either: str | list[str] = ""
    scope: Scope | None = None
    pair: Annotated[int, AfterValidator(even)] = 2
    flag: bool = False


def told(folder: Path, text: str) -> list[str]:
    (folder / "x.yaml").write_text(text, "utf-8")
    problems: list[Problem] = []
    document = read_document(folder / "x.yaml", folder, problems)
    assert document is not None
    found = validate(document, Outer, problems)
    assert (found is None) is bool(problems)
    return [str(problem).removeprefix("x.yaml:") for problem in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("version: 2", "1:10: error: 2 is not known here (one of: 1)"),
        ("verzion: 1", "1:1: error: unknown key verzion (did you mean version?)"),
        ("flag: non", "1:7: error: expected true or false, got “non”"),
        ("either: 3", "1:9: error: expected text or a list, got 3"),
        ("either:\n  - x\n  - 3", '3:5: error: expected text, got 3 (put it in quotes: "3")'),
        ("scope: bulding", "1:8: error: “bulding” is not known here (did you mean building?)"),
        ("pair: 3", "1:7: error: 3 is odd (write an even number)"),
        ("topics: {gas: [{with: x}]}", "1:16: error: the key words is missing (add words: …)"),
        ("topics: {gas: [{words: [a], wiht: x}]}", "1:29: error: unknown key wiht (did you mean with?)"),
        ("topics: {gas: [{words: a}]}", "1:24: error: expected a list, got “a”"),
        ("topics: {gas: {words: a}}", "1:15: error: expected a list, got entries"),
        ("topics: [gas]", "1:9: error: expected entries (key: value), got a list"),
        ("topics:", "1:8: error: expected entries (key: value), got nothing"),
        ("topics: {gas: [{words: [a], weight: 0}]}", "1:37: error: this should be greater than 0, not 0"),
        ("- version: 1", "1:1: error: expected entries (key: value), got a list"),
    ],
)
def test_one_fault(tmp_path: Path, text: str, expected: str) -> None:
    assert told(tmp_path, text) == [expected]


def test_what_was_refused_before_is_not_told_twice(tmp_path: Path) -> None:
    assert told(tmp_path, "flag: &a true\npair: *a") == [
        "1:7: error: names with & are not allowed (write the value out; put text that starts with & in quotes)",
        "2:7: error: references with * are not allowed (write the value out; put text that starts with * in quotes)",
    ]


def test_a_sound_file_becomes_the_model(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "topics: {gas: [{words: [fuite, gaz], with: eau, weight: 2}]}\nscope: dwelling", "utf-8"
    )
    problems: list[Problem] = []
    document = read_document(tmp_path / "x.yaml", tmp_path, problems)
    assert document is not None
    found = validate(document, Outer, problems)
    assert found == Outer(
        topics={"gas": [Inner(words=("fuite", "gaz"), **{"with": "eau"}, weight=2)]}, scope=Scope.DWELLING
    )


def test_a_value_inside_can_be_read_by_itself(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("- {words: [a]}\n- {words: 5}\n", "utf-8")
    problems: list[Problem] = []
    document = read_document(tmp_path / "x.yaml", tmp_path, problems)
    assert document is not None
    assert validate(document, Inner, problems, (0,)) == Inner(words=("a",))
    assert validate(document, Inner, problems, (1,)) is None
    assert [str(problem) for problem in problems] == ["x.yaml:2:11: error: expected a list, got 5"]
