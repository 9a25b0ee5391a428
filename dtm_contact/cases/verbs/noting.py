"""Words that agents leave on a case."""

from typing import Annotated

from pydantic import Field, StringConstraints

from dtm_contact.cases.act import Act
from dtm_contact.cases.attaching import FileIds, taken_files
from dtm_contact.cases.refusals import WrongArgumentError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Words
from dtm_contact.model import DraftKind

_MOST_TAGS = 20

Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=_MOST_TAGS)]


@verb("note")
def note(act: Act, text: Words, files: FileIds = ()) -> None:
    """Ajoute une note, que seuls les agents lisent ; aussi à un dossier clos. `files` : des pièces du brouillon."""
    attached = taken_files(act, DraftKind.NOTE, files)
    act.work.lay_files(act.held, [file.id for file in attached])
    told = {"files": [file.in_event for file in attached]} if attached else {}
    act.tell("noted", {"text": text, "changed": {}, **told})
    act.hint_at_free_words(text)


@verb("tag")
def tag(act: Act, add: Tags = (), remove: Tags = ()) -> None:
    """Ajoute ou retire des étiquettes."""
    tags = tuple(sorted({*act.case.tags, *add} - set(remove)))
    if tags == act.case.tags:
        raise WrongArgumentError("cela ne change aucune étiquette")
    if len(tags) > _MOST_TAGS:
        raise WrongArgumentError(f"un dossier porte {_MOST_TAGS} étiquettes au plus")
    act.change("tagged", tags=tags)
