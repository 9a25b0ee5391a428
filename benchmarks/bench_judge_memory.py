"""How much memory a judge process holds: started as the daemon starts it, after a hundred ordinary messages.

PSS counts what two judges share at half: that is what one more of them costs. The last column is what both hold, as one
takes it from the machine.

Run: .venv/bin/python -m benchmarks.bench_judge_memory [messages]
"""

import asyncio
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from dtm_contact.directory import read_export
from dtm_contact.model import Arrival, Envelope
from dtm_contact.settings import RulesSettings, Settings, StoreSettings
from dtm_contact.store import migrate, open_store
from dtm_contact.worker.ipc import JudgeReply, JudgeRequest
from dtm_contact.worker.judge_process import JudgeProcess

ROOT = Path(__file__).parents[1]
MESSAGES = 100
MEASURED = ("Rss", "Pss", "Private_Dirty")
_LINE = re.compile(r"^(\w+):\s+(\d+) kB$", re.MULTILINE)


def held(pid: int | None) -> dict[str, float]:
    """Return what a process holds, in mebibytes (proc(5), smaps_rollup)."""
    found = dict(_LINE.findall(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")))
    return {name: int(found[name]) / 1024 for name in MEASURED}


def tell(name: str, judges: list[JudgeProcess]) -> None:
    each = [held(judge.pid) for judge in judges]
    means = "  ".join(f"{what} {sum(one[what] for one in each) / len(each):6.1f}" for what in MEASURED)
    print(f"{name:24} {means}   PSS of both {sum(one['Pss'] for one in each):6.1f} MiB")


async def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            store=StoreSettings(url=f"sqlite:///{folder}/store.db"), rules=RulesSettings(dir=ROOT / "rules")
        )
        migrate(settings.store.url)
        with open_store(settings.store.url) as store:
            store.directory.save(read_export(ROOT / "fixtures" / "directory")[0], "import", datetime.now(UTC))
        judges = [JudgeProcess(settings) for _ in range(2)]
        for judge in judges:
            await judge.ready()
        tell("ready", judges)
        raws = [path.read_bytes() for path in sorted((ROOT / "fixtures" / "mail").glob("*.eml"))]
        now, judged = datetime(2026, 11, 24, 9, 0, tzinfo=UTC), 0
        for place in range(count):
            envelope = Envelope("a@free.example", ("b@bailleur.example",), "127.0.0.1")
            arrival = Arrival("smtp", str(place), now, "message/rfc822", envelope, raws[place % len(raws)])
            answers = [await judge.judge(JudgeRequest(arrival, now)) for judge in judges]
            judged += sum(isinstance(answer, JudgeReply) for answer in answers)
        tell(f"after {count} messages", judges)
        print(f"{judged} of {2 * count} judged")
        for judge in judges:
            await judge.kill()


def main() -> None:
    data = ROOT / "dtm_contact" / "data"
    files = [*data.glob("*.npz"), *(ROOT / "rules").glob("*.npz"), *(ROOT / "rules").glob("*.yaml")]
    print("  ".join(f"{file.name} {file.stat().st_size / 2**20:.2f} MiB" for file in sorted(files)))
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES))


if __name__ == "__main__":
    main()
