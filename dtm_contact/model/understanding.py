"""What is asked and how urgent it is."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dtm_contact.model.alarm import Alarm, AlarmLevel, AlarmSource, Priority, agreed
from dtm_contact.model.decision import CaseKind
from dtm_contact.model.match import Evidence

THANKS: Final = "thanks"
"""The topic of a contact that asks for nothing, which is what a report of finished work is, too."""


class Scope(StrEnum):
    """How far a matter reaches, as far as the text says."""

    DWELLING = "dwelling"
    STAIRCASE = "staircase"
    BUILDING = "building"
    RESIDENCE = "residence"


class Asker(StrEnum):
    """Who asks, as far as the text says: not who they are, but on what footing they write."""

    TENANT = "tenant"
    THIRD_PARTY = "third_party"
    """Somebody for a tenant: a daughter, a neighbour, a nurse, a guardian."""
    APPLICANT = "applicant"
    TOWN_HALL = "town_hall"
    """A town, a court, a service of the state."""
    SUPPLIER = "supplier"
    OTHER_LANDLORD = "other_landlord"
    """Another landlord's tenant, or an owner: to be told politely where to turn."""
    SHOP = "shop"


class Wish(StrEnum):
    """How the writer wants to be treated."""

    ANONYMOUS = "anonymous"
    """"Ne dites pas que ça vient de moi": answers to others and exports do not name them."""
    CALL = "call"
    """When, or how, they want to be reached ("après 18 h")."""
    NO_PHONE = "no_phone"
    """They cannot or must not be called ("je n'entends pas au téléphone", "il écoute")."""
    NO_POST = "no_post"
    """Nothing may go to the address ("ne pas écrire à l'adresse du couple")."""


class Unread(StrEnum):
    """Why a message's content could not be understood by the program, so that a person must read or hear it."""

    SCAN = "scan"
    """It is a letter that a copier or a mail room sent as a file; the message around it says nothing."""
    UNDECODED = "undecoded"
    """Its text could not be decoded or decrypted."""
    VOICE = "voice"
    """It was spoken to a machine while the office was closed, and nothing has transcribed it."""


class Peril(StrEnum):
    """What kind of danger an alarm is about."""

    GAS = "gas"
    """Gas, carbon monoxide."""
    FIRE = "fire"
    TRAPPED = "trapped"
    """Somebody cannot get out: of a lift, a cellar, off a balcony."""
    ELECTRICITY = "electricity"
    """Bare wires, shocks, a socket that burns."""
    WATER = "water"
    """Water that nobody can stop, or that runs into the electricity."""
    OUTAGE = "outage"
    """Something is out on which somebody frail depends."""
    VIOLENCE = "violence"
    SUICIDE = "suicide"
    FALLING = "falling"
    """Parts of the building fall, or people may fall into a void."""
    UNRESPONSIVE = "unresponsive"
    """Somebody does not answer, lies on the ground, is missing."""


@dataclass(frozen=True, slots=True)
class Wished:
    """One wish, with the words that say it."""

    wish: Wish
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Finding:
    """A topic found, with the points and the words that made it; `defused` holds what was seen but does not count."""

    topic: str
    points: float
    evidence: tuple[Evidence, ...]
    defused: tuple[Evidence, ...] = ()


_OF_CALLS = Priority.P3
"""The priority of a call-back, unless an alarm or a rule says otherwise."""


ALWAYS_DANGER: Final = "danger.always"
"""The name of the evidence of a phrase `always_danger`, which nothing takes back."""


CALMING: Final = "danger.calmed"
"""The name of the evidence of a sentence without which more danger would be heard, where none raises an alarm."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a contact asks for.

    Attributes:
        kind: whether a person needs something (`case`), or it is `automatic`, `spam`, or `none`.
        topics: codes found, the deciding one first; empty for a call.
        findings: the same with their evidence, in the same order, then what was found but defused.
        priority: the deciding topic's, raised where the text gives the reason; it agrees with `alarm`.
        raised_by: the words that raised it.
        kind_evidence: what made it automatic or spam.
        scope: how far the matter reaches; None where the text does not say.
        scope_evidence: the words that say so.
        asker: who asks; None where the text does not say.
        asker_evidence: the words that say so.
        wishes: how the writer wants to be treated.
        readable: enough of the words are known to say what is asked; not so of a language that was hardly ever learned.
        by_program: a program wrote it, by its structure or by its closing words ("merci de ne pas répondre").
        settled: of a mail that a program sent and in which no person speaks, how clearly a sentence says that nothing
            is the matter, or not any more; nought where none does, None for all that a person may have written.
        unread: why what it says has not been read; None where it has.
        alarm: whether somebody is in danger now, as far as what the contact itself says tells.
        denied: words of danger that stand in the text and are denied there ("pas d'odeur de gaz"); where there are none
            and nothing is alarmed about a danger, the sentence that calms most (`CALMING`).
        peril: what kind of danger the alarm is about; None without one, or where it is not clear.
        violence_at_home: whoever shares the home is the danger, or may be, as with all violence: what we send or call
            there can make it worse.
    """

    kind: CaseKind
    topics: tuple[str, ...]
    priority: Priority
    findings: tuple[Finding, ...] = ()
    raised_by: tuple[Evidence, ...] = ()
    kind_evidence: tuple[Evidence, ...] = ()
    scope: Scope | None = None
    scope_evidence: tuple[Evidence, ...] = ()
    asker: Asker | None = None
    asker_evidence: tuple[Evidence, ...] = ()
    wishes: tuple[Wished, ...] = ()
    readable: bool = True
    by_program: bool = False
    settled: float | None = None
    unread: Unread | None = None
    alarm: Alarm = field(default_factory=Alarm)
    violence_at_home: bool = False
    peril: Peril | None = None
    denied: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        """Have priority and alarm agree, whoever makes it."""
        priority, alarm = agreed(self.priority, self.alarm)
        object.__setattr__(self, "priority", priority)
        object.__setattr__(self, "alarm", alarm)

    @classmethod
    def of_call(cls, *, waits: bool, equipment: bool) -> "Understanding":
        """Return what a call asks for: to be called back; of a machine's line it is an alarm.

        Args:
            waits: the caller was not spoken to.
            equipment: it came from a line of the directory's equipment.
        """
        if not waits:
            return cls(CaseKind.NONE, (), _OF_CALLS)
        alarm = Alarm(AlarmLevel.CERTAIN, AlarmSource.EQUIPMENT) if equipment else Alarm()
        return cls(CaseKind.CASE, (), _OF_CALLS, alarm=alarm)

    @property
    def unwritable(self) -> bool:
        """Whether the text forbids that anything is written to its writer, or to where they live."""
        return any(wished.wish is Wish.NO_POST for wished in self.wishes)

    @property
    def topic(self) -> str | None:
        """The deciding topic, or None for a call."""
        return self.topics[0] if self.topics else None
