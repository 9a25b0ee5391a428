"""What heads, admins and auditors look at: alarms of danger, the rules in force."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dtm_contact.access import Right
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

_WEEKS = 8
_LABELS = 200


@page("/dangers", Right.TRAIL)
def dangers(context: RequestContext) -> Mapping[str, Any]:
    """Show how often those on call were woken in vain, week by week, and what agents said of alarms, latest first."""
    said = context.app.store.alarm_labels.all(context.now - timedelta(weeks=_WEEKS))
    context.audit("read", "dangers", cases=len(said))
    return {
        "weeks": context.app.store.alarm_labels.false_wakings(context.now, _WEEKS),
        "budget": context.app.settings.desk.false_wakings,
        "labels": said[::-1][:_LABELS],
    }


@page("/regles", Right.ADMIN)
def rules_status(context: RequestContext) -> Mapping[str, Any]:
    """Show the rules in force, and what was wrong with those that were refused."""
    rules = context.app.rules
    return {"rules": rules, "in_force": context.app.store.rule_versions.in_force()}
