"""How often did somebody come close to the end of a day's reveals, or ask for more?"""

from __future__ import annotations

import functools

from prometheus_client import CollectorRegistry, Counter

from app.web import metrics


@functools.cache
def _counter(registry: CollectorRegistry) -> Counter:
    return Counter(
        "sportel_reveal_alarms",
        "Alarms of the daily budget of reveals: near (four fifths) or spent (refused).",
        ["kind"],
        registry=registry,
    )


def count_alarm(kind: str) -> None:
    """Count one: `near` or `spent`."""
    _counter(metrics._instruments().registry).labels(kind).inc()
