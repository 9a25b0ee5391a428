"""What heads and admins look at: alarms of danger, accounts, and the rules in force."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dtm_contact.access import Right
from dtm_contact.access.entry import locked_until
from dtm_contact.console.registry import page
from dtm_contact.console.visit import Visit

_WEEKS = 8
_LABELS = 200


@page("/comptes", Right.ADMIN)
def accounts(visit: Visit) -> Mapping[str, Any]:
    """Show who may use the desk; `dtm-contact user` changes it."""
    offices = {each.office_id: each.name for each in visit.desk.known()[0].directory.records.offices}
    found = visit.desk.store.accounts.all()
    # For browsers that the account does not know: those that it has logged in from have locks of their own.
    locks = {each.id: locked_until(visit.desk.store, each, "", visit.now) for each in found}
    return {"accounts": found, "offices": offices, "locks": locks}


@page("/dangers", Right.TRAIL)
def dangers(visit: Visit) -> Mapping[str, Any]:
    """Show how often those on call were woken in vain, week by week, and what agents said of alarms, latest first."""
    said = visit.desk.store.alarm_labels.all(visit.now - timedelta(weeks=_WEEKS))
    visit.note("read", "dangers", cases=len(said))
    return {
        "weeks": visit.desk.store.alarm_labels.false_wakings(visit.now, _WEEKS),
        "budget": visit.desk.settings.desk.false_wakings,
        "labels": said[::-1][:_LABELS],
    }


@page("/regles", Right.ADMIN)
def rules_status(visit: Visit) -> Mapping[str, Any]:
    """Show the rules in force, and what was wrong with those that were refused."""
    rules = visit.desk.known()[0].rules
    return {"rules": rules, "in_force": visit.desk.store.rule_versions.in_force()}
