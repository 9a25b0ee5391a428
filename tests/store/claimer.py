"""A process that claims arrivals until none is left."""

import json
import sys

from dtm_contact.store import open_store
from tests.store.samples import NOW


def main() -> None:
    """Say that it is up, begin when it is told to, and say which arrivals it claimed, by their numbers."""
    url, name = sys.argv[1:]
    with open_store(url) as store:
        # Everyone is up before anyone begins.
        print("ready", flush=True)  # noqa: T201 - who started us reads it
        sys.stdin.readline()
        claimed = []
        while arrival := store.arrivals.claim(name, NOW):
            claimed.append(arrival.id)
        print(json.dumps(claimed))  # noqa: T201


if __name__ == "__main__":
    main()
