"""A household: its people, all that was asked from there, what agents confirmed; its register, and what changes it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dtm_contact.access import sees, sees_case
from dtm_contact.cases import RefusedError
from dtm_contact.errors import NotFoundError
from dtm_contact.store import Confirmation
from dtm_contact.web.case_view import HouseholdCard, by_register, household_card
from dtm_contact.web.register_view import asked_entry, note_protection, register_of_home, shown_register
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go


@page("/foyer/{dwelling}")
def household_page(context: RequestContext) -> Mapping[str, Any]:
    """Show a household: its people, all that was ever asked from there, and what agents confirmed for them."""
    return _household(context)


def _household(context: RequestContext, alert: str = "", refused: str = "") -> dict[str, Any]:
    """Return what the page of the path's household needs.

    Args:
        context: who comes.
        alert: what the agent must hear first.
        refused: the kind of entry that was refused: what was typed for it comes back.
    """
    card = _card(context)
    context.audit("read", card.dwelling_id, household=True)
    registered = register_of_home(context, card.dwelling_id)
    note_protection(context, registered, card.dwelling_id)
    card = by_register(card, registered)
    tenants = [member.tenant_id for member in card.members]
    theirs = context.app.store.desk.of(dwellings=[card.dwelling_id], tenants=tenants)
    cases = sorted(
        (case for case in theirs if sees_case(context.account, case)),
        key=lambda case: case.opened_at,
        reverse=True,
    )
    return {
        "card": card,
        "cases": cases,
        "beside": context.app.store.desk.case_hints([shown.number for shown in cases]),
        "confirmed": _confirmed(context, card.dwelling_id),
        "register": shown_register(context, registered),
        "refused": refused,
        "said": context.text("fait"),
        "alert": alert,
        "status": 409 if alert else 200,
    }


def _card(context: RequestContext) -> HouseholdCard:
    """Return the path's household.

    Raises:
        NotFoundError: there is none, or it is another office's.
    """
    card = household_card(context.app.directory, context.app.names, context.path["dwelling"], context.now)
    if card is None or not sees(context.account, card.office_id):
        raise NotFoundError("household")
    return card


def _confirmed(context: RequestContext, dwelling_id: str) -> list[tuple[Confirmation, str, bool]]:
    """Return what agents confirmed for the people of a dwelling.

    Each with the number of its case, empty where that is another office's, and whether another household has it too.
    """
    directory = context.app.directory
    people = {lease.tenant_id for lease in directory.leases_in(dwelling_id)}
    confirmations = context.app.store.desk.confirmations(people)
    return [
        (
            confirmation,
            _seen(context, confirmation.case_number),
            not directory.of_one_household((confirmation.tenant_id, *confirmation.others)),
        )
        for confirmation in confirmations
    ]


def _seen(context: RequestContext, number: str | None) -> str:
    try:
        return context.case(number).number if number else ""
    except NotFoundError:
        return ""


@post("/foyer/{dwelling}/retirer", template="household_page.html")
def withdraw(context: RequestContext) -> Mapping[str, Any] | Response:
    """Remove an address or number that an agent had confirmed as that of a person of the household."""
    dwelling_id = _card(context).dwelling_id
    asked = context.text("locataire"), context.text("valeur")
    shown = {
        (confirmation.tenant_id, confirmation.value): number
        for confirmation, number, _shared in _confirmed(context, dwelling_id)
    }
    number = shown.get(asked)
    if not number:
        raise NotFoundError("confirmation")
    tenant_id, value = asked
    try:
        context.apply("unconfirm", number, {"value": value, "tenant": tenant_id})
    except RefusedError as error:
        return _household(context, str(error))
    context.audit("withdrew", dwelling_id, tenant=tenant_id)
    return go(f"/foyer/{dwelling_id}?fait=unconfirm")


@post("/foyer/{dwelling}/inscrire", template="household_page.html")
def register(context: RequestContext) -> Mapping[str, Any] | Response:
    """Enter something into the register of a household."""
    return _registered(context, "register", asked_entry(context))


@post("/foyer/{dwelling}/terminer-inscription", template="household_page.html")
def register_end(context: RequestContext) -> Mapping[str, Any] | Response:
    """End an entry of a household's register."""
    reason = {"reason": context.text("raison")} if context.text("raison") else {}
    return _registered(context, "register_end", {"entry": _entry(context), **reason})


@post("/foyer/{dwelling}/reprendre-inscription", template="household_page.html")
def register_undo(context: RequestContext) -> Mapping[str, Any] | Response:
    """Take back what one has just done to an entry of a household's register."""
    return _registered(context, "register_undo", {"entry": _entry(context)})


def _entry(context: RequestContext) -> int:
    """Return which entry a form means.

    Raises:
        NotFoundError: it is none of the path's household.
    """
    entry_id = context.number("inscription")
    if entry_id not in {entry.id for entry in register_of_home(context, _card(context).dwelling_id).entries}:
        raise NotFoundError("entry")
    return entry_id or 0


def _registered(context: RequestContext, verb: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | Response:
    dwelling_id = _card(context).dwelling_id
    people = register_of_home(context, dwelling_id).people
    if verb == "register" and arguments.get("tenant") not in people:
        raise NotFoundError("tenant")
    try:
        context.apply(verb, "", arguments)
    except RefusedError as error:
        return _household(context, str(error), context.text("quoi"))
    return go(f"/foyer/{dwelling_id}?fait={verb}")
