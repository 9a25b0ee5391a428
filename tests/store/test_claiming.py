import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from dtm_contact.store import ArrivalState, Store, open_store
from dtm_contact.store.arrivals import _CLAIM
from tests.store.samples import NOW, arrival, minutes

ROOT = Path(__file__).parents[2]
COUNT = 160
CLAIMERS = 8


def test_eight_processes_never_claim_the_same_arrival(store: Store, url: str) -> None:
    store.arrivals.accept([arrival(str(number), minutes(-number)) for number in range(COUNT)])
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.claimer", url, f"worker{number}"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(CLAIMERS)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    claimed = Counter[int]()
    for process in processes:
        told, _ = process.communicate()
        assert process.returncode == 0
        claimed.update(json.loads(told))
    assert claimed == Counter(range(1, COUNT + 1))
    assert len(store.arrivals.listing(ArrivalState.CLAIMED, limit=COUNT + 1)) == COUNT


def test_postgresql_skips_what_another_is_claiming(postgresql_url: str) -> None:
    with open_store(postgresql_url, patience=2) as store:
        store.arrivals.accept([arrival("a"), arrival("b", minutes(1))])
        with store.database.writing() as connection:
            first = connection.execute(_CLAIM, {"worker": "slow", "now": NOW}).one()
            second = store.arrivals.claim("fast", NOW)
    assert second is not None
    assert (first.id, second.id) == (1, 2)
