"""A process that dies by SIGKILL while it uses the store: `crasher URL {before,after,many,hasty}`.

It prints the id of each arrival that it takes for stored; `before` and `hasty` are controls, which say so too early.
"""

import os
import signal
import sys
from itertools import count

from dtm_contact.store import Store, open_store
from dtm_contact.store.accepting import insert_arrivals
from tests.store.samples import arrival
from tests.store.unsafe import writing_without_waiting


def _say(external_id: str) -> None:
    sys.stdout.write(external_id + "\n")
    sys.stdout.flush()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(store: Store) -> None:
    """Say so before the commit."""
    new = arrival("before")
    with store.database.writing() as connection:
        insert_arrivals(connection, {(new.channel, new.external_id): new})
        _say(new.external_id)
        _die()


def after(store: Store) -> None:
    """Say so after the commit, and die at once."""
    store.arrivals.accept([arrival("after")])
    _say("after")
    _die()


def many(store: Store) -> None:
    """Go on until somebody else ends this process."""
    for number in count():
        store.arrivals.accept([arrival(str(number))])
        _say(str(number))


def hasty(store: Store) -> None:
    """The control: go on, and say so without having waited for the disk."""
    for number in count():
        new = arrival(str(number))
        with writing_without_waiting(store.database) as connection:
            insert_arrivals(connection, {(new.channel, new.external_id): new})
        _say(new.external_id)


if __name__ == "__main__":
    with open_store(sys.argv[1]) as opened:
        {"before": before, "after": after, "many": many, "hasty": hasty}[sys.argv[2]](opened)
