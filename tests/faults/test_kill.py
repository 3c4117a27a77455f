"""Phones send while everything is killed, again and again: is what was acknowledged there, once, with its bytes?"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import pytest

from tests.faults import killer
from tests.faults.checker import check
from tests.faults.collect import Phones
from tests.faults.conftest import NewService
from tests.faults.figures import Figures
from tests.faults.killer import Killer
from tests.faults.places import Cluster
from tests.faults.proxy import FaultProxy, bad_network

SEED = 20_261_122
PHONES = 8
# The share of the requests that go through the bad network.
THROUGH_THE_PROXY = 0.15
# What a phone may hear while all this happens: taken, or "try again".
EXPECTED_ANSWERS = {"201", "503"}


@dataclass(frozen=True)
class Extent:
    """How much is sent at least, what is struck how often, and how many acknowledgements there are between two."""

    submissions: int
    plan: dict[str, int]
    between: tuple[int, int]


SHORT = {
    "sqlite": Extent(60, {killer.WORKER: 11, killer.SERVICE: 1, killer.RELOAD: 1}, (5, 12)),
    "postgresql": Extent(
        60,
        {killer.WORKER: 9, killer.SERVICE: 1, killer.BACKEND: 1, killer.DATABASE: 1, killer.RELOAD: 1},
        (5, 12),
    ),
}
FULL = {
    "sqlite": Extent(5_000, {killer.WORKER: 480, killer.SERVICE: 30, killer.RELOAD: 20, killer.UPGRADE: 3}, (20, 36)),
    "postgresql": Extent(
        5_000,
        {
            killer.WORKER: 470,
            killer.SERVICE: 26,
            killer.BACKEND: 12,
            killer.DATABASE: 5,
            killer.RELOAD: 20,
            killer.UPGRADE: 3,
        },
        (20, 36),
    ),
}


def test_nothing_acknowledged_is_lost_when_everything_is_killed(
    new_service: NewService, database: str, full: bool, figure: Figures, request: pytest.FixtureRequest
) -> None:
    extent = (FULL if full else SHORT)[database]
    cluster: Cluster | None = request.getfixturevalue("cluster") if database == "postgresql" else None
    with new_service() as service, FaultProxy(service.port, bad_network(SEED)) as proxy:

        def route(dice: random.Random) -> tuple[str, int]:
            return "127.0.0.1", proxy.port if dice.random() < THROUGH_THE_PROXY else service.port

        phones = Phones(PHONES, f"{service.phone.at}/submission?deviceID=drill", route, seed=SEED)
        killing = Killer(service, cluster, SEED)
        begun = time.monotonic()
        phones.start()
        killing.carry_out(extent.plan, phones.tally.taken, extent.between)
        while phones.tally.finished < extent.submissions and not phones.tally.given_up:
            time.sleep(0.05)
        phones.finish()
        sent_s = time.monotonic() - begun
        verdict = check(service, phones.ledger, awaits_work=full)

    tally, struck = phones.tally, killing.struck
    taken = phones.ledger.taken()
    submissions = [name for name, each in taken.items() if each.root == name]
    figure("submissions acknowledged", len(submissions))
    figure("edits acknowledged", len(taken) - len(submissions))
    figure("photos acknowledged", sum(len(each.photos_taken) for each in taken.values()))
    figure("cases opened by them", sum(each.case is not None for each in taken.values()))
    figure("POSTs", tally.posts)
    figure("kills", struck.kills)
    for kind in killer.KILLS:
        if kind in struck.times:
            figure(f"of a {kind}", struck.times[kind])
    figure("reloads, ordered stops", f"{struck.times[killer.RELOAD]}, {struck.times[killer.UPGRADE]}")
    figure("answers that the network dropped, requests that it cut", f"{proxy.dropped}, {proxy.cut}")
    figure("answers", ", ".join(f"{name}: {count:,}" for name, count in sorted(tally.answers.items())))
    figure("acknowledged and lost", len(verdict.lost))
    figure("taken twice", len(verdict.twice))
    figure("wrong bytes", len(verdict.wrong))
    figure("pieces of work that were parked", verdict.retried)
    figure("rows whose file is missing", len(verdict.dangling))
    figure("files that no row names, before the sweep", verdict.orphans_before_sweep)
    figure("files that no row names, after the sweep", verdict.orphans)
    for kind, longest in struck.longest_s.items():
        figure(f"longest time without service after a {kind}, s", longest)
    figure("seconds of sending", round(sent_s))

    assert verdict.faults == {}
    assert verdict.retried == 0  # what waits while workers are killed is not blamed for it
    assert tally.given_up == []
    assert set(tally.statuses()) <= EXPECTED_ANSWERS
    assert tally.without_retry_after == 0
    assert len(submissions) >= extent.submissions
    assert struck.kills >= (500 if full else 10)
    # While a database recovers, the service itself is there and says "try again".
    for kind in (killer.BACKEND, killer.DATABASE):
        assert set(struck.heard.get(kind, ())) <= {"204", "503"}
    if full:
        assert tally.posts >= 15_000
        assert struck.longest_s[killer.WORKER] < 1
        assert struck.longest_s[killer.SERVICE] < 15
        assert max(struck.longest_s.get(kind, 0) for kind in (killer.BACKEND, killer.DATABASE)) < 30
