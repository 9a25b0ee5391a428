"""A folder of rules merged three ways, file by file; see `merging`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Problem
from dtm_contact.rules.document import CONFLICT_END, CONFLICT_START, printable, read_text
from dtm_contact.rules.merging import Conflict, MergedFile, merge_lines, merge_yaml
from dtm_contact.wording import worded

SHIPPED_BEFORE: Final = ".shipped"
"""The folder within a folder of rules that holds these as they were shipped when it was laid out, or merged last."""

MERGED_FILES: Final = ("*.yaml", "answers/*.txt", "answers/library/*.md")
"""The files that are merged; those of YAML item by item, the others line by line."""

_GENERATED: Final = "schema/*.json"
"""Files for editors, of which nobody has changed any by hand."""


@dataclass(slots=True)
class FolderMerge:
    """What a merge of three folders makes of the site's.

    Attributes:
        texts: the files that it writes, by their names; all others of the site's stay.
        removed: the files that it takes out.
        conflicts: what a person must settle.
        taken: by file, what came from the program.
        notes: what else there is to know, in a line each.
    """

    texts: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    taken: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def merge_folders(before: Path, own: Path, today: Path) -> FolderMerge:
    """Merge the rules that a site began with, its own and those shipped now; nothing is written.

    Raises:
        InvalidFilesError: a file of the three cannot be read.
    """
    merge = FolderMerge()
    three = [_texts(folder) for folder in (before, own, today)]
    for name in sorted({name for texts in three for name in texts}):
        _merge_file(merge, name, *(texts.get(name) for texts in three))
    for path in today.glob(_GENERATED):
        merge.texts[path.relative_to(today).as_posix()] = path.read_text(encoding="utf-8")
    return merge


def _merge_file(merge: FolderMerge, name: str, before: str | None, own: str | None, today: str | None) -> None:
    if today in (own, before):
        return
    if own == before:
        _take(merge, name, today)
    elif today is None:
        merge.notes.append(worded("{name} is not shipped any more; yours, which you changed, is kept", name=name))
    elif own is None:
        parts = (CONFLICT_START, "||||||| shipped before", before or "", "=======", today, CONFLICT_END)
        merge.texts[name] = "".join(part if part.endswith("\n") else f"{part}\n" for part in parts if part)
        told = Conflict(
            name, 0, worded("the file"), worded("(you took it out)"), worded("(as it was)"), worded("(changed)")
        )
        merge.conflicts.append(told)
    else:
        _add(merge, name, own, _merged(name, before or "", own, today))


def _take(merge: FolderMerge, name: str, today: str | None) -> None:
    """Take a file that the site left as it was, or has not."""
    if today is None:
        merge.removed.append(name)
        merge.taken[name] = (worded("taken out"),)
    else:
        merge.texts[name] = today
        merge.taken[name] = (worded("as it is shipped now: you had changed nothing in it"),)


def _merged(name: str, before: str, own: str, today: str) -> MergedFile:
    if not name.endswith(".yaml"):
        return merge_lines(name, before, own, today)
    try:
        return merge_yaml(name, before, own, today)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        hint = worded("`rules check` tells what is wrong with yours; mend that first")
        raise InvalidFilesError(
            [Problem(name, line, 0, worded("it cannot be read as YAML, so it is not merged"), hint)]
        ) from None


def _add(merge: FolderMerge, name: str, own: str, merged: MergedFile) -> None:
    merge.conflicts += merged.conflicts
    merge.notes += [
        worded("{name}: this comment of yours has no place any more: {each}", name=name, each=each)
        for each in merged.lost_comments
    ]
    if merged.text != own:
        merge.texts[name] = merged.text
    if merged.taken:
        merge.taken[name] = merged.taken


def _texts(folder: Path) -> dict[str, str]:
    """Return the files of a folder that decide, by their names.

    Raises:
        InvalidFilesError: one cannot be read as text.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(path for pattern in MERGED_FILES for path in folder.glob(pattern)):
        name = printable(path.relative_to(folder).as_posix())
        told: list[Problem] = []
        text = read_text(path, name, told)
        if text is None:
            problems += told
        else:
            found[name] = text
    if problems:
        raise InvalidFilesError(problems)
    return found
