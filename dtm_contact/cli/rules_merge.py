"""`dtm-contact rules merge`: what the program ships now, brought into a site's own rules."""

import os
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from dtm_contact.cli.output import NotDoneError, ReadablePath, print_problems, say
from dtm_contact.cli.rules_files import check_rules, folder_argument
from dtm_contact.errors import InvalidFilesError, described
from dtm_contact.model import Severity
from dtm_contact.rules.folder_merge import MERGED_FILES, SHIPPED_BEFORE, FolderMerge, merge_folders
from dtm_contact.settings import Settings
from dtm_contact.settings.common import shipped
from dtm_contact.wording import Translatable, counted, joined, worded

_MERGED: Final = ".merged"
_FOLDER = ReadablePath(file_okay=False)


@click.command()
@folder_argument
@click.option(
    "--base", type=_FOLDER, help="The shipped rules that the folder began with; without it, as it says itself."
)
@click.option(
    "--shipped", "today", type=_FOLDER, help="The rules to bring in; without it, those that come with this program."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--adopt", is_flag=True, help="Take what was merged before, now that its conflicts are settled.")
@click.pass_obj
def merge(
    settings: Settings, folder: Path | None, base: Path | None, today: Path | None, *, dry_run: bool, adopt: bool
) -> int:
    """Bring what the program ships now into your rules; what you changed stays, with its comments and its order.

    FOLDER is a folder of rules; without it, that of the settings. Merged is rule by rule, topic by topic, phrase by
    phrase; answers line by line. What both changed is told, and marked in FOLDER.merged until you settle it (--adopt
    takes it then). Nothing is replaced before the merged rules pass `rules check` with all tests; FOLDER as it was is
    kept beside it. Exit status 1 where there is something to settle.
    """
    own = (folder or settings.rules.dir).resolve()
    work = own.with_name(f"{own.name}{_MERGED}")
    now = today or shipped("rules")
    if adopt:
        if not work.is_dir():
            raise NotDoneError(worded("there is no {folder}: nothing was merged that waits to be taken", folder=work))
        return _adopt(settings, own, work)
    before = base or own / SHIPPED_BEFORE
    if not before.is_dir():
        raise NotDoneError(_no_base(own))
    merged = merge_folders(before, own, now)
    _tell(merged)
    changes_nothing = not merged.conflicts and not _changed(merged, own)
    if changes_nothing:
        say(worded("nothing that is shipped has changed since, or you have it already"))
    if dry_run:
        return 1 if merged.conflicts else 0
    try:
        if changes_nothing:
            _remember(own, now)
            return 0
        _write(merged, own, work, now)
        if merged.conflicts:
            say(
                counted(
                    "settle the conflict in {folder}, then: dtm-contact rules merge --adopt",
                    "settle the {count} conflicts in {folder}, then: dtm-contact rules merge --adopt",
                    len(merged.conflicts),
                    folder=work,
                )
            )
            return 1
        return _adopt(settings, own, work)
    except OSError as error:
        told = worded("{error}: whoever may change {folder} can merge", error=described(error), folder=own.parent)
        raise NotDoneError(told) from error


def _no_base(folder: Path) -> Translatable:
    return worded(
        "{folder} does not say which shipped rules it began with ({name} in it): name them by --base. Those of an "
        "earlier version lie in its wheel: "
        "unzip -d before dtm_contact-VERSION-py3-none-any.whl 'dtm_contact/shipped/rules/*'",
        folder=folder,
        name=SHIPPED_BEFORE,
    )


def _tell(merged: FolderMerge) -> None:
    for name, taken in merged.taken.items():
        for each in taken:
            say(joined((name, each), ": "))
    for note in merged.notes:
        say(note, err=True, fg="yellow")
    for conflict in merged.conflicts:
        say(worded("conflict: {conflict}", conflict=conflict.wording), err=True, fg="red")


def _changed(merged: FolderMerge, own: Path) -> bool:
    """Tell whether a merge would change a file of the site's."""
    written = ((own / name, text.encode()) for name, text in merged.texts.items())
    return bool(merged.removed) or any(not path.is_file() or path.read_bytes() != text for path, text in written)


def _remember(own: Path, today: Path) -> None:
    """Have a folder that holds all that is shipped say so, for the next merge; the rest of it stays as it is.

    Raises:
        OSError: it cannot be written.
    """
    before = own / SHIPPED_BEFORE
    if _octets(before) == _octets(today):
        return
    beside = own / f"{SHIPPED_BEFORE}{_MERGED}"
    shutil.rmtree(beside, ignore_errors=True)
    copy_shipped(today, beside)
    shutil.rmtree(before, ignore_errors=True)
    beside.rename(before)


def _octets(folder: Path) -> dict[Path, bytes]:
    paths = (path for pattern in MERGED_FILES for path in folder.glob(pattern))
    return {path.relative_to(folder): path.read_bytes() for path in paths}


def _write(merged: FolderMerge, own: Path, work: Path, today: Path) -> None:
    """Write the merged folder beside the site's.

    Raises:
        OSError: it cannot be written.
    """
    if work.exists():
        told = worded("{folder} is there already: --adopt takes it; or delete it, and merge anew", folder=work)
        raise NotDoneError(told)
    shutil.copytree(own, work, symlinks=True)
    for name in merged.removed:
        (work / name).unlink(missing_ok=True)
    for name, text in merged.texts.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    shutil.rmtree(work / SHIPPED_BEFORE, ignore_errors=True)
    copy_shipped(today, work / SHIPPED_BEFORE)
    for path in (work, *work.rglob("*")):
        like = own / path.relative_to(work)
        owner = (like if like.exists() else own).stat()
        with suppress(PermissionError):
            os.chown(path, owner.st_uid, owner.st_gid)


def copy_shipped(source: Path, to: Path) -> None:
    """Copy the rules that are shipped now, for the next merge to know what a site began with.

    Raises:
        OSError: they cannot be written.
    """
    for path in (path for pattern in MERGED_FILES for path in source.glob(pattern)):
        target = to / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _adopt(settings: Settings, own: Path, work: Path) -> int:
    """Put merged rules that hold in the place of the site's, and keep those."""
    try:
        _rules, problems = check_rules(settings, work)
    except InvalidFilesError as error:
        problems = error.problems
    print_problems(problems, as_json=False)
    if any(problem.severity is Severity.ERROR for problem in problems):
        told = worded("nothing was replaced: mend this in {folder}, then: dtm-contact rules merge --adopt", folder=work)
        say(told, err=True)
        return 1
    kept = own.with_name(f"{own.name}.before-{datetime.now(settings.zone):%Y%m%d-%H%M%S}")
    own.rename(kept)
    work.rename(own)
    say(worded("{folder}: merged; as it was, it is kept in {kept}", folder=own, kept=kept))
    return 0
