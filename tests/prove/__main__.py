"""The proofs at full length: `python -m tests.prove [kills|power|hostile|…|failover] [--times N] [--seed S]`."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from random import Random

from tests.prove import calls, disk, failover, fsync, fuzz, hostile, idle, kills, loader, mailbox, outbox, power, reload
from tests.prove.program import chance

TIMES = {
    "kills": 50,
    "power": 20,
    "fsync": 30,
    "hostile": 10,
    "idle": 1_000,
    "fuzz": 20_000,
    "calls": 10,
    "reload": 100,
    "loader": 300,
    "outbox": 30,
    "mailbox": 10,
    "failover": 50,
}


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def _kills(folder: Path, times: int, random: Random) -> bool:
    outcome = asyncio.run(kills.prove_kills(_new(folder, "kept"), times, random))
    _say(outcome.lines())
    control = asyncio.run(kills.lost_by_early_answers(_new(folder, "early"), max(5, times // 5), random))
    _say([f"control, 250 before the commit: {control}"])
    at_work = outcome.judges is not None and outcome.judges.at_work > 0
    return outcome.audit.sound and at_work and control.messages > 0


def _power(folder: Path, times: int, random: Random) -> bool:
    if reason := disk.why_not(_new(folder, "trial")):
        _say([f"power: cannot be shown on this machine: {reason}"])
        return False
    outcome = asyncio.run(power.prove_power_cuts(_new(folder, "kept"), times, random))
    _say(outcome.lines())
    control = asyncio.run(power.lost_by_not_waiting(_new(folder, "hasty"), max(3, times // 5), random))
    killed = asyncio.run(power.lost_after_a_kill_within_a_commit(_new(folder, "killed"), random))
    _say([f"control, synchronous=NORMAL: {control}", f"sent again after a kill within its commit: {killed}"])
    return outcome.audit.sound and control.messages > 0 and not killed.messages


def _fsync(folder: Path, times: int, random: Random) -> bool:
    if reason := fsync.why_not():
        _say([f"fsync: cannot be shown on this machine: {reason}"])
        return False
    outcome = asyncio.run(fsync.prove_failing_syncs(_new(folder, "kept"), times, random))
    _say(outcome.lines())
    control = asyncio.run(
        fsync.prove_failing_syncs(_new(folder, "trusting"), max(3, times // 5), random, fsync.TRUSTING)
    )
    _say(["control, claims that do not wait, and a probe that only writes:", *control.lines()])
    return outcome.sound and sum(control.lost) > 0


def _hostile(folder: Path, times: int, random: Random) -> bool:
    before = asyncio.run(hostile.rate_alone(_new(folder, "before"), random, seconds=times))
    outcome = asyncio.run(hostile.prove_hostile(_new(folder, "beside"), tuple(hostile.MESSAGES), random, seconds=times))
    after = asyncio.run(hostile.rate_alone(_new(folder, "after"), random, seconds=times))
    _say(outcome.lines())
    _say([f"mail taken in alone {before:.0f}/s and {after:.0f}/s, beside the hostile messages {outcome.rate:.0f}/s"])
    return outcome.sound


def _idle(folder: Path, times: int, random: Random) -> bool:
    outcome = asyncio.run(idle.prove_idle(folder, times, random))
    _say(outcome.lines())
    return outcome.sound


def _fuzz(_folder: Path, times: int, random: Random) -> bool:
    outcome = fuzz.prove_fuzz(times, random.randrange(2**32))
    _say(outcome.lines())
    return not outcome.faults


def _calls(folder: Path, times: int, random: Random) -> bool:
    outcome = asyncio.run(calls.prove_calls(folder, times, random))
    _say(outcome.lines())
    return outcome.sound


def _reload(folder: Path, times: int, random: Random) -> bool:
    outcome = asyncio.run(reload.prove_reload(folder, times, random))
    _say(outcome.lines())
    return outcome.sound


def _loader(folder: Path, times: int, random: Random) -> bool:
    outcome = loader.prove_loader(folder, times, random)
    _say(outcome.lines())
    return not outcome.faults


def _outbox(folder: Path, times: int, random: Random) -> bool:
    outcome = asyncio.run(outbox.prove_outbox(folder, 10 * times, times, random))
    _say(outcome.lines())
    return outcome.sound


def _mailbox(folder: Path, times: int, random: Random) -> bool:
    outcome = asyncio.run(mailbox.prove_mailbox(folder, 200 * times, times, random))
    _say(outcome.lines())
    return outcome.sound


def _failover(folder: Path, times: int, random: Random) -> bool:
    length = failover.Length(messages=60 * times, kills=times, pauses=max(1, times // 5), mailbox=6 * times)
    outcome = asyncio.run(failover.prove_failover(_new(folder, "leased"), length, random))
    _say(outcome.lines())
    left = asyncio.run(failover.left_without_leases(_new(folder, "unleased"), max(2, times // 10), random))
    _say([f"control, nothing is taken over: {left:,} left for ever"])
    return outcome.sound and left > 0


PROOFS = {
    "kills": _kills,
    "power": _power,
    "fsync": _fsync,
    "hostile": _hostile,
    "idle": _idle,
    "fuzz": _fuzz,
    "calls": _calls,
    "reload": _reload,
    "loader": _loader,
    "outbox": _outbox,
    "mailbox": _mailbox,
    "failover": _failover,
}


def _new(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def main() -> int:
    """Run the named proofs, all if none is named; return 0 if each of them holds."""
    arguments = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    arguments.add_argument("proofs", nargs="*", choices=[*PROOFS, []], metavar="PROOF", help=", ".join(PROOFS))
    arguments.add_argument(
        "--times", type=int, help="kills, cuts, seconds, connections or mails, in place of each proof's own number"
    )
    arguments.add_argument("--seed", type=int, default=1, help="of all that is left to chance")
    chosen = arguments.parse_args()
    held = True
    for name in chosen.proofs or PROOFS:
        with tempfile.TemporaryDirectory(prefix=f"prove-{name}-") as folder:
            holds = PROOFS[name](Path(folder), chosen.times or TIMES[name], chance(chosen.seed))
        _say([f"{name}: {'holds' if holds else 'FAILS'} (seed {chosen.seed})", ""])
        held = held and holds
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
