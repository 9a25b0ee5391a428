"""Labels that a person gives to messages at rest, one line each in `truth.jsonl`, so that one may stop and go on."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from dtm_contact.directory import Directory
from dtm_contact.model import CaseKind, Priority
from dtm_contact.rehearsal.truth import FILE_NAME


@dataclass(frozen=True, slots=True)
class Label:
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


def add_label(folder: Path, label: Label) -> None:
    """Add a label to the folder's truth; it stands on the disk when this returns."""
    path = folder / FILE_NAME
    whole = not path.is_file() or path.read_bytes()[-1:] in {b"", b"\n"}
    with path.open("a", encoding="utf-8") as stream:
        stream.write(("" if whole else "\n") + json.dumps(asdict(label), ensure_ascii=False) + "\n")


def meant(answer: str, known: Collection[str], usual: str) -> str | None:
    """Return what an answer means: nothing is the usual one, the beginning of exactly one code is that code."""
    answer = answer.strip()
    if not answer:
        return usual
    if answer in known:
        return answer
    begun = [code for code in known if code.startswith(answer.lower())]
    return begun[0] if len(begun) == 1 else None


def placed(label: Label, directory: Directory) -> Label:
    """Return the label with the dwelling and the residence of its tenant's newest lease, where there is one."""
    leases = directory.leases_of(label.tenant_id) if label.tenant_id else ()
    if not leases:
        return label
    dwelling_id = leases[-1].dwelling_id
    address = directory.address_of(dwelling_id)
    return replace(label, dwelling_id=dwelling_id, residence_id=address.residence_id if address else None)
