"""Whom the program took a person for: what it held for and against that, told to that person and of nobody else.

It is kept of a message whom it might be about, each candidate with reasons. Of these only the person's own are theirs
to have (GDPR article 15(1)); that there were others is told as a number, since their names are theirs (article 15(4)).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dtm_contact.calls.outcomes import national
from dtm_contact.explain.waterfall import percent
from dtm_contact.labels.formats import spaced
from dtm_contact.labels.judging import match_evidence
from dtm_contact.privacy.subject import DataSubject

_HARDLY: Final = 0.001
"""Whoever was as unlikely as this was weighed, and hardly thought of."""
_KEPT: Final = 20
"""Of more than these matching keeps nothing."""
_FOR: Final = "pour"
_AGAINST: Final = "contre"
_OPEN: Final = "à vérifier"
_HEADS: Final = {_FOR: "Ce qui l’y a mené", _AGAINST: "Ce qui parlait contre", _OPEN: "Ce qui restait à voir"}


def identification(judgement: Mapping[str, Any], person: DataSubject) -> dict[str, Any] | None:
    """Return what a judgement holds of who somebody is, as that person may have it; None where nobody came up.

    Args:
        judgement: as the store keeps it.
        person: whose export it is.
    """
    match: Mapping[str, Any] = judgement.get("match") or {}
    candidates = list(match.get("candidates", ()))
    named: Mapping[str, Any] = match.get("tenant") or {}
    if not candidates and not named:
        return None
    own = next((each for each in candidates if each["tenant_id"] in person.tenants), None)
    recognised = named.get("id") in person.tenants
    told = json.dumps(judgement.get("contact") or {}, ensure_ascii=False).casefold()
    others = {each["tenant_id"]: each["probability"] for each in candidates if each["tenant_id"] not in person.tenants}
    return {
        "reconnu": recognised if named else None,
        "certitude": named["probability"] if recognised else own["probability"] if own else 0.0,
        "raisons": [_reason(each, told, person) for each in own.get("evidence", ())] if own else [],
        "autres_personnes_envisagees": len(others),
        "dont_presque_exclues": sum(each < _HARDLY for each in others.values()),
        "adresse_prouvee": bool(person.tenants.intersection(match.get("proven", ()))),
        "ecrit_pour_quelqu_un": bool(match.get("on_behalf")),
        "coordonnees_a_confirmer": [
            each["value"] for each in match.get("proposals", ()) if each["tenant_id"] in person.tenants
        ],
    }


def _reason(evidence: Mapping[str, Any], told: str, person: DataSubject) -> dict[str, str]:
    """Return a reason in French; its words only where they stand in the message, or are the person's own."""
    seen: str = evidence.get("seen", "")
    quoted = json.dumps(seen, ensure_ascii=False)[1:-1].casefold()
    theirs = quoted in told or seen.casefold() in {each.casefold() for each in person.needles}
    weight = evidence.get("weight", 0.0)
    way = _FOR if weight > 0 else _AGAINST if weight < 0 else _OPEN
    return {"raison": match_evidence(evidence["name"]), "mots": seen if theirs else "", "sens": way}


def explain_identification(identified: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what `identification` returned, in sentences for whoever it is about."""
    if identified is None:
        yield f"Le programme n’a reconnu personne dans le fichier des locataires. {_NOBODY_ELSE}"
        return
    if identified["reconnu"]:
        yield f"Le programme a pensé que cela vous concerne, sûr à {percent(identified['certitude'])}."
    elif identified["certitude"] >= _HARDLY:
        whom = "il a retenu quelqu’un d’autre" if identified["reconnu"] is False else "il n’a retenu personne"
        yield f"Le programme a envisagé que cela vous concerne, à {percent(identified['certitude'])} ; {whom}."
    else:
        whom = "a retenu quelqu’un d’autre" if identified["reconnu"] is False else "n’a reconnu personne"
        yield f"Le programme ne vous a pas reconnu dans le fichier des locataires : il {whom}."
    for way, head in (
        (_FOR, "Ce qui l’y a mené"),
        (_AGAINST, "Ce qui parlait contre"),
        (_OPEN, "Ce qui restait à voir"),
    ):
        reasons = [_quoted(each) for each in identified["raisons"] if each["sens"] == way]
        if reasons:
            yield f"{head} : {' ; '.join(dict.fromkeys(reasons))}."
    if identified["adresse_prouvee"]:
        yield "L’adresse d’où il vient est la vôtre, et le serveur de courriel le confirme."
    if identified["ecrit_pour_quelqu_un"]:
        yield "Le programme a lu qu’une personne écrit pour une autre."
    if identified["coordonnees_a_confirmer"]:
        told = ", ".join(map(_as_read, identified["coordonnees_a_confirmer"]))
        yield f"Coordonnée lue dans ce message, à confirmer par un agent : {told}. {_NOT_ON_CARD}"
    yield _told_of_others(identified["autres_personnes_envisagees"], identified["dont_presque_exclues"])
    if identified["autres_personnes_envisagees"]:
        yield _NOT_TOLD


_NOT_ON_CARD: Final = (
    "Elle n’est pas sur votre fiche tant qu’un agent ne l’y a pas mise ; si elle est à quelqu’un d’autre, vous "
    "n’avez rien à faire, ou dites-le à qui est nommé en haut de cette page."
)
_NOT_TOLD: Final = (
    "Le programme n’en a rien dit à personne d’autre que nos services : qui a été envisagé n’en sait rien."
)
_NOBODY_ELSE: Final = "Il n’a pensé à personne d’autre."


def _told_of_others(others: int, hardly: int) -> str:
    """Return how many other people were weighed, those of them who hardly came into question apart."""
    if not others:
        return _NOBODY_ELSE
    if others == 1:
        rest = ", très peu probable" if hardly else ""
        return f"Une autre personne a été envisagée{rest} ; son nom ne vous est pas donné."
    rest = f", dont {hardly} très peu probable{'s' if hardly > 1 else ''}" if 0 < hardly < others else ""
    rest = ", toutes très peu probables" if hardly == others else rest
    least = "Au moins " if others >= _KEPT - 1 else ""
    return f"{least}{others} autres personnes ont été envisagées{rest} ; leurs noms ne vous sont pas donnés."


def _as_read(value: str) -> str:
    """Return a number as people write it; anything else as it is."""
    return spaced(national(value)) if value.startswith("+") else value


def _quoted(reason: Mapping[str, str]) -> str:
    words = _as_read(reason["mots"])
    return f"{reason['raison']} (« {words} »)" if words else reason["raison"]
