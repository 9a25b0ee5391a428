"""What two messages that say the same have in common costs little, whatever letters they are written in."""

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime

from dtm_contact.conversation import fingerprint
from dtm_contact.model import Channel, Contact, Forwarded, Mailbox

NADIA = Mailbox("Nadia", "nadia@free.example")
LEAK = Contact(Channel.EMAIL, datetime(2026, 11, 24, 10, 0, tzinfo=UTC), NADIA, new_text="L'évier fuit.")


def test_a_letter_that_is_normalized_into_eighteen_takes_little_memory() -> None:
    many = "\ufdfa" * 300_000
    contact = replace(LEAK, new_text=many, forwarded=(Forwarded(NADIA, "", many),) * 3)
    tracemalloc.start()
    try:
        assert fingerprint(contact)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_accents_capitals_and_spaces_make_no_difference_but_what_was_passed_on_does() -> None:
    assert fingerprint(LEAK) == fingerprint(replace(LEAK, new_text="  L’EVIER \n fuit. "))
    passed_on = [replace(LEAK, forwarded=(Forwarded(NADIA, "", text),)) for text in ("Un", "Deux")]
    assert len({fingerprint(each) for each in (LEAK, *passed_on)}) == 3
