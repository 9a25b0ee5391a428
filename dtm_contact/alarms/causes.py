"""The causes of alarms: what each means and what to do; docs/alarms.md is the same table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of alarms, as docs/alarms.md and the messages to the admins have it.

    Attributes:
        meaning: what it means for the tenants and the offices.
        remedy: what to do, first things first.
        ill: the daemon does not do its work while it lasts: `/healthz` answers 503.
        lasts: it is a state, which is told of until it is over; else something that happened.
    """

    meaning: str
    remedy: str
    ill: bool = False
    lasts: bool = True


def _happening(meaning: str, remedy: str) -> Cause:
    return Cause(meaning, remedy, lasts=False)


def _illness(meaning: str, remedy: str) -> Cause:
    return Cause(meaning, remedy, ill=True)


_UNREAD = "The mailbox is not read: what tenants write stays there, unjudged. Nothing is lost."
_SENT_UNREAD = (
    "The folder of sent mail is not read: what agents answer from their own programs is not seen, so cases that are "
    "answered may escalate."
)
_BY_GRAPH = (
    "Do what the alarm names: a secret or a refresh token that has run out is made anew (DTM_OAUTH_SECRET_FILE, "
    "DTM_OAUTH_REFRESH_TOKEN_FILE), a missing permission is granted at Microsoft, a wrong mailbox is DTM_GRAPH_USER, a "
    "folder that is not there DTM_GRAPH_FOLDER or DTM_GRAPH_SENT_FOLDER. Reading goes on by itself."
)
_BY_IMAP = (
    "Look at the error that the alarm names: an expired certificate is renewed on the mail server, a wrong name is "
    "DTM_IMAP_HOST, an unknown authority DTM_IMAP_AUTHORITY, refused credentials DTM_IMAP_PASSWORD_FILE or the "
    "token (DTM_OAUTH_…), a folder that is not there DTM_IMAP_FOLDER or DTM_IMAP_SENT_FOLDER. Reading goes on by "
    "itself."
)
_LATE_WORK = (
    "Free disk space or mend the database as the alarm names it; work goes on by itself. If it names a fault of the "
    "program, restart the daemon and keep the log: journalctl -u dtm-contact."
)

CAUSES: Final[Mapping[str, Cause]] = MappingProxyType(
    {
        "intake": _illness(
            "No mail is taken in: senders are told to come again. Their servers do so for days.",
            "Free the disk that the alarm names, or bring the database back; taking in goes on by itself.",
        ),
        "start": _illness(
            "The daemon does not start, and is tried again and again: nothing is taken in, judged or sent.",
            "Mend what the alarm names: the database, the rules (dtm-contact rules check), a setting, an address that "
            "is taken.",
        ),
        "claiming": _illness("Nothing is judged: what has arrived waits.", _LATE_WORK),
        "recording": _illness("Judged messages cannot be stored: they wait and are judged again.", _LATE_WORK),
        "lease": _illness(
            "This daemon judges and sends nothing; another one takes its work over, if there is one.",
            "Bring the database back as the alarm names it, and look whether this machine stood still or another "
            "daemon has the name (dtm-contact daemons).",
        ),
        "imap": _illness(_UNREAD, _BY_IMAP),
        "imap_sent": _illness(_SENT_UNREAD, _BY_IMAP),
        "graph": _illness(_UNREAD, _BY_GRAPH),
        "graph_sent": _illness(_SENT_UNREAD, _BY_GRAPH),
        "mailbox-silent": _illness(
            "The mailbox has not been looked at for a long time, though no error was met.",
            "Look whether its server answers; restart the daemon if it does: systemctl restart dtm-contact.",
        ),
        "arrivals-missing": _illness(
            "The store lacks what the intake journal holds: it was made anew, or restored without its journal. Nobody "
            "reads those messages, and case numbers that tenants hold may be given again.",
            "dtm-contact doctor --only journal counts them. Where the store was made anew: stop the daemon, then "
            "dtm-contact restore BACKUP --replace and dtm-contact arrivals replay JOURNAL; else the replay alone. "
            "Begun anew on purpose: dtm-contact store migrate --new.",
        ),
        "relay": _illness(
            "Nothing is sent: those on call are not told of danger (P1), tenants get no answers. All of it waits in "
            "the outbox, danger first.",
            "Bring the mail server back that the alarm names, renew its certificate or mend DTM_OUTBOUND_…; until then "
            "call those on call by hand: dtm-contact danger lists the open P1.",
        ),
        "outbox": _illness("The outbox cannot be read or written: nothing is sent.", _LATE_WORK),
        "outbox-late": _illness(
            "A notice of danger (P1) waits in the outbox: somebody on call has not been told.",
            "Call those on call by hand: dtm-contact danger lists the open P1. Then see why it waits: "
            "dtm-contact outbox list, dtm-contact case trace; the log (part=outbound) has each attempt.",
        ),
        "timers": _illness("Nothing escalates: the next on call is not told.", _LATE_WORK),
        "timers-late": _illness(
            "Steps that are due are not done: the next on call is not told, nobody is reminded.",
            "Look whether a daemon lives (dtm-contact daemons) and whether its machine is overloaded; restart it.",
        ),
        "desk": _illness(
            "Agents cannot open the desk; mail is taken in and judged all the same.",
            "Look at the log (part=desk) and restart the daemon. Meanwhile dtm-contact danger and dtm-contact queue "
            "list the cases.",
        ),
        "danger-observed": Cause(
            "A danger (P1) is open and those on call were not told of it: the engine only observes, though a mail "
            "server that sends for us is set, or the store was at work and came back from a backup.",
            "dtm-contact danger lists them: call those on call by hand where the danger is real. Once the trial is "
            "over: observe = false below [rules], or DTM_RULES_OBSERVE=false, which wins; the first on call is then "
            "told of each that is still open. While it goes on: take or close the case, or leave DTM_OUTBOUND_HOST "
            "unset where nothing was restored.",
        ),
        "disk": Cause(
            "A disk that the daemon or its backups write on is nearly full; when it is full, mail is refused, or no "
            "backup is made.",
            "Free space at the path that the alarm names, or enlarge that disk.",
        ),
        "danger-page": Cause(
            "The page of the open P1 on disk is not kept fresh: it is of no use if the store goes down now.",
            "Let the daemon's user write the folder DTM_DANGER_FOLDER, and free its disk.",
        ),
        "journal": Cause(
            "The intake journal is not written: what comes in meanwhile is in the store alone, and lost with it.",
            "Free or mount the disk of DTM_JOURNAL_DIR, or make its folder anew: what came in is written then, "
            "what was sent is not. A backup holds what the journal lacks: dtm-contact backup.",
        ),
        "backup-age": Cause(
            "There is no backup, or the newest is old: what came in since is lost if the store is.",
            "See why none is made: journalctl -u dtm-contact-backup, systemctl list-timers dtm-contact-backup.timer; "
            "then make one: dtm-contact backup --verify.",
        ),
        "outbox-held": Cause(
            "E-mails are held since the store was restored: they may have been sent before, and nobody knows.",
            "Take the intake journal in first, which knows what was sent: dtm-contact arrivals replay. "
            "Then look at the rest, danger first: dtm-contact outbox list --status held; release or drop it.",
        ),
        "directory-age": Cause(
            "The directory in force is old: tenants who moved in since are not known.",
            "See whether the landlord's export still comes and its import still runs: dtm-contact directory history, "
            "journalctl -u dtm-contact-directory.",
        ),
        "journal-vanished": _happening(
            "The file of the intake journal was taken away, with what it held: that is in the store alone, and lost "
            "with it. Another file is begun where the folder is there.",
            "Put the folder DTM_JOURNAL_DIR, or its disk, back with its files; where they are gone, make a backup, "
            "which holds all that they held: dtm-contact backup.",
        ),
        "directory-refused": _happening(
            "The export that the landlord's system dropped is not imported: the directory before stays in force.",
            "Look at the export as the alarm names it, and have it made again. All of it: dtm-contact directory check.",
        ),
        "queues": Cause(
            "Open cases lie in queues that are no more, where nobody looks.",
            "Write the old name under formerly: in queues.yaml, or move them: dtm-contact case move.",
        ),
        "rules-refused": Cause(
            "Changed rules do not take effect; those before stay in force.",
            "Correct what dtm-contact rules status tells, or take the last version back: dtm-contact rules restore.",
        ),
        "rules-faulty": Cause(
            "The rules in force judge on, though this version of the program finds faults in them.",
            "Correct what dtm-contact rules check tells.",
        ),
        "model": Cause(
            "The learned model that DTM_MODEL names cannot be used; the program's own is heard in its place.",
            "Make it anew with this version: python -m training fit; or leave DTM_MODEL unset.",
        ),
        "rules-unreadable": Cause(
            "The folder of the rules cannot be read: changes in it do not take effect.",
            "Let the daemon's user read the folder DTM_RULES_DIR and all in it.",
        ),
        "asterisk_cdr": Cause(
            "The switchboard's logs are not read: missed calls make no call-back. They are read later.",
            "Let the daemon's user read the files that DTM_SWITCHBOARD_RECORDS and DTM_SWITCHBOARD_QUEUE_LOG name.",
        ),
        "folder": Cause(
            "A drop folder cannot be read: what is in it waits there. Nothing is lost.",
            "Mount the share, and let the daemon's user read and write the folder that the alarm names "
            "(DTM_FOLDER_SOURCES). Reading goes on by itself.",
        ),
        "switchboard-timezone": Cause(
            "Times of calls are wrong by hours.", "Set DTM_SWITCHBOARD_TIMEZONE to the zone that the alarm names."
        ),
        "asterisk_cdr-rotation": _happening(
            "A rotated log of the switchboard was not found again: the last calls in it were not read.",
            "Look for its last lines in the file that the alarm names, and call back who called in vain.",
        ),
        "folder-refused": _happening(
            "Files in a drop folder could not be taken: what is in them is in no case.",
            "Read the reason beside each in the folder refused, have the sender mend it, and drop the file again.",
        ),
        "imap-left": _happening(
            "A message in the mailbox could not be taken in; it lies there still.", "Read it there."
        ),
        "imap_sent-left": _happening(
            "A message in the folder of sent mail could not be taken in; it lies there still.", "Read it there."
        ),
        "graph-left": _happening(
            "A message in the mailbox could not be taken in; it lies there still.", "Read it there."
        ),
        "graph_sent-left": _happening(
            "A message in the folder of sent mail could not be taken in; it lies there still.", "Read it there."
        ),
        "parked-…": _happening(
            "A message could not be judged; a case stands for it at the reception. Behind the hyphen is the error.",
            "Read the case that the alarm names, then have it judged again: dtm-contact arrivals retry.",
        ),
        "rules": _happening(
            "A rule failed on a message, which lies in the default queue.",
            "Read the case that the alarm names, and correct the rule.",
        ),
        "not-notified": _happening(
            "Somebody should have been notified of a case by mail, and could not be: no address, refused for good, or "
            "nothing is sent.",
            "Call them by hand, then give the office or the caretaker an address that the mail server takes, or set "
            "DTM_OUTBOUND_HOST. All of it: "
            "dtm-contact case trace.",
        ),
        "untaken": _happening(
            "All who are on call have been notified of a case, a danger as a rule, and nobody has taken it.",
            "Call them by telephone, or see to it yourself, and take the case: dtm-contact danger shows who is in "
            "danger and whom to call. Then look whether on_call in queues.yaml names enough people, and reaches them.",
        ),
        "answers": _happening(
            "So many answers went out in an hour that no more do, safety answers apart.",
            "Look for a loop: one writer with many cases. If there is none, raise DTM_OUTBOUND_ANSWERS_PER_HOUR.",
        ),
        "account-mail": _happening(
            "A mail with which somebody was to set their password was not sent.",
            "Look at DTM_OUTBOUND_HOST and the log; meanwhile dtm-contact user link lets them in.",
        ),
        "second-factor-key": _happening(
            "The secret of a second factor is sealed by a key that is not there: its owner comes in by a recovery code "
            "alone.",
            "Put the key back into the file of DTM_ACCESS_KEY_FILE and restart the daemon; where it is lost, have each "
            "set up a new one: dtm-contact user remove-second-factor NAME.",
        ),
        "log-in": _happening(
            "An account of the desk was locked after several wrong passwords or codes.",
            "Read in the audit trail which; dtm-contact user link lets its owner in meanwhile.",
        ),
    }
)
"""By the word that stands in the log, the metrics and the subject; `…` at its end stands for any ending."""

_UNKNOWN: Final = Cause("Something is wrong.", "Look at the log: journalctl -u dtm-contact.")


def cause_of(word: str) -> Cause:
    """Return the cause that a word names; a general one where it names none."""
    found = CAUSES.get(word)
    if found is None and "-" in word:
        found = CAUSES.get(f"{word.partition('-')[0]}-…")
    return found or _UNKNOWN
