"""What became of a call, in the words that agents read."""

from dtm_contact.model import Outcome

OUTCOMES = {
    Outcome.OTHER_DID: "Appel à un autre de nos numéros",
    Outcome.OUTBOUND_ANSWERED: "Appel sortant abouti",
    Outcome.OUTBOUND_UNANSWERED: "Appel sortant sans réponse",
    Outcome.INTERNAL: "Appel interne",
    Outcome.TRANSFER_UNANSWERED: "Appel transféré, personne n'a décroché",
    Outcome.ANSWERED: "Appel répondu",
    Outcome.VOICEMAIL: "Message vocal à écouter",
    Outcome.ABANDONED: "Appel abandonné dans la file d'attente",
    Outcome.TIMEOUT: "Appel sorti de la file d'attente sans réponse",
    Outcome.OUT_OF_HOURS: "Appel reçu bureaux fermés",
    Outcome.BEFORE_ANSWER: "Appel raccroché avant tout décroché",
}
