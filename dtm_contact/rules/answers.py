"""`answers/*.fr.txt`: what is answered to tenants, in French, a file each."""

from pathlib import Path

from dtm_contact.model import Problem
from dtm_contact.rules.answer_templates import faults
from dtm_contact.rules.names import check_identifier
from dtm_contact.rules.source import printable, read_text
from dtm_contact.rules.validation import InvalidValueError

FOLDER = "answers"

_ENDING = ".fr.txt"


def load_answers(folder: Path, problems: list[Problem]) -> dict[str, str]:
    """Return the texts by name, which is the file's without its ending; faults are added to `problems`."""
    answers: dict[str, str] = {}
    for path in answer_files(folder):
        file = printable(path.relative_to(folder).as_posix())
        name = printable(path.name).removesuffix(_ENDING)
        if not path.name.endswith(_ENDING):
            problems.append(
                Problem(file, 0, 0, "this is no answer", f"name it <answer>{_ENDING}, or move it elsewhere")
            )
            continue
        try:
            check_identifier(name)
        except InvalidValueError as error:
            problems.append(Problem(file, 0, 0, str(error), error.hint))
        text = read_text(path, file, problems)
        if text is not None and not text.strip():
            problems.append(Problem(file, 1, 1, "the answer is empty", "write the text, or delete the file"))
        problems.extend(faults(file, text or ""))
        answers[name] = text or ""
    return answers


def answer_files(folder: Path) -> list[Path]:
    """Return the files of the answers in the order of their names; hidden ones do not count.

    Where the folder of the answers is a link to elsewhere, it is returned itself, as what is no answer.
    """
    answers = folder / FOLDER
    if answers.is_symlink():
        return [answers]
    return sorted(path for path in answers.iterdir() if not path.name.startswith(".")) if answers.is_dir() else []


def answer_file(name: str) -> str:
    """Return the file of an answer, relative to the folder of the rules."""
    return f"{FOLDER}/{name}{_ENDING}"
