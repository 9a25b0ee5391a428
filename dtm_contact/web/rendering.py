"""What a page is given beside its own: names, times in words, addresses of files, who is there."""

import os
import re
import secrets
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dtm_contact.access import Role
from dtm_contact.cases.verbs.correcting import is_denied
from dtm_contact.explain import Segment, alarm_line
from dtm_contact.explain.names import without_code
from dtm_contact.explain.waterfall import grouped, points
from dtm_contact.labels.audit import audit_details, audit_subject, audited
from dtm_contact.labels.cases import NOTIFIED, PRIORITIES, VISITS, role_label
from dtm_contact.labels.coded_text import text_of, texts_of
from dtm_contact.labels.events import rule_label, tag_label
from dtm_contact.labels.formats import (
    answer_before,
    appointment_time,
    because,
    clock,
    due_in,
    lasting,
    percent,
    plural,
    size,
    spaced,
    when_said,
)
from dtm_contact.labels.judging import (
    ALARM_DOUBTED,
    ALARM_LEVELS,
    ALARM_RAISED,
    PERILS,
    evidence_strength,
    match_evidence,
)
from dtm_contact.model import ON_CALL, Alarm, AlarmLevel, CodedText, Evidence, Judgement
from dtm_contact.store import Case
from dtm_contact.store.desk import CaseHints
from dtm_contact.text import find_phones
from dtm_contact.text.language import language_of, left_to_right_runs
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.case_view import shown_value
from dtm_contact.web.request_context import RequestContext, case_number
from dtm_contact.wording import UserLanguage, in_language

_TEMPLATES: Final = Path(__file__).parent / "templates"
_BITS_SHOWN: Final = 12.0
_KEY_OCTETS: Final = 9
_BEFORE_SIGNS: Final = re.compile(" (?=[:;?!](?:\\s|$))")
_TROUBLES = {
    400: "La demande n’a pas été comprise.",
    403: "Votre rôle ne le permet pas, ou la page était trop ancienne. Revenez en arrière et rechargez-la.",
    404: "Cette page ou ce dossier n’existe pas, ou ne relève pas de votre bureau.",
    405: "Cette action n’est pas possible ici. Revenez à la page précédente.",
    409: "Ce n’est pas possible.",
    411: "La demande n’annonce pas sa taille. Revenez à la page précédente et recommencez.",
    413: "Le texte ou le fichier envoyé est trop volumineux.",
    408: "La demande n’est pas arrivée en entier. Rien n’a été fait ; recommencez.",
    421: "Le bureau n’est pas connu sous cette adresse. Un administrateur la règle (DTM_DESK_HOSTS).",
    429: "Trop de tentatives. Attendez une minute.",
    500: "Une erreur s’est produite. Vérifiez sur le dossier si votre action a été prise en compte.",
    503: "Le service ne répond pas pour le moment. Rien n’est perdu ; réessayez dans un instant.",
}


def _compiled() -> FileSystemBytecodeCache | None:
    """Return where compiled templates are kept from one start to the next; None where nothing may be written there.

    As Python keeps its modules, beside the sources and for whoever may write there: a start is a second shorter. What
    is kept of another source or another version of Jinja is compiled anew.
    """
    folder = _TEMPLATES.parent / "__pycache__"
    if sys.dont_write_bytecode:
        return None
    try:
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return FileSystemBytecodeCache(str(folder)) if os.access(folder, os.W_OK) else None


class Renderer:
    """Makes pages of templates."""

    def __init__(self, shared: AppContext, digests: Mapping[str, str]) -> None:
        """Load the templates; `digests` are those of the files beside them."""
        self._shared = shared
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            bytecode_cache=_compiled(),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["file"] = lambda name: f"/fichiers/{digests[name]}/{name}"
        self._environment.globals["one_time_key"] = lambda: secrets.token_urlsafe(_KEY_OCTETS)
        self._environment.globals["app"] = shared
        self._environment.globals["part"] = self._part
        self._environment.filters.update(_FILTERS)
        self._environment.tests["denied"] = lambda case: is_denied(case.alarm)
        self._environment.filters["called"] = shared.account_name
        self._environment.filters["in_french"] = lambda text: in_language(text, UserLanguage.FRENCH)
        # All at once: a program that is replaced while it runs must not mix its old pages with new ones.
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def page(
        self, context: RequestContext | None, template: str, given: Mapping[str, Any], status: int = 200
    ) -> Response:
        """Return a page.

        Args:
            context: who sees it.
            template: its file.
            given: what it needs; or of a part that many see alike its `template`, under `make` what gives what that
                needs, and under `alike` for whom else it is the same.
            status: of the answer, unless `given` has another.
        """
        made = self._part(context, given) if "make" in given else self._made(context, template, given)
        return HTMLResponse(made, int(given.get("status", status)))

    def _part(self, context: RequestContext | None, part: Mapping[str, Any]) -> str:
        """Return a part of a page that many see alike, made for the first of them."""

        def make() -> Markup:
            return Markup(self._made(context, part["template"], part["make"]()))  # noqa: S704 - a template made it

        return self._shared.cached(part["alike"], make)

    def _made(self, context: RequestContext | None, template: str, given: Mapping[str, Any]) -> str:
        user = context.user if context else None
        now = context.now if context else self._shared.now()
        shared = {
            "context": context,
            "account": user,
            "now": now,
            "names": self._shared.names,
            "csrf": context.csrf if context else "",
            "role": Role(user.role).label if user else "",
            "alert": "",
            "said": "",
            "about": "",
            "several": None,
        }
        return self._environment.get_template(template).render({**shared, **given})

    def trouble(self, context: RequestContext | None, status: int, message: str = "") -> Response:
        """Return the page that says why there is no other."""
        message = message or _TROUBLES.get(status, _TROUBLES[500])
        return self.page(context, "trouble.html", {"message": message, "number": status}, status)

    async def http_error(self, request: Request, error: Exception) -> Response:
        """Answer what no route takes."""
        del request
        return self.trouble(None, error.status_code if isinstance(error, HTTPException) else 500)


def due(case: Case, now: datetime) -> str:
    """Return when a case's first answer is due, or when it comes back, in words."""
    return due_in(case.due, now, case.waiting_until if case.is_waiting(now) else None)


def due_words(case: Case, now: datetime, answered_at: datetime | None) -> str:
    """Return, for its own page, until when a case is to be answered, when it was, or when it comes back, in words."""
    return answer_before(case.due, now, case.waiting_until if case.is_waiting(now) else None, answered_at)


def urgency(case: Case, now: datetime, answered_at: datetime | None = None) -> str:
    """Return how a due time is to look: `answered`, `late`, `soon` (within two hours), `waits` or `later`."""
    if answered_at is not None:
        return "answered"
    if case.is_waiting(now):
        return "waits"
    left = case.due - now
    if left < timedelta():
        return "late"
    return "soon" if left < timedelta(hours=2) else "later"


def urgent_because(hints: CaseHints) -> str:
    """Return, for a line of the queue, what the latest message says that makes it urgent."""
    words = ", ".join(f"« {' '.join(word.split())} »" for word in hints.raised_by[:2])
    return typeset(" : ".join(filter(None, (PERILS[hints.peril] if hints.peril else "", words))))


def typeset(text: str) -> str:
    """Return a line with the spaces that French sets before its signs and within its quotation marks, unbreakable."""
    return _BEFORE_SIGNS.sub("\u00a0", text).replace("« ", "«\u00a0").replace(" »", "\u00a0»")


def danger_line(alarm: Alarm, judged: Judgement | None) -> str:
    """Return, for the head of a case, how sure a danger is, of what kind, and what says so or speaks against it.

    In the words of `explain.summary`: by what probability the model says so is for who looks after it
    (`dtm-contact explain`).
    """
    peril = judged.understanding.peril if judged is not None else None
    notified = judged is not None and ON_CALL in judged.decision.notify
    named = (
        f"{ALARM_LEVELS[alarm.level]} ({PERILS[peril].lower()})" if peril and alarm.any else ALARM_LEVELS[alarm.level]
    )
    told = ALARM_RAISED if alarm.certain or alarm.why_not else ALARM_DOUBTED
    raised = because(told[alarm.raised_by]) if alarm.raised_by is not None and alarm.any else ""
    lowered = because(text_of(alarm.why_not)) if alarm.why_not else ""
    lowered = f"pas certain {lowered}" if lowered and alarm.any else lowered
    woken = "l'astreinte n'est pas prévenue" if alarm.level is AlarmLevel.POSSIBLE and not notified else ""
    return typeset(" : ".join(filter(None, (named, " ; ".join(filter(None, (raised, lowered, woken)))))))


def why_word(why: Iterable[CodedText]) -> str:
    """Return why a case lies where it lies without the rule, which stands beside it."""
    return texts_of(text for text in why if text.code != "rule")


def bar(weight: float) -> Markup:
    """Return how much a piece of evidence weighs as a bar, to the left where it speaks against; decoration only."""
    width = min(abs(weight), _BITS_SHOWN) / _BITS_SHOWN * 50
    start = 50 if weight >= 0 else 50 - width
    kind = "for" if weight >= 0 else "against"
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="axis" x="49.75" y="0" width="0.5" height="8"/>'
        '<rect class="{}" x="{:.1f}" y="1" width="{:.1f}" height="6"/></svg>'
    ).format(kind, start, width)


def marked(written: str | Iterable[Segment], *, call: bool = False) -> Markup:
    """Return what somebody wrote, with the words marked that counted, and its numbers and addresses in their order.

    Args:
        written: a text, or the segments of one.
        call: telephone numbers are links that call them; not for what itself stands in a link or a button.
    """
    segments = [Segment(written)] if isinstance(written, str) else [each for each in written if each.text]
    text = "".join(segment.text for segment in segments)
    runs = left_to_right_runs(text)
    phones = {start: (end, key) for key, start, end in find_phones(text)} if call else {}
    # A number that a run cuts through would open in one and close in another.
    phones = {
        start: (end, key)
        for start, (end, key) in phones.items()
        if not any(start < edge < end for run in runs for edge in run)
    }
    if not runs and not phones:
        return Markup("").join(_marked(segment.text, segment.mark) for segment in segments)
    starts, ends = {start for start, _ in runs}, {end for _, end in runs}
    called = {end for end, _ in phones.values()}
    parts, at = [], 0
    for segment in segments:
        end = at + len(segment.text)
        cuts = [at, *sorted(cut for cut in {*starts, *ends, *phones, *called} if at < cut < end), end]
        for start, stop in pairwise(cuts):
            parts.append(Markup('<bdi dir="ltr">') if start in starts else Markup(""))
            parts.append(Markup('<a href="tel:{}">').format(phones[start][1]) if start in phones else Markup(""))
            parts.append(_marked(segment.text[start - at : stop - at], segment.mark))
            parts.append(Markup("</a>") if stop in called else Markup(""))
            parts.append(Markup("</bdi>") if stop in ends else Markup(""))
        at = end
    return Markup("").join(parts)


def _marked(text: str, mark: str) -> Markup:
    return Markup('<mark class="{}">{}</mark>').format(mark, text) if mark else escape(text)


def language_attribute(written: str | tuple[Segment, ...]) -> Markup:
    """Return the attributes that say in which language, and in which direction, a text is written; none for French.

    Args:
        written: a text, or the segments of one.
    """
    text = written if isinstance(written, str) else "".join(segment.text for segment in written)
    language = language_of(text)
    return Markup("") if language in {None, "fr"} else Markup(' lang="{}" dir="auto"').format(language)


def evidence_name(evidence: Evidence) -> str:
    """Return what a piece of evidence is called."""
    return match_evidence(evidence.name)


def evidence_groups(evidence: Iterable[Evidence]) -> str:
    """Return what evidence comes to by what it is about: "nom +18,1 ; lieu +4,0"; "" where that is one thing alone."""
    sums = grouped(evidence)
    return " ; ".join(f"{group} {points(weight)}" for group, weight in sums) if len(sums) > 1 else ""


_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "alarm_line": alarm_line,
    "danger_line": danger_line,
    "bar": bar,
    "bare": without_code,
    "case_number": case_number,
    "channel_word": lambda channel: channel.label,
    "visit_word": lambda visit: VISITS.get(visit, "").lower(),
    "clock": clock,
    "done_word": audited,
    "due": due,
    "due_words": due_words,
    "evidence_groups": evidence_groups,
    "evidence_name": evidence_name,
    "language_attribute": language_attribute,
    "lasting": lasting,
    "marked": marked,
    "notified": lambda whom: ", ".join(NOTIFIED.get(each, each) for each in whom),
    "percent": percent,
    "plural": plural,
    "priority_word": lambda priority: PRIORITIES[str(priority)],
    "role_word": role_label,
    "rule_word": rule_label,
    "shown_value": shown_value,
    "size": size,
    "spaced": spaced,
    "appointment_time": appointment_time,
    "when_said": when_said,
    "strength": evidence_strength,
    "tag_word": tag_label,
    "trail_details": audit_details,
    "trail_subject": audit_subject,
    "typeset": typeset,
    "urgency": urgency,
    "urgent_because": urgent_because,
    "text": text_of,
    "why_word": why_word,
}
