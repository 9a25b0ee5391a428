"""`answers/*.fr.txt`: what is answered to tenants, in French, a file each; by Jinja in its sandbox.

An answer goes out by itself, to an address that anybody can pretend to have: it has no name at hand that would tell the
writer anything about themselves, their dwelling or their neighbours. To whoever is not proven to be a tenant the values
are those of a message whose writer and place the directory does not know (`outbound.answers.answerable_decision`).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dtm_contact.model import Problem
from dtm_contact.rules.document import printable, read_text
from dtm_contact.rules.validation import InvalidValueError, check_identifier, hint_for
from dtm_contact.wording import worded

ANSWERS_FOLDER: Final = "answers"
LIBRARY_FOLDER: Final = "library"
"""The folder within it that holds the canned answers (`library`), which do not go out by themselves."""

_ENDING: Final = ".fr.txt"

NAMES: Final[Mapping[str, str]] = {
    "case": "le numéro du dossier, 2026-004217",
    "due": "quand la première réponse est due, en toutes lettres",
    "phone": "notre numéro de téléphone",
    "hours": "les heures d'ouverture, en toutes lettres",
    "open": "vrai quand les bureaux sont ouverts",
    "urgent": "vrai pour une urgence absolue (P1)",
    "known": "vrai quand l'expéditeur est un locataire, prouvé par son adresse vérifiée, et son logement reconnu",
    "topic": "le motif du message, par son code",
    "again": "vrai quand le dossier était déjà ouvert",
}
"""What an answer can name, each with what it stands for, in French as admins read it."""

SUBJECT: Final = "Objet :"
"""How the first line of an answer gives its subject; without it the subject is the writer's own."""

# What a text needs is a condition and a name. Loops could be endless, and the rest reaches further than a text should.
_FORBIDDEN: Final = (
    nodes.For,
    nodes.Macro,
    nodes.CallBlock,
    nodes.Call,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Extends,
    nodes.Block,
    nodes.Assign,
    nodes.AssignBlock,
    nodes.Getattr,
    nodes.Getitem,
    nodes.BinExpr,
    nodes.Filter,
)


_DEEPEST: Final = 40
"""Nodes within nodes: what an answer needs takes ten, and Python compiles no more than a hundred."""
_TOO_DEEP: Final = (
    worded("the braces stand too deep within each other"),
    worded("an answer needs few {% if %}, two or three within each other; end each by {% endif %}"),
)


def _environment() -> ImmutableSandboxedEnvironment:
    # Plain text: what makes HTML of it escapes it there.
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


_ENVIRONMENT: Final = _environment()


def parsed(text: str) -> nodes.Template:
    """Return an answer as Jinja reads it.

    Raises:
        TemplateSyntaxError: its braces cannot be read.
    """
    return _ENVIRONMENT.parse(text)


def template_faults(file: str, text: str, names: Collection[str] = NAMES) -> Iterator[Problem]:
    """Yield what keeps a text from being an answer, each with its line.

    Args:
        file: the file's name, for the message.
        text: the whole text.
        names: what it may name.
    """
    try:
        tree = parsed(text)
    except RecursionError:
        yield Problem(file, 1, 1, *_TOO_DEEP)
        return
    except TemplateSyntaxError as error:
        hint = worded("write {{ name }} for a name, {% if name %} … {% endif %} for what holds only then")
        yield Problem(file, error.lineno, 1, worded("the braces cannot be read"), hint)
        return
    if _is_deeper(tree, _DEEPEST):
        yield Problem(file, 1, 1, *_TOO_DEEP)
        return
    for node in tree.find_all(_FORBIDDEN):
        hint = worded("an answer knows only {{ name }} and {% if name %} … {% else %} … {% endif %}")
        yield Problem(
            file,
            node.lineno,
            1,
            worded("an answer cannot hold {construct} here", construct=type(node).__name__.lower()),
            hint,
        )
    for node in tree.find_all(nodes.Name):
        if node.name not in names:
            yield Problem(
                file, node.lineno, 1, worded("unknown name {name}", name=node.name), hint_for(node.name, names)
            )


def _is_deeper(tree: nodes.Node, most: int) -> bool:
    level = [tree]
    for _ in range(most):
        level = [child for node in level for child in node.iter_child_nodes()]
    return bool(level)


@lru_cache(maxsize=256)
def _compiled(text: str) -> Template:
    return _ENVIRONMENT.from_string(text)


class AnswerFailedError(ValueError):
    """An answer could not be filled in."""


def fill_in(text: str, values: Mapping[str, object]) -> tuple[str, str]:
    """Return the subject, empty where the answer has none of its own, and the body of an answer.

    Args:
        text: an answer against which `template_faults` has nothing.
        values: a value for each of `NAMES`.

    Raises:
        AnswerFailedError: a name is missing.
    """
    try:
        filled = _compiled(text).render(values)
    except TemplateError as error:
        raise AnswerFailedError(type(error).__name__) from error
    first, _, rest = filled.lstrip().partition("\n")
    if first.startswith(SUBJECT):
        return " ".join(first.removeprefix(SUBJECT).split()), rest.strip() + "\n"
    return "", filled.strip() + "\n"


_FILLED_IN: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}")


def subject_in_brief(text: str) -> str:
    """Return what an answer is about, by its subject without what is filled in; "" where it has none of its own."""
    first = text.lstrip().partition("\n")[0]
    if not first.startswith(SUBJECT):
        return ""
    return first.removeprefix(SUBJECT).partition("{{")[0].strip().removesuffix("dossier").strip(" \N{EN DASH}-")


def opening(text: str, filled: Mapping[str, str]) -> str:
    """Return how an answer begins behind its greeting; "" where it has no more.

    Args:
        text: an answer as it stands in its file.
        filled: what is filled in, by name; "…" stands in the place of the rest.
    """
    lines = [line.strip() for line in text.splitlines()]
    body = [line for line in lines if line and not line.startswith((SUBJECT, "{%"))]
    # The greeting ends in a comma and tells nothing.
    first = next((line for line in body if not line.endswith(",")), "")
    return _FILLED_IN.sub(lambda found: filled.get(found.group(1), "…"), first).replace("….", "…")


def load_answers(folder: Path, problems: list[Problem]) -> dict[str, str]:
    """Return the texts by name, which is the file's without its ending; faults are added to `problems`."""
    answers: dict[str, str] = {}
    for path in answer_files(folder):
        file = printable(path.relative_to(folder).as_posix())
        name = printable(path.name).removesuffix(_ENDING)
        if not path.name.endswith(_ENDING):
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    worded("this is no answer"),
                    worded("name it <answer>{ending}, or move it elsewhere", ending=_ENDING),
                )
            )
            continue
        try:
            check_identifier(name)
        except InvalidValueError as error:
            problems.append(Problem(file, 0, 0, error.message, error.hint))
        text = read_text(path, file, problems)
        if text is not None and not text.strip():
            problems.append(
                Problem(file, 1, 1, worded("the answer is empty"), worded("write the text, or delete the file"))
            )
        problems.extend(template_faults(file, text or ""))
        answers[name] = text or ""
    return answers


def answer_files(folder: Path) -> list[Path]:
    """Return the files of the answers in the order of their names; hidden ones and the library do not count.

    Where the folder of the answers is a link to elsewhere, it is returned itself, as what is no answer.
    """
    answers = folder / ANSWERS_FOLDER
    if answers.is_symlink():
        return [answers]
    if not answers.is_dir():
        return []
    shown = (path for path in answers.iterdir() if not path.name.startswith("."))
    return sorted(path for path in shown if path.name != LIBRARY_FOLDER or path.is_symlink() or not path.is_dir())


def answer_file(name: str) -> str:
    """Return the file of an answer, relative to the folder of the rules."""
    return f"{ANSWERS_FOLDER}/{name}{_ENDING}"
