"""The service's metrics: for Prometheus on a page that needs a token, and for CloudWatch as log lines.

Behind a load balancer a scrape reaches one instance; the log lines cover all of them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

NAMESPACE: Final = "AnsariWhatsApp"  # in CloudWatch
EVERY: Final = 60.0  # seconds between two lines


class By(dict[object, Counter]):
    """The counters of one metric by label, such as `by["done"]`; cached, because a lookup costs more than counting."""

    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self._counter = counter

    def __missing__(self, label: object) -> Counter:
        self[label] = self._counter.labels(label)
        return self[label]


class Metrics:
    """All metrics of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.webhooks = self._counters("webhooks", "Webhooks by the status they were answered with", "status")
        self.messages = self._counters("messages", "Messages by kind, including repeats", "kind")
        self.duplicates = self._counter("duplicates", "Messages that were delivered before")
        self.ignored = self._counter("ignored", "Parts of webhooks that are not for this service, or not understood")
        self.trouble = self._counters("account_errors", "Meta's errors about the account or the number", "code")
        self.statuses = self._counters("statuses", "Statuses of sent parts", "status")
        self.failed_statuses = self._counters("failed_statuses", "Parts that did not arrive, by Meta's code", "code")
        self.answers = self._counters("answers", "Finished messages by outcome", "outcome")
        self.sent = self._counter("parts_sent", "Parts that Meta accepted")
        self.send_errors = self._counters("send_errors", "Parts that Meta refused, by its code", "code")
        self.commit_seconds = self._histogram("commit_seconds", "Seconds from a complete webhook to its commit", FAST)
        self.answer_seconds = self._histogram(
            "answer_seconds", "Seconds from a message's start to its stored answer", SLOW
        )
        self.own_requests = self._counters(
            "own_requests", "Requests to the service's own public address by outcome", "outcome"
        )
        self.unheld = Gauge(
            "ansari_unheld",
            "1 while no request reaches the service's own public address, so that its work may get no processor time",
            registry=self.registry,
        )
        self.waiting = Gauge("ansari_waiting", "Unfinished messages", registry=self.registry)
        self.oldest_seconds = Gauge(
            "ansari_oldest_seconds", "Age of the oldest unfinished message", registry=self.registry
        )
        self.under_way = Gauge("ansari_under_way", "Messages that are being answered", registry=self.registry)
        self.tasks = Gauge("ansari_tasks", "Tasks of the event loop", registry=self.registry)
        self._before: dict[str, float] = {}

    def text(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def embedded(self) -> dict[str, Any]:
        """Return what changed since the last call, in CloudWatch's embedded metric format; {} if nothing did.

        Source: Amazon CloudWatch user guide, "Specification: Embedded metric format".
        """
        now = self._counts()
        changed = {name: value - self._before.get(name, 0.0) for name, value in now.items()}
        changed = {name: value for name, value in changed.items() if value}
        self._before = now
        changed |= {name: gauge for name, gauge in self._gauges().items() if gauge or changed}
        if not changed:
            return {}
        metrics = [{"Name": name, "Unit": "Count"} for name in changed]
        directive = {"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": metrics}
        return {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}, **changed}

    def _counts(self) -> dict[str, float]:
        return {
            _name(sample.name.removesuffix("_total"), sample.labels): sample.value
            for metric in self.registry.collect()
            if metric.type == "counter"
            for sample in metric.samples
            if sample.name.endswith("_total")
        }

    def _gauges(self) -> dict[str, float]:
        return {
            _name(sample.name, sample.labels): sample.value
            for metric in self.registry.collect()
            if metric.type == "gauge"
            for sample in metric.samples
        }

    def _counter(self, name: str, about: str) -> Counter:
        return Counter(f"ansari_{name}", about, registry=self.registry)

    def _counters(self, name: str, about: str, label: str) -> By:
        return By(Counter(f"ansari_{name}", about, [label], registry=self.registry))

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"ansari_{name}", about, buckets=buckets, registry=self.registry)


FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
SLOW: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 90.0, 120.0)


def _name(name: str, labels: Mapping[str, str]) -> str:
    """`ansari_answers` with {"outcome": "done"} is `answers_done`."""
    return "_".join([name.removeprefix("ansari_"), *labels.values()])
