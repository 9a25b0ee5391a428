"""One request to the desk: who makes it, what it asks, what they may see, and how they read, change and audit."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from starlette.datastructures import FormData, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response

from dtm_contact.access import Right, Role, csrf_token, may, sees, sees_case, visibility_of
from dtm_contact.cases import Command, Done
from dtm_contact.errors import NotFoundError
from dtm_contact.store import Account, Case, CaseFile, Session
from dtm_contact.text import phone_key
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.search import FoundPerson, FoundPlace, nearest, words_of

LONGEST_SEARCH = 200
ONE_TIME_KEY = "cle"
"""The field by which a form that is sent twice is known."""
PAGE = "ecrit"
"""The field by which a form says on which page it was written (`model.WritingPage`)."""
_OF_THE_PAGE = frozenset({ONE_TIME_KEY, PAGE, "csrf", "version", "vu", "reste", "bandeau"})
"""Fields that say from which page a form was sent."""
_MOST_PEOPLE = 20
_MOST_PLACES = 24
_Found = TypeVar("_Found")
_NEW_FOR = timedelta(minutes=5)
"""So long a danger that nobody has taken stands before those that came earlier."""
_NUMBER = re.compile(r"(\d{4})-?0*(\d{1,7})")
_LONGEST_FIELD = 20_000
_SEE_OTHER = 303


class CappedList(list[_Found]):
    """What a search shows of what it found, the nearest first, and how many that were: a page says where it is cut."""

    def __init__(self, found: Sequence[_Found] = (), most: int = 0) -> None:
        """Take what was found, and how many of it are shown at the most."""
        super().__init__(found[:most])
        self.total = len(found)

    @property
    def is_cut(self) -> bool:
        """Whether more was found than is shown."""
        return self.total > len(self)


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a page or an action is given.

    Attributes:
        app: the store, the directory, the rules, the way to the daemon.
        user: who is logged in; None for a page that needs no session. `account` is the same, or an error.
        entering: of somebody whose password was right, and of whom a second factor is still asked, the session; a page
            sees it that needs the right `own` alone.
        secret: the session's; empty without one.
        path: the parts of the path.
        query, form: the parameters of the address, and the fields of the form.
        client: the address that the request came from, seen through the proxies that we believe.
        device: the digest of the secret that the browser keeps beyond its sessions; "" without one.
        url: the page that was asked for.
        since: the latest event when it was asked for: what happens later is told to the page.
        headers: the request's.
    """

    app: AppContext
    user: Account | None
    secret: str
    now: datetime
    path: Mapping[str, str]
    query: QueryParams
    form: FormData
    client: str = ""
    device: str = ""
    url: str = "/"
    since: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    entering: Session | None = None

    @property
    def account(self) -> Account:
        """Who is logged in.

        Raises:
            NotFoundError: nobody is logged in.
        """
        if self.user is None:
            raise NotFoundError("session")
        return self.user

    @property
    def is_script(self) -> bool:
        """Whether our own script sent the request, to put the answer into the open page, and not the browser itself."""
        return self.headers.get("x-desk-script") == "1"

    @property
    def csrf(self) -> str:
        """What every form of this session holds."""
        return csrf_token(self.secret) if self.secret else ""

    def may(self, right: str) -> bool:
        """Return whether who is logged in has a right."""
        return self.user is not None and may(self.user, Right(right))

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues whose cases they see, the own office's first."""
        return self.app.queues_of(self.account)

    @property
    def own_queues(self) -> tuple[str, ...]:
        """The queues of the account's own office; where that office has none, all queues that the account may see."""
        own = tuple(queue for queue in self.queues if self.app.office_of(queue) == self.account.office_id)
        return own or self.queues

    @property
    def alarms(self) -> list[Case]:
        """The P1 that nobody has taken, of the queues that they see, and their own that are late.

        What has just come in is first, so that it is seen; after that what has been due longest.
        """
        own = self.app.store.desk.late_dangers_of(self.account.name, self.now)
        found = [*self.app.store.desk.alarms(self.queues), *(case for case in own if sees_case(self.account, case))]
        new = [case for case in found if self.now - case.opened_at < _NEW_FOR and case.due > self.now]
        return [*new, *sorted((case for case in found if case not in new), key=lambda case: case.due)]

    @property
    def possibles(self) -> list[Case]:
        """The cases of the queues that they see in which somebody may be in danger and that nobody has taken."""
        return self.app.store.desk.possible_dangers(self.queues)

    def written_places(self, shown: Collection[Case]) -> Mapping[str, str]:
        """Return the address as it was written in each of these cases; "" where the dwelling is known, or none was."""
        return defaultdict(str, self.app.store.desk.written_places(shown))

    def sees_tenant(self, tenant_id: str) -> bool:
        """Return whether they may see a tenant of the directory."""
        offices = self.app.directory.offices_of(tenant_id, self.now.date())
        return self.account.role != Role.AGENT or any(sees(self.account, office_id) for office_id in offices)

    def sees_dwelling(self, dwelling_id: str) -> bool:
        """Return whether they may see a dwelling of the directory."""
        return sees(self.account, self.app.directory.office_of(dwelling_id))

    def text(self, name: str) -> str:
        """Return a field of the form, else of the query, without what surrounds it; "" where there is none.

        The token of a form comes by `token` alone: a link could hold what a query says.
        """
        value = self.form.get(name, self.query.get(name, ""))
        return value.strip()[:_LONGEST_FIELD] if isinstance(value, str) else ""

    def form_text(self, name: str) -> str:
        """Return a field of the form as it is, whatever its length; "" where there is none."""
        value = self.form.get(name, "")
        return value if isinstance(value, str) else ""

    @property
    def token(self) -> str:
        """The session's token as a form or a header gives it."""
        value = self.form.get("csrf") or self.headers.get("x-csrf-token", "")
        return value if isinstance(value, str) else ""

    def cookie(self, name: str) -> str:
        """Return a cookie of the browser; "" where it has none of that name."""
        return cookie_parser(self.headers.get("cookie", "")).get(name, "")

    def number(self, name: str) -> int | None:
        """Return a whole number of the form or the query; None where there is none."""
        value = self.text(name)
        return int(value) if value.isdecimal() and len(value) < 16 else None  # noqa: PLR2004 - fits 64 bits

    def values(self, name: str) -> tuple[str, ...]:
        """Return all values of a field of the form."""
        return tuple(value for value in self.form.getlist(name) if isinstance(value, str))

    def case(self, number: str | None = None) -> Case:
        """Return a case that they may see: the path's, unless another is named.

        Raises:
            NotFoundError: there is none, or it is another office's.
        """
        number = number or self.path["number"]
        case = self.app.store.desk.case(number)
        if case is None or not sees_case(self.account, case):
            raise NotFoundError("case")
        return case

    def file(self) -> CaseFile:
        """Return the path's case with all that lies in it.

        Raises:
            NotFoundError: there is none, or it is another office's.
        """
        return self.app.store.cases.get(self.case().number)

    def find_people(self, asked: str, where: str) -> CappedList[FoundPerson]:
        """Return the people whom they may see by what they typed; the look-up is noted before anybody is shown.

        This is the one search for people: of the page of search, of a case, of a new one. Whom the directory does not
        know so is found by what lies in cases: the number of one, where they wrote or called from, their words.

        Args:
            asked: a name, a number, an address, a street; nothing is looked up where it is empty.
            where: for which case they are looked up; "" for none.

        Raises:
            StoreUnavailableError: it could not be noted.
        """
        if not asked:
            return CappedList()
        index, on = self.app.people(), self.now.date()
        seen = index.find(asked, on, lambda office_id: sees(self.account, office_id))
        if not seen:
            tenants = dict.fromkeys(case.tenant_id for case in self.find_cases(asked) if case.tenant_id)
            found = (index.person(tenant_id, on) for tenant_id in tenants)
            seen = [person for person in found if person is not None and sees(self.account, person.office_id)]
        shown = CappedList(seen, _MOST_PEOPLE)
        self.audit("searched", asked, people=[person.tenant_id for person in shown], case=where)
        return shown

    def find_places(self, asked: str) -> CappedList[FoundPlace]:
        """Return the entrances of streets and residences of the offices that they see, by what they typed."""
        if not asked:
            return CappedList()
        return CappedList(
            self.app.people().places(asked, lambda office_id: sees(self.account, office_id)), _MOST_PLACES
        )

    def find_cases(self, asked: str) -> list[Case]:
        """Return the cases that they see by what they typed, open ones first."""
        return self.find_cases_and_opened(asked)[0]

    def find_cases_and_opened(self, asked: str) -> tuple[list[Case], list[Case]]:
        """Return the cases by what they typed: those that they see, and those that lie elsewhere and they opened.

        Of the latter they may know no more than the number, the queue and the state: they have told it somebody.
        """
        store, key, number = self.app.store.desk, phone_key(asked), case_number(asked)
        named = store.case(number) if number else None
        if named is not None:
            cases = [named]
        elif key or "@" in asked:
            cases = store.of(phones=[key] if key else [], addresses=[asked.lower()] if "@" in asked else [])
        else:
            cases = [*store.by_contacts(self.app.contact_index.contacts(asked)), *self._of_matter_and_place(asked)]
            cases = list({case.number: case for case in cases}.values())
        cases.sort(key=lambda case: case.state == "closed")
        return [case for case in cases if sees_case(self.account, case)], self.opened_elsewhere(cases)

    def _of_matter_and_place(self, asked: str) -> list[Case]:
        """Return the cases at a place that some words name, of the topic or with the words that the others say."""
        matter, entrances = self.app.people().matter_and_place(asked)
        if not matter:
            return []
        directory, store = self.app.directory, self.app.store.desk
        residences = {directory.addresses[entrance].residence_id for entrance in entrances}
        topics = [code for code, label in self.app.names.topics.items() if _says(label, matter)]
        # Where no topic is called so it is looked for in what was written.
        said = () if topics else self.app.contact_index.contacts(" ".join(matter))
        found = store.in_residences(residences, topics) if topics else store.by_contacts(said)
        homes = {case.number: directory.address_of(case.dwelling_id) for case in found if case.dwelling_id}
        there = {number for number, address in homes.items() if address is None or address.address_id in entrances}
        return [
            case
            for case in found
            if case.residence_id in residences and (case.number in there or case.number not in homes)
        ]

    def opened_elsewhere(self, cases: Iterable[Case]) -> list[Case]:
        """Return the cases that the account opened and may not see, since another office works them now.

        Args:
            cases: among which; those that the account sees and those that are archived are left out.

        Returns:
            The rest of them that it opened, in the order given: of these the desk shows the number alone.
        """
        unseen = {case.number: case for case in cases if not sees_case(self.account, case) and not case.archived}
        mine = self.app.store.desk.opened_by(self.account.name, unseen) if unseen else ()
        return [case for number, case in unseen.items() if number in mine]

    def audit(self, what: str, subject: str, **data: Any) -> None:
        """Add a line to the audit trail.

        Raises:
            StoreUnavailableError: it could not be written: what it tells of must not be shown.
        """
        self.app.call("audit", who=self.account.name, what=what, subject=subject, data=data)

    def _form_digest(self, verb: str, number: str) -> str:
        """Return by what the form that was sent is known if it is sent again; "" where it bears no key of its own.

        It is of what stands in it, too: one that is changed and sent from the same page asks for something else.
        """
        key = self.form_text(ONE_TIME_KEY)
        if not key:
            return ""
        said = sorted((name, str(value)) for name, value in self.form.multi_items() if name not in _OF_THE_PAGE)
        told = json.dumps([self.account.name, verb, number, key, said])
        return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()

    def apply(
        self,
        verb: str,
        number: str,
        arguments: Mapping[str, Any],
        version: int | None = None,
        *,
        of_draft: str | None = None,
    ) -> Done:
        """Have the daemon carry out a verb on a case, and audit it.

        Args:
            verb: its name.
            number: the case; "" for a verb that opens one.
            arguments: the verb's own.
            version: of the case, as the page showed it; None where it does not matter.
            of_draft: the mark of the page on which the agent wrote it: their draft is gone with it; None without one.

        Raises:
            RefusedError: it cannot be done as asked; the message is for the agent.
        """
        visibility, who = visibility_of(self.account), self.account.name
        asked = Command(
            verb, who, number, dict(arguments), version, visibility, of_draft, self._form_digest(verb, number)
        )
        done = self.app.send(asked)
        if done.again:
            return done
        # What is only handed in to be judged has no number yet: it is found again by its arrival's own id. Of what is
        # done in no case the verb itself leaves the line.
        if done.number or done.arrival or number:
            self.audit("changed", done.number or done.arrival or number, verb=verb)
        return done


def _says(label: str, words: Iterable[str]) -> bool:
    """Return whether a label has all of some folded words; slips are forgiven, and so is the ending of a word."""
    known = words_of(label)
    return all(any(each.startswith(word) for each in known) or nearest(word, known) for word in words)


HOME: Final = "/file"


def our_path(path: str) -> str:
    """Return a path of our own pages; that of the queue where it leads elsewhere."""
    fit = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if fit else HOME


def go(path: str) -> Response:
    """Return the answer that sends a browser on to another page."""
    return RedirectResponse(path, _SEE_OTHER)


def case_number(asked: str) -> str:
    """Return the number of a case that somebody typed, as cases bear it; "" where it is none."""
    number = _NUMBER.fullmatch(asked)
    return f"{number[1]}-{int(number[2]):06d}" if number else ""


def time_of(given: str, now: datetime) -> str:
    """Return a time that a field gives on the offices' wall clock, in ISO 8601; what is none as it was given."""
    try:
        time = datetime.fromisoformat(given)
    except ValueError:
        return given
    return (time if time.tzinfo else time.replace(tzinfo=now.tzinfo)).isoformat()
