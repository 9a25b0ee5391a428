"""A process that claims arrivals until none is left, and prints their numbers: `claimer URL NAME`."""

import sys

from dtm_contact.store import open_store
from tests.store.samples import NOW


def main() -> None:
    url, name = sys.argv[1:]
    with open_store(url) as store:
        # Everyone is up before anyone begins.
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        while claimed := store.arrivals.claim(name, NOW):
            sys.stdout.write(f"{claimed.id}\n")


if __name__ == "__main__":
    main()
