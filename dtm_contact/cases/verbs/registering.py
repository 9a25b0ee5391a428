"""The register of what households wish and of what protects them: entered and ended by people, from a case or none."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from dtm_contact.cases.act import WITHDRAWN, Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registered import entry_text
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Code, Line
from dtm_contact.cases.verbs.confirming import fact_of, why_not_learnt
from dtm_contact.model import SINGLE, CodedText, Consent, EntryKind, Protection, Reach
from dtm_contact.store import RegisterEntry

LONGEST_WORDS: Final = 200
LONGEST_REFERENCE: Final = 40
MOST_IN_FORCE: Final = 40
"""Entries in force of one person."""
_EARLIEST: Final = date(1990, 1, 1)
_LONGEST: Final = timedelta(days=3653)
_MOST_LETTERS: Final = 8
"""Of a reference: "RG n° 24/01234" is one, a sentence is none."""
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_REFERENCE: Final = re.compile(r"[0-9A-Za-zÀ-ÿ°./ -]*\d[0-9A-Za-zÀ-ÿ°./ -]*")
_SAYS: Final = ("household", "value", "words", "reference", "until")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NOT_THERE: Final = "cette inscription n'existe pas au registre"
_ONLY_THE_AGENCY: Final = "seuls l'agence et les responsables inscrivent ou terminent une protection"

Beside = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_WORDS)]
Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_REFERENCE)]
EntryId = Annotated[int, Field(ge=1, lt=2**53)]


@dataclass(frozen=True, slots=True)
class _Form:
    """What an entry of a kind is made of; `what` is what it may say, for who got it wrong."""

    read: Callable[[str], str]
    what: str
    words: bool = False
    must_have_words: str = ""


@verb("register", without_case=True)
def register(  # noqa: PLR0913 - all that an entry is made of
    act: Act,
    kind: EntryKind,
    value: Line,
    *,
    tenant: Code | None = None,
    words: Beside | None = None,
    reference: Reference | None = None,
    since: date | None = None,
    until: date | None = None,
    household: bool = False,
) -> None:
    """Inscrit au registre un souhait ou une protection du locataire, ou de tout son foyer (`household`).

    `value` : la langue (`pt`), le moyen (`phone`, `mail`, `post`, `no_phone`, `no_post`), l'accord aux SMS (`given`,
    `refused`), l'adresse ou le numéro à ne jamais utiliser, ou la protection (`order`, `confidential`). `words` : les
    heures, ou qui a donné l'accord. `reference` : le numéro de l'ordonnance, rien de plus. Ce que cela remplace prend
    fin et reste dans l'historique. Une protection n'est inscrite que par l'agence ou un responsable.
    """
    tenant_id = _tenant(act, tenant)
    _may_protect(act, kind)
    first, last = _days(act, since, until)
    case = act.case.number if act.in_case else None
    new = _checked(
        act,
        RegisterEntry(
            0, tenant_id, household, kind, value, words or "", reference or "", first, last, act.now, act.actor, case
        ),
    )
    mine = [entry for entry in act.work.register([tenant_id]) if entry.in_force(act.now.date())]
    replaced = [entry for entry in mine if entry.kind is kind and (kind in SINGLE or entry.key == new.key)]
    if any(_says_the_same(entry, new) for entry in replaced):
        raise WrongStateError("c'est déjà au registre")
    if len(mine) - len(replaced) >= MOST_IN_FORCE:
        raise WrongStateError(f"le registre a déjà {MOST_IN_FORCE} inscriptions pour cette personne ; terminez-en")
    for entry in replaced:
        act.work.end_entry(entry.id, new.case_number, CodedText("entry_replaced"))
    number = act.work.add_entry(new)
    ended = [entry.id for entry in replaced]
    _tell(act, "registered", new, {"registered": [number], **({"ended": ended} if ended else {})})


@verb("register_end", without_case=True)
def register_end(act: Act, entry: EntryId, reason: Line | None = None) -> None:
    """Termine une inscription du registre ; elle reste dans l'historique."""
    found = _seen(act, entry)
    if not found.in_force(act.now.date()):
        raise WrongStateError("cette inscription est déjà terminée")
    act.work.end_entry(entry, act.case.number if act.in_case else None, CodedText.plain(reason) if reason else None)
    _tell(act, "register ended", found, {"ended": [entry], **({"reason": reason} if reason else {})})


@verb("register_undo", without_case=True)
def register_undo(act: Act, entry: EntryId) -> None:
    """Reprend ce que l'agent vient de faire d'une inscription : il l'avait inscrite, ou terminée."""
    found = _seen(act, entry)
    if found.ended_at is None and found.entered_by == act.actor:
        act.work.end_entry(entry, act.case.number if act.in_case else None, WITHDRAWN)
    elif found.ended_by == act.actor and found.ended_why != WITHDRAWN:
        if any(_would_double(found, each) for each in act.work.register([found.tenant_id]) if each.ended_at is None):
            raise WrongStateError("autre chose l'a remplacée depuis")
        act.work.restore_entry(entry)
    else:
        raise WrongStateError("ce n'est pas vous qui l'avez inscrite ou terminée en dernier")
    _tell(act, "register undone", found, {})


def _tell(act: Act, what: str, entry: RegisterEntry, data: Mapping[str, Any]) -> None:
    """Tell what was done: in the case, else in the audit trail. What protects somebody is named, and no more."""
    if act.in_case:
        act.tell(what, {**data, "entry": entry_text(entry.kind, entry.value).as_json(), "changed": {}})
        return
    home = act.grounds.directory.home(entry.tenant_id, act.now.date())
    told = {"tenant": entry.tenant_id, "entry": entry_text(entry.kind, entry.value).as_json()}
    act.work.add_to_trail(what, home.dwelling_id if home else entry.tenant_id, told)


def _tenant(act: Act, tenant_id: str | None) -> str:
    """Return whom an entry is about.

    Raises:
        WrongArgumentError: the directory has nobody of that id, or the actor may not see them.
        WrongStateError: nobody is named, by the case neither.
    """
    if tenant_id is None:
        tenant_id = act.case.tenant_id
        if tenant_id is None or not act.sees_tenant(tenant_id):
            raise WrongStateError("le dossier ne nomme aucun locataire")
        return tenant_id
    if not act.grounds.directory.leases_of(tenant_id) or not act.sees_tenant(tenant_id):
        raise WrongArgumentError(f"l'annuaire n'a pas de locataire {tenant_id}")
    return tenant_id


def _seen(act: Act, entry_id: int) -> RegisterEntry:
    """Return an entry that the actor may work on.

    Raises:
        WrongArgumentError: there is none of that id, or the actor may not see whom it is about.
        WrongStateError: it is a protection, which the actor's role does not work on.
    """
    found = act.work.register_entry(entry_id)
    if found is None or not act.sees_tenant(found.tenant_id):
        raise WrongArgumentError(_NOT_THERE)
    _may_protect(act, found.kind)
    return found


def _may_protect(act: Act, kind: EntryKind) -> None:
    if kind is EntryKind.PROTECTION and not act.visibility.protection:
        raise WrongStateError(_ONLY_THE_AGENCY)


def _days(act: Act, since: date | None, until: date | None) -> tuple[date, date | None]:
    """Return the first and the last day of an entry.

    Raises:
        WrongArgumentError: they are none that an entry could have.
    """
    today = act.now.date()
    since = since or today
    if not _EARLIEST <= since <= today:
        raise WrongArgumentError("elle commence aujourd'hui ou avant, pas plus tôt que 1990")
    if until is not None and not today <= until <= today + _LONGEST:
        raise WrongArgumentError("son dernier jour est aujourd'hui ou dans les dix ans")
    return since, until


def _checked(act: Act, entry: RegisterEntry) -> RegisterEntry:
    """Return an entry with its value as it is kept.

    Raises:
        WrongArgumentError: no entry of its kind says that.
    """
    form = _FORMS[entry.kind]
    try:
        entry = replace(entry, value=form.read(entry.value))
    except ValueError:
        raise WrongArgumentError(form.what) from None
    if entry.kind is EntryKind.NEVER:
        _may_be_never(act, entry.value)
    if entry.words and not form.words:
        raise WrongArgumentError("cette inscription ne porte pas de texte libre")
    if not entry.words and form.must_have_words:
        raise WrongArgumentError(form.must_have_words)
    if _UNPRINTABLE.search(entry.words):
        raise WrongArgumentError("le texte tient en une ligne, sans caractère de commande")
    if entry.reference:
        _check_reference(entry.kind, entry.reference)
    return entry


def _check_reference(kind: EntryKind, reference: str) -> None:
    if kind is not EntryKind.PROTECTION:
        raise WrongArgumentError("seule une protection porte une référence")
    letters = sum(map(str.isalpha, reference))
    if _REFERENCE.fullmatch(reference) is None or letters > _MOST_LETTERS:
        raise WrongArgumentError("la référence est un numéro (« RG 24/01234 »), sans nom ni récit")


def _may_be_never(act: Act, value: str) -> None:
    """Make sure that an address or number may be kept as never to be used: ours must stay in use."""
    fact = ("address" if "@" in value else "number", value)
    reason = why_not_learnt(fact, (), act.grounds)
    if reason is not None:
        raise WrongArgumentError(reason)


def _says_the_same(entry: RegisterEntry, new: RegisterEntry) -> bool:
    return all(getattr(entry, name) == getattr(new, name) for name in _SAYS)


def _would_double(entry: RegisterEntry, other: RegisterEntry) -> bool:
    return entry.id != other.id and entry.kind is other.kind and (entry.kind in SINGLE or entry.key == other.key)


def _language(value: str) -> str:
    code = value.lower()
    if _LANGUAGE.fullmatch(code) is None:
        raise ValueError
    return code


def _reach(value: str) -> str:
    try:
        return fact_of(value)[1]
    except WrongArgumentError as error:
        raise ValueError from error


_FORMS: Final[Mapping[EntryKind, _Form]] = MappingProxyType(
    {
        EntryKind.PROTECTION: _Form(
            lambda value: Protection(value).value, "une protection est `order` ou `confidential`"
        ),
        EntryKind.NEVER: _Form(_reach, "ce n'est ni une adresse électronique ni un numéro", words=True),
        EntryKind.REACH: _Form(lambda value: Reach(value).value, f"le moyen est un de {', '.join(Reach)}", words=True),
        EntryKind.LANGUAGE: _Form(_language, "la langue est un code de deux ou trois lettres : `pt`, `ar`"),
        EntryKind.SMS_CONSENT: _Form(
            lambda value: Consent(value).value,
            "l'accord est `given` ou `refused`",
            words=True,
            must_have_words="dites qui a donné l'accord, ou l'a refusé",
        ),
    }
)
