"""Where the settings of a command come from: the environment, below it one TOML file, below that the defaults."""

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from dtm_contact.errors import DtmContactError, described, shut_out
from dtm_contact.settings import Settings, below_environment, unknown
from dtm_contact.settings.common import FILE_NAME, SERVICE_CONFIG, SERVICE_DATA, shipped, store_in, user_config

CONFIG_VARIABLE: Final = "DTM_CONFIG"
_LARGEST: Final = 1024 * 1024
_TABLE: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(?:#.*)?")
_KEY: Final = re.compile(r"\s*([\w\"'.-]+)\s*=")
_AT: Final = re.compile(r"^(?P<told>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_TYPES: Final = {
    "tuple_type": 'write a list, such as ["one", "two"]',
    "string_type": 'write a text in quotation marks, such as "one"',
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number, without quotation marks",
    "int_parsing": "write a whole number, without quotation marks",
    "float_type": "write a number, without quotation marks",
    "model_type": "write a table: [name], and its keys below it",
}

_SAID: Final = {"model_type": "this is a group of settings", "tuple_type": "this is a list of values"}
"""What is said of a value in place of pydantic's words, which name a type of Python."""

Key = tuple[str, ...]


class InvalidSettingsError(DtmContactError):
    """The settings do not hold."""

    def __init__(self, faults: Iterable[str]) -> None:
        """Keep the faults: each says where it stands and what would be right, and never quotes a secret."""
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """One settings file that was read.

    Attributes:
        path: where it lies.
        values: what it says: keys of the program alone, and of groups those below a table.
        lines: in which line each key stands, from 1; a key that a multi-line value hides has none.
    """

    path: Path
    values: Mapping[str, Any]
    lines: Mapping[Key, int] = field(default_factory=dict)

    def place(self, key: Key) -> str:
        """Return `FILE:LINE: KEY`, without the line where it is not known."""
        found = next((self.lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self.lines), 0)
        return f"{self.path}:{found}: {'.'.join(key)}" if found else f"{self.path}: {'.'.join(key)}"

    @property
    def of_the_service(self) -> bool:
        """Whether it is the one of the service, so that what it leaves out is the service's too."""
        return self.path == SERVICE_CONFIG / FILE_NAME


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with where they come from.

    Attributes:
        settings: what holds.
        file: the file that was read; None where there is none.
        slips: a sentence for each variable of the environment that looks like a setting and is none.
    """

    settings: Settings
    file: SettingsFile | None
    slips: tuple[str, ...] = ()


def load(config: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Return the settings: what the environment says wins over the file, and the file over the defaults.

    Args:
        config: the file to read, of the option `--config`; None: see `find_file`.
        environ: the environment that names the file, and whose variables are told in faults; None: the process's.

    Raises:
        InvalidSettingsError: the file cannot be read, or a value or a key is wrong; all that is wrong is told.
    """
    environ = os.environ if environ is None else environ
    path = find_file(config, environ)
    file = None if path is None else read_file(path)
    faults = [] if file is None else list(_unknown_keys(file))
    try:
        settings = _settled(file)
    except ValidationError as error:
        raise InvalidSettingsError([*faults, *_wrong_values(error, file, environ)]) from None
    except SettingsError as error:
        raise InvalidSettingsError([*faults, _not_json(error)]) from None
    if faults:
        raise InvalidSettingsError(faults)
    return Loaded(settings, file, tuple(unknown(name for name in environ if name != CONFIG_VARIABLE)))


def laid_out() -> frozenset[str]:
    """Return the variables of the settings that the file of `init --service` says, whatever their defaults are."""
    known = dict(_known_keys())
    return frozenset(known[key] for key in _written_keys(read_file(shipped("deploy") / FILE_NAME).values, Settings))


def find_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the one settings file that is read; None where there is none.

    It is the one of `--config` or DTM_CONFIG (empty: none is read); else `dtm-contact.toml` in the folder where the
    program is started, else that of the user, else that of the service.

    Raises:
        InvalidSettingsError: the one in the folder belongs to somebody else, who could have us run their commands.
    """
    if config is not None:
        return config.absolute()
    if (named := environ.get(CONFIG_VARIABLE)) is not None:
        return Path(named).absolute() if named else None
    here = Path(FILE_NAME).absolute()
    if here.is_file():
        if here.stat().st_uid not in {0, os.geteuid()}:
            told = f"{here}: it belongs to another user, who could have you run commands"
            raise InvalidSettingsError([f"{told}; say that you trust it: --config {FILE_NAME}"])
        return here
    places = (user_config() / FILE_NAME, SERVICE_CONFIG / FILE_NAME)
    return next((path for path in places if _there(path)), None)


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # It may be there: reading it tells why it cannot be.
        return True


def read_file(path: Path) -> SettingsFile:
    """Return what a settings file says; its keys and values are not checked yet.

    Raises:
        InvalidSettingsError: it cannot be read, anybody may change it, or it is no TOML.
    """
    try:
        with path.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            octets = opened.read(_LARGEST + 1)
    except OSError as error:
        closed = shut_out(path)
        hint = "dtm-contact init lays one out" if isinstance(error, FileNotFoundError) else "let this user read it"
        if isinstance(error, PermissionError) and closed is None:
            hint += f": chgrp GROUP {path}; chmod 640 {path}, GROUP being that of the daemon's user"
        raise InvalidSettingsError([f"{path}: {closed or error.strerror}; {hint}"]) from None
    if mode & stat.S_IWOTH and stat.S_ISREG(mode):
        raise InvalidSettingsError([f"{path}: anybody may change it, and so have us run commands; chmod o-w {path}"])
    if len(octets) > _LARGEST:
        raise InvalidSettingsError([f"{path}: larger than {_LARGEST:,} octets, so it is no settings file"])
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise InvalidSettingsError([f"{path}:{line}: no text in UTF-8; save the file as UTF-8"]) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettingsError([_not_toml(path, str(error), text)]) from None
    return SettingsFile(path, values, dict(_lines(text)))


def _settled(file: SettingsFile | None) -> Settings:
    values = {} if file is None else dict(file.values)
    if file is not None and file.of_the_service:
        # What the service's file leaves out lies where a service has it, never in the home of whoever types a command.
        for group, name, value in (
            ("store", "url", store_in(SERVICE_DATA)),
            ("rules", "dir", str(SERVICE_CONFIG / "rules")),
        ):
            said = values.get(group, {})
            if isinstance(said, dict):
                values[group] = {name: value, **said}
    token = below_environment.set(values)
    try:
        return Settings()
    finally:
        below_environment.reset(token)


def _not_toml(path: Path, said: str, text: str) -> str:
    found = _AT.match(said)
    if found is None:
        return f"{path}: no TOML: {said}"
    line = found["line"] or str(text.count("\n") + 1)
    place = f"{path}:{line}" + (f":{found['column']}" if found["column"] else "")
    written = text.splitlines()[int(line) - 1].strip() if found["line"] else ""
    bare = re.fullmatch(r"[\w.-]+\s*=\s*([^\s\"'\[{].*)", written)
    hint = '; write a text in quotation marks: key = "text"' if bare else ""
    return f"{place}: no TOML: {found['told']}{hint}"


def _lines(text: str) -> Iterator[tuple[Key, int]]:
    """Yield each key with its line; those of tables too."""
    seen: set[Key] = set()
    table: Key = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.fullmatch(line):
            table = key = _parts(header[1])
        elif assigned := _KEY.match(line):
            key = (*table, *_parts(assigned[1]))
        else:
            continue
        if key not in seen:
            seen.add(key)
            yield key, number


def _parts(dotted: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _unknown_keys(file: SettingsFile) -> Iterator[str]:
    """Yield a sentence for each key that is no setting."""
    known = dict(_known_keys())
    for key in _written_keys(file.values, Settings):
        if key not in known:
            written = ".".join(key)
            meant = _meant(written, known)
            yield f"{file.place(key)}: there is no such setting" + (f"; did you mean {meant}?" if meant else "")


def _meant(written: str, known: Mapping[Key, str]) -> str | None:
    """Return what a key that there is not was meant to be: a variable, a key of another group, or one mistyped."""
    group, _, name = written.lower().rpartition(".")
    for key, variable in known.items():
        if name == variable.lower():
            return ".".join(key)
    elsewhere = [".".join(key) for key in known if key[-1] == name]
    if len(elsewhere) == 1:
        return elsewhere[0]
    beside = {key[-1]: ".".join(key) for key in known if ".".join(key[:-1]) == group}
    if near := get_close_matches(name, beside, n=1):
        return beside[near[0]]
    if elsewhere:
        # As where the line of its group is still a comment.
        return " or ".join(elsewhere)
    return next(iter(get_close_matches(written.lower(), [".".join(key) for key in known], n=1)), None)


def _known_keys(model: type[BaseModel] = Settings, above: Key = ()) -> Iterator[tuple[Key, str]]:
    """Yield each key that a file may hold, with its variable; those of groups too."""
    for name, info in model.model_fields.items():
        key = (*above, name)
        yield key, "_".join(("DTM", *key)).upper()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _known_keys(info.annotation, key)


def _written_keys(values: Mapping[str, Any], model: type[BaseModel], above: Key = ()) -> Iterator[Key]:
    """Yield the keys of a file, but not those within the value of a setting, nor below what is unknown itself."""
    for name, value in values.items():
        yield (*above, name)
        info = model.model_fields.get(name)
        kind = None if info is None or get_origin(info.annotation) is not None else info.annotation
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _written_keys(value, kind, (*above, name))


def _wrong_values(error: ValidationError, file: SettingsFile | None, environ: Mapping[str, str]) -> list[str]:
    """Return a line for each setting; a fault within a list is reported under the setting's name alone."""
    faults: dict[str, list[str]] = {}
    for fault in error.errors(include_input=False):
        key = tuple(str(part) for part in takewhile(lambda part: isinstance(part, str), fault["loc"]))
        message = _SAID.get(fault["type"], fault["msg"])
        hint = _TYPES.get(fault["type"])
        message = message.removeprefix("Value error, ")
        faults.setdefault(_where(key, file, environ), []).append(f"{message}; {hint}" if hint else message)
    return [f"{place}: {'; '.join(dict.fromkeys(said))} (docs/settings.md)" for place, said in faults.items()]


def _where(key: Key, file: SettingsFile | None, environ: Mapping[str, str]) -> str:
    """Return where a value stands that is wrong: in the environment, which wins, or in the file."""
    variable = "_".join(("DTM", *key)).upper()
    of_environment = any(name.upper() in {variable, f"DTM_{key[0].upper()}"} for name in environ)
    if file is None or of_environment or not _says(file.values, key):
        return f"setting {variable}"
    return file.place(key)


def _says(values: Any, key: Key) -> bool:
    for part in key:
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


def _not_json(error: SettingsError) -> str:
    """Return what is wrong with a list; the library's words name the setting or its group in quotation marks."""
    name = (*str(error).split('"'), "", "")[1].upper()
    if not name:
        return described(error)
    return f'setting DTM_{name} or DTM_{name}_…: write a list as JSON, such as ["one", "two"] (docs/settings.md)'
