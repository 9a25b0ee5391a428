"""The proofs at full length: `python -m tests.prove [kills|power|…] [--database D] [--times N] [--seed S]`."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.prove import (
    backup,
    calls,
    disk,
    failover,
    figures,
    fsync,
    fuzz,
    hostile,
    idle,
    intake,
    kills,
    letters,
    loader,
    mailbox,
    outbox,
    power,
    recovery,
    reload,
    requests,
    retention,
    takeover,
)
from tests.prove.database import PLACES, Place
from tests.prove.program import chance


@dataclass(frozen=True, slots=True)
class Trial:
    """What a proof is given: a folder of its own, its length, what is left to chance, and where its stores lie."""

    folder: Path
    times: int
    random: Random
    place: Place

    def new(self, name: str) -> Path:
        """Make a folder in it."""
        (self.folder / name).mkdir()
        return self.folder / name


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof: what runs it and says whether it holds, its usual length, and the databases that it can be held on."""

    run: Callable[[Trial], bool]
    times: int
    databases: tuple[str, ...] = tuple(PLACES)


def _say(lines: Iterable[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


def _kills(trial: Trial) -> bool:
    outcome = asyncio.run(kills.prove_kills(trial.new("kept"), trial.times, trial.random, place=trial.place))
    _say(outcome.lines())
    control = asyncio.run(
        kills.lost_by_early_answers(trial.new("early"), max(5, trial.times // 5), trial.random, place=trial.place)
    )
    _say([f"control, 250 before the commit: {control}"])
    at_work = outcome.judges is not None and outcome.judges.at_work > 0
    return outcome.audit.sound and at_work and control.messages > 0


def _power(trial: Trial) -> bool:
    if reason := disk.why_not(trial.new("trial")):
        _say([f"power: cannot be shown on this machine: {reason}"])
        return False
    outcome = asyncio.run(power.prove_power_cuts(trial.new("kept"), trial.times, trial.random))
    _say(outcome.lines())
    control = asyncio.run(power.lost_by_not_waiting(trial.new("hasty"), max(3, trial.times // 5), trial.random))
    killed = asyncio.run(power.lost_after_a_kill_within_a_commit(trial.new("killed"), trial.random))
    _say([f"control, synchronous=NORMAL: {control}", f"sent again after a kill within its commit: {killed}"])
    return outcome.audit.sound and control.messages > 0 and not killed.messages


def _fsync(trial: Trial) -> bool:
    if reason := fsync.why_not():
        _say([f"fsync: cannot be shown on this machine: {reason}"])
        return False
    outcome = asyncio.run(fsync.prove_failing_syncs(trial.new("kept"), trial.times, trial.random))
    _say(outcome.lines())
    control = asyncio.run(
        fsync.prove_failing_syncs(trial.new("trusting"), max(3, trial.times // 5), trial.random, fsync.TRUSTING)
    )
    _say(["control, claims that do not wait, and a probe that only writes:", *control.lines()])
    return outcome.sound and sum(control.lost) > 0


def _hostile(trial: Trial) -> bool:
    before = asyncio.run(hostile.rate_alone(trial.new("before"), trial.random, seconds=trial.times, place=trial.place))
    outcome = asyncio.run(
        hostile.prove_hostile(
            trial.new("beside"), tuple(hostile.MESSAGES), trial.random, seconds=trial.times, place=trial.place
        )
    )
    after = asyncio.run(hostile.rate_alone(trial.new("after"), trial.random, seconds=trial.times, place=trial.place))
    _say(outcome.lines())
    _say([f"mail taken in alone {before:.0f}/s and {after:.0f}/s, beside the hostile messages {outcome.rate:.0f}/s"])
    return outcome.sound


def _idle(trial: Trial) -> bool:
    outcome = asyncio.run(idle.prove_idle(trial.folder, trial.times, trial.random, place=trial.place))
    _say(outcome.lines())
    return outcome.sound


def _fuzz(trial: Trial) -> bool:
    seed = trial.random.randrange(2**32)
    outcome = fuzz.prove_fuzz(trial.times, seed, processes=os.cpu_count() or 1)
    _say(outcome.lines())
    control = min(trial.times, 1_000)
    refused = fuzz.read_plainly(control, seed)
    _say([f"control, by Python's own reader: {refused:,} of {control:,} not read"])
    return not outcome.faults and refused > 0


def _calls(trial: Trial) -> bool:
    outcome = asyncio.run(calls.prove_calls(trial.folder, trial.times, trial.random, place=trial.place))
    _say(outcome.lines())
    return outcome.sound


def _reload(trial: Trial) -> bool:
    outcome = asyncio.run(reload.prove_reload(trial.folder, trial.times, trial.random, place=trial.place))
    _say(outcome.lines())
    return outcome.sound


def _loader(trial: Trial) -> bool:
    outcome = loader.prove_loader(trial.folder, trial.times, trial.random)
    _say(outcome.lines())
    return not outcome.faults


def _outbox(trial: Trial) -> bool:
    outcome = asyncio.run(
        outbox.prove_outbox(trial.folder, 10 * trial.times, trial.times, trial.random, place=trial.place)
    )
    _say(outcome.lines())
    return outcome.sound


def _mailbox(trial: Trial) -> bool:
    outcome = asyncio.run(
        mailbox.prove_mailbox(trial.folder, 200 * trial.times, trial.times, trial.random, place=trial.place)
    )
    _say(outcome.lines())
    return outcome.sound


def _failover(trial: Trial) -> bool:
    length = failover.Length(
        messages=60 * trial.times, kills=trial.times, pauses=max(1, trial.times // 5), mailbox=6 * trial.times
    )
    outcome = asyncio.run(failover.prove_failover(trial.new("leased"), length, trial.random))
    _say(outcome.lines())
    left = asyncio.run(failover.left_without_leases(trial.new("unleased"), max(2, trial.times // 10), trial.random))
    _say([f"control, nothing is taken over: {left:,} left for ever"])
    return outcome.sound and left > 0


def _backup(trial: Trial) -> bool:
    mails = 10 * trial.times
    outcome = asyncio.run(backup.prove_backup(trial.new("kept"), trial.times, mails, trial.random, place=trial.place))
    _say(outcome.lines())
    control = asyncio.run(
        backup.prove_backup(trial.new("off"), 1, max(5, mails // 5), trial.random, place=trial.place, journal=False)
    )
    _say([f"control, no journal: {control.lost:,} lost; {control.again:,} written to twice, {control.held:,} held"])
    return outcome.sound and control.lost > 0


def _recovery(trial: Trial) -> bool:
    outcome = asyncio.run(recovery.prove_recovery(trial.new("kept"), 10 * trial.times, trial.random, place=trial.place))
    _say(outcome.lines())
    control = asyncio.run(
        recovery.prove_recovery(
            trial.new("off"), max(20, 2 * trial.times), trial.random, place=trial.place, journal=False
        )
    )
    _say([f"control, no journal: {control.audit.lost:,} of {control.before + control.after:,} lost"])
    return outcome.sound and control.audit.lost > 0


def _figures(trial: Trial) -> bool:
    outcome = figures.prove_figures(trial.folder, 1000 * trial.times, trial.random)
    _say(outcome.lines())
    return not outcome.faults


def _import(trial: Trial) -> bool:
    mails, kills = 100 * trial.times, max(4, trial.times // 5)
    outcome = asyncio.run(takeover.prove_takeover(trial.new("mbox"), mails, kills, trial.random, place=trial.place))
    _say(outcome.lines())
    by_imap = asyncio.run(
        takeover.prove_takeover(
            trial.new("imap"), max(60, mails // 10), 2, trial.random, place=trial.place, by_imap=True
        )
    )
    _say(["the same by IMAP, from a real Dovecot:", *by_imap.lines()])
    control = asyncio.run(
        takeover.prove_takeover(trial.new("loud"), 60, 0, trial.random, place=trial.place, command=takeover.LOUD)
    )
    _say([f"control, taken over as new mail: {control.sent} e-mails written, {control.planned} reminders planned"])
    return outcome.sound and by_imap.sound and control.sent > 0 and control.planned > 0


def _intake(trial: Trial) -> bool:
    outcome = asyncio.run(intake.prove_intake(trial.new("kept"), trial.times, trial.random, place=trial.place))
    _say(outcome.lines())
    requests, files = asyncio.run(
        intake.lost_by_early_answers(trial.new("early"), max(3, trial.times // 5), trial.random, place=trial.place)
    )
    _say([f"control, 202 before the commit: {requests:,} requests and {files:,} files lost"])
    return outcome.sound and requests > 0


def _requests(trial: Trial) -> bool:
    outcome = requests.prove_requests(
        trial.new("requests"),
        1000 * trial.times,
        trial.random.randrange(2**32),
        lambda sent: _say([f"  {sent:,} sent"]),
    )
    _say(outcome.lines())
    return outcome.sound


def _letters(trial: Trial) -> bool:
    outcome = letters.prove_letters(trial.times, trial.random)
    _say(outcome.lines())
    return outcome.sound


def _retention(trial: Trial) -> bool:
    outcome = retention.prove_retention(
        trial.new("kept"), 200 * trial.times, trial.times, trial.random, place=trial.place
    )
    _say(outcome.lines())
    half = retention.prove_retention(
        trial.new("half"), 400, 8, trial.random, place=trial.place, run=retention.unresumable_pass
    )
    _say([f"control, table by table: {len(half.faults):,} faults"])
    caught = True
    if trial.place is PLACES["sqlite"]:
        left = retention.prove_retention(trial.new("left"), 400, 2, trial.random, run=retention.without_overwriting)
        caught = not left.sound
        _say([f"control, without overwriting: of {left.octets_found:,} messages octets are left in the file"])
    return outcome.sound and len(half.faults) > 0 and caught


_FILE = ("sqlite",)
_SERVER = ("postgresql",)
PROOFS = {
    "kills": Proof(_kills, 50),
    "power": Proof(_power, 20, _FILE),
    "fsync": Proof(_fsync, 30, _FILE),
    "hostile": Proof(_hostile, 10),
    "idle": Proof(_idle, 1_000),
    "fuzz": Proof(_fuzz, 20_000, ()),
    "calls": Proof(_calls, 10),
    "reload": Proof(_reload, 100),
    "loader": Proof(_loader, 300, ()),
    "outbox": Proof(_outbox, 30),
    "mailbox": Proof(_mailbox, 10),
    "failover": Proof(_failover, 50, _SERVER),
    "backup": Proof(_backup, 20),
    "recovery": Proof(_recovery, 20),
    "figures": Proof(_figures, 600, _FILE),
    "import": Proof(_import, 50),
    "intake": Proof(_intake, 50),
    "requests": Proof(_requests, 10, _FILE),
    "retention": Proof(_retention, 50),
    "letters": Proof(_letters, 40, ()),
}


def _runs(name: str, chosen: argparse.Namespace) -> bool:
    """Run a proof on each of its databases, or on the chosen one; return whether it holds on each."""
    proof, held = PROOFS[name], True
    # Without a chosen one, what needs no database is held once; `main` refuses what is not held on the chosen one.
    databases = [each for each in proof.databases or ("",) if chosen.database in (None, each)]
    for database in databases:
        with tempfile.TemporaryDirectory(prefix=f"prove-{name}-") as folder:
            place = PLACES.get(database, PLACES["sqlite"])
            holds = proof.run(Trial(Path(folder), chosen.times or proof.times, chance(chosen.seed), place))
        on = f" on {database}" if database else ""
        _say([f"{name}{on}: {'holds' if holds else 'FAILS'} (seed {chosen.seed})", ""])
        held = held and holds
    return held


def main() -> int:
    """Run the named proofs, all if none is named; return 0 if each of them holds."""
    arguments = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    arguments.add_argument("proofs", nargs="*", choices=[*PROOFS, []], metavar="PROOF", help=", ".join(PROOFS))
    arguments.add_argument(
        "--times",
        type=int,
        help="kills, cuts, seconds, connections, mails or thousands of cases, in place of each proof's own number",
    )
    arguments.add_argument("--seed", type=int, default=1, help="of all that is left to chance")
    arguments.add_argument(
        "--database", choices=PLACES, help="hold the proofs on it alone; else each on all that it can be held on"
    )
    chosen = arguments.parse_args()
    unfit = [name for name in chosen.proofs if chosen.database not in (None, *PROOFS[name].databases)]
    if unfit:
        arguments.error(f"not held on {chosen.database}: {', '.join(unfit)}")
    held = [_runs(name, chosen) for name in chosen.proofs or PROOFS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
