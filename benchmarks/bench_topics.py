"""How much processor time understanding takes: messages kept aside, one by one, and a megabyte of hostile text.

Run: .venv/bin/python -m benchmarks.bench_topics
"""

import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from dtm_contact.model import Channel, Contact
from dtm_contact.rules import load_rules
from dtm_contact.topics import Reader, understand
from training import corpus

ROOT = Path(__file__).parents[1]
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
KEPT = ("week", "month", "languages")
HOSTILE = {
    "one word": "a" * 1_000_000,
    "one phrase": "odeur de gaz " * 90_000,
    "half a phrase": "coincé dans le " * 70_000,
    "denied": "il n'y a pas de fuite " * 45_000,
    "lines": "ligne\n" * 100_000,
    "slips": "ascenceur chaufage infiltracion " * 30_000,
}


def milliseconds(text: str, reader: Reader) -> float:
    start = time.process_time()
    understand(Contact(Channel.EMAIL, AT, new_text=text), reader)
    return (time.process_time() - start) * 1000


def main() -> None:
    start = time.process_time()
    reader = load_rules(ROOT / "rules").reader
    taken = (time.process_time() - start) * 1000
    print(f"loading: {taken:.0f} ms, {len(reader.phrases.phrases)} phrases, {len(reader.model.ids):,} features")
    texts = [message.text for message in corpus.read(corpus.FOLDER / "kept" / f"{name}.jsonl" for name in KEPT)]
    first = [milliseconds(text, reader) for text in texts]
    again = [milliseconds(text, reader) for text in texts]
    for name, times in (("first reading", first), ("words known", again)):
        slow = statistics.quantiles(times, n=100)[98]
        median = statistics.median(times)
        print(
            f"{len(times)} messages, {name}: median {median:.2f} ms, 99th percentile {slow:.1f}, worst {max(times):.1f}"
        )
    for name, text in HOSTILE.items():
        print(f"{name}, {len(text):,} characters: {milliseconds(text, reader):.1f} ms")


if __name__ == "__main__":
    main()
