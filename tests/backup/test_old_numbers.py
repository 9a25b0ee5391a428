"""What bears the number that a case had before a restore is about that case: to the engine, to agents, to tenants."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from dtm_contact import pipeline
from dtm_contact.backup import StoreJournal, make_backup, replay, restore
from dtm_contact.hours import PARIS
from dtm_contact.journal import Journal, SentRecord
from dtm_contact.model import Alarm, AlarmLevel, AlarmSource, Contact, JoinedBy, Judgement, Understanding
from dtm_contact.settings import StoreSettings
from dtm_contact.store import open_store
from dtm_contact.store.restores import address_digest
from dtm_contact.store.schema import cases
from dtm_contact.topics import understand
from tests.heard import made_alarms
from tests.outbound.engine import US, Engine, engine, engine_on
from tests.vouched import vouched

pytestmark = pytest.mark.usefixtures("rules_loaded_once")

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HUGUETTE, STRANGER, NADIA = "huguette.joly@courriel.example", "paul@courriel.example", "nadia@free.example"


def after(minutes: float, since: datetime = NOW) -> datetime:
    return since + timedelta(minutes=minutes)


def message(name: str, sender: str, text: str, subject: str = "Fuite", **heads: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Message-ID"] = sender, US, subject, f"<{name}@courriel.example>"
    for head, value in heads.items():
        made[head.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def leak(sender: str) -> bytes:
    return message("leak", sender, "Une fuite sous l'évier de ma cuisine depuis hier.")


@dataclass
class Burnt:
    """What works on the store that came back; the number of the case that was lost, and what was sent for it."""

    running: Engine
    lost: str
    receipt: EmailMessage

    def takes(self, raw: bytes, mail_from: str, at: datetime) -> str:
        number = self.running.take(raw, mail_from, at)
        assert number is not None
        return number

    def latest(self, number: str) -> Judgement:
        judged = self.running.store.cases.get(number).contacts[-1].judgement
        assert judged is not None
        return judged


@contextmanager
def burnt(
    folder: Path, letters: Sequence[tuple[bytes, str, datetime]], replied_to: str = "", back_at: datetime = NOW
) -> Iterator[Burnt]:
    """Back an empty store up, take letters in and send what they call for, lose all of it; restore, replay, judge none.

    Args:
        folder: where all of it lies.
        letters: what comes in, from whom and when; the first opens the case.
        replied_to: whom an agent's reply went to in that case, if to anybody.
        back_at: when the store is restored.
    """
    (folder / "lost").mkdir()
    first = letters[0][2]
    kept = Journal(folder / "journal", 14, lambda: first)
    with engine(folder / "lost") as running, closing(kept):
        written = StoreJournal(kept, running.store, made_alarms())
        running.store.arrivals.on_accepted = written.arrived
        with open_store(running.settings.store.url, read_only=True) as store:
            settings = running.settings
            made = make_backup(settings, store, folder / "b", first, keep=9, secrets=False, check=False).path
        lost, receipt = "", EmailMessage()
        for raw, sender, at in letters:
            number = running.take(raw, sender, at)
            sent = [each for each in running.sent(at, written) if each["To"] == sender]
            if not lost:
                lost, receipt = number or "", sent[0]
        if replied_to:
            kept.append_sent(
                SentRecord("reply@us", address_digest(replied_to), "reply", "reply", lost, first, (("smtp", "1"),))
            )
        written.look()
    place = settings.model_copy(update={"store": StoreSettings(url=f"sqlite:///{folder}/new/store.db")})
    restore(place, made, back_at)
    with open_store(place.store.url) as store:
        replay(store, folder / "journal", back_at)
    with engine_on(place) as running:
        running.taken = 10
        yield Burnt(running, lost, receipt)


def bears_id(lost: Burnt) -> dict[str, str]:
    return {"In_Reply_To": str(lost.receipt["Message-ID"])}


def bears_address(lost: Burnt) -> dict[str, str]:
    return {"Cc": str(lost.receipt["Reply-To"])}


def bears_subject(lost: Burnt) -> dict[str, str]:
    return {"subject": f"Re: {lost.receipt['Subject']}"}


@pytest.mark.parametrize(
    ("bears", "sender", "sure", "way", "proven"),
    [
        (bears_id, HUGUETTE, True, JoinedBy.MESSAGE_ID, True),
        (bears_address, HUGUETTE, True, JoinedBy.ADDRESS, True),
        (bears_subject, HUGUETTE, True, JoinedBy.SUBJECT, True),
        (bears_id, STRANGER, False, JoinedBy.MESSAGE_ID, False),
        (bears_subject, STRANGER, True, None, False),
        (bears_subject, HUGUETTE, False, None, False),
    ],
    ids=["id", "plus address", "subject", "a stranger with our id", "a stranger with the number", "nobody vouches"],
)
def test_an_answer_to_a_lost_number_joins_as_it_would_have_joined_the_lost_case(
    tmp_path: Path,
    bears: Callable[[Burnt], dict[str, str]],
    sender: str,
    way: JoinedBy | None,
    *,
    sure: bool,
    proven: bool,
) -> None:
    with burnt(tmp_path, [(vouched(leak(HUGUETTE)), HUGUETTE, NOW)]) as back:
        now = back.running.judge_next(after(60))
        assert now not in {None, back.lost}
        raw = message("answer", sender, "La fuite continue de couler sous l'évier.", **bears(back))
        number = back.takes(vouched(raw) if sure else raw, sender, after(70))
        joining = back.latest(number).joining
        assert (joining.case_number, joining.way) == ((now, way) if way else (None, None))
        assert joining.proven is proven
        assert joining.linked == (() if way else (now,)), "who may not join it is only named, by the number of now"


def test_whom_an_agent_had_replied_to_is_proven_by_our_signature_as_before(tmp_path: Path) -> None:
    """Nobody is known there: only that we had written to the address proves who answers."""
    for name, replied_to in (("replied", STRANGER), ("not", "")):
        folder = tmp_path / name
        folder.mkdir()
        with burnt(folder, [(leak(STRANGER), STRANGER, NOW)], replied_to) as back:
            back.running.judge_next(after(60))
            raw = message("answer", STRANGER, "Et donc ?", **bears_id(back))
            number = back.takes(raw, STRANGER, after(70))
            assert back.latest(number).joining.proven is bool(replied_to)


def test_the_next_answer_to_a_tenant_names_both_numbers(tmp_path: Path) -> None:
    with burnt(tmp_path, [(vouched(leak(HUGUETTE)), HUGUETTE, NOW)]) as back:
        now = back.running.judge_next(after(60))
        assert back.running.sent(after(60)) == [], "the receipt had gone out"
        with back.running.store.database.writing() as connection:
            connection.execute(sa.update(cases).values(state="closed", closed_at=after(61), done_reason="done"))
        raw = vouched(message("answer", HUGUETTE, "La fuite coule toujours dans la cuisine.", **bears_id(back)))
        assert back.takes(raw, HUGUETTE, after(200)) == now
        [answer] = [each for each in back.running.sent(after(200)) if each["To"] == HUGUETTE]
        assert f"dossier {now} (auparavant {back.lost})" in str(answer["Subject"])


def test_what_was_judged_by_a_lost_number_is_decided_the_same_when_it_is_read_again(tmp_path: Path) -> None:
    with burnt(tmp_path, [(vouched(leak(HUGUETTE)), HUGUETTE, NOW)]) as back:
        now = back.running.judge_next(after(60))
        assert now is not None
        back.takes(vouched(message("a", HUGUETTE, "Toujours.", **bears_id(back))), HUGUETTE, after(70))
        [known] = back.latest(now).history.cases
        assert (known.number, known.formerly) == (now, frozenset({back.lost}))


SATURDAY = datetime(2026, 11, 28, 22, 0, tzinfo=PARIS)
MAYBE = "Ça sent un peu bizarre dans le hall, je ne sais pas si c'est grave."


def test_a_yes_to_our_question_of_before_the_fire_confirms_the_danger_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came minutes after the question, long before that is judged anew."""

    def heard(contact: Contact, *rest: object) -> Understanding:
        understood = understand(contact, *rest)  # type: ignore[arg-type]
        if "bizarre" not in contact.new_text:
            return understood
        return replace(understood, topics=("gas",), alarm=Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.4, 0.7))

    monkeypatch.setattr(pipeline, "understand", heard)
    raw = message("maybe", NADIA, MAYBE, "odeur", Date=format_datetime(SATURDAY))
    asks = (vouched(raw), NADIA, SATURDAY)
    with burnt(tmp_path, [asks], back_at=after(60, SATURDAY)) as back:
        assert "danger" in str(back.receipt["Subject"])
        now = back.running.judge_next(after(60, SATURDAY))
        yes = vouched(message("yes", NADIA, "Oui", f"Re: {back.receipt['Subject']}", **bears_id(back)))
        assert back.takes(yes, NADIA, after(5, SATURDAY)) == now
        assert back.running.store.cases.get(now or "").case.alarm_level is AlarmLevel.CERTAIN
