"""What requests by HTTP and dropped files rest on: tokens that cannot be guessed, folders that can be worked in."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dtm_contact.doctor.registry import CheckResult, Site, SkipError, check, fault, ok, warning
from dtm_contact.errors import WrongSettingError, described
from dtm_contact.ingest import open_receivers
from dtm_contact.ingest.drop_folder import DONE, REASON, REFUSED
from dtm_contact.settings import FolderSettings, HttpSettings
from dtm_contact.settings.files import is_out_of_reach

_SHORTEST_TOKEN: Final = 32
_LOOPBACK: Final = ("127.", "::1", "localhost")


@check(
    "intake",
    "Where requests or files are taken in: sources are named; each token is long and no other's; the form page knows "
    "its proxy; each drop folder is there, can be written, and moves files within itself.",
    offline=True,
)
def intake(site: Site) -> Iterator[CheckResult]:
    """Look at what the receivers need that read the settings of `http` or `folder`, where they are open."""
    settings = site.settings
    opened = {"http", "folder"} & {each.group for each in open_receivers(settings).values()}
    if not opened:
        raise SkipError("neither requests nor files are taken in: http and folder are not among the channels")
    found: list[CheckResult] = []
    if "http" in opened:
        found += [*_wrong_tokens(settings.http), *_wrong_page(settings.http)]
    if "folder" in opened:
        found += _wrong_folders(settings.folder)
    yield from found
    if not found:
        sources = ", ".join(sorted({*settings.http.sources, *settings.folder.sources})) or "the form page alone"
        yield ok(f"{', '.join(sorted(opened))}: tokens and folders are as they must be ({sources})")


def _wrong_tokens(settings: HttpSettings) -> Iterator[CheckResult]:
    if not settings.sources and not settings.form_source:
        yield warning("http.sources: none is named, so nobody may hand over anything", "name one: docs/intake.md")
    owners: dict[str, str] = {}
    for name, source in settings.sources.items():
        setting = f"http.sources.{name}.tokens"
        if is_out_of_reach(source.tokens):
            continue
        try:
            tokens = source.read_tokens(setting)
        except WrongSettingError as error:
            yield fault(str(error), "openssl rand -hex 32, in a file that the daemon's user may read")
            continue
        if any(len(token) < _SHORTEST_TOKEN for token in tokens):
            message = f"{setting}: a token of fewer than {_SHORTEST_TOKEN} characters can be guessed"
            yield fault(message, "openssl rand -hex 32 makes one; write it in the second line until the source uses it")
        for token in tokens:
            if owners.setdefault(token, name) != name:
                message = f"{setting}: {owners[token]} has the same token, and can pass for {name}"
                yield fault(message, "give each source a token of its own")


def _wrong_page(settings: HttpSettings) -> Iterator[CheckResult]:
    if settings.form_source and settings.host.startswith(_LOOPBACK) and not settings.proxies:
        message = "http.proxies: none is named, so all who write on the form page share one bound"
        yield warning(message, 'name the proxy with TLS in front: proxies = ["127.0.0.1", "::1"]')
    if not settings.host.startswith(_LOOPBACK):
        message = f"http.host: tokens and requests come to {settings.host} without TLS"
        yield warning(message, "127.0.0.1, and a proxy with TLS in front: docs/intake.md")


def _wrong_folders(settings: FolderSettings) -> Iterator[CheckResult]:
    if not settings.sources:
        yield warning("folder.sources: none is named, so no folder is read", "name one: docs/intake.md")
    for name, source in settings.sources.items():
        setting, folder = f"folder.sources.{name}.path", source.path.absolute()
        try:
            message = _cannot_work_in(folder)
        except OSError as error:
            message = described(error)
        if message:
            remedy = "mount it, and let the daemon's user read, write and rename there (and its unit: ReadWritePaths)"
            yield fault(f"{setting}: {message}", remedy)
        elif refused := _refused(folder):
            remedy = "read the reason beside each, and drop it again"
            yield warning(f"{setting}: {refused} files lie in {REFUSED}", remedy)


def _cannot_work_in(folder: Path) -> str:
    for path in (folder, folder / DONE, folder / REFUSED):
        if path is not folder and not path.exists():
            continue
        if not path.is_dir():
            return f"{path} is no folder" if path.exists() else f"{path} does not exist"
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            return f"{path} cannot be read and written"
        if path.stat().st_dev != folder.stat().st_dev:
            return f"{path} lies on another disk than its folder, so files cannot be moved there"
    return ""


def _refused(folder: Path) -> int:
    """Return how many files were refused and still lie there; each has its reason beside it."""
    refused = folder / REFUSED
    lying = [each for each in refused.iterdir() if each.is_file()] if refused.is_dir() else []
    return sum(1 for each in lying if not each.name.endswith(REASON))
