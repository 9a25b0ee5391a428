"""What stands in the forms of a page: what was refused just now, else what was being written; and who else writes."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from dtm_contact.access.drafting import LONGEST, MOST_FIELDS
from dtm_contact.model import Draft, DraftKind, StoredFile, WritingPage
from dtm_contact.rules.free_words import FreeWordsHint
from dtm_contact.store import Case
from dtm_contact.store.drafts import names_of
from dtm_contact.web.draft_saving import TypedDraft
from dtm_contact.web.request_context import ONE_TIME_KEY, PAGE, RequestContext

FORMS: Final[Mapping[str, DraftKind]] = {
    "attendre": DraftKind.WAIT,
    "clore": DraftKind.DONE,
    "danger-reel": DraftKind.DANGER,
    "faire-suivre": DraftKind.FORWARD,
    "nouveau": DraftKind.NEW,
    "noter": DraftKind.NOTE,
    "pas-de-danger": DraftKind.NO_DANGER,
    "priorite": DraftKind.PRIORITY,
    "rappeler": DraftKind.CALL_BACK,
    "repondre": DraftKind.REPLY,
    "rouvrir": DraftKind.REOPEN,
    "transmettre": DraftKind.MOVE,
}
"""The forms whose content is kept as it is typed, by the last word of their paths."""
_FREE_TEXT: Final = ("subject", "text", "objet", "raison", "texte")
"""Fields that agents write freely in."""
_TYPED: Final = (*_FREE_TEXT, "name", "address", "phone", "place", "quand", "due", "a_autre", "copie_autre")
"""Fields that somebody types in: what is only chosen, or stood there from the first, is no beginning of a text."""
_NOT_KEPT: Final = frozenset(
    {"csrf", ONE_TIME_KEY, "version", "vu", "reste", "bandeau", "piece", "puis", "autre", "forme", "sans_piece", PAGE}
)
"""Fields that say where a form was sent from, and not what was written."""


_PAGE_OCTETS: Final = 9


@dataclass(frozen=True, slots=True)
class TypedFields:
    """What stands in the fields of a page's forms.

    Attributes:
        context: the request: of the form that was refused it has what was typed.
        refused: that form, by the last word of its path; "" where none was.
        drafts: what was being written, by what it becomes; of each what was saved last first, behind it what was
            written in other pages.
    """

    context: RequestContext
    refused: str = ""
    drafts: Mapping[DraftKind, Sequence[Draft]] = field(default_factory=dict)

    def __call__(self, form: str, name: str, otherwise: str = "") -> str:
        """Return what stands in a field; `otherwise` where nobody has written anything in its form."""
        if self.refused == form:
            return self.context.text(name)
        draft = self.of(form)
        # Of one that was begun by a file alone, nothing was written yet.
        return otherwise if draft is None or not draft.fields else draft.fields.get(name, "")

    def several(self, form: str, name: str) -> tuple[str, ...]:
        """Return what is chosen of a field that may be chosen several times."""
        if self.refused == form:
            return self.context.values(name)
        return tuple(self(form, name).split("\n"))

    def ticked(self, form: str, name: str, *, at_first: bool) -> bool:
        """Return whether a box is ticked; `at_first`: while nobody has written anything in its form."""
        return self(form, name, "1" if at_first else "") == "1"

    def attached(self, form: str) -> list[StoredFile]:
        """Return the files that were attached to what is written in a form."""
        draft = self.of(form)
        return self.context.app.store.files.of_draft(draft.id) if draft else []

    def of(self, form: str) -> Draft | None:
        """Return the draft of a form; None without one."""
        return next(iter(self._drafts(form)), None)

    def beside(self, form: str) -> Sequence[tuple[Draft, str]]:
        """Return what was written in a form in other pages, and kept; of each its words, too."""
        found = [
            (each, "\n\n".join(each.fields[name] for name in _FREE_TEXT if each.fields.get(name)))
            for each in self._drafts(form)[1:]
        ]
        return [(draft, words) for draft, words in found if words]

    def _drafts(self, form: str) -> Sequence[Draft]:
        kind = FORMS.get(form)
        return self.drafts.get(kind, ()) if kind is not None else ()

    def page(self, form: str) -> str:
        """Return the mark of the page that is being made, for a form; of one that was refused the one that it bore."""
        if form in (self.refused, "nouveau") and self.context.text(PAGE):
            return self.context.text(PAGE)
        shown, own = self.of(form), secrets.token_urlsafe(_PAGE_OCTETS)
        return (WritingPage(own, shown.writing, shown.revision) if shown else WritingPage(own)).mark

    def hints(self, form: str) -> tuple[FreeWordsHint, ...]:
        """Return what is to be said of the words in a form."""
        return hints_of(self.context, form, {name: self(form, name) for name in _FREE_TEXT})

    def opens(self, *forms: str) -> bool:
        """Return whether one of these forms is to be open: it was refused."""
        return bool(self.refused) and self.refused in forms

    def written(self, form: str) -> bool:
        """Return whether something was written in a form and not sent."""
        return self.refused == form or self.of(form) is not None

    def saved_at(self, form: str) -> datetime | None:
        """Return when a form's draft was saved, on the offices' wall clock; None without one."""
        draft = self.of(form)
        return None if draft is None else draft.saved_at.astimezone(self.context.now.tzinfo)


def hints_of(context: RequestContext, form: str, fields: Mapping[str, str]) -> tuple[FreeWordsHint, ...]:
    """Return which words have no place in what is written in a form; in a reply fewer are looked for than in a note."""
    written = "\n\n".join(fields[name] for name in _FREE_TEXT if fields.get(name))
    return context.app.rules.free_words.hints(written, letter=FORMS[form] is DraftKind.REPLY)


def typed_on(context: RequestContext, current: Case, refused: str) -> TypedFields:
    """Return what stands in the forms of a case's page."""
    # An answer that was begun for them is asked for alone: the page has what they wrote.
    drafts: Mapping[DraftKind, Sequence[Draft]] = {}
    if not context.text("seul"):
        drafts = context.app.store.drafts.on(context.account.id, current.number)
    return TypedFields(context, refused, drafts)


def writing_in(context: RequestContext, current: Case) -> list[str]:
    """Return which colleagues write to the tenant at this moment, as they are called."""
    return names_of(context.app.store.drafts.writers(), current.number, context.account.id)


def keep_typed(context: RequestContext, form: str, about: str) -> None:
    """Keep what stands in a form that did not take effect: it was refused, or did something besides."""
    given = {name: "\n".join(context.values(name)) for name in context.form}
    fields = {name: value for name, value in given.items() if name not in _NOT_KEPT and len(value) <= LONGEST}
    if form in FORMS and any(fields.get(name, "").strip() for name in _TYPED):
        draft = typed_draft(context, form, about, fields)
        context.app.call("save_drafts", drafts=[draft.as_json()])


def typed_draft(context: RequestContext, form: str, about: str, fields: Mapping[str, str] | None) -> TypedDraft:
    """Return what was typed in a form as it is kept: without the fields that say where the form was sent from."""
    if fields is not None:
        fields = {name: value for name, value in list(fields.items())[:MOST_FIELDS] if name not in _NOT_KEPT}
    return TypedDraft(context.account.name, FORMS[form], about, fields, context.text(PAGE))


def fields_of(written: str) -> Mapping[str, str] | None:
    """Return the fields that a page sends as JSON; None where it sends something else."""
    try:
        told = json.loads(written)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        return None
    return told
