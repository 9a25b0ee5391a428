"""The words that the engine knows, compiled for looking up; `rules/topics.yaml` holds them as people edit them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dtm_contact.model import Priority
from dtm_contact.topics.learned import Learned
from dtm_contact.topics.phrase import Phrase, PhraseIndex
from dtm_contact.topics.spelling import Spelling


class Role(StrEnum):
    """What a phrase of the lexicon does where it is found."""

    SIGN = "sign"
    """Something is wrong ("fuite d'eau"): "pas de" before it takes it back."""
    THING = "thing"
    """Something that ought to work ("chauffage"): counts in full where it is missing or out of order."""
    REQUEST = "request"
    """A matter of its own ("quittance"), whatever is said of it."""
    COMPANION = "companion"
    """Makes an ambiguous entry of the same group certain."""
    EXCEPT = "except"
    """Looks like its topic and is not ("facture de gaz"); without a topic, like any."""
    SEVERE = "severe"
    """The severe form of its topic: raises the priority."""
    NEGATION = "negation"
    BRIDGE = "bridge"
    """May stand between a negation and what it takes back ("pas eu de", "aucun signe de")."""
    ONLY = "only"
    """Behind a negation: no negation ("pas que", "pas seulement")."""
    TROUBLE = "trouble"
    """Says that a thing does not do what it should."""
    WORRY = "worry"
    """Names trouble ("problème de"); with a negation before it all is well."""
    PAST = "past"
    PRESENT = "present"
    """Brings what is past back to now ("depuis", "toujours")."""
    SETTLED = "settled"
    RECURRING = "recurring"
    """What was settled has come back."""
    HYPOTHESIS = "hypothesis"
    ELSEWHERE = "elsewhere"
    PLANNED = "planned"
    DISMISSED = "dismissed"
    """The writer says that this is not his matter."""
    FIGURATIVE = "figurative"
    """Says that a word of danger nearby is an image or a joke."""
    OVER = "over"
    """Puts an event some days back; ends what only lasts for hours (a fire, people trapped)."""
    POINT = "point"
    """Says that the matter comes only now; what was told before it is its story."""
    TURN = "turn"
    """Starts a new thought in a sentence ("mais", "par contre")."""
    PIVOT = "pivot"
    """Leads to the matter ("tout ça pour dire")."""
    ASKING = "asking"
    GRAVE = "grave"
    """A person whom an outage puts in danger: an infant, a pregnancy, oxygen, dialysis, great age."""
    FRAGILE = "fragile"
    """A child, an ill or disabled person."""
    SCOPE = "scope"
    ASKER = "asker"
    """Says on what footing somebody writes; the value is an `Asker`."""
    WISH = "wish"
    """Says how the writer wants to be treated; the value is a `Wish`."""
    AUTOMATIC = "automatic"
    """Says that a machine replies: an absence, a report of delivery, an acknowledgement."""
    GENERATED = "generated"
    """Says that a program wrote it, and so nothing of what is said."""
    SPAM = "spam"
    PERSON = "person"
    """Says that a person wrote it, or that it is a case whatever else it looks like."""


class Frailty(StrEnum):
    """What a vulnerable person's being there does to a topic."""

    NONE = "none"
    STEP = "step"
    """One step more urgent for a child, an ill or disabled person."""
    OUTAGE = "outage"
    """P1 where an infant, a pregnancy, oxygen, dialysis or great age is hit by the outage; one step for the others."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one phrase says.

    Attributes:
        role: what it does.
        text: the phrase as the file has it.
        topic: the topic it speaks of; empty where it is of none.
        points: how much it counts; for an ambiguous entry, with its companion.
        group: ties an ambiguous entry to its companions; 0 where it needs none.
        alone: what an ambiguous entry counts without a companion.
        value: the scope, the asker, the wish, or the steps a severe form raises ("1", "P1").
    """

    role: Role
    text: str
    topic: str = ""
    points: float = 0.0
    group: int = 0
    alone: float = 0.0
    value: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the contract.

    Attributes:
        code, label: its code and its French label.
        priority: before any raising.
        frailty: what a vulnerable person's being there does to it.
        momentary: it lasts for hours at the most: some days later it is over.
    """

    code: str
    label: str
    priority: Priority
    frailty: Frailty = Frailty.NONE
    momentary: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """From how many points something is said.

    Attributes:
        topic: a topic is found.
        faint: a topic is taken when none is found.
        automatic, spam: a message is set aside.
        great_age: age in years from which an outage is a danger.
        infant_months: age in months up to which a child is an infant.
    """

    topic: float = 3.0
    faint: float = 1.0
    automatic: float = 6.0
    spam: float = 6.0
    great_age: int = 75
    infant_months: int = 30


def knowing(lexicon: "Lexicon", words: frozenset[str]) -> "Lexicon":
    """Return the lexicon with more words that are never taken for a slip in another, and in which slips are mended."""
    spelling = lexicon.spelling
    return replace(lexicon, spelling=Spelling(spelling.words | words, spelling.not_misspelt, spelling.short_forms))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All that the engine knows of words.

    Attributes:
        topics: the topics by code, in the order of the file.
        entries: each phrase with what it says.
        small_words: words that may stand between those of a phrase.
        spelling: how what people write is led back to the words of the phrases.
        limits: from how many points something is said.
        copier: the words that copiers and mail-room software put around a scan, folded.
        copier_marks: those of them that only they use.
        learned: what labelled messages have taught, where the rules come with it.
        dangers: the topics that are a danger to somebody, or may become one where the text gives the reason.
    """

    topics: Mapping[str, Topic]
    entries: Sequence[tuple[Phrase, Entry]]
    small_words: frozenset[str]
    spelling: Spelling
    limits: Limits = Limits()
    copier: frozenset[str] = frozenset()
    copier_marks: frozenset[str] = frozenset()
    learned: Learned | None = None
    index: PhraseIndex[Entry] = field(init=False, repr=False, compare=False)
    dangers: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the index over the phrases, and tell the topics that may be a danger to somebody."""
        object.__setattr__(self, "index", PhraseIndex(self.entries, self.small_words))
        severe = {entry.topic for _, entry in self.entries if entry.value == Priority.P1}
        outages = {topic.code for topic in self.topics.values() if topic.frailty is Frailty.OUTAGE}
        first = {topic.code for topic in self.topics.values() if topic.priority is Priority.P1}
        object.__setattr__(self, "dangers", frozenset(severe | outages | first))
