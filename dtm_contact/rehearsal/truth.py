"""What is right for each message of a folder, as people labelled it: `truth.jsonl`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import CaseKind, Priority, Problem

FILE_NAME = "truth.jsonl"

_Identifier = Annotated[str, Field(min_length=1, max_length=200)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")

    file: _Identifier
    tenant_id: _Identifier | None
    acceptable_tenant_ids: tuple[_Identifier, ...] = ()
    dwelling_id: _Identifier | None
    residence_id: _Identifier | None
    caretaker_id: _Identifier | None
    office: _Identifier | None
    topic: _Identifier
    acceptable_topics: tuple[_Identifier, ...] = ()
    priority: Priority
    acceptable_priorities: tuple[Priority, ...] = ()
    kind: CaseKind
    note: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right for one message; a value among the acceptable ones counts as right too."""

    file: str
    tenant_id: str | None
    tenants: frozenset[str]
    dwelling_id: str | None
    residence_id: str | None
    caretaker_id: str | None
    office: str | None
    topic: str
    topics: frozenset[str]
    priority: Priority
    priorities: frozenset[Priority]
    kind: CaseKind
    note: str


def read_truth(folder: Path) -> dict[str, Truth]:
    """Return the truth of a folder by file name.

    Raises:
        InvalidFilesError: the file is missing, or a line is not what it should be; all such lines are told.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise InvalidFilesError([Problem(FILE_NAME, 0, 0, "the folder has no such file", f"looked in {folder}")])
    problems: list[Problem] = []
    found: dict[str, Truth] = {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, text in enumerate(lines, start=1):
        if text.strip() and (truth := _parse(text, number, problems)):
            found[truth.file] = truth
    if problems:
        raise InvalidFilesError(problems)
    return found


def _parse(text: str, number: int, problems: list[Problem]) -> Truth | None:
    try:
        line = TypeAdapter(_Line).validate_python(json.loads(text))
    except json.JSONDecodeError as error:
        problems.append(Problem(FILE_NAME, number, error.colno, "not a JSON object", error.msg))
        return None
    except RecursionError:
        problems.append(Problem(FILE_NAME, number, 1, "nested too deeply", "one flat object a line"))
        return None
    except ValidationError as error:
        for fault in error.errors(include_input=False):
            key = ".".join(str(part) for part in fault["loc"]) or "line"
            problems.append(Problem(FILE_NAME, number, 1, f"{key}: {fault['msg']}"))
        return None
    return _truth(line)


def _truth(line: _Line) -> Truth:
    own_tenant = {line.tenant_id} if line.tenant_id else set()
    return Truth(
        file=line.file,
        tenant_id=line.tenant_id,
        tenants=frozenset(own_tenant | set(line.acceptable_tenant_ids)),
        dwelling_id=line.dwelling_id,
        residence_id=line.residence_id,
        caretaker_id=line.caretaker_id,
        office=line.office,
        topic=line.topic,
        topics=frozenset({line.topic, *line.acceptable_topics}),
        priority=line.priority,
        priorities=frozenset({line.priority, *line.acceptable_priorities}),
        kind=line.kind,
        note=line.note,
    )
