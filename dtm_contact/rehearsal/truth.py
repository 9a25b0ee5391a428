"""What is right for labelled messages: the lines of `truth.jsonl`, read to score, written as a person labels."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dtm_contact.directory import Directory
from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import CaseKind, Priority, Problem

FILE_NAME = "truth.jsonl"

Line = TypeVar("Line", bound=BaseModel)

Identifier = Annotated[str, Field(min_length=1, max_length=200)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")

    file: Identifier
    tenant_id: Identifier | None
    acceptable_tenant_ids: tuple[Identifier, ...] = ()
    dwelling_id: Identifier | None
    residence_id: Identifier | None
    caretaker_id: Identifier | None
    office: Identifier | None
    topic: Identifier
    acceptable_topics: tuple[Identifier, ...] = ()
    priority: Priority
    acceptable_priorities: tuple[Priority, ...] = ()
    kind: CaseKind
    note: str = ""
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right for one message; a value among the acceptable ones counts as right too.

    Attributes:
        unique: whoever made the message knows that it singles out one person; False where that is not told.
    """

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
    unique: bool = False


def read_truth(folder: Path) -> dict[str, Truth]:
    """Return the truth of a folder by file name.

    Raises:
        InvalidFilesError: the file is missing, or a line is not what it should be; all such lines are told.
    """
    return {line.file: _truth(line) for line in truth_lines(folder, _Line)}


def truth_lines(folder: Path, model: type[Line]) -> list[Line]:
    """Return the lines of a folder's truth, each as `model` has it; empty lines are passed over.

    Raises:
        InvalidFilesError: the file is missing, or a line is not what it should be; all such lines are told.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise InvalidFilesError([Problem(FILE_NAME, 0, 0, "the folder has no such file", f"looked in {folder}")])
    problems: list[Problem] = []
    texts = path.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [
        line
        for number, text in enumerate(texts, start=1)
        if text.strip() and (line := _parse(text, model, number, problems))
    ]
    if problems:
        raise InvalidFilesError(problems)
    return lines


def _parse(text: str, model: type[Line], number: int, problems: list[Problem]) -> Line | None:
    try:
        return model.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        problems.append(Problem(FILE_NAME, number, error.colno, "not a JSON object", error.msg))
    except RecursionError:
        problems.append(Problem(FILE_NAME, number, 1, "nested too deeply", "one flat object a line"))
    except ValidationError as error:
        for fault in error.errors(include_input=False):
            key = ".".join(str(part) for part in fault["loc"]) or "line"
            problems.append(Problem(FILE_NAME, number, 1, f"{key}: {fault['msg']}"))
    return None


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
        unique=line.unique,
    )


@dataclass(frozen=True, slots=True)
class TruthLabel:
    """What a person says of one message; a line of `truth.jsonl`."""

    file: str
    kind: CaseKind
    topic: str
    priority: Priority
    tenant_id: str | None = None
    dwelling_id: str | None = None
    residence_id: str | None = None
    caretaker_id: str | None = None
    office: str | None = None
    note: str = ""


def labelled_files(folder: Path) -> frozenset[str]:
    """Return the names of the messages that are labelled already; a line cut off by an interruption counts for none."""
    path = folder / FILE_NAME
    found: set[str] = set()
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            found.add(json.loads(line)["file"])
        except (ValueError, KeyError, TypeError):
            continue
    return frozenset(found)


def add_truth_label(folder: Path, label: TruthLabel) -> None:
    """Add a label to the folder's truth; it stands on the disk when this returns."""
    path = folder / FILE_NAME
    whole = not path.is_file() or path.read_bytes()[-1:] in {b"", b"\n"}
    with path.open("a", encoding="utf-8") as stream:
        stream.write(("" if whole else "\n") + json.dumps(asdict(label), ensure_ascii=False) + "\n")


def resolve_answer(answer: str, codes: Collection[str], default: str) -> str | None:
    """Return what an answer means: nothing is the default, the beginning of exactly one code is that code."""
    answer = answer.strip()
    if not answer:
        return default
    if answer in codes:
        return answer
    begun = [code for code in codes if code.startswith(answer.lower())]
    return begun[0] if len(begun) == 1 else None


def with_home(label: TruthLabel, directory: Directory) -> TruthLabel:
    """Return the label with the dwelling and the residence of its tenant's newest lease, where there is one."""
    leases = directory.leases_of(label.tenant_id) if label.tenant_id else ()
    if not leases:
        return label
    dwelling_id = leases[-1].dwelling_id
    address = directory.address_of(dwelling_id)
    return replace(label, dwelling_id=dwelling_id, residence_id=address.residence_id if address else None)
