"""Every figure counted once more, by SQL over the store's own tables, written from `docs/figures.md` alone.

Of each measure a query gives day, office, residence, topic and how many; of durations a row each, with its minutes.
Days are those of Paris: two hours from UTC between the last Sundays of March and October 2026, else one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.figures.definitions import FIGURES

HOLIDAYS = (
    "2025-11-01", "2025-11-11", "2025-12-25", "2026-01-01", "2026-04-06", "2026-05-01", "2026-05-08", "2026-05-14",
    "2026-05-25", "2026-07-14", "2026-08-15", "2026-11-01", "2026-11-11", "2026-12-25", "2027-01-01", "2027-03-29",
)  # fmt: skip
"""Of the law, from a calendar on paper."""
_ALL_DAY = (("09:00", "17:00"),)
_HOURS: dict[str, dict[int, tuple[tuple[str, str], ...]]] = {
    queue: dict.fromkeys(range(5), _ALL_DAY)
    for queue in ("bagnolet", "malakoff", "champigny", "kremlin-bicetre", "agence")
}
_HOURS["pantin"] = {**dict.fromkeys(range(5), (("09:00", "12:30"), ("13:30", "18:00"))), 5: (("09:00", "12:00"),)}

_CLOSED = {"champigny": ("2026-03-23", "2026-04-03")}
"""When an office is closed for days, both ends included."""

Row = tuple[str, str, str, str, int]


def _local(at: str) -> str:
    summer = f"{at} >= '2026-03-29 01:00' AND {at} < '2026-10-25 01:00'"
    return f"datetime({at}, CASE WHEN {summer} THEN '+2 hours' ELSE '+1 hour' END)"


def _day(at: str) -> str:
    return f"date({_local(at)})"


def _office(at: str) -> str:
    """Return the office that the case c lay at just before a time."""
    return f"""coalesce((SELECT m.was FROM moves m WHERE m.case_id = c.id AND m.at >= {at} ORDER BY m.at, m.id LIMIT 1),
                        c.office_id)"""


def _said(what: str, column: str, order: str, side: int) -> str:
    """Return what a column was before the first event of a verb that changed it, or after the last; else what it is."""
    said = f"""FROM happened h WHERE h.case_id = c.id AND h.what = '{what}'
               AND json_type(h.data, '$.changed.{column}') = 'array'"""
    found = f"SELECT json_extract(h.data, '$.changed.{column}[{side}]') {said} ORDER BY h.id {order} LIMIT 1"
    return f"CASE WHEN EXISTS (SELECT 1 {said}) THEN ({found}) ELSE c.{column} END"


_PLACE = "coalesce(c.residence_id, ''), coalesce(c.topic, '')"
_MADE = (
    # What was taken back, and the taking back, are gone.
    """CREATE TEMP TABLE happened AS SELECT e.* FROM events e WHERE case_id IS NOT NULL
       AND NOT (e.what = 'undone' AND json_extract(e.data, '$.undoes') IS NOT NULL)
       AND e.id NOT IN (SELECT json_extract(u.data, '$.undoes') FROM events u
                        WHERE u.what = 'undone' AND json_extract(u.data, '$.undoes') IS NOT NULL)""",
    "CREATE INDEX temp.happened_case ON happened (case_id, id)",
    "CREATE INDEX temp.happened_what ON happened (what)",
    # Where a case goes from one office to another, and whether it is open then.
    """CREATE TEMP TABLE moves AS SELECT id, case_id, at, was, became FROM (
         SELECT id, case_id, at, json_extract(data, '$.changed.office_id[0]') AS was,
                json_extract(data, '$.changed.office_id[1]') AS became FROM happened) WHERE was <> became""",
    "CREATE INDEX temp.moves_case ON moves (case_id, at)",
    # Where a case becomes closed or open again; only a change counts.
    """CREATE TEMP TABLE turns AS
       SELECT case_id, id, at, what, state FROM (
         SELECT case_id, id, at, what, state,
                coalesce(lag(state) OVER (PARTITION BY case_id ORDER BY id), 'open') AS before
         FROM (SELECT case_id, id, at, what,
                 CASE WHEN json_extract(data, '$.changed.state[1]') IS NOT NULL
                        THEN json_extract(data, '$.changed.state[1]')
                      WHEN what = 'done' THEN 'closed'
                      WHEN json_extract(data, '$.state') = 'open' THEN 'open' END AS state
               FROM happened)
         WHERE state IS NOT NULL)
       WHERE state <> before""",
    "CREATE INDEX temp.turns_case ON turns (case_id, at)",
    """CREATE TEMP TABLE answers AS
       SELECT h.case_id, h.at FROM happened h JOIN cases c ON c.id = h.case_id
       WHERE h.what = 'spoken' OR (h.what = 'replied'
            AND coalesce(json_extract(h.data, '$.invitation'), '') <> 'CANCEL'
            AND h.id NOT IN (SELECT json_extract(g.data, '$.withdraws') FROM happened g
                             WHERE g.what = 'appointment cancelled' AND json_extract(g.data, '$.withdraws') > 0))
          OR (h.what = 'answered' AND (c.priority <> 'P1' OR json_extract(h.data, '$.in_sent_folder') = 1))
       UNION ALL SELECT case_id, at FROM turns WHERE state = 'closed' AND what <> 'merged'""",
    "CREATE INDEX temp.answers_case ON answers (case_id, at)",
    # Dangers that the engine cried: agents say them by the verbs danger and priority.
    """CREATE TEMP TABLE cried AS SELECT h.case_id, min(h.at) AS at FROM happened h
       WHERE h.what NOT IN ('danger', 'priority') AND (json_extract(h.data, '$.alarm') = 'certain'
         OR json_extract(h.data, '$.changed.alarm_level[1]') = 'certain') GROUP BY h.case_id""",
    "CREATE INDEX temp.cried_case ON cried (case_id)",
    # What the engine had said of a case before agents said otherwise, and what agents said last.
    f"""CREATE TEMP TABLE engine AS SELECT c.id AS case_id, {
        ", ".join(
            f"{_said(what, name, 'ASC', 0)} AS {name}, {_said(what, name, 'DESC', 1)} AS last_{name}"
            for what, name in (
                ("topic", "topic"),
                ("priority", "priority"),
                ("tenant", "tenant_id"),
                ("tenant", "dwelling_id"),
            )
        )
    } FROM cases c WHERE c.channel <> 'desk'""",
    "CREATE INDEX temp.engine_case ON engine (case_id)",
    """CREATE TEMP TABLE own AS SELECT arrival_id FROM happened
       WHERE what IN ('answered', 'returned') AND arrival_id IS NOT NULL""",
    "CREATE INDEX temp.own_arrival ON own (arrival_id)",
    """CREATE TEMP TABLE came AS
       SELECT k.case_id, k.arrival_id, k.channel, k.kind, k.outcome, coalesce(k.residence_id, '') AS residence,
              coalesce(k.topic, '') AS topic, CASE WHEN k.channel = 'phone' THEN k.at ELSE a.received_at END AS at
       FROM contacts k JOIN arrivals a ON a.id = k.arrival_id
       WHERE (k.channel <> 'phone' OR k.outcome IN ('transfer_unanswered', 'answered', 'voicemail', 'abandoned',
         'timeout', 'out_of_hours', 'before_answer'))
         AND k.arrival_id NOT IN (SELECT arrival_id FROM own)""",
)

_EVENTS = {
    "transfers": "h.what = 'moved'",
    "call_attempts": "h.what = 'tried'",
    "automatic_answers": "h.what = 'sent' AND json_extract(h.data, '$.kind') = 'answer'",
    "appointments": "h.what = 'appointed'",
    "appointments_cancelled": "h.what = 'appointment cancelled'",
}
_NOBODY = "g.tenant_id IS NULL AND g.dwelling_id IS NULL"
_OTHER = """((g.tenant_id IS NOT NULL AND g.last_tenant_id IS NOT g.tenant_id)
             OR (g.dwelling_id IS NOT NULL AND g.last_dwelling_id IS NOT g.dwelling_id))"""
_OF_ENGINE = {
    "judged": "1",
    "wrong_priority": "g.last_priority IS NOT g.priority",
    "topic_given": "g.topic IS NOT NULL",
    "wrong_topic": "g.topic IS NOT NULL AND g.last_topic IS NOT g.topic",
    "named": f"NOT ({_NOBODY})",
    "wrong_tenant": f"NOT ({_NOBODY}) AND {_OTHER}",
    "unnamed": _NOBODY,
    "identified_tenant": f"{_NOBODY} AND (g.last_tenant_id IS NOT NULL OR g.last_dwelling_id IS NOT NULL)",
}
_BEGUN = """max(c.opened_at, coalesce((SELECT max(t.at) FROM turns t
            WHERE t.case_id = c.id AND t.state = 'open' AND t.at <= c.due), c.opened_at))"""
_MET = f"EXISTS (SELECT 1 FROM answers a WHERE a.case_id = c.id AND a.at >= {_BEGUN} AND a.at <= c.due)"
_MERGED = "EXISTS (SELECT 1 FROM turns t WHERE t.case_id = c.id AND t.what = 'merged' AND t.at <= c.due)"
_OPEN_THEN = """coalesce((SELECT t.state FROM turns t WHERE t.case_id = h.case_id AND t.id <= h.id
                ORDER BY t.id DESC LIMIT 1), 'open') = 'open'"""
_UNSERVED = "k.outcome IS NOT NULL AND k.outcome <> 'answered' AND k.case_id IS NOT NULL"
_CALLED = """EXISTS (SELECT 1 FROM (SELECT case_id, at FROM answers
                                    UNION ALL SELECT case_id, at FROM happened WHERE what = 'tried') f
             WHERE f.case_id = b.case_id AND f.at >= b.called AND f.at <= b.until)"""
_CALL_BACKS = f"""CREATE TEMP TABLE call_backs AS
    SELECT k.case_id, k.at AS called, (
      SELECT max(s.closes) FROM spans s WHERE s.queue = c.queue AND s.day = (
        SELECT min(n.day) FROM spans n WHERE n.queue = c.queue AND n.day > {_day("k.at")})) AS until
    FROM came k JOIN cases c ON c.id = k.case_id WHERE {_UNSERVED}"""
"""By when each call that nobody answered is to be called back."""
_LAST_LABEL = "l.id = (SELECT max(o.id) FROM alarm_labels o WHERE o.case_id = l.case_id)"
_VERDICT = f"SELECT l.danger FROM alarm_labels l WHERE l.case_id = h.case_id AND {_LAST_LABEL}"
_INCIDENT = """c.topic IN ('elevator', 'heating', 'water_leak') AND c.residence_id IS NOT NULL
               AND c.dwelling_id IS NOT NULL"""


def _grouped(select: str, at: str, key: str = "") -> str:
    return f"SELECT {_day(at)}, {key or f'{_office(at)}, {_PLACE}'}, count(*) FROM {select} GROUP BY 1, 2, 3, 4"


def counts(now: str) -> Mapping[str, str]:
    """Return the query of each measure that is counted, up to a time in UTC."""
    came = "came k JOIN cases c ON c.id = k.case_id"
    backs = "call_backs b JOIN cases c ON c.id = b.case_id"
    found = {
        "opened": _grouped("cases c", "c.opened_at"),
        "closed": _grouped(
            "turns t JOIN cases c ON c.id = t.case_id WHERE t.state = 'closed' AND t.what <> 'merged'", "t.at"
        ),
        "reopened": _grouped("turns t JOIN cases c ON c.id = t.case_id WHERE t.state = 'open'", "t.at"),
        "merged": _grouped(
            "turns t JOIN cases c ON c.id = t.case_id WHERE t.state = 'closed' AND t.what = 'merged'", "t.at"
        ),
        "handed_away": _grouped(
            f"moves h JOIN cases c ON c.id = h.case_id WHERE {_OPEN_THEN}", "h.at", f"h.was, {_PLACE}"
        ),
        "handed_in": _grouped(
            f"moves h JOIN cases c ON c.id = h.case_id WHERE {_OPEN_THEN}", "h.at", f"h.became, {_PLACE}"
        ),
        "due": _grouped(f"cases c WHERE c.due <= '{now}' AND ({_MET} OR NOT {_MERGED})", "c.due"),
        "due_met": _grouped(f"cases c WHERE c.due <= '{now}' AND {_MET}", "c.due"),
        "due_p1": _grouped(
            f"cases c WHERE c.priority = 'P1' AND c.due <= '{now}' AND ({_MET} OR NOT {_MERGED})", "c.due"
        ),
        "due_p1_met": _grouped(f"cases c WHERE c.priority = 'P1' AND c.due <= '{now}' AND {_MET}", "c.due"),
        "calls_unserved": _grouped(f"{came} WHERE {_UNSERVED}", "k.at"),
        "call_backs_due": _grouped(f"{backs} WHERE b.until <= '{now}'", "b.until"),
        "call_backs_met": _grouped(f"{backs} WHERE b.until <= '{now}' AND {_CALLED}", "b.until"),
        "calls_answered": _grouped(
            "came k LEFT JOIN offices_of r ON r.residence = k.residence WHERE k.outcome = 'answered'",
            "k.at",
            "coalesce(r.office, ''), k.residence, k.topic",
        ),
        "set_aside": _grouped(
            "came k WHERE k.case_id IS NULL AND k.channel <> 'phone' AND k.kind IN ('automatic', 'spam')",
            "k.at",
            "'', k.residence, k.topic",
        ),
        "alarms": _cried("1"),
        "alarms_confirmed": _cried(f"({_VERDICT}) = 1"),
        "alarms_false": _cried(f"({_VERDICT}) = 0"),
        "alarms_unjudged": _cried(f"NOT EXISTS ({_VERDICT})"),
        "alarms_missed": _grouped(
            "alarm_labels l JOIN cases c ON c.id = l.case_id "
            f"WHERE {_LAST_LABEL} AND l.danger AND l.case_id NOT IN (SELECT case_id FROM cried)",
            "l.at",
        ),
        "incidents": _incident("1"),
        "incident_households": _incident("homes"),
    }
    by_engine = f"{_office('c.opened_at')}, coalesce(c.residence_id, ''), coalesce(g.topic, '')"
    for measure, which in _OF_ENGINE.items():
        found[measure] = _grouped(f"engine g JOIN cases c ON c.id = g.case_id WHERE {which}", "c.opened_at", by_engine)
    for way in ("email", "desk"):
        found[f"arrivals.{way}"] = _grouped(f"{came} WHERE k.channel = '{way}'", "k.at")
    found["arrivals.phone"] = f"""
        SELECT day, office, residence, topic, sum(n) FROM (
          SELECT {_day("k.at")} AS day, {_office("k.at")} AS office, coalesce(c.residence_id, '') AS residence,
                 coalesce(c.topic, '') AS topic, 1 AS n
          FROM {came} WHERE k.channel = 'phone'
          UNION ALL SELECT {_day("k.at")}, coalesce(r.office, ''), k.residence, k.topic, 1
          FROM came k LEFT JOIN offices_of r ON r.residence = k.residence
          WHERE k.channel = 'phone' AND k.case_id IS NULL)
        GROUP BY 1, 2, 3, 4"""
    for measure, which in {**_declared(found), **_EVENTS}.items():
        found[measure] = _grouped(f"happened h JOIN cases c ON c.id = h.case_id WHERE {which}", "h.at")
    found |= {name: _at_day_end(which, what) for name, (which, what) in _STOCKS.items()}
    return found


def _declared(written: Mapping[str, str]) -> dict[str, str]:
    """Return the conditions of the figures that count events and have no query by hand, from their declarations."""
    found = {}
    for figure in FIGURES:
        counter = figure.counter
        if counter is None or figure.measure in written:
            continue
        parts = [f"h.what IN ({', '.join(map(repr, figure.events))})"]
        parts += [f"json_extract(h.data, '$.{name}') = {value!r}" for name, value in counter.where.items()]
        found[figure.measure] = " AND ".join(parts)
    return found


def _cried(which: str) -> str:
    return _grouped(f"cried h JOIN cases c ON c.id = h.case_id WHERE {which}", "h.at")


def _incident(what: str) -> str:
    return f"""SELECT day, (SELECT {_office("c.opened_at")} FROM cases c WHERE c.residence_id = residence
                     AND c.topic = matter AND c.opened_at = began), residence, matter, {what}
               FROM (SELECT {_day("c.opened_at")} AS day, c.residence_id AS residence, c.topic AS matter,
                            min(c.opened_at) AS began, count(DISTINCT c.dwelling_id) AS homes
                     FROM cases c WHERE {_INCIDENT} GROUP BY 1, 2, 3 HAVING count(DISTINCT c.dwelling_id) > 1)"""


_HEARD = "max(c.opened_at, coalesce((SELECT max(a.at) FROM answers a WHERE a.case_id = c.id AND a.at < d.ends), ''))"
_ANSWERED = "EXISTS (SELECT 1 FROM answers a WHERE a.case_id = c.id AND a.at >= o.since AND a.at < d.ends)"
_STOCKS = {
    "open": ("1", "count(*)"),
    "late": (f"c.due < d.ends AND NOT {_ANSWERED}", "count(*)"),
    "answered_open": (_ANSWERED, "count(*)"),
    "oldest": (
        "julianday(d.ends) - julianday(c.opened_at) >= 1",
        "max(CAST(julianday(d.ends) - julianday(c.opened_at) AS INT))",
    ),
    "silent_14": (f"julianday(d.ends) - julianday({_HEARD}) > 14", "count(*)"),
    "silent_45": (f"julianday(d.ends) - julianday({_HEARD}) > 45", "count(*)"),
}


def _at_day_end(which: str, what: str) -> str:
    return f"""
        SELECT d.day, {_office("d.ends")}, {_PLACE}, {what}
        FROM open_spans o JOIN days d ON d.ends > o.since AND d.ends <= o.till
        JOIN cases c ON c.id = o.case_id WHERE {which} GROUP BY 1, 2, 3, 4"""


_OPEN_SPANS = (
    """CREATE TEMP TABLE open_spans AS
       SELECT c.id AS case_id, c.opened_at AS since, coalesce((SELECT min(t.at) FROM turns t WHERE t.case_id = c.id
         AND t.state = 'closed'), '9999') AS till FROM cases c
       UNION ALL
       SELECT r.case_id, r.at, coalesce((SELECT min(t.at) FROM turns t WHERE t.case_id = r.case_id AND
         t.state = 'closed' AND t.id > r.id), '9999') FROM turns r WHERE r.state = 'open'""",
)
_FIRST = "(SELECT case_id, min(at) AS at FROM answers GROUP BY case_id)"
_OPEN_MINUTES = """coalesce((SELECT sum(max(0.0, (julianday(min(s.closes, f.at)) - julianday(max(s.opens, c.opened_at)))
    * 1440.0)) FROM spans s WHERE s.queue = c.queue AND s.closes > c.opened_at AND s.opens < f.at), 0.0)"""
DURATIONS = {
    "first_answer": f"""SELECT {_day("f.at")}, {_office("min(f.at, c.due)")}, {_PLACE}, {_OPEN_MINUTES}
                        FROM {_FIRST} f JOIN cases c ON c.id = f.case_id
                        WHERE c.priority <> 'P1'""",
    "first_answer_p1": f"""SELECT {_day("f.at")}, {_office("min(f.at, c.due)")}, {_PLACE},
                                  (julianday(f.at) - julianday(c.opened_at)) * 1440.0
                           FROM {_FIRST} f JOIN cases c ON c.id = f.case_id WHERE c.priority = 'P1'""",
    "alarm_look": f"""
        SELECT {_day("h.at")}, {_office("h.at")}, {_PLACE}, (julianday(min(l.at)) - julianday(h.at)) * 1440.0
        FROM cried h JOIN cases c ON c.id = h.case_id
        JOIN (SELECT subject AS number, at FROM audit_trail WHERE what = 'read'
              UNION ALL SELECT n.number, p.at FROM happened p JOIN cases n ON n.id = p.case_id
              WHERE p.who NOT IN ('worker', 'outbound', 'timers', 'import')
                AND p.case_id IN (SELECT case_id FROM cried)) l
          ON l.number = c.number AND l.at >= h.at
        GROUP BY c.id""",
    "incident_length": f"""
        SELECT day, (SELECT {_office("c.opened_at")} FROM cases c WHERE c.residence_id = residence
                     AND c.topic = matter AND c.opened_at = began), residence, matter,
               (julianday(ended) - julianday(began)) * 1440.0
        FROM (SELECT {_day("c.opened_at")} AS day, c.residence_id AS residence, c.topic AS matter,
                     min(c.opened_at) AS began, max(o.till) AS ended
              FROM cases c JOIN open_spans o ON o.case_id = c.id
                AND o.since = (SELECT max(x.since) FROM open_spans x WHERE x.case_id = c.id)
              WHERE {_INCIDENT} GROUP BY 1, 2, 3 HAVING count(DISTINCT c.dwelling_id) > 1) WHERE ended < '9999'""",
}


def prepare(connection: Connection, days: list[date], now: str, offices: Mapping[str, str]) -> None:
    """Make the tables beside the store's that the queries read, for this connection alone."""
    for statement in (*_MADE, *_OPEN_SPANS):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("CREATE INDEX temp.open_spans_case ON open_spans (case_id, since)")
    connection.exec_driver_sql("CREATE TEMP TABLE offices_of (residence, office)")
    connection.exec_driver_sql("CREATE TEMP TABLE days (day, ends)")
    connection.exec_driver_sql("CREATE TEMP TABLE spans (queue, day, opens, closes)")
    works = [{"residence": residence, "office": office} for residence, office in offices.items()]
    connection.execute(sa.text("INSERT INTO offices_of VALUES (:residence, :office)"), works)
    midnight = _utc("date(:day, '+1 day') || ' 00:00'")
    ends = sa.text(f"INSERT INTO days SELECT :day, min({midnight}, :now)")
    connection.execute(ends, [{"day": day.isoformat(), "now": now} for day in days])
    _put_spans(connection, min(days))
    for name, columns in (("spans", "queue, day"), ("days", "ends")):
        connection.exec_driver_sql(f"CREATE INDEX temp.{name}_by ON {name} ({columns})")
    connection.exec_driver_sql("CREATE INDEX temp.spans_closes ON spans (queue, closes)")
    connection.exec_driver_sql(_CALL_BACKS)


def _utc(local: str) -> str:
    """Return a time of Paris in UTC; no day begins, and no office opens, in an hour that there is twice or never."""
    summer = f"{local} >= '2026-03-29 02:00' AND {local} < '2026-10-25 03:00'"
    return f"strftime('%Y-%m-%d %H:%M:%f000', {local}, CASE WHEN {summer} THEN '-2 hours' ELSE '-1 hour' END)"


def _put_spans(connection: Connection, first: date) -> None:
    rows: list[dict[str, Any]] = []
    for ordinal in range(first.toordinal() - 10, first.toordinal() + 420):
        day = date.fromordinal(ordinal)
        if day.isoformat() in HOLIDAYS:
            continue
        for queue, week in _HOURS.items():
            rows += [
                {"queue": queue, "day": day.isoformat(), "opens": f"{day} {opens}", "closes": f"{day} {closes}"}
                for opens, closes in week.get(day.weekday(), ())
                if queue not in _CLOSED or not _CLOSED[queue][0] <= day.isoformat() <= _CLOSED[queue][1]
            ]
    utc = f"INSERT INTO spans VALUES (:queue, :day, {_utc(':opens')}, {_utc(':closes')})"
    connection.execute(sa.text(utc), rows)


def counted(connection: Connection, now: str) -> dict[str, Counter[tuple[str, str, str, str]]]:
    """Return what each measure counts, by day, office, residence and topic."""
    return {measure: _summed(connection.exec_driver_sql(query)) for measure, query in counts(now).items()}


def _summed(rows: Any) -> Counter[tuple[str, str, str, str]]:
    return Counter({tuple(row[:4]): row[4] for row in rows})


def durations(connection: Connection) -> Iterator[tuple[str, dict[tuple[str, str, str, str], list[float]]]]:
    """Yield each measure of durations with those in minutes, by day, office, residence and topic."""
    for measure, query in DURATIONS.items():
        found: dict[tuple[str, str, str, str], list[float]] = defaultdict(list)
        for row in connection.exec_driver_sql(query):
            found[tuple(row[:4])].append(row[4])
        yield measure, found


def as_text(at: datetime) -> str:
    """Return a time in UTC as SQLite holds it."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
