"""`answers/library/*.md`: canned answers, which an agent chooses, puts into a reply, and changes before it is sent.

A file has a head in YAML between two lines `---` and a text behind it, in the braces of the answers that go out by
themselves (`answers`). An agent reads what is filled in before anybody else does, so that these may name the person,
the place and the caretaker. What the case may not know has to stand under an `{% if %}` of its own name: whatever is
missing, no sentence has a hole.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from jinja2 import TemplateSyntaxError, nodes
from pydantic import Field

from dtm_contact.model import Problem, Severity
from dtm_contact.rules.answers import ANSWERS_FOLDER, LIBRARY_FOLDER, fill_in, parsed, template_faults
from dtm_contact.rules.document import Document, printable, read_text, read_text_as_document, validate
from dtm_contact.rules.validation import InvalidValueError, StrictModel, check_identifier, cut, hint_for
from dtm_contact.wording import worded

_ENDING: Final = ".md"
_FENCE: Final = "---"
LONGEST_TEXT: Final = 6_000
"""Characters of a canned answer's text, at the most."""
MOST_ANSWERS: Final = 500

TO_FILL_IN: Final = "[à compléter"
"""How a place begins that an agent has to write themselves before the answer is sent: "[à compléter : date]"."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What a canned answer may name.

    Attributes:
        meaning: what it stands for, in French as who writes answers reads it.
        always: it is there whatever the case knows; else it stands under an `{% if %}` of its own name.
    """

    meaning: str
    always: bool = False


VARIABLES: Final[Mapping[str, Variable]] = {
    "greeting": Variable("la salutation entière : « Bonjour Madame Joly, », ou « Bonjour, »", always=True),
    "name": Variable("la personne : « Mme Joly »"),
    "case": Variable("le numéro du dossier", always=True),
    "received": Variable("le jour où la demande est arrivée : « mardi 24 novembre »", always=True),
    "due": Variable("quand la première réponse est due, en toutes lettres", always=True),
    "phone": Variable("notre numéro de téléphone"),
    "hours": Variable("les heures d'ouverture, en toutes lettres", always=True),
    "office": Variable("le bureau qui suit le dossier", always=True),
    "office_address": Variable("l'adresse de ce bureau"),
    "residence": Variable("le nom de la résidence"),
    "address": Variable("l'adresse du logement"),
    "caretaker": Variable("le gardien de service : « Mme Carvalho »"),
    "lodge": Variable("sa loge"),
    "agent": Variable("votre nom, comme vos collègues le lisent", always=True),
}


@dataclass(frozen=True, slots=True)
class CannedAnswer:
    """A canned answer.

    Attributes:
        name: its identifier, which is the file's name without its ending.
        title: what it is for, in a few words.
        topics: the topics in whose cases it is offered first.
        keywords: words by which it is found too.
        text: what is filled in.
    """

    name: str
    title: str
    topics: tuple[str, ...]
    keywords: tuple[str, ...]
    text: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that the text names, in the order of `VARIABLES`."""
        used = {node.name for node in parsed(self.text).find_all(nodes.Name)}
        return tuple(name for name in VARIABLES if name in used)

    def filled(self, values: Mapping[str, object]) -> str:
        """Return the text with the values in place.

        Args:
            values: a value for each of `VARIABLES`; "" for what is not known.

        Raises:
            AnswerFailedError: a value is missing.
        """
        return fill_in(self.text, values)[1].strip()

    def source(self) -> str:
        """Return the file's content."""
        head = (
            f"title: {_quoted(self.title)}",
            f"topics: [{', '.join(self.topics)}]",
            f"keywords: [{', '.join(map(_quoted, self.keywords))}]",
            f"variables: [{', '.join(self.variables)}]",
        )
        return "\n".join((_FENCE, *head, _FENCE, self.text.strip(), ""))


class CannedAnswerHead(StrictModel):
    """The head of a canned answer's file."""

    title: Annotated[str, Field(min_length=3, max_length=90)]
    topics: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    keywords: Annotated[tuple[Annotated[str, Field(min_length=2, max_length=40)], ...], Field(max_length=20)] = ()
    variables: tuple[str, ...] = ()


def load_library(folder: Path, topics: Collection[str] | None, problems: list[Problem]) -> Mapping[str, CannedAnswer]:
    """Return the canned answers of a rules folder by their names; faults are added to `problems`.

    Args:
        folder: the rules folder.
        topics: the topics that an answer may name; None: not checked.
        problems: what is wrong is added here, with file, line and what would be right.
    """
    files = library_files(folder)
    if len(files) > MOST_ANSWERS:
        file, hint = f"{ANSWERS_FOLDER}/{LIBRARY_FOLDER}", worded("leave some out")
        problems.append(
            Problem(file, 0, 0, worded("there are more than {limit} canned answers", limit=MOST_ANSWERS), hint)
        )
    found: dict[str, CannedAnswer] = {}
    for path in files[:MOST_ANSWERS]:
        file, name = printable(path.relative_to(folder).as_posix()), printable(path.name).removesuffix(_ENDING)
        if not path.name.endswith(_ENDING):
            hint = worded("name it <answer>{ending}, or move it elsewhere", ending=_ENDING)
            problems.append(Problem(file, 0, 0, worded("this is no canned answer"), hint))
            continue
        source = read_text(path, file, problems)
        answer = parse_answer(name, source, topics, problems, file) if source is not None else None
        if answer is not None:
            found[name] = answer
    problems.extend(_named_alike(found.values()))
    return MappingProxyType(found)


def library_files(folder: Path) -> list[Path]:
    """Return the files of the canned answers in the order of their names; hidden ones do not count."""
    library = folder / ANSWERS_FOLDER / LIBRARY_FOLDER
    if library.is_symlink() or library.parent.is_symlink() or not library.is_dir():
        return []
    return sorted(path for path in library.iterdir() if not path.name.startswith("."))


def library_file(name: str) -> str:
    """Return the file of a canned answer, relative to the folder of the rules."""
    return f"{ANSWERS_FOLDER}/{LIBRARY_FOLDER}/{name}{_ENDING}"


def parse_answer(
    name: str, source: str, topics: Collection[str] | None, problems: list[Problem], file: str = ""
) -> CannedAnswer | None:
    """Return a canned answer, None where it cannot be used; faults are added to `problems`.

    Args:
        name: its identifier.
        source: the whole text of its file.
        topics: the topics that it may name; None: not checked.
        problems: what is wrong is added here, with the line in `source`.
        file: what problems call the file; "" for its usual name.
    """
    before, file = len(problems), file or library_file(name)
    try:
        check_identifier(name)
    except InvalidValueError as error:
        problems.append(Problem(file, 0, 0, error.message, error.hint))
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    fences = [at for at, line in enumerate(lines) if line.rstrip() == _FENCE]
    if len(fences) < 2 or fences[0] != 0:  # noqa: PLR2004 - one before the head, one behind it
        hint = worded("begin with a line ---, title:, topics:, keywords:, variables:, and another line ---")
        problems.append(Problem(file, 1, 1, worded("the head is missing"), hint))
        return None
    end = fences[1]
    # Empty lines in the place of what is left out: problems name the lines of the whole file.
    document = read_text_as_document("\n".join(["", *lines[1:end]]), file, problems)
    head = validate(document, CannedAnswerHead, problems) if document is not None else None
    text = "\n".join(["", *[""] * end, *lines[end + 1 :]])
    problems.extend(_text_faults(file, text, end + 2))
    if document is None or head is None:
        return None
    problems.extend(_head_faults(document, head, topics))
    if any(problem.severity is Severity.ERROR for problem in problems[before:]):
        return None
    answer = CannedAnswer(name, head.title, head.topics, head.keywords, text.strip())
    if set(head.variables) != set(answer.variables):
        hint = worded("write variables: [{variables}]", variables=", ".join(answer.variables))
        problems.append(
            document.problem(("variables",), worded("these are not the variables that the text names"), hint)
        )
        return None
    return answer


def _text_faults(file: str, text: str, first_line: int) -> Iterator[Problem]:
    if not text.strip():
        yield Problem(file, first_line, 1, worded("the answer is empty"), worded("write its text under the head"))
        return
    if len(text.strip()) > LONGEST_TEXT:
        length = len(text.strip())
        message = worded("the text has {length} characters, {limit} at the most", length=length, limit=LONGEST_TEXT)
        yield Problem(file, first_line, 1, message, worded("say less, or make two answers of it"))
    faults = list(template_faults(file, text, VARIABLES))
    yield from faults
    if not faults:
        yield from _holes(file, text)


def _head_faults(document: Document, head: CannedAnswerHead, topics: Collection[str] | None) -> Iterator[Problem]:
    for number, topic in enumerate(head.topics):
        if topics is not None and topic not in topics:
            yield document.problem(
                ("topics", number), worded("unknown topic {topic}", topic=cut(topic)), hint_for(topic, topics)
            )
    for number, variable in enumerate(head.variables):
        if variable not in VARIABLES:
            hint = hint_for(variable, VARIABLES)
            yield document.problem(
                ("variables", number), worded("unknown variable {variable}", variable=cut(variable)), hint
            )


def _named_alike(answers: Collection[CannedAnswer]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for answer in answers:
        other = seen.setdefault(answer.title.casefold(), answer.name)
        if other != answer.name:
            hint = worded("agents could not tell them apart; give one another title")
            yield Problem(
                library_file(answer.name),
                2,
                1,
                worded("{other} has the same title", other=other),
                hint,
                Severity.WARNING,
            )


def _holes(file: str, text: str) -> Iterator[Problem]:
    """Yield each name that a case may not have and that stands where nothing asks for it first."""
    try:
        tree = parsed(text)
    except TemplateSyntaxError:
        return
    for name in _unguarded(tree, frozenset()):
        hint = worded(
            "put the sentence between {{% if {name} %}} and {{% endif %}}; {{% else %}} says what holds otherwise",
            name=name.name,
        )
        yield Problem(
            file, name.lineno, 1, worded("{name} may be missing: the sentence would have a hole", name=name.name), hint
        )


def _unguarded(node: nodes.Node, known: frozenset[str]) -> Iterator[nodes.Name]:
    match node:
        case nodes.Name():
            if not VARIABLES[node.name].always and node.name not in known:
                yield node
        case nodes.If():
            yes, no = _asked(node.test)
            for child in node.body:
                yield from _unguarded(child, known | yes)
            for child in (*node.elif_, *node.else_):
                yield from _unguarded(child, known | no)
        case _:
            for child in node.iter_child_nodes():
                yield from _unguarded(child, known)


def _asked(test: nodes.Node) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that are there where a condition holds, and those where it does not."""
    match test:
        case nodes.Name():
            return frozenset({test.name}), frozenset()
        case nodes.Not():
            yes, no = _asked(test.node)
            return no, yes
        case nodes.And():
            left, right = _asked(test.left), _asked(test.right)
            return left[0] | right[0], left[1] & right[1]
        case nodes.Or():
            left, right = _asked(test.left), _asked(test.right)
            return left[0] & right[0], left[1] | right[1]
    return frozenset(), frozenset()


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
