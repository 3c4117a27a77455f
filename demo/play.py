"""Who does what in the demonstration, in which order? Offices fill, send, and find each other's cases."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from demo.central import Central, DemoError
from demo.stories import Answers, consular, needs, returnees, screening
from tests.phone.phone import Phone, PhoneDriver

COUNTER_TRAFFICKING, MIGRANTS = "Counter-trafficking", "Migrant assistance"
FORMS = {
    COUNTER_TRAFFICKING: ["id_screening", "needs_nrm"],
    MIGRANTS: ["needs_returnee", "consular", "consular_update"],
}
SHELTERS = ("NRC", "DE", "VATRA")
CASES_SECONDS = 30


@dataclass
class Played:
    """What was sent: form ID -> how many; and the project of each form."""

    projects: dict[str, int]
    sent: Counter[str] = field(default_factory=Counter)


@dataclass
class Play:
    """One performance. `say` hears of each form that is sent: office, form ID, what the server said."""

    central: Central
    driver: PhoneDriver
    folder: Path
    language: str
    seed: int
    say: Callable[[str, str, str], None]

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._phones: list[tuple[int, int]] = []
        self._count = 0
        self._awaited: set[str] = set()

    def run(self, times: int) -> Played:
        """Play the whole story so many times. Raises DemoError when the server does not take a form."""
        projects = {name: self.central.project(name) for name in FORMS}
        for name, form_ids in FORMS.items():
            self.central.require_forms(projects[name], form_ids)
        played = Played({form_id: projects[name] for name, ids in FORMS.items() for form_id in ids})
        try:
            for _ in range(times):
                self._counter_trafficking(projects[COUNTER_TRAFFICKING], played)
                self._consulates(projects[MIGRANTS], played)
                self._returnees(projects[MIGRANTS], played)
        finally:
            self._hand_in(projects)
        return played

    def _counter_trafficking(self, project_id: int, played: Played) -> None:
        for office, encounters in screening.screenings().items():
            phone = self._phone(project_id, office)
            for answers in encounters:
                self._fill_and_send(phone, office, "id_screening", answers, played)
        self._wait_for_cases(project_id, "cases")
        for office in SHELTERS:
            self._assess(self._phone(project_id, office), office, "needs_nrm", "cases", "nrm", played)

    def _consulates(self, project_id: int, played: Played) -> None:
        for office, cases in consular.cases().items():
            phone = self._phone(project_id, office)
            for answers in cases:
                self._fill_and_send(phone, office, "consular", answers, played)
            self._wait_for_cases(project_id, "consular")
            listed = list(phone.update_forms().lists.get("consular", {}))
            for case, answers in zip(listed, consular.updates(), strict=False):
                self._fill_and_send(phone, office, "consular_update", {**answers, "/case": case}, played)

    def _returnees(self, project_id: int, played: Played) -> None:
        for body in returnees.files(self._random):
            self.central.post(f"/v1/projects/{project_id}/datasets/returnees/entities", body)
        for office in returnees.COUNTERS:
            phone = self._phone(project_id, office)
            self._assess(phone, office, "needs_returnee", "returnees", "returnee", played)

    def _assess(self, phone: Phone, office: str, form_id: str, list_name: str, track: str, played: Played) -> None:
        """Assess every person on the office's list who was not assessed yet: the region is still unknown."""
        for case, entity in phone.update_forms().lists.get(list_name, {}).items():
            if entity["data"].get("qark"):
                continue
            answers = needs.assessment(
                case,
                is_child=entity["data"].get("minor") != "0",
                track=track,
                office=office,
                random=self._random,
            )
            self._fill_and_send(phone, office, form_id, answers, played)

    def _phone(self, project_id: int, office: str) -> Phone:
        """A new phone of an office: the administrator adds it, the worker scans the code."""
        user = self.central.post(
            f"/v1/projects/{project_id}/app-users",
            {"displayName": f"Demo {office}", "office": office, "language": self.language},
        )
        self._phones.append((project_id, int(user["id"])))
        place = self.folder / f"{office}-{len(self._phones)}"
        phone = Phone(self.driver, place, user["settingsQr"]["payload"])
        phone.update_forms()
        return phone

    def _fill_and_send(self, phone: Phone, office: str, form_id: str, answers: Answers, played: Played) -> None:
        self._count += 1
        # The seed answers what a newer version of the form may require beyond the story.
        seed = self.seed * 1000 + self._count
        filled = phone.fill(form_id, answers, seed=seed, optional=0, language=self.language)
        result = phone.send(filled, retries=2)
        if not result.sent:
            answer = f"{result.status or 'no answer'} {result.message}"
            raise DemoError(f"The server did not take a {form_id} of {office}: {answer}")
        played.sent[form_id] += 1
        self._awaited |= {each["id"] for each in filled.entities if each.get("create") in ("1", "true")}
        self.say(office, form_id, f"{result.status} {result.message}".strip())

    def _wait_for_cases(self, project_id: int, list_name: str) -> None:
        """The server makes cases a moment after it has taken their submissions."""
        end = time.monotonic() + CASES_SECONDS
        while self._awaited:
            listed = self.central.get(f"/v1/projects/{project_id}/datasets/{list_name}/entities")
            self._awaited -= {each["uuid"] for each in listed}
            if self._awaited and time.monotonic() > end:
                raise DemoError(f"The server has made no case of what was sent within {CASES_SECONDS} s: see its log.")
            time.sleep(0.1 if self._awaited else 0)

    def _hand_in(self, projects: dict[str, int]) -> None:
        """The demonstration's phones must not stay able to send."""
        for project_id, actor_id in self._phones:
            self.central.delete(f"/v1/projects/{project_id}/app-users/{actor_id}")
        self._phones.clear()


def entity_labels(central: Central, projects: dict[str, Any]) -> dict[str, dict[str, str]]:
    """List name -> entity ID -> label, of every list in the projects."""
    labels: dict[str, dict[str, str]] = {}
    for project_id in sorted(set(projects.values())):
        for dataset in central.get(f"/v1/projects/{project_id}/datasets"):
            entities = central.get(f"/v1/projects/{project_id}/datasets/{dataset['name']}/entities")
            labels[dataset["name"]] = {one["uuid"]: one["currentVersion"]["label"] for one in entities}
    return labels
