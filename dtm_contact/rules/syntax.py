"""The words of libyaml about broken YAML, turned into what a person can mend."""

from typing import Any

import yaml

from dtm_contact.model import Problem

_ODD_STARTS = {
    "\t": ("a tab stands here", "indent with spaces"),
    "@": ("text cannot start with @", "put the text in quotes"),
    "`": ("text cannot start with `", "put the text in quotes"),
    "%": ("text cannot start with %", "put the text in quotes"),
}

# The beginning of what libyaml says, at the place of the problem.
_FAULTS = (
    (
        "mapping values are not allowed",
        "a colon is not expected here",
        "put text that holds ': ' in quotes, or mend the indentation",
    ),
    ("could not find expected ':'", "a key without its colon", "write key: value; put text of several lines in quotes"),
    ("block sequence entries are not allowed", "a list cannot start here", "begin the list on a line of its own"),
    ("found unknown escape character", r"a \ in double quotes means something else", "use single quotes: '…'"),
    ("did not find expected hexdecimal", r"a \ in double quotes means something else", "use single quotes: '…'"),
    (
        "did not find expected key",
        "a key is expected here",
        "mend the indentation; put text that holds quotes or commas in quotes",
    ),
    ("did not find expected '-'", "an item of the list, with its -, is expected here", "mend the indentation"),
    ("did not find expected node content", "a value is missing here", "write a value; put text in quotes"),
    ("did not find expected <document start>", "the text goes on where the file should end", "mend the indentation"),
    ("exceeded maximum nesting depth", "values nest too deep", "nest less"),
)

# The same, at the place where the thing began that is not ended.
_UNENDED = (
    (
        "found unexpected end of stream",
        "the quote that opens here is never closed",
        "close it; in '…' write an apostrophe twice",
    ),
    (
        "found unexpected document indicator",
        "the quote that opens here is never closed",
        "close it before the line ---",
    ),
    (
        "did not find expected ',' or ']'",
        "the [ that opens here is not closed",
        "put a comma between items and a ] at the end",
    ),
    (
        "did not find expected ',' or '}'",
        "the { that opens here is not closed",
        "put a comma between entries and a } at the end",
    ),
)


def explain(error: yaml.YAMLError, text: str, file: str) -> Problem:
    """Return what is wrong, where, and what would be right, of an error that libyaml raised on `text`."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Problem(file, 0, 0, "the file cannot be read as YAML", "look for characters that are no text")
    said = error.problem or ""
    for beginning, message, hint in _UNENDED:
        if said.startswith(beginning):
            return Problem(file, *_place(error.context_mark or error.problem_mark), message, hint)
    place = _place(error.problem_mark)
    for beginning, message, hint in _FAULTS:
        if said.startswith(beginning):
            return Problem(file, *place, message, hint)
    if said.startswith("found character that cannot start any token"):
        message, hint = _ODD_STARTS.get(
            _character(text, *place), ("a character that cannot start a text", "put the text in quotes")
        )
        return Problem(file, *place, message, hint)
    return Problem(
        file, *place, f"this is not valid YAML: {said or 'unknown fault'}", "mend the indentation and the quotes"
    )


def _place(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _character(text: str, line: int, column: int) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[line - 1][column - 1 : column] if line <= len(lines) else ""
