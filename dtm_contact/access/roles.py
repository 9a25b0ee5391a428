"""What each role may do, and whose cases it sees."""

from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

from dtm_contact.labels.cases import role_label
from dtm_contact.store import EVERYTHING, Account, Case, Visibility


class Role(StrEnum):
    """What somebody is at the desk; the docstrings are the words of `user add --help`."""

    AGENT = "agent"
    """Works the cases of the own office; those of others are not found."""
    AGENCY = "agency"
    """Works the cases of all offices."""
    HEAD = "head"
    """Works the cases of all offices, and reads the audit trail."""
    ADMIN = "admin"
    """Sees to accounts and rules; reads all, the audit trail included, and works no case."""
    AUDITOR = "auditor"
    """Reads all, the audit trail included, and changes nothing."""

    @property
    def label(self) -> str:
        """The role in the offices' words."""
        return role_label(self)


class Right(StrEnum):
    """What a page or an action asks of who comes."""

    OWN = "own"
    """To give, or set up, one's own second factor; also while one is only coming in."""
    READ = "read"
    WORK = "work"
    TRAIL = "trail"
    PROTECTION = "protection"
    """To know by what somebody is protected; who works cases may enter it, too."""
    FIGURES = "figures"
    """To see the figures of all offices, and to take them and their cases out as files."""
    ANSWERS = "answers"
    """To write canned answers."""
    ADMIN = "admin"
    ARCHIVE = "archive"
    """To see closed cases that are kept for claims alone."""
    HOLD = "hold"
    """To keep a case from being erased, and to let it go again."""
    ANYBODY = "anybody"
    """To write to addresses that are of no party of a case and in no directory."""


_RIGHTS = MappingProxyType(
    {
        Role.AGENT: frozenset({Right.OWN, Right.READ, Right.WORK}),
        Role.AGENCY: frozenset({Right.OWN, Right.READ, Right.WORK, Right.PROTECTION, Right.ANYBODY}),
        Role.HEAD: frozenset(
            {
                Right.OWN,
                Right.READ,
                Right.WORK,
                Right.TRAIL,
                Right.PROTECTION,
                Right.FIGURES,
                Right.ANSWERS,
                Right.ARCHIVE,
                Right.HOLD,
                Right.ANYBODY,
            }
        ),
        Role.ADMIN: frozenset(
            {Right.OWN, Right.READ, Right.TRAIL, Right.ADMIN, Right.FIGURES, Right.ANSWERS, Right.ARCHIVE, Right.HOLD}
        ),
        Role.AUDITOR: frozenset({Right.OWN, Right.READ, Right.TRAIL, Right.PROTECTION, Right.FIGURES, Right.ARCHIVE}),
    }
)


def may(account: Account, right: Right) -> bool:
    """Return whether an account has a right."""
    return right in _RIGHTS[Role(account.role)]


def visibility_of(account: Account) -> Visibility:
    """Return which offices' cases and people an account may see."""
    if account.role == Role.AGENT:
        return Visibility(account.office_id, further_offices=frozenset(account.further_offices))
    protection, anybody = may(account, Right.PROTECTION), may(account, Right.ANYBODY)
    return replace(EVERYTHING, protection=protection, anybody=anybody, archive=may(account, Right.ARCHIVE))


def sees_case(account: Account, case: Case) -> bool:
    """Return whether an account sees a case: one of an office that it sees, and of those that are archived few."""
    return visibility_of(account).sees_case(case.office_id, archived=case.archived)


def sees(account: Account, office_id: str | None) -> bool:
    """Return whether an account sees what an office works; what no office works (None) agents do not see."""
    return visibility_of(account).sees(office_id)
