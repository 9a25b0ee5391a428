"""Who may use the desk and what each may do: accounts, passwords, sessions, the audit trail."""

from dtm_contact.access import federated as _federated  # noqa: F401 - the procedures register themselves
from dtm_contact.access import managing as _managing  # noqa: F401
from dtm_contact.access import second_factor as _second_factor  # noqa: F401
from dtm_contact.access.drafting import key_of as draft_key
from dtm_contact.access.login import csrf_token, digest_of, new_account, new_link, new_secret, try_password
from dtm_contact.access.roles import Right, Role, may, sees, sees_case, visibility_of
from dtm_contact.access.rpc import AccountMail, ProcedureResult, call_procedure, procedure_names

__all__ = [
    "AccountMail",
    "ProcedureResult",
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
