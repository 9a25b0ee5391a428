"""Canned answers: found and filled in for a case, and written by those who may."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from dtm_contact.access import Right
from dtm_contact.cases.registered import HouseholdRegister
from dtm_contact.errors import NotFoundError
from dtm_contact.model import Problem
from dtm_contact.rules.answers import AnswerFailedError
from dtm_contact.rules.library import VARIABLES, CannedAnswer, parse_answer
from dtm_contact.store import CaseFile
from dtm_contact.text import fold
from dtm_contact.web.canned import LIBRARY, MOST_OFFERED, OfferedAnswer, library, offered, problem_lines, values
from dtm_contact.web.register_view import register_of_case
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import LONGEST_SEARCH, RequestContext, go
from dtm_contact.wording import worded

_EXAMPLE: Final = {
    "greeting": "Bonjour Madame Martin,",
    "name": "Mme Martin",
    "case": "2026-000123",
    "received": "mardi 24 novembre",
    "due": "mercredi 25 novembre à 13 h 30",
    "phone": "01 23 45 67 89",
    "hours": "du lundi au vendredi de 9 h à 17 h",
    "office": "Bureau de proximité",
    "office_address": "1 rue de la Mairie, 93000 Ville",
    "residence": "Les Tilleuls",
    "address": "12 rue des Tilleuls, bât. A, étage 3",
    "caretaker": "Mme Durand",
    "lodge": "Loge Les Tilleuls",
    "agent": "Julie M.",
}
_MADE_UP: Final = "reponse"
_LONGEST_NAME: Final = 50


@page("/dossier/{number}/reponses-types")
def found_answers(context: RequestContext) -> Mapping[str, Any]:
    """Find canned answers by words, those for the case's topic first."""
    case = context.case()
    asked = context.text("q")[:LONGEST_SEARCH]
    found = offered(context.app, case.topic, asked)[:MOST_OFFERED]
    file = context.file()
    return {"case": case, **previewed(context, file, register_of_case(context, file.case), found), "q": asked}


@post("/dossier/{number}/reponses-types/{answer}", Right.WORK)
def fill_answer(context: RequestContext) -> Response:
    """Give a canned answer, filled in for the case, to be put where the agent writes; count that it is used."""
    file = context.file()
    answer = library(context.app).get(context.path["answer"])
    if answer is None:
        raise NotFoundError("answer")
    text = filled(context, answer)
    context.app.call("count_canned_use", answer=answer.name)
    if not context.is_script:
        return go(f"/dossier/{file.case.number}?modele={answer.name}#ecrire")
    return PlainTextResponse(text)


def filled(context: RequestContext, answer: CannedAnswer) -> str:
    """Return a canned answer filled in for the path's case; "" where it cannot be."""
    file = context.file()
    return _said(answer, values(context, file, register_of_case(context, file.case)))


def previewed(
    context: RequestContext, file: CaseFile, registered: HouseholdRegister, answers: Sequence[OfferedAnswer]
) -> Mapping[str, Any]:
    """Return canned answers as they are offered in a case, with what each would say there."""
    known = values(context, file, registered) if answers else {}
    return {"canned": answers, "previews": {each.answer.name: _said(each.answer, known) for each in answers}}


def _said(answer: CannedAnswer, known: Mapping[str, object]) -> str:
    """Return a canned answer filled in with what a case knows; "" where it cannot be."""
    try:
        return answer.filled(known)
    except AnswerFailedError:
        return ""


@page("/reponses-types")
def canned_answers(context: RequestContext) -> Mapping[str, Any]:
    """List the canned answers with how often each was used lately."""
    written = context.app.store.canned.current()
    return {
        "canned": offered(context.app, None, context.text("q")[:LONGEST_SEARCH]),
        "written": {name: version for name, version in written.items() if version.source is not None},
        "q": context.text("q")[:LONGEST_SEARCH],
        "said": context.text("fait"),
    }


@page("/reponses-types/{answer}")
def canned_answer(context: RequestContext) -> Mapping[str, Any]:
    """Show a canned answer, with what it says for an example, and its versions; `nouvelle` begins one."""
    return _form(context, _given(context, context.path["answer"]))


@post("/reponses-types/{answer}/essai", Right.ANSWERS, template="canned_preview.html")
def try_answer(context: RequestContext) -> Mapping[str, Any]:
    """Check what is being written, and show what it says."""
    return _checked(context, _typed(context))


@post("/reponses-types/{answer}/enregistrer", Right.ANSWERS, template="canned_answer.html")
def write_answer(context: RequestContext) -> Mapping[str, Any] | Response:
    """Keep a version of a canned answer, where nothing is wrong with it and nobody was faster."""
    typed = _typed(context)
    checked = _checked(context, typed)
    name = context.path["answer"]
    if name == "nouvelle":
        name = _new_name(context, typed["title"])
    answer: CannedAnswer | None = checked["answer"]
    if answer is None:
        return {**_form(context, typed), **checked, "alert": "Rien n’est enregistré : voyez ce qui ne va pas."}
    source = CannedAnswer(name, answer.title, answer.topics, answer.keywords, answer.text).source()
    if not context.app.call(
        "save_canned_answer", who=context.account.name, answer=name, source=source, after=context.number("version") or 0
    ):
        alert = "Un collègue l’a changée entre-temps. Votre texte est toujours ici : comparez, puis enregistrez."
        return {**_form(context, typed), **checked, "alert": alert}
    context.app.forget(LIBRARY)
    return go(f"/reponses-types/{name}?fait=written")


@post("/reponses-types/{answer}/reprendre", Right.ANSWERS, template="canned_answer.html")
def take_back_answer(context: RequestContext) -> Mapping[str, Any] | Response:
    """Let the file of the rules count again in the place of what was written here."""
    name = context.path["answer"]
    current = context.app.store.canned.current().get(name)
    if current is None or current.source is None:
        raise NotFoundError("answer")
    after = context.number("version") or 0
    if not context.app.call("save_canned_answer", who=context.account.name, answer=name, source=None, after=after):
        return {**_form(context, _given(context, name)), "alert": "Un collègue l’a changée entre-temps : relisez-la."}
    context.app.forget(LIBRARY)
    return go("/reponses-types?fait=taken-back")


def _given(context: RequestContext, name: str) -> dict[str, Any]:
    """Return what the form of an answer begins with.

    Raises:
        NotFoundError: there is no answer of that name, and no new one is asked for.
    """
    answer = library(context.app).get(name)
    if answer is None:
        if name != "nouvelle" or not context.may("answers"):
            raise NotFoundError("answer")
        return {"title": "", "topics": (), "keywords": "", "text": "{{ greeting }}\n\n"}
    return {
        "title": answer.title,
        "topics": answer.topics,
        "keywords": ", ".join(answer.keywords),
        "text": answer.text,
    }


_TOPICS_LINE: Final = 3
_HEAD_LINES: Final = {2: "Titre", _TOPICS_LINE: "Motif", 4: "Mots-clés"}
"""What people call the lines of the head, which the page writes for them."""


def _typed(context: RequestContext) -> dict[str, Any]:
    return {
        "title": context.text("titre"),
        "topics": context.values("motif"),
        "keywords": context.text("mots"),
        "text": context.text("texte"),
    }


def _checked(context: RequestContext, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer that was typed, None where it cannot be used, with what is wrong and what it says."""
    problems: list[Problem] = []
    keywords = tuple(filter(None, (word.strip() for word in typed["keywords"].replace(";", ",").split(","))))
    text = typed["text"].replace("\r\n", "\n")
    sketch = CannedAnswer(_MADE_UP, " ".join(typed["title"].split()), tuple(typed["topics"]), keywords, text)
    head = f"---\ntitle: {_as_yaml(sketch.title)}\ntopics: [{', '.join(map(_as_yaml, sketch.topics))}]\n"
    head += f"keywords: [{', '.join(map(_as_yaml, keywords))}]\n"
    try:
        head += f"variables: [{', '.join(sketch.variables)}]\n---\n"
    except Exception:  # noqa: BLE001 - what cannot be read is told below, with its line
        head += "variables: []\n---\n"
    answer = parse_answer(_MADE_UP, head + text, context.app.rules.reader.topics, problems)
    offset = head.count("\n")
    if not sketch.topics:
        problems.append(Problem("", _TOPICS_LINE, 0, worded("choose a topic")))
    lines = [replace(each, file=_HEAD_LINES.get(each.line, ""), line=max(0, each.line - offset)) for each in problems]
    return {
        "answer": answer if not problems else None,
        "problems": problem_lines(lines),
        "example": answer.filled(_EXAMPLE) if answer is not None else "",
        "bare": answer.filled(_bare()) if answer is not None else "",
    }


def _as_yaml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bare() -> dict[str, object]:
    always = {name: _EXAMPLE[name] for name, variable in VARIABLES.items() if variable.always}
    return {**dict.fromkeys(VARIABLES, ""), **always, "greeting": "Bonjour,"}


def _form(context: RequestContext, given: Mapping[str, Any]) -> dict[str, Any]:
    name = context.path["answer"]
    versions = context.app.store.canned.versions(name)
    return {
        "name": name,
        "given": given,
        "versions": versions,
        "version": versions[0].id if versions else 0,
        "in_rules": name in context.app.rules.library,
        "written": bool(versions) and versions[0].source is not None,
        "topics": sorted(context.app.rules.reader.topics.items(), key=lambda each: each[1].label),
        "variables": VARIABLES,
        "said": context.text("fait"),
        **_checked(context, given),
        "alert": "",
    }


def _new_name(context: RequestContext, title: str) -> str:
    """Return an identifier for a new answer, made of its title, that none has yet."""
    made = re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")[:_LONGEST_NAME].strip("-") or _MADE_UP
    taken = {*library(context.app), *context.app.store.canned.current(), "nouvelle"}
    name, count = made, 2
    while name in taken:
        name, count = f"{made}-{count}", count + 1
    return name
