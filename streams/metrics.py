"""Every metric, each with the sentence the docs print; shown as Prometheus text (exposition format 0.0.4)."""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""The media type of what `Metrics.render` gives."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name, kind and meaning. `buckets` are a histogram's upper bounds; one without is implied."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    sentence: str
    buckets: tuple[float, ...] = ()


RECORDS_DONE = Metric(
    "dealwire_records_done_total", "counter", "Records an agent has handled, outputs acknowledged by Kafka."
)
DEAD_LETTERS = Metric(
    "dealwire_dead_letters_total", "counter", "Records an agent has set aside; somebody must look at them."
)
PARKED = Metric(
    "dealwire_parked_total",
    "counter",
    "Records set aside only because an earlier one of their key is; they go back with it.",
)
PARKED_KEYS = Metric("dealwire_parked_keys", "gauge", "Keys of an agent of which something lies aside.")
FAILING_SHARE = Metric(
    "dealwire_failing_share",
    "gauge",
    "Share of an agent's last records that failed; at [worker] breaker_share the worker ends.",
)
RETRIES = Metric(
    "dealwire_retries_total",
    "counter",
    "Times that Kafka or the registry did not answer and was asked again.",
)
FAILED_ATTEMPTS = Metric(
    "dealwire_failed_attempts_total", "counter", "Commands that a lookup or sink answered with a failure."
)
UNDECIDED_MEMBERS = Metric(
    "dealwire_undecided_members_total",
    "counter",
    "Assignments in which a member's condition could not be decided with the facts given.",
)
RESENT_MAILS = Metric(
    "dealwire_resent_mails_total", "counter", "Mails sent once more because nobody knows if they arrived."
)
SINK_RESTS = Metric(
    "dealwire_sink_rests_total",
    "counter",
    "Times that a sink was left alone for a while, since it failed several times in a row.",
)
SINK_RESTING = Metric(
    "dealwire_sink_resting", "gauge", "1 while a sink is left alone or tried; alarm when it stays so."
)
BRIEFS = Metric("dealwire_briefs_total", "counter", "Handoff briefs written, by rules or by the model.")
BRIEF_FALLBACKS = Metric(
    "dealwire_brief_fallbacks_total",
    "counter",
    "Briefs that rules wrote because the model could not, by reason.",
)
BRIEF_DROPPED = Metric(
    "dealwire_brief_statements_dropped_total",
    "counter",
    "Statements of the model that no source bore out.",
)
BRIEF_TOKENS = Metric(
    "dealwire_brief_tokens_total", "counter", "Tokens the model cost, estimated where its endpoint is silent."
)
IN_FLIGHT = Metric("dealwire_in_flight", "gauge", "Records an agent has taken and not finished.")
COMMITTED_LAG = Metric(
    "dealwire_committed_lag", "gauge", "Records in an agent's input that are not committed as done."
)
TIMERS_WAITING = Metric("dealwire_timers_waiting", "gauge", "Timers of this worker's runs not yet due.")

CAPTURE_RECEIVED = Metric("dealwire_capture_received_total", "counter", "Change events heard from the org.")
CAPTURE_PUBLISHED = Metric(
    "dealwire_capture_published_total", "counter", "Changes given to Kafka, one for each record."
)
CAPTURE_CHECKPOINTS = Metric("dealwire_capture_checkpoints_total", "counter", "Positions kept.")
CAPTURE_GAPS = Metric(
    "dealwire_capture_gaps_total", "counter", "Times that events were missed since a position had expired."
)
CAPTURE_READ_BACK = Metric(
    "dealwire_capture_read_back_total",
    "counter",
    "Deals read back since events did not say what changed, by reason; `gone` are those that could not be.",
)
CAPTURE_RECONNECTS = Metric(
    "dealwire_capture_reconnects_total", "counter", "Sessions with the org that were lost."
)
CAPTURE_OVERSIZED = Metric(
    "dealwire_capture_oversized_total",
    "counter",
    "Answers cut off for their size; look who stands before the org.",
)
CAPTURE_SUBSCRIBED = Metric(
    "dealwire_capture_subscribed", "gauge", "1 while the subscription holds; alarm when it is 0 for minutes."
)
OUTBOUND_MESSAGES = Metric(
    "dealwire_outbound_messages_total",
    "counter",
    "Outbound Messages by outcome: `acknowledged`, `refused`, or `put off` to a later try.",
)
CAPTURE_LAG = Metric(
    "dealwire_capture_lag_seconds", "gauge", "Age of the last change when it was heard; 0 when all is quiet."
)
CAPTURE_IN_FLIGHT = Metric(
    "dealwire_capture_in_flight", "gauge", "Events that Kafka has not acknowledged yet, in their order."
)
API_CALLS_USED = Metric(
    "dealwire_org_api_calls_used", "gauge", "API calls of the org in 24 hours, by all its integrations."
)
API_CALLS_ALLOWED = Metric("dealwire_org_api_calls_allowed", "gauge", "How many it may make in 24 hours.")

HISTORY_EVENTS = Metric(
    "dealwire_history_events_total", "counter", "Events of runs carried into the history's database."
)
HISTORY_LAG = Metric(
    "dealwire_history_lag", "gauge", "Events of runs that the history does not hold yet; alarm when it grows."
)
HISTORY_UNREADABLE = Metric(
    "dealwire_history_unreadable_total", "counter", "Records of the runs' topic that are no events of runs."
)
HISTORY_MISSED = Metric(
    "dealwire_history_missed_total",
    "counter",
    "Events that the topic no longer kept when the history came to read them.",
)
HISTORY_FORGOTTEN = Metric(
    "dealwire_history_forgotten_total", "counter", "Runs forgotten since they ended long ago."
)

HTTP_REQUESTS = Metric(
    "dealwire_http_requests_total", "counter", "Requests the API has answered, by route, method and status."
)
HTTP_SECONDS = Metric(
    "dealwire_http_request_duration_seconds",
    "histogram",
    "Time from a request's head to its answer's; a stream of events goes on after that.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

METRICS = (
    RECORDS_DONE,
    DEAD_LETTERS,
    PARKED,
    PARKED_KEYS,
    FAILING_SHARE,
    RETRIES,
    FAILED_ATTEMPTS,
    RESENT_MAILS,
    UNDECIDED_MEMBERS,
    SINK_RESTS,
    SINK_RESTING,
    BRIEFS,
    BRIEF_FALLBACKS,
    BRIEF_DROPPED,
    BRIEF_TOKENS,
    IN_FLIGHT,
    COMMITTED_LAG,
    TIMERS_WAITING,
    CAPTURE_RECEIVED,
    CAPTURE_PUBLISHED,
    CAPTURE_CHECKPOINTS,
    CAPTURE_GAPS,
    CAPTURE_READ_BACK,
    CAPTURE_RECONNECTS,
    CAPTURE_OVERSIZED,
    CAPTURE_SUBSCRIBED,
    OUTBOUND_MESSAGES,
    CAPTURE_LAG,
    CAPTURE_IN_FLIGHT,
    API_CALLS_USED,
    API_CALLS_ALLOWED,
    HISTORY_EVENTS,
    HISTORY_LAG,
    HISTORY_UNREADABLE,
    HISTORY_MISSED,
    HISTORY_FORGOTTEN,
    HTTP_REQUESTS,
    HTTP_SECONDS,
)
"""All of them, as the docs list them."""

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """The values of one process."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Metric, Labels], float] = {}
        self._watched: dict[tuple[Metric, Labels], Callable[[], float]] = {}
        self._observed: dict[tuple[Metric, Labels], _Observed] = {}

    def add(self, metric: Metric, by: float = 1, **labels: str) -> None:
        """Raise a counter."""
        key = (metric, tuple(sorted(labels.items())))
        self._counts[key] = self._counts.get(key, 0) + by

    def watch(self, metric: Metric, read: Callable[[], float], **labels: str) -> None:
        """Read a gauge whenever the metrics are shown."""
        self._watched[metric, tuple(sorted(labels.items()))] = read

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Take a value into a histogram."""
        key = (metric, tuple(sorted(labels.items())))
        self._observed.setdefault(key, _Observed([0] * len(metric.buckets))).take(metric.buckets, value)

    def value(self, metric: Metric, **labels: str) -> float:
        """Give one value as it stands; 0 for one never touched."""
        key = (metric, tuple(sorted(labels.items())))
        return self._watched[key]() if key in self._watched else self._counts.get(key, 0)

    def render(self) -> str:
        """Give everything as Prometheus text."""
        return "".join(self._lines())

    def _lines(self) -> Iterator[str]:
        values = {**self._counts, **{key: read() for key, read in self._watched.items()}}
        for metric in METRICS:
            found = sorted((labels, value) for (known, labels), value in values.items() if known is metric)
            series = [_line(metric.name, labels, value) for labels, value in found]
            for labels, observed in sorted(
                (labels, observed) for (known, labels), observed in self._observed.items() if known is metric
            ):
                series += observed.lines(metric, labels)
            if series:
                yield f"# HELP {metric.name} {metric.sentence}\n# TYPE {metric.name} {metric.kind}\n"
                yield from series


@dataclass(slots=True, order=True)
class _Observed:
    """What a histogram saw under one set of labels: how many in each bucket, and in all."""

    within: list[int]
    count: int = 0
    total: float = 0

    def take(self, bounds: tuple[float, ...], value: float) -> None:
        self.count += 1
        self.total += value
        place = bisect_left(bounds, value)
        if place < len(bounds):
            self.within[place] += 1

    def lines(self, metric: Metric, labels: Labels) -> Iterator[str]:
        below = 0
        for bound, count in zip(metric.buckets, self.within, strict=True):
            below += count
            yield _line(f"{metric.name}_bucket", (*labels, ("le", f"{bound:g}")), below)
        yield _line(f"{metric.name}_bucket", (*labels, ("le", "+Inf")), self.count)
        yield _line(f"{metric.name}_sum", labels, self.total)
        yield _line(f"{metric.name}_count", labels, self.count)


def _line(name: str, labels: Labels, value: float) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
    return f"{name}{{{shown}}} {_number(value)}\n"


def _number(value: float) -> str:
    """Write every digit: a rate is made of the difference of two large counts."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
