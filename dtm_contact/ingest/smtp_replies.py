"""The replies (RFC 5321 section 4.2) with their enhanced codes (RFC 3463): fixed texts that quote nobody."""

import re
from functools import lru_cache
from typing import Final

STORED: Final = "250 2.0.0 Stored"
SENDER_OK: Final = "250 2.1.0 OK"
RECIPIENT_OK: Final = "250 2.1.5 OK"
BYE: Final = "221 2.0.0 Bye"
GO_AHEAD: Final = "354 End data with <CR><LF>.<CR><LF>"

STOPPING: Final = "421 4.3.2 Service is stopping, try again later"
TIMED_OUT: Final = "421 4.4.2 Timed out"
TOO_MANY_CONNECTIONS: Final = "421 4.7.0 Too many connections, try again later"
TOO_MANY_ERRORS: Final = "421 4.7.0 Too many errors"
TOO_MANY_COMMANDS: Final = "421 4.7.0 Too many commands without a message"
OUR_TROUBLE: Final = "451 4.3.0 Cannot store the message now, try again later"
TOO_MUCH_AT_ONCE: Final = "452 4.3.1 Too much mail at once, try again later"
TOO_MANY_RECIPIENTS: Final = "452 4.5.3 Too many recipients"

BAD_SYNTAX: Final = "500 5.5.2 Command not understood"
LINE_TOO_LONG: Final = "500 5.5.2 Command line too long"
NO_SUCH_COMMAND: Final = "500 5.5.2 No such command"
NO_PARAMETER: Final = "501 5.5.4 DATA takes no parameter"
QUIT_ALONE: Final = "501 5.5.4 QUIT takes no parameter"
NO_NAME: Final = "501 5.5.4 Say your name"
MAIL_SYNTAX: Final = "501 5.5.4 Syntax: MAIL FROM: <address> [SP <mail-parameters>]"
RCPT_SYNTAX: Final = "501 5.5.4 Syntax: RCPT TO: <address> [SP <mail-parameters>]"
NO_SUCH_BODY: Final = "501 5.5.4 BODY can only be one of 7BIT, 8BITMIME"
SMTPUTF8_ALONE: Final = "501 5.5.4 SMTPUTF8 takes no arguments"
NOT_OFFERED: Final = "502 5.5.1 Not offered here"
NO_SENDER: Final = "503 5.5.1 Error: need MAIL command"
NESTED: Final = "503 5.5.1 Error: nested MAIL command"
NO_RECIPIENT: Final = "503 5.5.1 No recipient has been accepted"
NOT_OURS: Final = "550 5.1.1 No such recipient here"
TOO_LARGE: Final = "552 5.3.4 Message too large"
NO_ADDRESS: Final = "553 5.1.3 Error: malformed address"
LOOP: Final = "554 5.4.6 Too many hops, the message is going round"
UNKNOWN_CLIENT: Final = "554 5.7.1 This host may not hand over mail here"
NO_SUCH_PARAMETER_OF_MAIL: Final = "555 5.5.4 MAIL FROM parameters not recognized or not implemented"
NO_SUCH_PARAMETER_OF_RCPT: Final = "555 5.5.4 RCPT TO parameters not recognized or not implemented"

_OF_THE_LIBRARY = {
    "250 OK": "250 2.0.0 OK",
    "220 Ready to start TLS": "220 2.0.0 Ready to start TLS",
}
_BY_CODE = {
    "454": "4.7.0",
    "500": "5.5.2",
    "501": "5.5.4",
    "502": "5.5.1",
    "503": "5.5.1",
}
_HAS_ENHANCED_CODE = re.compile(r"\d{3} [245]\.\d{1,3}\.\d{1,3} ")


def with_enhanced_code(reply: str) -> str:
    """Add the enhanced code to a reply that aiosmtpd gives without one (RFC 2034 section 4)."""
    if reply in _OF_THE_LIBRARY:
        return _OF_THE_LIBRARY[reply]
    code = _BY_CODE.get(reply[:3])
    if code is None or _HAS_ENHANCED_CODE.match(reply):
        return reply
    return f"{reply[:3]} {code} {reply[4:]}"


@lru_cache
def as_sent(reply: str) -> bytes:
    """Return a reply as it is sent, with its enhanced code and its line end."""
    return f"{with_enhanced_code(reply)}\r\n".encode("ascii", "replace")
