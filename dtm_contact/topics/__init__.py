"""What is asked, how urgent it is, whether somebody is in danger: by one learned model and the admins' phrases."""

from dtm_contact.topics.danger import DangerLimits
from dtm_contact.topics.details import DetailModel
from dtm_contact.topics.model import Calibration, Model
from dtm_contact.topics.phrases import Effect, Phrase, PhraseBook
from dtm_contact.topics.reader import Reader, ReaderLimits, Topic, stands_in
from dtm_contact.topics.understand import SURE_DANGER, danger_score, is_unread_scan, understand

__all__ = [
    "SURE_DANGER",
    "Calibration",
    "DangerLimits",
    "DetailModel",
    "Effect",
    "Model",
    "Phrase",
    "PhraseBook",
    "Reader",
    "ReaderLimits",
    "Topic",
    "danger_score",
    "is_unread_scan",
    "stands_in",
    "understand",
]
