"""How much processor time understanding takes: the labelled messages one by one, and a megabyte of hostile text.

Run: .venv/bin/python -m benchmarks.bench_topics
"""

import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import yaml

from dtm_contact.model import Contact
from dtm_contact.rules.topics_file import load_lexicon
from dtm_contact.topics import Lexicon, understand

ROOT = Path(__file__).parents[1]
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOSTILE = {
    "one word": "a" * 1_000_000,
    "one phrase": "fuite d'eau " * 90_000,
    "markers": "si il y a pas de fuite " * 45_000,
    "lines": "ligne\n" * 100_000,
}


def milliseconds(text: str, lexicon: Lexicon) -> float:
    start = time.process_time()
    understand(Contact("email", AT, new_text=text), lexicon)
    return (time.process_time() - start) * 1000


def main() -> None:
    start = time.process_time()
    lexicon = load_lexicon(ROOT / "rules", [])
    if lexicon is None:
        raise SystemExit("rules/topics.yaml holds errors")
    print(f"loading: {(time.process_time() - start) * 1000:.0f} ms, {len(lexicon.entries)} phrases")
    folder = ROOT / "fixtures" / "examples"
    texts = [
        entry["text"] for path in sorted(folder.glob("*.yaml")) for entry in yaml.safe_load(path.read_text("utf-8"))
    ]
    texts = texts[::5]
    first = [milliseconds(text, lexicon) for text in texts]
    again = [milliseconds(text, lexicon) for text in texts]
    for name, times in (("first reading", first), ("words known", again)):
        slow = statistics.quantiles(times, n=100)[98]
        median = statistics.median(times)
        print(
            f"{len(times)} messages, {name}: median {median:.2f} ms, 99th percentile {slow:.1f}, worst {max(times):.1f}"
        )
    for name, text in HOSTILE.items():
        print(f"{name}, {len(text):,} characters: {milliseconds(text, lexicon):.1f} ms")


if __name__ == "__main__":
    main()
