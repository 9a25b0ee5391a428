"""One request to the desk: who makes it, what it asks, what they may see, and how they read, change and audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from starlette.datastructures import FormData, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response

from dtm_contact.access import Right, Role, csrf_token, may, sees, sees_case, visibility_of
from dtm_contact.cases import Command, Done
from dtm_contact.errors import NotFoundError
from dtm_contact.store import Account, Case, CaseFile, Session
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.search import FoundPerson

LONGEST_SEARCH = 200
_LONGEST_FIELD = 20_000
_SEE_OTHER = 303


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
    def is_htmx(self) -> bool:
        """Whether htmx asks: the answer replaces a part of the page, and the browser loads none."""
        return self.headers.get("hx-request") == "true"

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
        """The P1 that nobody has taken, of the queues that they see, newest first."""
        return self.app.store.desk.alarms(self.queues)

    @property
    def possibles(self) -> list[Case]:
        """The cases of the queues that they see in which somebody may be in danger and that nobody has taken."""
        return self.app.store.desk.possible_dangers(self.queues)

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

    def find_people(self, asked: str, where: str) -> list[FoundPerson]:
        """Return the people whom they may see by what they typed; the look-up is noted before anybody is shown.

        This is the one way to `PeopleIndex.find` for pages.

        Args:
            asked: a name, a number, a street; nothing is looked up where it is empty.
            where: for which case they are looked up; "" for none.

        Raises:
            StoreUnavailableError: it could not be noted.
        """
        if not asked:
            return []
        people = self.app.people().find(asked, self.now.date())
        seen = [person for person in people if sees(self.account, person.office_id)]
        self.audit("searched", asked, people=[person.tenant_id for person in seen], case=where)
        return seen

    def audit(self, what: str, subject: str, **data: Any) -> None:
        """Add a line to the audit trail.

        Raises:
            StoreUnavailableError: it could not be written: what it tells of must not be shown.
        """
        self.app.call("audit", who=self.account.name, what=what, subject=subject, data=data)

    def apply(
        self,
        verb: str,
        number: str,
        arguments: Mapping[str, Any],
        version: int | None = None,
        *,
        of_draft: bool = False,
    ) -> Done:
        """Have the daemon carry out a verb on a case, and audit it.

        Args:
            verb: its name.
            number: the case; "" for a verb that opens one.
            arguments: the verb's own.
            version: of the case, as the page showed it; None where it does not matter.
            of_draft: it is what the agent had in their draft, which is gone with it.

        Raises:
            RefusedError: it cannot be done as asked; the message is for the agent.
        """
        visibility = visibility_of(self.account)
        done = self.app.send(Command(verb, self.account.name, number, dict(arguments), version, visibility, of_draft))
        # What is only handed in to be judged has no number yet: it is found again by its arrival's own id. Of what is
        # done in no case the verb itself leaves the line.
        if done.number or done.arrival or number:
            self.audit("changed", done.number or done.arrival or number, verb=verb)
        return done


HOME: Final = "/file"


def our_path(path: str) -> str:
    """Return a path of our own pages; that of the queue where it leads elsewhere."""
    fit = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if fit else HOME


def go(path: str) -> Response:
    """Return the answer that sends a browser on to another page."""
    return RedirectResponse(path, _SEE_OTHER)
