"""Who may use the desk and what each may do: accounts, passwords, sessions, the audit trail."""

from dtm_contact.access.drafting import key_of as draft_key
from dtm_contact.access.login import csrf_token, digest_of, new_account, new_link, new_secret, try_password
from dtm_contact.access.roles import Right, Role, may, sees, sees_case, visibility_of
from dtm_contact.access.rpc import call_procedure, procedure_names

__all__ = [
    "Right",
    "Role",
    "call_procedure",
    "csrf_token",
    "digest_of",
    "draft_key",
    "may",
    "new_account",
    "new_link",
    "new_secret",
    "procedure_names",
    "sees",
    "sees_case",
    "try_password",
    "visibility_of",
]
