"""What stands behind MAIL and RCPT: a path, and its parameters (RFC 5321 section 4.1.1.11)."""

from collections.abc import Iterable, Mapping

from dtm_contact.channels.mail import replies
from dtm_contact.channels.mail.address import parse_path

_LONGEST_SIZE = 15
_BODIES = frozenset({"7BIT", "8BITMIME"})
_OF_MAIL = frozenset({"BODY", "SIZE", "SMTPUTF8"})


class RefusedArgumentError(Exception):
    """A command is refused.

    Attributes:
        reply: what the client is told.
    """

    def __init__(self, reply: str) -> None:
        """Refuse with this reply."""
        super().__init__(reply)
        self.reply = reply


def path_behind(keyword: str, argument: str | None, syntax: str, *, extended: bool) -> tuple[str, str]:
    """Take apart what stands behind the command.

    Args:
        keyword: `FROM:` or `TO:`.
        argument: all that stands behind the verb.
        syntax: the reply that tells how it is written.
        extended: parameters may follow, since the client said EHLO.

    Returns:
        The address, empty for the null path `<>`, and the parameters.

    Raises:
        RefusedError: there is no address, or it is none.
    """
    length = len(keyword)
    if argument is None or argument[:length].upper() != keyword:
        raise RefusedArgumentError(syntax)
    text = argument[length:].strip()
    if not text:
        raise RefusedArgumentError(syntax)
    path = parse_path(text)
    if path is None:
        raise RefusedArgumentError(replies.NO_ADDRESS)
    if path[1] and not extended:
        raise RefusedArgumentError(syntax)
    return path


def check_parameters_of_mail(parameters: str, size_limit: int) -> None:
    """Check the parameters of MAIL: SIZE (RFC 1870), BODY (RFC 6152) and SMTPUTF8 (RFC 6531).

    Raises:
        RefusedError: one of them is not known, not written well, or tells of too large a message.
    """
    given = _given(parameters, replies.MAIL_SYNTAX)
    if given.get("BODY", "7BIT") not in _BODIES:
        raise RefusedArgumentError(replies.NO_SUCH_BODY)
    if given.get("SMTPUTF8"):
        raise RefusedArgumentError(replies.SMTPUTF8_ALONE)
    size = given.get("SIZE", "0")
    if not (size.isascii() and size.isdigit() and len(size) <= _LONGEST_SIZE):
        raise RefusedArgumentError(replies.MAIL_SYNTAX)
    if int(size) > size_limit:
        raise RefusedArgumentError(replies.TOO_LARGE)
    _refuse_others(given, _OF_MAIL, replies.NO_SUCH_PARAMETER_OF_MAIL)


def check_parameters_of_rcpt(parameters: str) -> None:
    """Check the parameters of RCPT; none is known.

    Raises:
        RefusedError: there is one.
    """
    _refuse_others(_given(parameters, replies.RCPT_SYNTAX), (), replies.NO_SUCH_PARAMETER_OF_RCPT)


def _given(parameters: str, syntax: str) -> Mapping[str, str]:
    """Return the parameters by their names; one without a value has an empty one."""
    given = dict[str, str]()
    for parameter in parameters.upper().split():
        name, equals, value = parameter.partition("=")
        if not name.isalnum() or (equals and not value):
            raise RefusedArgumentError(syntax)
        given[name] = value
    return given


def _refuse_others(given: Mapping[str, str], known: Iterable[str], reply: str) -> None:
    if not given.keys() <= set(known):
        raise RefusedArgumentError(reply)
