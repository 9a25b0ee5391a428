"""What a message costs the store, in bytes: of a folder of mails judged one after the other, each with its history.

    python benchmarks/bench_bytes.py [--letters DIR] [--rounds N]

Every round the same letters come again a week later, so that residences and households fill with earlier contacts as
they do in life. Printed of the last round: the bytes of a message as it came, those that the store grew by for each,
and how many of these the judgement is, by part.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rules import load_in_force
from dtm_contact.settings import Settings
from dtm_contact.store import migrate, open_store

ROOT = Path(__file__).parent.parent
START = datetime(2026, 9, 1, 8, tzinfo=UTC)


def _bytes_used(path: Path) -> int:
    """Return the bytes of the pages that hold something, of what is committed."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        pages, free, size = (
            connection.execute(sa.text(f"PRAGMA {name}")).scalar_one()
            for name in ("page_count", "freelist_count", "page_size")
        )
    engine.dispose()
    return int((pages - free) * size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--letters", type=Path, default=ROOT / "fixtures" / "letters")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    settings = Settings.defaults()
    directory = Directory(read_export(ROOT / "fixtures" / "directory")[0])
    rules = load_in_force(ROOT / "rules", zone=settings.zone, model=settings.model)
    grounds = Grounds.build(directory, rules, settings)
    letters = [path.read_bytes() for path in sorted(asked.letters.glob("*.eml"))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        url = f"sqlite:///{path}"
        migrate(url)
        sizes: list[int] = []
        with open_store(url) as store:
            for number in range(asked.rounds):
                for at, raw in enumerate(letters):
                    now = START + timedelta(days=7 * number, seconds=500 * at)
                    arrival = Arrival("smtp", f"{number}-{at}", now, "message/rfc822", None, raw)
                    store.arrivals.accept([arrival])
                    claimed = store.arrivals.claim("bench", now) or sys.exit("nothing to claim")
                    with store.history(apart_from=arrival) as history:
                        judgement = judge(arrival, now, grounds, history)
                    store.cases.record(claimed, judgement, as_json(judgement), now)
                sizes.append(_bytes_used(path))
        engine = sa.create_engine(url)
        parts: Counter[str] = Counter()
        with engine.connect() as connection:
            latest = sa.text("SELECT decision, judgement FROM judgements ORDER BY contact_id DESC LIMIT :most")
            rows = connection.execute(latest, {"most": len(letters)})
            for decision, judgement_json in rows:
                parts["decision"] += len(decision.encode())
                parts["judgement"] += len(judgement_json.encode())
                for key, value in json.loads(judgement_json).items():
                    parts[f"  {key}"] += len(json.dumps(value, ensure_ascii=False).encode())
                    if key in {"history", "match"}:
                        for inner, held in value.items():
                            parts[f"    {key}.{inner}"] += len(json.dumps(held, ensure_ascii=False).encode())
    raw_mean = sum(map(len, letters)) / len(letters)
    grown = (sizes[-1] - sizes[-2]) / len(letters) if len(sizes) > 1 else sizes[-1] / len(letters)
    print(f"{len(letters)} letters, {asked.rounds} rounds")
    print(f"  {raw_mean:9,.0f}  bytes of a message as it came")
    print(f"  {grown:9,.0f}  in the store, of the last round; twice its bytes and 6 KB: {2 * raw_mean + 6144:,.0f}")
    for name, total in parts.items():
        print(f"  {total / len(letters):9,.0f}  {name}")


if __name__ == "__main__":
    main()
