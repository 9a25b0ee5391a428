from collections import Counter

from dtm_contact.store import ArrivalState, Store, open_store
from dtm_contact.store.arrivals import _CLAIM
from tests.forks import FORKS
from tests.store import claimer
from tests.store.samples import NOW, arrival, minutes

COUNT = 160
CLAIMERS = 8


def test_eight_processes_never_claim_the_same_arrival(store: Store, url: str) -> None:
    store.arrivals.accept([arrival(str(number), minutes(-number)) for number in range(COUNT)])
    pipes = [FORKS.Pipe() for _ in range(CLAIMERS)]
    processes = [
        FORKS.Process(target=claimer.claim_all, args=(url, f"worker{number}", theirs))
        for number, (_ours, theirs) in enumerate(pipes)
    ]
    for process in processes:
        process.start()
    for ours, theirs in pipes:
        # Where one dies, its end of the pipe is the last.
        theirs.close()
        assert ours.recv() == "ready"
    for ours, _theirs in pipes:
        ours.send("go")
    claimed = Counter(number for ours, _theirs in pipes for number in ours.recv())
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * CLAIMERS
    for ours, _theirs in pipes:
        ours.close()
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
