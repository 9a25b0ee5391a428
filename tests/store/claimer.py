"""A process that claims arrivals until none is left."""

from multiprocessing.connection import Connection

from dtm_contact.store import open_store
from tests.store.samples import NOW


def claim_all(url: str, name: str, told: Connection) -> None:
    """Say that it is up, begin when it is told to, and say which arrivals it claimed, by their numbers."""
    with open_store(url) as store:
        # Everyone is up before anyone begins.
        told.send("ready")
        told.recv()
        claimed = []
        while arrival := store.arrivals.claim(name, NOW):
            claimed.append(arrival.id)
        told.send(claimed)
