"""Messages: read, matched, understood, decided."""

from dtm_contact.model import Judgement
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.store import Store
from dtm_contact.worker.kinds import MESSAGE, Judge, judges
from dtm_contact.worker.messages import Task


@judges(MESSAGE)
def messages(grounds: Grounds) -> Judge:
    """Judge as `route` does, with what the store knows of the party."""

    def judge_message(task: Task, store: Store) -> Judgement:
        with store.history(task.arrival) as history:
            return judge(task.arrival, task.now, grounds, history, as_case=task.as_case)

    return judge_message
