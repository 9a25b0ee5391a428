"""What is counted of the engine's work, for Prometheus; no label holds personal data."""

from prometheus_client import Counter, Gauge, Histogram

# From well under the budget of a judgement to the limit after which it is ended.
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

ACCEPTED = Counter("dtm_arrivals_accepted", "Arrivals stored durably and thanked for", ["channel"])
PUT_OFF = Counter("dtm_arrivals_put_off", "Arrivals put off by our own trouble", ["channel"])
JUDGED = Counter("dtm_arrivals_judged", "Arrivals judged, by what they became", ["kind", "priority"])
RETRIED = Counter("dtm_arrivals_retried", "Attempts at judging that are to be repeated", ["reason"])
SENT = Counter("dtm_outgoing", "Attempts at sending something, by what became of them", ["kind", "fate"])
PARKED = Counter("dtm_arrivals_parked", "Arrivals that could not be judged", ["reason"])
JUDGE_SECONDS = Histogram("dtm_judge_seconds", "Seconds from the claim of an arrival to its record", buckets=_SECONDS)
CHANNEL_TROUBLES = Counter("dtm_channel_troubles", "Times that a channel could not read", ["channel", "reason"])
CHANNEL_LOOKED = Gauge("dtm_channel_looked_seconds", "When a channel looked last and found all well", ["channel"])
LOG_LINES = Counter("dtm_log_lines", "Lines read of logs that are followed", ["channel", "log"])
LOG_FAULTS = Counter("dtm_log_faults", "Faults in logs that are followed, by their kind", ["channel", "kind"])
DIRECTORY_AGE = Gauge("dtm_directory_age_seconds", "Seconds since the directory in force was exported")
HELD_BEYOND = Gauge("dtm_held_beyond_lease", "Things held by daemons whose lease is over, by kind", ["kind"])
DAEMONS = Gauge("dtm_daemons", "Daemons on this store that have a lease")
TAKEN_OVER = Counter("dtm_taken_over", "Things given back that were held beyond a lease, by kind", ["kind"])
LEASES_LOST = Counter("dtm_leases_lost", "Times that the lease of this daemon was over")
GLANCED_AT = Counter("dtm_arrivals_glanced_at", "Arrivals glanced at while they waited", ["urgent"])
WAITING = Gauge("dtm_arrivals_waiting", "Arrivals still to be judged")
OPEN_CASES = Gauge("dtm_cases_open", "Open cases", ["queue"])
LATE_CASES = Gauge("dtm_cases_late", "Open cases whose first answer is past due", ["queue"])
FALSE_WAKINGS = Gauge("dtm_false_wakings", "Cases of the last 7 days for which those on call were woken in vain")
FALSE_WAKINGS_BUDGET = Gauge("dtm_false_wakings_budget", "The same at the most, by the settings")
POSSIBLE_DANGERS = Gauge("dtm_cases_possible_danger", "Open cases in which somebody may be in danger", ["queue"])
ALARMS = Counter("dtm_alarms", "Alarms raised, one for each cause until it is over", ["cause"])
ALARMING = Gauge("dtm_alarming", "1 while the cause of an alarm lasts", ["cause"])
