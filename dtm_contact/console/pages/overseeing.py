"""What admins look at: accounts, and the rules in force."""

from collections.abc import Mapping
from typing import Any

from dtm_contact.access import Right
from dtm_contact.console.registry import page
from dtm_contact.console.visit import Visit


@page("/comptes", Right.ADMIN)
def accounts(visit: Visit) -> Mapping[str, Any]:
    """Show who may use the desk; `dtm-contact user` changes it."""
    offices = {each.office_id: each.name for each in visit.desk.known()[0].directory.records.offices}
    return {"accounts": visit.desk.store.accounts.all(), "offices": offices}


@page("/regles", Right.ADMIN)
def rules_status(visit: Visit) -> Mapping[str, Any]:
    """Show the rules in force, and what was wrong with those that were refused."""
    rules = visit.desk.known()[0].rules
    return {"rules": rules, "in_force": visit.desk.store.rule_versions.in_force()}
