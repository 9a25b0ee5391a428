"""Who may use the desk and what each may do: accounts, passwords, sessions, the audit trail."""

from dtm_contact.access.entry import csrf_token, digest_of, new_account, new_link, new_secret, try_password
from dtm_contact.access.errands import errand_names, run_errand
from dtm_contact.access.roles import Right, Role, may, sees, visibility_of

__all__ = [
    "Right",
    "Role",
    "csrf_token",
    "digest_of",
    "errand_names",
    "may",
    "new_account",
    "new_link",
    "new_secret",
    "run_errand",
    "sees",
    "try_password",
    "visibility_of",
]
