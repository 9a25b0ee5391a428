"""Who writes and where it is, in plain French: how sure, by what, why not somebody else, and what is missing."""

import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from dtm_contact.directory.lines import columns
from dtm_contact.directory.records import Dwelling
from dtm_contact.explain.names import Names, without_code
from dtm_contact.explain.quoting import clause, sentence
from dtm_contact.explain.reason import caller
from dtm_contact.explain.waterfall import short
from dtm_contact.labels.judging import (
    ASKERS,
    DOUBTS,
    EVIDENCE_GROUPS,
    EVIDENCE_OF,
    UNVERIFIED_CALLER,
    match_evidence,
)
from dtm_contact.matching.cues import NEIGHBOURS
from dtm_contact.matching.passages import texts
from dtm_contact.matching.place_mentions import mentioned_floors
from dtm_contact.model import (
    Asker,
    Candidate,
    CaseKind,
    Contact,
    Evidence,
    Judgement,
    Likely,
    Match,
    Scope,
    address_as_written,
)
from dtm_contact.text import fold

_SURE: Final = 0.995
_NEARLY_SURE: Final = 0.95
_STANDS_OUT: Final = 0.05
_LEAST: Final = 1.0
"""Points of evidence from which it is told."""
_AGAINST: Final = -1.5
_PIECES_OF_A_KIND: Final = 2
_QUOTED: Final = 80
"""Letters of what is quoted, at the most."""
_AS_LIKELY: Final = 0.2
"""Beside the likeliest, the share of its probability from which another home comes into question too."""
_REASONS: Final = 2
_NAMES_SOMEBODY_ELSE: Final = frozenset(
    {"name.for", "name.named", "name.kin", "trade.cited", "home.other", "writes.for_another"}
)
_DIFFERENCES: Final = {
    "email": "l'adresse électronique « {seen} » est celle de {called}",
    "phone": "le téléphone « {seen} » est celui de {called}",
    "name": "le nom « {seen} » va mieux à {called}",
    "place": "« {seen} » n'est pas son adresse",
    "place.floor": "l'étage « {seen} » n'est pas le sien",
    "place.door": "la porte « {seen} » n'est pas la sienne",
    "place.building": "le bâtiment « {seen} » n'est pas le sien",
    "place.caretaker": "« {seen} » n'est pas son gardien",
    "lease": "le numéro « {seen} » est celui de {called}",
    "unit": "la référence « {seen} » est celle de {called}",
}
"""Why it is the first and not the second, by what speaks for the first, or its family."""
_OWN_ADDRESS: Final = frozenset({"email.known", "email.confirmed", "email.unproven"})
_AND_TO_NOBODY_ELSE: Final = " et que personne d'autre du foyer n'y a accès"
_TITLED: Final = re.compile(r"(?i)\b(m|mr|monsieur|mme|madame|mlle|mademoiselle)\.?\s+(?:\w+\s+)?$")
_MEN: Final = frozenset({"m", "mr", "monsieur"})
_IN_COMMON: Final = {
    Scope.STAIRCASE: "Dans la cage d'escalier",
    Scope.BUILDING: "Dans le bâtiment, pas dans un seul logement",
    Scope.RESIDENCE: "Dans la résidence, pas dans un seul logement",
}
_HOMES_LISTED: Final = 2
_ASK: Final = "Demandez à la personne qui écrit où cela se passe"
_HOME: Final = "dwelling"
_NO_HOMES: Final = {"parking": "place de stationnement", "commercial": "local commercial"}
"""What dwellings of the directory are called that nobody lives in."""
_WITHIN: Final = ("building", "staircase", "floor", "door")
_FIELDS: Final = {
    "building": "le bâtiment",
    "staircase": "l'escalier",
    "floor": "l'étage",
    "door": "la porte",
}


def explain_who(judgement: Judgement, names: Names) -> Iterator[str]:
    """Yield who writes and whom it is about, how sure that is and by what, and why it is not the next one."""
    match, contact = judgement.match, judgement.contact
    yield _sender(judgement)
    asker = judgement.understanding.asker
    if asker is not None and asker is not Asker.TENANT:
        yield f"D'après le texte, ce serait {ASKERS[asker]} qui demande."
    elif match.on_behalf and judgement.decision.kind is CaseKind.CASE:
        yield "D'après le texte, l'auteur écrit pour quelqu'un d'autre ou pour un organisme."
    best = match.candidates[0] if match.candidates else None
    if match.tenant is not None:
        yield from _named(judgement, match.tenant, names)
    elif _by_program(judgement) and match.residence is not None:
        yield "Aucun locataire n'est désigné avec assez de certitude ; le lieu est dit ci-dessous."
    elif best is not None and best.probability >= _STANDS_OUT:
        yield from _unnamed(judgement, best, names)
    elif contact.call is None and contact.sender.address:
        yield (
            "Aucun de nos locataires n'est reconnu : cette adresse électronique n'est dans aucune fiche, et"
            f" {_of_no_name(judgement, names)}."
        )
    else:
        yield "Aucun de nos locataires n'est reconnu."
    alone = _AND_TO_NOBODY_ELSE if judgement.violence_at_home or judgement.unwritable else ""
    for proposal in match.proposals:
        what = "l'adresse électronique" if proposal.kind == "address" else "le numéro"
        yield (
            f"Un agent peut ajouter {what} {proposal.seen} à la fiche de {_person(proposal.tenant_id, names)}, sur la"
            f" page du dossier, mais seulement après avoir vérifié que cette personne s'en sert{alone}."
        )


def explain_where(judgement: Judgement, names: Names) -> Iterator[str]:
    """Yield where the matter is, by what, or what is missing to say so; where the writer lives; who is on duty."""
    match = judgement.match
    common = _IN_COMMON.get(judgement.understanding.scope) if judgement.understanding.scope else None
    if judgement.decision.kind is not CaseKind.CASE and match.residence is None:
        yield "Aucun lieu n'est dit."
        return
    if common and match.residence is not None and _is_home(match, names):
        yield from _in_common(judgement, common, names)
    elif match.dwelling is not None:
        residence = f", résidence {without_code(names.residence(match.residence.id))}" if match.residence else ""
        home = f"{without_code(names.dwelling(match.dwelling.id))}{residence}"
        theirs, doubt = _whose_home(judgement, names), _another_home(judgement, names)
        # The record says surely where somebody lives, never that this is where the matter is.
        told_by_text = _cited(judgement) or not _at_home(match)
        sure = f" ({_how_sure_place(match)})" if told_by_text and not doubt else ""
        yield doubt
        yield f"{_kind_of(match, names)}{home}{sure}."
        yield _by_place(judgement)
        yield theirs
    elif match.residence is not None:
        residence = without_code(names.residence(match.residence.id))
        yield f"Résidence {residence} ({_how_sure_place(match)})."
        yield _by_place(judgement)
        yield from _missing_dwelling(match, names)
    else:
        yield from _missing_place(match)
    if match.home is not None:
        lives_in, lives_at = match.home.residence_id, match.home.dwelling_id
        dwelling = without_code(names.dwelling(lives_at)) if lives_at else ""
        residence = f"résidence {without_code(names.residence(lives_in))}" if lives_in else ""
        yield f"L'auteur habite ailleurs : {', '.join(filter(None, (dwelling, residence)))}."
    yield _on_duty(match, names)


def place_to_ask(judgement: Judgement, names: Names) -> str:
    """Return what of the place must be asked in a danger before anybody is sent, as an act; "" where all is sure."""
    to_ask = _unsure_place(judgement, names)[1]
    if not to_ask:
        return ""
    # Whoever shares the home must not be asked, and where an address is known nobody waits for a better one.
    careful = " Ne passez que par le moyen qu'elle donne elle-même." if judgement.violence_at_home else ""
    match = judgement.match
    known = match.dwelling is not None or (match.residence is not None and address_as_written(match.place_evidence))
    at_once = " N'attendez pas la réponse pour appeler les secours." if known else ""
    return f"{to_ask}{careful}{at_once}"


def place_title(judgement: Judgement, names: Names) -> str:
    """Return what is said above a place that is not sure; "" where it is."""
    return _unsure_place(judgement, names)[0]


def _unsure_place(judgement: Judgement, names: Names) -> tuple[str, str]:
    """Return what is wrong with the place of a danger, and what to ask; two empty texts where it is sure."""
    match = judgement.match
    common = judgement.understanding.scope in _IN_COMMON and _is_home(match, names)
    if not judgement.decision.alarm.any:
        return "", ""
    if match.residence is None:
        return "Attention : le lieu n'est pas connu", f"{_ASK} : l'adresse, le bâtiment, l'étage et la porte."
    if match.dwelling is None:
        within = "" if common else ", l'étage et la porte"
        asked = f"{_ASK} : le numéro dans la rue, le bâtiment{within}."
        if written := address_as_written(match.place_evidence):
            lacking = "bâtiment" if common else "bâtiment, étage, porte"
            asked = f"Le message donne « {written} ». Demandez ce qui y manque ({lacking})."
        return "Attention : il manque une partie de l'adresse", asked
    if not common and _another_home(judgement, names):
        return "Attention : le lieu est à vérifier", f"{_ASK} : l'adresse, l'étage et la porte."
    if (_cited(judgement) or not _at_home(match)) and _probability(match) < _NEARLY_SURE:
        return "Attention : le lieu est à vérifier", "Faites confirmer l'adresse, l'étage et la porte."
    return "", ""


def _on_duty(match: Match, names: Names) -> str:
    """Return who is on duty, and where that is: whoever lives elsewhere has another caretaker at home; "" of nobody."""
    present = [
        f"{without_code(names.caretaker(each.id)) if each.id else 'personne'}"
        + (f" (remplace {without_code(names.caretaker(each.replaces))})" if each.replaces else "")
        for each in match.caretakers
    ]
    if not present:
        return ""
    head = "Gardien de service ce jour-là" if len(present) == 1 else "Gardiens de service ce jour-là"
    residence = f"résidence {without_code(names.residence(match.residence.id))}" if match.residence else ""
    where = f" pour la {residence}" if residence else ""
    if match.dwelling is not None:
        where = f" pour ce bâtiment ({residence})" if residence else " pour ce bâtiment"
    return f"{head}{where} : {', '.join(present)}."


def _kind_of(match: Match, names: Names) -> str:
    """Return what a place is called that nobody lives in, with a colon; "" of a home."""
    dwelling = names.directory.dwellings.get(match.dwelling.id) if match.dwelling is not None else None
    kind = _NO_HOMES.get(dwelling.kind) if dwelling is not None else None
    return f"{kind[:1].upper()}{kind[1:]}, " if kind else ""


def _whose_home(judgement: Judgement, names: Names) -> str:
    """Return whose home it is by the record, where the message gives the place and a danger sends people there."""
    match = judgement.match
    if match.tenant is None or not (_at_home(match) and judgement.decision.alarm.any and _cited(judgement)):
        return ""
    return f"D'après nos fiches, c'est là qu'habite {_person(match.tenant.id, names)}."


def _at_home(match: Match) -> bool:
    """Return whether the dwelling found is that of the person named."""
    person = next((each for each in match.candidates if match.tenant and each.tenant_id == match.tenant.id), None)
    return person is not None and match.dwelling is not None and person.dwelling_id == match.dwelling.id


def _another_home(judgement: Judgement, names: Names) -> str:
    """Return why a danger may be in another dwelling than the one found, and what to do; "" where nothing says so.

    Whoever reports what happens behind a neighbour's door gives their own address.
    """
    match = judgement.match
    home = names.directory.dwellings.get(match.dwelling.id) if match.dwelling is not None else None
    if home is None or not judgement.decision.alarm.any:
        return ""
    passages = texts(judgement.contact)
    floors = [
        text.seen(floor.start, floor.end)
        for text in passages
        for floor in mentioned_floors(text)
        if home.floor and home.floor not in floor.values
    ]
    lives_there = f"chez {_person(match.tenant.id, names)}" if match.tenant is not None and _at_home(match) else "là"
    if floors:
        return (
            f"Attention, le danger n'est peut-être pas {lives_there} (étage {home.floor}"
            f"{f', porte {home.door}' if home.door else ''}) : le message parle de l'étage « {floors[0]} », où la porte"
            " n'est pas connue. Donnez les deux étages aux secours, et faites-vous dire la porte."
        )
    neighbours = [word for text in passages for word in text.words if word.text in NEIGHBOURS]
    if neighbours:
        return (
            f"Attention, le message parle d'un voisin : avant d'envoyer quelqu'un, vérifiez que c'est {lives_there} que"
            " cela se passe."
        )
    if not _cited(judgement):
        return "Le message ne donne pas d'adresse : avant d'envoyer quelqu'un, faites-vous confirmer que c'est là."
    return ""


def _is_home(match: Match, names: Names) -> bool:
    """Return whether the dwelling, where one is known, is one that people live in: a parking box is a place itself."""
    dwelling = names.directory.dwellings.get(match.dwelling.id) if match.dwelling is not None else None
    return dwelling is None or dwelling.kind == _HOME


def _in_common(judgement: Judgement, common: str, names: Names) -> Iterator[str]:
    """Yield where a matter is that is of no single dwelling, then the dwelling that was found, as where they live."""
    match = judgement.match
    residence = f"résidence {without_code(names.residence(match.residence.id))}" if match.residence else ""
    address = names.directory.address_of(match.dwelling.id) if match.dwelling is not None else None
    # The residence, told next, brings the town.
    street = without_code(names.entrance(address.address_id)).rpartition(", ")[0] if address is not None else ""
    entrance = f"{street}, " if street else ""
    cited = _cited(judgement)
    by = (
        f"« {_cited(judgement, sentence)} »"
        if cited
        else "le logement de cette personne dans nos fiches"
        if match.dwelling is not None
        else "le message"
    )
    # The record says surely where somebody lives, never that this is where the matter is.
    sure = f" ({_how_sure_place(match)})" if cited or not _at_home(match) else ""
    yield f"{common} : {entrance}{residence}{sure}, d'après {by}."
    if match.dwelling is not None:
        whose = (
            "C'est là qu'habite cette personne, d'après nos fiches"
            if match.tenant is not None
            else "Le logement reconnu y est"
        )
        yield f"{whose} : {without_code(names.dwelling(match.dwelling.id))}."


def _how_sure_place(match: Match) -> str:
    return _how_sure(_probability(match))


def _probability(match: Match) -> float:
    """Return how likely the place is; whoever is surely somebody surely lives where they live."""
    place = match.dwelling or match.residence
    sure = place.probability if place is not None else 0.0
    person = next((each for each in match.candidates if match.tenant and each.tenant_id == match.tenant.id), None)
    if match.tenant is not None and person is not None and place is not None:
        at = person.dwelling_id if match.dwelling is not None else person.residence_id
        sure = max(sure, match.tenant.probability) if at == place.id else sure
    return sure


def _by_program(judgement: Judgement) -> bool:
    return bool(judgement.contact.automatic_signs) or judgement.understanding.by_program


def _by_which_sign(contact: Contact) -> str:
    """Return by what a program's mail is known as such."""
    signs = [short(sign.seen, _QUOTED) for sign in contact.automatic_signs]
    if signs:
        return f"On le sait par une ligne technique du message, que seuls les programmes mettent (« {signs[0]} »)."
    return "On le sait parce que son texte le dit, comme « message automatique » ou « merci de ne pas répondre »."


def _words(text: str) -> set[str]:
    return {*re.findall(r"\w+", fold(text))}


def _of_no_name(judgement: Judgement, names: Names) -> str:
    """Return, as a clause, that the name beside an address tells no tenant: none is called so, or it is not enough."""
    shown = _words(judgement.writer.name)
    leases = columns(names.directory.records.leases, "last_name", "first_name")
    # Most are passed over by the surname's first letters: to fold every name of a large directory takes too long.
    begins = {word[:1] for word in shown}
    known = any(
        _words(f"{last} {first}") <= shown for last, first in leases if last and first and fold(last[:1]) in begins
    )
    if len(shown) > 1 and not known:
        return f"personne n'y porte le nom qu'elle affiche, « {short(judgement.writer.name)} »"
    return "le message ne donne pas de nom qui en désigne un seul"


def _sender(judgement: Judgement) -> str:
    contact, writer = judgement.contact, judgement.writer
    if contact.call is not None:
        return f"Appel de {caller(contact.call)} ({UNVERIFIED_CALLER})."
    if contact.sourced is not None:
        proven = ", qui vérifie le compte de chacun" if contact.sourced.proven else ""
        return f"Le message vient de « {contact.sourced.label} », une source que nous connaissons{proven}."
    named = " ".join(filter(None, (short(writer.name), f"<{writer.address}>" if writer.address else "")))
    if not named:
        return "Le message ne dit pas de qui il vient."
    passed_on = f", transmis par {contact.sender.address}" if writer != contact.sender else ""
    if _by_program(judgement):
        by = _by_which_sign(contact)
        return f"Personne n'écrit : c'est un programme qui envoie ce message, {named}{passed_on}. {by}"
    return f"Le message vient de {named}{passed_on}."


def _named(judgement: Judgement, likely: Likely, names: Names) -> Iterator[str]:
    match, tenant = judgement.match, _person(likely.id, names)
    person = next((each for each in match.candidates if each.tenant_id == likely.id), None)
    pieces = person.evidence if person is not None else ()
    other = match.on_behalf or judgement.understanding.asker is Asker.THIRD_PARTY
    positive = {piece.name for piece in pieces if piece.weight >= _LEAST}
    other = other or not positive.isdisjoint(_NAMES_SOMEBODY_ELSE)
    # Whoever shows another name, from an address that is not theirs, passes something on.
    theirs = any(name.startswith(("email.", "thread.", "source.")) for name in positive) or "name.display" in positive
    shown = judgement.writer.name.casefold()
    called = {name for lease in names.directory.leases_of(likely.id) for name in (lease.first_name, lease.last_name)}
    theirs = theirs or not shown or any(name and name.casefold() in shown for name in called)
    other = other or not theirs
    role = "la personne concernée" if other or judgement.contact.call else "son auteur"
    by = _by_what([*pieces, *_their_surname(match, person, names)])
    told_by = f", d'après {by}" if by else ""
    what = "L'appel" if judgement.contact.call else "Le message"
    clear = _how_clearly(likely.probability)
    yield f"{what} désigne {clear} {tenant} comme {role}{told_by} ; {_proof(judgement, likely.id, positive)}."
    if person is not None:
        yield from _why_not_second(judgement, person, names)


def _proof(judgement: Judgement, tenant_id: str, positive: AbstractSet[str]) -> str:
    """Return, as a clause, whether it is proven that somebody wrote or called who is named: anybody can write a name.

    Args:
        judgement: what was judged.
        tenant_id: who is named.
        positive: the names of what speaks for them.
    """
    if judgement.contact.call is not None:
        return "mais rien ne prouve que c'est cette personne qui appelle : un numéro affiché peut être faux"
    if tenant_id in judgement.match.proven:
        return "et c'est prouvé : notre serveur de courrier a vérifié qu'il vient de son adresse électronique"
    if judgement.contact.sourced is not None and judgement.contact.sourced.proven:
        return "et c'est prouvé par la source, qui vérifie le compte de chacun"
    why = "" if not judgement.writer.address else " : l'adresse électronique n'est pas dans sa fiche"
    if not positive.isdisjoint(_OWN_ADDRESS):
        why = " : l'adresse électronique est la sienne, mais n'a pas été vérifiée"
    elif "email.household" in positive:
        why = " : l'adresse électronique est celle de quelqu'un d'autre du foyer"
    return f"mais rien ne prouve que c'est cette personne qui l'a envoyé{why}"


def _their_surname(match: Match, person: Candidate | None, names: Names) -> list[Evidence]:
    """Return where the message writes a person's whole surname, which spoke for those of their home alone.

    Where a mailbox shows more of a name than the signature does, it tells spouses apart, but proves less.
    """
    if person is None:
        return []
    surnames = {fold(name) for name in _last_names(person.tenant_id, names)}
    told = {fold(word) for piece in person.evidence for word in (piece.seen, *piece.seen.split())}
    if surnames & told:
        return []
    return [
        piece
        for other in match.candidates
        if other.tenant_id != person.tenant_id and other.dwelling_id == person.dwelling_id
        for piece in other.evidence
        if piece.name.startswith("name.") and fold(piece.seen) in surnames
    ][:1]


def _unnamed(judgement: Judgement, best: Candidate, names: Names) -> Iterator[str]:
    match = judgement.match
    at_home = [each for each in match.candidates if each.dwelling_id == best.dwelling_id and _near(each, best)]
    where = f", {_home(best.dwelling_id, names)}" if best.dwelling_id else ""
    if match.dwelling is not None and len(at_home) > 1:
        people = " ou ".join(_person(each.tenant_id, names) for each in at_home)
        yield f"Le foyer est reconnu, pas la personne : rien ne dit si c'est {people}."
    else:
        likeliest = f"{_person(best.tenant_id, names)}{where}"
        yield f"Personne n'est nommé, car ce n'est pas assez sûr. Le plus probable serait {likeliest}."
        by = _by_what(best.evidence)
        yield f"Pour : {by}." if by else ""
    against = [*_doubts(best.evidence), *_against(best.evidence)]
    yield f"Contre : {' ; '.join(against)}." if against else ""
    if len(at_home) < 2:  # noqa: PLR2004 - one alone
        yield from _why_not_second(judgement, best, names)


def _why_not_second(judgement: Judgement, best: Candidate, names: Names) -> Iterator[str]:
    """Yield why it is not the next one, where somebody might ask: they share a name or come near."""
    second = next((each for each in judgement.match.candidates if each.tenant_id != best.tenant_id), None)
    if second is None or not (_share_a_name(best, second, names) or _near(second, best)):
        return
    home = "du même logement" if second.dwelling_id == best.dwelling_id else _home(second.dwelling_id or "", names)
    apart = _differences(best, second)
    reasons = list(filter(None, (_difference(piece, best, second, judgement.contact, names) for piece in apart)))
    name = _person(second.tenant_id, names)
    if reasons and name == _person(best.tenant_id, names):
        yield f"Une autre personne porte ce nom, {home} ; ce n'est pas elle : {' ; '.join(reasons)}."
    elif reasons:
        yield f"Ce n'est pas {name}, {home} : {' ; '.join(reasons)}."
    elif not apart:
        yield f"Ce pourrait être aussi {name}, {home} : rien dans le message ne les sépare."


def _differences(best: Candidate, second: Candidate) -> list[Evidence]:
    """Return what speaks for the first and not for the second, the heaviest first, each kind of thing once."""
    theirs: dict[str, float] = {}
    for piece in second.evidence:
        theirs[_kind(piece)] = theirs.get(_kind(piece), 0.0) + piece.weight
    found: dict[str, tuple[float, Evidence]] = {}
    for piece in best.evidence:
        ahead = piece.weight - theirs.get(_kind(piece), 0.0)
        if piece.weight >= _LEAST and ahead >= _LEAST and piece.seen:
            found.setdefault(_kind(piece), (ahead, piece))
    return [piece for _ahead, piece in sorted(found.values(), key=lambda each: -each[0])[:_REASONS]]


def _difference(piece: Evidence, best: Candidate, second: Candidate, contact: Contact, names: Names) -> str:
    """Return what tells two people apart, in words; "" where a person could not see it in what is quoted."""
    called = _person(best.tenant_id, names)
    family = piece.name.partition(".")[0]
    if family == "name":
        return _name_apart(piece, best, second, contact, names)
    way = _DIFFERENCES.get(piece.name) or _DIFFERENCES.get(family, "")
    return way.format(seen=short(piece.seen, _QUOTED), called=called)


def _name_apart(piece: Evidence, best: Candidate, second: Candidate, contact: Contact, names: Names) -> str:
    """Return by what of a name it is the first and not the second: first name, initial, surname or title."""
    ours = next(iter(names.directory.leases_of(best.tenant_id)), None)
    theirs = next(iter(names.directory.leases_of(second.tenant_id)), None)
    if ours is None or theirs is None:
        return ""
    seen, called = fold(piece.seen), _person(best.tenant_id, names)
    first, other = fold(ours.first_name), fold(theirs.first_name)
    initials = {word for word in re.findall(r"\w+", seen) if len(word) == 1}
    title = _title_before(piece, contact)
    if first and first in seen and first != other:
        return f"le prénom « {ours.first_name} » est celui de {called}"
    if initials & {first[:1]} and first[:1] != other[:1]:
        return f"l'initiale « {ours.first_name[:1]}. » est celle de {called}"
    if fold(ours.last_name) in seen and fold(ours.last_name) != fold(theirs.last_name):
        return f"le nom « {ours.last_name} » est celui de {called}"
    man, other_man = (fold(each.title).rstrip(".") in _MEN for each in (ours, theirs))
    if title and man is (title in _MEN) and other_man is not man:
        return f"le message écrit « {ours.title} {ours.last_name} »"
    return ""


def _title_before(piece: Evidence, contact: Contact) -> str:
    span = piece.span
    found = _TITLED.search(contact.text(span.part)[: span.start]) if span is not None else None
    return fold(found.group(1)) if found else ""


def _kind(piece: Evidence) -> str:
    family, _dot, detail = piece.name.partition(".")
    return f"place.{detail}" if family == "place" else family


def _share_a_name(one: Candidate, other: Candidate, names: Names) -> bool:
    return not _last_names(one.tenant_id, names).isdisjoint(_last_names(other.tenant_id, names))


def _last_names(tenant_id: str, names: Names) -> set[str]:
    return {lease.last_name.casefold() for lease in names.directory.leases_of(tenant_id)}


def _near(other: Candidate, best: Candidate) -> bool:
    return other.probability >= _AS_LIKELY * best.probability


def _by_what(pieces: Sequence[Evidence]) -> str:
    """Return what speaks for somebody, by what it is about: "le nom (signature « N. Roy ») et le téléphone (…)"."""
    groups: dict[str, list[str]] = {}
    for piece in sorted(pieces, key=lambda piece: -piece.weight):
        group = EVIDENCE_GROUPS.get(piece.name.partition(".")[0])
        if group is not None and piece.weight >= _LEAST and not _quoted_with_more(piece, pieces):
            seen = f" « {short(piece.seen, _QUOTED)} »" if piece.seen else ""
            groups.setdefault(group, []).append(f"{match_evidence(piece.name)}{seen}")
    told = [f"{EVIDENCE_OF[group]} ({', '.join(each[:_PIECES_OF_A_KIND])})" for group, each in groups.items()]
    return " et ".join(filter(None, (", ".join(told[:-1]), *told[-1:])))


def _quoted_with_more(piece: Evidence, pieces: Sequence[Evidence]) -> bool:
    """Return whether a longer piece of the same family quotes its words: a door that stands in the address cited."""
    family = piece.name.partition(".")[0]
    longer = (each for each in pieces if each.weight >= _LEAST and len(each.seen) > len(piece.seen) > 0)
    return any(piece.seen in each.seen and each.name.partition(".")[0] == family for each in longer)


def _doubts(pieces: Sequence[Evidence]) -> Iterator[str]:
    yield from (DOUBTS[piece.name] for piece in pieces if piece.name in DOUBTS)


def _against(pieces: Sequence[Evidence]) -> Iterator[str]:
    for piece in sorted(pieces, key=lambda piece: piece.weight):
        if piece.weight <= _AGAINST and piece.seen:
            yield f"{match_evidence(piece.name)} « {short(piece.seen, _QUOTED)} »"


def _by_place(judgement: Judgement) -> str:
    match, cited = judgement.match, _cited(judgement)
    if cited:
        return f"Le message dit « {cited} » ; le reste de l'adresse vient de nos fiches."
    at_home = match.tenant is not None and match.dwelling is not None
    return "C'est l'adresse de cette personne d'après nos fiches ; le message n'en donne pas." if at_home else ""


def _cited(judgement: Judgement, widened: Callable[[Contact, Evidence], str] = clause) -> str:
    """Return the clause of a place that says most, or what it is `widened` to; "" where the message gives none."""
    cited = [piece for piece in judgement.match.place_evidence if piece.weight >= _LEAST and piece.seen]
    return widened(judgement.contact, max(cited, key=lambda piece: piece.weight)) if cited else ""


def _missing_dwelling(match: Match, names: Names) -> Iterator[str]:
    """Yield why the residence is known and the dwelling is not: what the message leaves out, or what contradicts it."""
    best = match.candidates[0] if match.candidates else None
    residence = match.residence.id if match.residence else None
    here = [each for each in match.candidates if each.residence_id == residence and best and _near(each, best)]
    found = (names.directory.dwellings.get(each.dwelling_id or "") for each in here)
    homes = list({home.dwelling_id: home for home in found if home is not None}.values())
    cited = {piece.name for each in here[:1] for piece in each.evidence if piece.weight > 0}
    apart = [field for field in _WITHIN if len({getattr(home, field) for home in homes}) > 1]
    if len(homes) > 1 and not apart:
        yield (
            f"Le lieu est connu jusqu'à la porte ({without_code(names.dwelling(homes[0].dwelling_id))}), mais nos"
            f" fiches y ont {len(homes)} logements, {_and(_lived_in(homes, here, names))}, et le message ne donne pas"
            " de nom qui dise lequel : faites-les vérifier tous."
        )
    elif len(homes) > 1:
        few = len(homes) <= _HOMES_LISTED
        listed = " ; ".join(without_code(names.dwelling(each.dwelling_id)) for each in homes) if few else ""
        yield (
            f"Le logement n'est pas retenu, car plusieurs conviennent{f' ({listed})' if few else ''} : le message ne"
            f" dit pas {_and([_FIELDS[field] for field in apart])}, ni aucun nom qui en désigne un."
        )
    elif homes:
        home = without_code(names.dwelling(homes[0].dwelling_id))
        doubts = [*_doubts(here[0].evidence), *_against(here[0].evidence)]
        lacking = [_FIELDS[field] for field in ("floor", "door") if f"place.{field}" not in cited]
        if doubts:
            yield f"L'adresse est celle du {home}, mais ce logement n'est pas retenu : {' ; '.join(doubts)}."
        else:
            yield f"Le logement n'est pas retenu : il manque {_and(lacking or ['un nom du foyer'])}."
    else:
        yield (
            "Le logement n'est pas retenu : le message ne donne ni étage, ni porte, ni nom de locataire de cette"
            " résidence."
        )


def _lived_in(homes: Sequence[Dwelling], here: Sequence[Candidate], names: Names) -> list[str]:
    """Return whose each dwelling is, by one person that comes into question there."""
    first = {each.dwelling_id: each.tenant_id for each in reversed(here)}
    return [f"celui de {_person(first[home.dwelling_id], names)}" for home in homes if home.dwelling_id in first]


def _missing_place(match: Match) -> Iterator[str]:
    best = match.candidates[0] if match.candidates else None
    cited = [piece for piece in match.place_evidence if piece.weight > 0 and piece.seen]
    if cited:
        heaviest = max(cited, key=lambda piece: piece.weight)
        seen = short(heaviest.seen, _QUOTED)
        yield f"Le lieu n'est pas retenu : « {seen} » peut désigner plusieurs de nos résidences, ou aucune."
    elif best is not None and best.probability >= _STANDS_OUT:
        yield "Le lieu n'est pas retenu : le message ne donne pas d'adresse, et la personne n'est pas assez sûre."
    else:
        yield "Le lieu n'est pas connu : le message ne donne aucune adresse de notre parc."


def _and(words: Sequence[str]) -> str:
    return " et ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _how_clearly(probability: float) -> str:
    if probability >= _SURE:
        return "clairement"
    return "presque sûrement" if probability >= _NEARLY_SURE else "probablement"


def _how_sure(probability: float) -> str:
    if probability >= _SURE:
        return "c'est sûr"
    return "c'est presque sûr" if probability >= _NEARLY_SURE else "c'est probable"


def _person(tenant_id: str, names: Names) -> str:
    return without_code(names.person(tenant_id))


def _home(dwelling_id: str, names: Names) -> str:
    """Return a dwelling with its commune: two streets of one name tell nobody apart."""
    if not dwelling_id:
        return "sans logement connu"
    address = names.directory.address_of(dwelling_id)
    commune = f", {address.commune}" if address is not None else ""
    return f"{without_code(names.dwelling(dwelling_id))}{commune}"
