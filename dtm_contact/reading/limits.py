"""How much of a message is read. What lies beyond a limit stays in the arrival, and a note on the contact says so."""

from typing import Final

HEADER_BLOCK_OCTETS: Final = 102_400
"""All headers of one part together, the limit Postfix puts on a message (`header_size_limit`)."""

HEADER_OCTETS: Final = 32_768
"""One header, folded lines included."""

HEADERS: Final = 1_000
"""Headers of one part."""

NESTING: Final = 100
"""Parts within parts, as Postfix has it (`mime_nesting_limit`)."""

PARTS: Final = 1_000
"""Parts of a message, all levels together."""

FALSE_MARKS: Final = 20_000
"""Lines that begin as a delimiter and are none."""

SCANNED_OCTETS: Final = 1_500_000_000
"""Octets looked at for delimiters, each level of nesting counted: a cap on size times depth."""

REENCODED: Final = 3
"""Attached messages that are themselves base64 or quoted-printable, one within the other: each is a copy in memory."""

MAILBOXES: Final = 500
"""Addresses read from one header."""

PLAIN_OCTETS: Final = 2_000_000
"""Octets of one plain text that are decoded."""

ENCODED_TEXT_OCTETS: Final = 8_000_000
"""Octets of a text in which the end of its base64 is looked for."""

HTML_OCTETS: Final = 2_000_000
"""Octets of one HTML text that are parsed, embedded images not counted."""

HTML_TAGS: Final = 20_000
"""Tags given to the HTML parser; what follows is only freed of its tags."""

HTML_DEPTH: Final = 300
"""Elements within elements given to the HTML parser, whose cost grows with the square of depth; beyond, as above."""

NEW_TEXT: Final = 200_000
"""Characters of new text."""

OTHER_TEXT: Final = 500_000
"""Characters of quoted text, of a forwarded original, of a signature."""

FORWARDED: Final = 20
"""Originals kept of one message."""

ATTACHMENTS: Final = 500
"""Attachments listed."""

FILES_READ: Final = 10
"""Files of one message whose words are read."""

ATTACHED_TEXT: Final = 15_000
"""Characters of the words of all files together: as many as are read of any part."""

NAME: Final = 120
"""Characters of an attachment's name."""

DISPLAY: Final = 1_000
"""Characters of a subject or of a name."""

LINES: Final = 20_000
"""Lines of a text that are separated."""

LINE: Final = NEW_TEXT + 1
"""Characters of one line."""
