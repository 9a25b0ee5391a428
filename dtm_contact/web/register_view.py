"""The register as the desk shows it: the entries of a household, who may do what to them, and what reading proposes."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dtm_contact.access import Right
from dtm_contact.cases.act import WITHDRAWN
from dtm_contact.cases.registered import (
    HouseholdRegister,
    entry_text,
    look_up,
    registered,
    shown_reach,
)
from dtm_contact.cases.verbs.confirming import NOT_THE_TENANT
from dtm_contact.errors import NotFoundError
from dtm_contact.explain.names import without_code
from dtm_contact.labels.cases import ENTRY_KINDS, PROTECTIONS, REACHES
from dtm_contact.labels.coded_text import text_of
from dtm_contact.labels.judging import LANGUAGES
from dtm_contact.model import Contact, EntryKind, Judgement, Protection, Reach, Wish, domain_of
from dtm_contact.store import Case, CaseContact, RegisterEntry
from dtm_contact.text.language import language_of
from dtm_contact.web.case_view import wish_words
from dtm_contact.web.request_context import RequestContext

_FRENCH: Final = "fr"
_BY_MAIL: Final = ("mail", "courriel", "écrit")
_LONGEST_WORDS: Final = 200
_MOST_PROPOSED: Final = 4


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as somebody may see it.

    Attributes:
        entry: the entry.
        kind: what sort it is, in a word or two.
        text: what it says.
        whose: of whom.
        details: what stands beside it: words, days, who entered and ended it.
        number: the case that it was entered from; "" where that is not theirs to see.
        may_end, may_undo: they may end it, or take back what they did to it.
    """

    entry: RegisterEntry
    kind: str
    text: str
    whose: str
    details: tuple[str, ...]
    number: str
    may_end: bool
    may_undo: bool


@dataclass(frozen=True, slots=True)
class RegisterShown:
    """The register of a household as somebody may see it.

    Attributes:
        first: what must be read before anything else.
        entries, over: the entries in force, and those that are over.
        people: whom one may enter something for, each with the name.
        protected: somebody is protected.
        may_protect: they may enter a protection.
    """

    first: tuple[str, ...] = ()
    entries: tuple[ShownEntry, ...] = ()
    over: tuple[ShownEntry, ...] = ()
    people: tuple[tuple[str, str], ...] = ()
    protected: bool = False
    may_protect: bool = False
    languages: tuple[tuple[str, str], ...] = tuple(sorted(LANGUAGES.items(), key=lambda each: each[1]))
    protections: tuple[tuple[str, str], ...] = tuple((kind.value, label) for kind, label in PROTECTIONS.items())
    reaches: tuple[tuple[str, str], ...] = tuple((kind.value, label) for kind, label in REACHES.items())


@dataclass(frozen=True, slots=True)
class ProposedEntry:
    """An entry that a message proposes; a person enters it or not. `text`: what it would say."""

    kind: EntryKind
    value: str
    words: str
    text: str


def register_of_case(context: RequestContext, case: Case) -> HouseholdRegister:
    """Return what the register says of the household of a case."""
    return look_up(context.app.store.desk, context.app.directory, case, context.now.date())


def register_of_home(context: RequestContext, dwelling_id: str) -> HouseholdRegister:
    """Return what the register says of the people who live in a dwelling now."""
    today = context.now.date()
    people = context.app.directory.household(dwelling_id, today)
    return registered(people, context.app.store.desk.register(people), today)


def shown_register(context: RequestContext, register: HouseholdRegister, *, whole: bool = True) -> RegisterShown:
    """Return a household's register as who comes may see it.

    Args:
        context: who comes.
        register: what the register says.
        whole: they may see the household; else they learn that it is protected, and no more.
    """
    if not whole:
        warning = ("Foyer protégé : n’en dites rien à personne, et voyez avec l’agence.",) if register.protected else ()
        return RegisterShown(warning, protected=bool(register.protected))
    names = context.app.names
    knows = context.may(Right.PROTECTION)
    over = (entry for entry in register.over if knows or entry.kind is not EntryKind.PROTECTION)
    return RegisterShown(
        register.first(lambda tenant_id: without_code(names.person(tenant_id))),
        tuple(_shown(context, entry, register) for entry in register.in_force),
        tuple(_shown(context, entry, register) for entry in over),
        tuple(
            (person, without_code(names.person(person))) for person in register.people if context.sees_tenant(person)
        ),
        bool(register.protected),
        knows and context.may(Right.WORK),
    )


def asked_entry(context: RequestContext) -> dict[str, Any]:
    """Return the arguments of `register` that a form gives; what it leaves empty is left out."""
    asked = {
        "kind": context.text("quoi"),
        "value": context.text("valeur"),
        "tenant": context.text("locataire"),
        "words": context.text("mots"),
        "reference": context.text("reference"),
        "since": context.text("depuis"),
        "until": context.text("fin"),
        "household": context.text("foyer") == "1" or None,
    }
    return {name: value for name, value in asked.items() if value not in {"", None}}


def note_protection(context: RequestContext, register: HouseholdRegister, subject: str) -> None:
    """Note that somebody was shown by what a household is protected, where they are.

    Raises:
        StoreUnavailableError: it could not be noted: it must not be shown.
    """
    seen = [str(entry.id) for entry in register.entries if entry.kind is EntryKind.PROTECTION]
    if seen and context.may(Right.PROTECTION):
        context.audit("protection", subject, entries=seen)


def _shown(context: RequestContext, entry: RegisterEntry, register: HouseholdRegister) -> ShownEntry:
    protects = entry.kind is EntryKind.PROTECTION
    knows = not protects or context.may(Right.PROTECTION)
    may_work = knows and context.may(Right.WORK)
    held = entry.in_force(register.on)
    last = entry.ended_by or entry.entered_by
    undoable = last == context.account.name and (entry.ended_at is None or entry.ended_why != WITHDRAWN)
    today = (entry.ended_at or entry.entered_at).astimezone(context.now.tzinfo).date() == register.on
    return ShownEntry(
        entry,
        ENTRY_KINDS[entry.kind],
        _said(entry, knows=knows),
        "tout le foyer" if entry.household else without_code(context.app.names.person(entry.tenant_id)),
        tuple(_details(context, entry, knows=knows)),
        _seen(context, entry.case_number) if knows else "",
        may_work and held,
        may_work and undoable and today,
    )


def _said(entry: RegisterEntry, *, knows: bool) -> str:
    match entry.kind:
        case EntryKind.PROTECTION:
            return PROTECTIONS[Protection(entry.value)] if knows else "adresse à ne révéler à personne"
        case EntryKind.NEVER:
            return shown_reach(entry.value)
        case EntryKind.LANGUAGE:
            return LANGUAGES.get(entry.value, entry.value)
        case _:
            return text_of(entry_text(entry.kind, entry.value))


def _details(context: RequestContext, entry: RegisterEntry, *, knows: bool) -> Iterator[str]:
    if entry.words:
        yield entry.words
    if knows and entry.reference:
        yield f"réf. {entry.reference}"
    if entry.until is not None:
        yield f"jusqu’au {entry.until:%d/%m/%Y}"
    if not knows:
        return
    yield f"depuis le {entry.since:%d/%m/%Y}, inscrit par {context.app.account_name(entry.entered_by)}"
    if entry.ended_at is not None:
        why = f" ({entry.ended_why})" if entry.ended_why else ""
        ended = entry.ended_at.astimezone(context.now.tzinfo)
        yield f"terminé le {ended:%d/%m/%Y} par {context.app.account_name(entry.ended_by or '')}{why}"


def _seen(context: RequestContext, number: str | None) -> str:
    try:
        return context.case(number).number if number else ""
    except NotFoundError:
        return ""


def proposed(
    contacts: Sequence[CaseContact], tenant_id: str | None, register: HouseholdRegister, own_domains: Collection[str]
) -> list[ProposedEntry]:
    """Return the entries that the messages of a case propose for its tenant, the latest first, each once.

    Only the tenant's own words are read: what somebody wrote for another is not their wish, nor is what an agent wrote
    down, in whose words "rappeler demain" is a task. What the register has, or had and an agent ended since it was
    written, is not proposed again.

    Args:
        contacts: the case's, oldest first.
        tenant_id: whom the case names.
        register: what the register says of their household.
        own_domains: of the landlord's addresses, lower case.
    """
    if tenant_id is None:
        return []
    given: dict[tuple[EntryKind, str], ProposedEntry] = {}
    for contact in reversed(contacts):
        judged = contact.judgement
        if judged is None or _is_ours(judged.contact, own_domains) or not _is_theirs(judged, tenant_id):
            continue
        for entry in _proposed(judged):
            if not _is_settled(entry, contact, tenant_id, register):
                given.setdefault((entry.kind, entry.value), entry)
    return list(given.values())[:_MOST_PROPOSED]


def _is_ours(read: Contact, own_domains: Collection[str]) -> bool:
    """Return whether one of our own people wrote it; what a form of ours passes on asks to be answered elsewhere."""
    sender, answered_at = read.sender.address.lower(), read.reply_to.address.lower()
    passes_on = bool(answered_at) and answered_at != sender
    return read.channel.traits.at_desk or (domain_of(sender) in own_domains and not passes_on)


def _is_theirs(judged: Judgement, tenant_id: str) -> bool:
    match, read = judged.match, judged.contact
    of_another = match.tenant is not None and match.tenant.id != tenant_id
    passed_on = bool(read.forwarded) or read.by_program or match.on_behalf
    return not (of_another or passed_on or judged.understanding.asker in NOT_THE_TENANT)


def _proposed(judged: Judgement) -> Iterator[ProposedEntry]:
    for wished in judged.understanding.wishes:
        entry = _REACH_OF_WISH.get(wished.wish)
        if entry is not None:
            words = " ".join(wish_words(wished, judged.contact.text).split())[:_LONGEST_WORDS]
            value = entry[0](words)
            yield ProposedEntry(EntryKind.REACH, value, words, f"{entry[1]} : « {words} »")
    language = language_of(judged.contact.new_text)
    if language is not None and language != _FRENCH:
        yield ProposedEntry(EntryKind.LANGUAGE, language, "", f"écrit en {LANGUAGES.get(language, language)}")


def _reached(words: str) -> Reach:
    return Reach.MAIL if any(word in words.lower() for word in _BY_MAIL) else Reach.PHONE


_REACH_OF_WISH: Final[dict[Wish, tuple[Callable[[str], Reach], str]]] = {
    Wish.CALL: (_reached, "préfère être joint·e ainsi"),
    Wish.NO_PHONE: (lambda _: Reach.NO_PHONE, "ne pas appeler"),
    Wish.NO_POST: (lambda _: Reach.NO_POST, "ne rien envoyer à l’adresse"),
}


def _is_settled(proposal: ProposedEntry, contact: CaseContact, tenant_id: str, register: HouseholdRegister) -> bool:
    alike = [
        entry
        for entry in register.entries
        if (entry.kind, entry.value) == (proposal.kind, proposal.value)
        and (entry.tenant_id == tenant_id or entry.household)
    ]
    return any(
        entry.in_force(register.on)
        or (entry.ended_at is not None and contact.at is not None and entry.ended_at >= contact.at)
        for entry in alike
    )
