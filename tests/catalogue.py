"""The catalogue of what managers read in French: filled from the marks in the source, and compiled.

`make catalogue` runs it, `tests/test_wording.py` holds the files to it. It needs Babel, which the program does not.
"""

import ast
import io
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import click
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import dtm_contact
from dtm_contact.cli import OF_MANAGERS, cli
from dtm_contact.cli.translated_help import help_texts
from dtm_contact.rules.conditions import all_conditions, manual_paragraphs
from dtm_contact.wording import CATALOGUES, DOMAIN, UserLanguage

PACKAGE: Final = Path(dtm_contact.__file__).parent
FOLDER: Final = CATALOGUES / UserLanguage.FRENCH / "LC_MESSAGES"
WRITTEN: Final = FOLDER / f"{DOMAIN}.po"
COMPILED: Final = FOLDER / f"{DOMAIN}.mo"
MARKS: Final = {"worded": 1, "counted": 2}
"""The functions that mark texts, with how many of their arguments are texts."""
OF_CLICK: Final[tuple[str | tuple[str, str], ...]] = (
    "Usage:",
    "Options",
    "Show this message and exit.",
    "default: {default}",
    "required",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "No such option {name!r}.",
    "No such command {name!r}.",
    "Option {name!r} does not take a value.",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "{name} {filename!r} does not exist.",
    "{name} {filename!r} is a file.",
    "directory",
    "Missing argument",
    "Missing option",
    "Missing command.",
    "{value} is not in the range {range}.",
    "{value!r} is not a valid {number_type}.",
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
"""What click says of wrong use and looks up in our catalogue."""
_PLURALS: Final = (2, "(n > 1)")
_WIDTH: Final = 110


class FrenchCatalogue(Catalog):
    """A catalogue whose head says nothing that changes from day to day, or with Babel's version."""

    def __init__(self) -> None:
        """Begin without a text."""
        super().__init__(locale=UserLanguage.FRENCH.value, fuzzy=False)
        setattr(self, "_num_plurals", _PLURALS[0])  # noqa: B010 - else of the many that CLDR knows
        setattr(self, "_plural_expr", _PLURALS[1])  # noqa: B010

    def _head(self) -> list[tuple[str, str]]:
        """Return what `gettext` needs to know of the file."""
        plural = f"nplurals={_PLURALS[0]}; plural={_PLURALS[1]};"
        return [("Content-Type", "text/plain; charset=utf-8"), ("Plural-Forms", plural)]

    mime_headers = property(_head)


@cache
def marked() -> Sequence[tuple[str, str | tuple[str, ...]]]:
    """Return every text that the source marks, with the file that has it; of what counts, singular and plural."""
    return tuple(_marked())


def _marked() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE.parent).as_posix()
        yield from ((name, text) for text in marked_in(path.read_text("utf-8")))
    for path in (PACKAGE / "errors.py", *sorted((PACKAGE / "privacy").glob("*.py"))):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                summary = (ast.get_docstring(node) or "").splitlines()[0]
                yield path.relative_to(PACKAGE.parent).as_posix(), summary.rstrip(".")
    for condition in all_conditions().values():
        entry = (text for text in manual_paragraphs(condition) if not text.startswith("Example: "))
        yield from (("dtm_contact/rules/conditions", text) for text in entry)
    yield from (("--help", text) for name in sorted(OF_MANAGERS) for text in _help_of(name))
    yield from (("click", text) for text in OF_CLICK)


def _help_of(name: str) -> Iterator[str]:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return help_texts(command)


def marked_in(source: str) -> list[str | tuple[str, ...]]:
    """Return the texts that a module marks, in their order.

    Babel's own extractor passes over a mark within a call within another mark.

    Raises:
        ValueError: what is marked is no text, but something that only the run will tell.
    """
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS
    ]
    found: list[str | tuple[str, ...]] = []
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        assert isinstance(call.func, ast.Name)
        texts = tuple(ast.literal_eval(argument) for argument in call.args[: MARKS[call.func.id]])
        found.append(texts[0] if len(texts) == 1 else texts)
    return found


def written() -> Catalog:
    """Return the catalogue as it lies in the repository."""
    with WRITTEN.open("rb") as stream:
        return read_po(stream, locale=UserLanguage.FRENCH.value)


def filled(catalogue: Catalog) -> Catalog:
    """Return what is marked, each text with the translation that the catalogue has of it, in the order of the files."""
    made = FrenchCatalogue()
    for file, text in marked():
        made.add(text, locations=[(file, 0)], flags=())
    for message in made:
        known: Message | None = catalogue.get(message.id) if message.id else None
        if known is not None:
            message.string = known.string
    return made


def as_written(catalogue: Catalog) -> bytes:
    """Return the text of the file, without what changes from day to day."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=_WIDTH, omit_header=True, include_lineno=False, sort_by_file=False)
    head = (
        "# The words in French of what managers read at the command line. `make catalogue` adds what is new.\n"
        'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
    )
    return head.encode() + stream.getvalue()


def as_compiled(catalogue: Catalog) -> bytes:
    """Return the bytes of the compiled file."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def main() -> None:
    """Write both files anew, and say what still has no words in French."""
    catalogue = filled(written())
    WRITTEN.write_bytes(as_written(catalogue))
    COMPILED.write_bytes(as_compiled(catalogue))
    sys.stdout.writelines(f"not in French: {each}\n" for each in untranslated(catalogue))


def untranslated(catalogue: Catalog) -> list[str]:
    """Return the texts that have no words in French."""
    return [str(message.id) for message in catalogue if message.id and not all(strings(message))]


def strings(message: Message) -> tuple[str, ...]:
    """Return the words of a text in French; of what counts, for one and for several."""
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string or "",)


if __name__ == "__main__":
    main()
