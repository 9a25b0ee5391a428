"""What heads, admins and auditors look at: the audit trail, alarms of danger, the rules in force."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dtm_contact.access import Right
from dtm_contact.explain.names import without_code
from dtm_contact.figures import BY_ID
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

_WEEKS = 8
_LABELS = 200
_TRAIL = 100


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


@page("/journal", Right.TRAIL)
def trail(context: RequestContext) -> Mapping[str, Any]:
    """Show who read and did what."""
    subject, who, names = context.text("quoi"), context.text("qui"), context.app.names
    lines = context.app.store.accounts.trail_of(
        subject=subject, who=who, before=context.number("avant"), limit=_TRAIL + 1
    )
    return {
        "lines": lines[:_TRAIL],
        "more": lines[_TRAIL - 1][0] if len(lines) > _TRAIL else 0,
        "quoi": subject,
        "qui": who,
        "called": {
            "queue": context.app.queue_label,
            "office": context.app.office_name,
            "person": lambda tenant_id: f"{without_code(names.person(tenant_id))} ({tenant_id})",
            "residence": lambda residence_id: without_code(names.residence(residence_id)),
            "topic": lambda topic: names.topics.get(topic, topic),
            "figure": lambda figure: BY_ID[figure].title if figure in BY_ID else figure,
        },
    }
