"""What a restore leaves to a person: mail that is held, a journal not taken in, arrivals that nobody judges."""

from collections.abc import Iterator

from dtm_contact.backup import gap_since_restore, not_taken_in
from dtm_contact.doctor.local import cannot_write
from dtm_contact.doctor.registry import CheckResult, Site, SkipError, check, fault, ok, warning
from dtm_contact.errors import DtmContactError, described
from dtm_contact.journal import JournalError, files_of
from dtm_contact.model import Urgency
from dtm_contact.privacy.erasing import erased_arrivals


@check("held", "No mail is held since a restore, which goes out or not by a person's word alone.")
def held(site: Site) -> Iterator[CheckResult]:
    """Look at what is held: how much, never to whom."""
    waiting = site.store.outbox.held()
    if not waiting:
        yield ok("no mail is held")
        return
    danger = sum(each.urgency is Urgency.DANGER for each in waiting)
    yield warning(
        f"{len(waiting)} e-mails are held since a restore; {danger} of them tell of danger",
        "dtm-contact outbox list --status held, then outbox release NUMBER (--danger: all that tell of danger) or drop",
    )


@check(
    "journal",
    "The store has all that the intake journal holds, and since a restore one was taken in: else mail may be missing.",
)
def journal(site: Site) -> Iterator[CheckResult]:
    """Hold the journal against the store."""
    folder, gap = site.settings.journal.dir, gap_since_restore(site.store)
    try:
        if gap is not None and (folder is None or not files_of(folder)):
            zone = site.settings.zone
            yield warning(
                f"the store was restored as it was at {gap.since.astimezone(zone):%d/%m/%Y %H:%M:%S}, and no intake "
                f"journal was taken in since: what came in until {gap.until.astimezone(zone):%d/%m/%Y %H:%M:%S} may be "
                "missing, dangers too",
                "dtm-contact arrivals replay JOURNAL; where none is left, look for it in the mail server's log and in "
                "mailboxes, then: dtm-contact arrivals replay --lost",
            )
            return
        if folder is None:
            raise SkipError("no intake journal is kept: journal.dir is not set")
        if (wrong := cannot_write(folder)) is not None:
            yield fault(
                f"the intake journal is not written, what comes in is in the store alone: {wrong}",
                "mount its disk, or give the folder to the daemon's user (check rights); then: dtm-contact backup",
            )
            return
        if not files_of(folder):
            raise SkipError("the intake journal holds nothing yet")
        lacking = not_taken_in(site.store, folder, erased=erased_arrivals(site.settings))
    except (OSError, JournalError) as error:
        told = str(error) if isinstance(error, DtmContactError) else described(error)
        raise SkipError(f"the intake journal cannot be read, see the check rights: {told}") from error
    remedy = f"dtm-contact arrivals replay {folder}, best before the daemon starts (docs/backup.md)"
    if lacking:
        yield fault(f"{lacking} arrivals of the intake journal are not in the store: nobody reads them", remedy)
    elif gap is not None:
        yield warning(
            "the store was restored, and the intake journal was not taken in since: what it knows to be sent may be "
            "sent again",
            remedy,
        )
    else:
        yield ok("the store has all that the intake journal holds")


@check("waiting", "Where no daemon works on the store: nothing waits to be judged.")
def waiting(site: Site) -> Iterator[CheckResult]:
    """Look whether something waits that nobody judges."""
    if any(line.alive for line in site.store.leases.listing()):
        raise SkipError("a daemon works on the store")
    count = site.store.arrivals.waiting()
    if not count:
        yield ok("nothing waits to be judged")
        return
    yield warning(
        f"no daemon runs, and {count} arrivals wait to be judged: until then nobody is told of danger in them",
        "dtm-contact danger shows what seems to be one, and whom to call; then start the daemon",
    )
