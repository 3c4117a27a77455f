"""Whatever is asked of any route, by whomever: no fault of ours, and an answer as the OpenAPI document describes it.

The requests are made up from that document: what it allows and what it does not, on what is there and on what is not.
`--full` (with the drills of tests/faults) makes up more, and others each time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.web import openapi
from tests.app.conftest import close
from tests.app.web.idor_table import TABLE
from tests.app.web.idor_world import OWN, ROLES, World, build
from tests.support.backend import make_backend

# Who asks what the document does not allow: refused before it matters who it is, or with all the rights there are.
FEW = ("admin", "viewer", "phone")
CHECKS = [content_type_conformance, response_schema_conformance, status_code_conformance]
# Not faults: what of OData this server does not do, and that it is not ready.
MEANT = {501, 503}
OPERATIONS = [(method.upper(), path) for path, item in openapi.document()["paths"].items() for method in item]


class Robot:
    """Asks one world, and puts it back as it was after whatever was let in to change it."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self._folder = world, folder
        world.keep(folder)
        self.schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", world.backend.app)

    def ask(self, case: schemathesis.Case, role: str) -> str | None:
        """What is wrong with the answer, if something is."""
        token = self.world.prefixes[role].removeprefix("/v1/key/")
        given = {"params": {"st": token}} if token else {"headers": self.world.askers[role]}
        answer = case.call(**given)
        if case.method != "GET" and answer.status_code < 400:
            self.world.restore(self._folder)
        try:
            case.validate_response(answer, checks=CHECKS)
            if answer.status_code >= 500 and answer.status_code not in MEANT:
                return f"{role}: {answer.status_code} for {case.as_curl_command()}"
        except FailureGroup as found:
            return f"{role}: {[str(each) for each in found.exceptions]}"
        return None


@pytest.fixture(scope="module")
def robot(sqlite_template: Path) -> Iterator[Robot]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="sportel-robot-") as name:
        shutil.copytree(sqlite_template, Path(name) / "data")
        world = build(make_backend(Path(name) / "data", None))
        yield Robot(world, Path(name) / "kept")
        close(world.backend)


def there(robot: Robot, method: str, path: str) -> dict[str, Any]:
    """What stands in the address of something that is there."""
    for (known, rule), row in TABLE.items():
        if known == method and openapi.path_of(rule) == path:
            params = robot.world.params[row.kind][OWN] | dict(row.names)
            return {name: quote(str(value), safe="") for name, value in params.items() if f"{{{name}}}" in path}
    return {}


def strategies(robot: Robot, method: str, path: str, *, full: bool) -> Iterator[tuple[Any, tuple[str, ...], int]]:
    """Requests to make up, the roles that make them, and how many."""
    operation, real = robot.schema[path][method], there(robot, method, path)
    for mode, roles in ((GenerationMode.POSITIVE, ROLES), (GenerationMode.NEGATIVE, ROLES if full else FEW)):
        if real:
            yield operation.as_strategy(generation_mode=mode, path_parameters=real), roles, 25 if full else 2
        yield operation.as_strategy(generation_mode=mode), roles, 25 if full else 1


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_any_request_is_answered_as_described(
    robot: Robot, method: str, path: str, pytestconfig: pytest.Config
) -> None:
    full = pytestconfig.getoption("--full", default=False)
    found: list[str | None] = []

    def ask(case: schemathesis.Case, roles: tuple[str, ...]) -> None:
        found.extend(robot.ask(case, role) for role in roles)

    for strategy, roles, examples in strategies(robot, method, path, full=full):
        how = settings(
            max_examples=examples,
            derandomize=not full,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        # What takes nothing can be asked in no wrong way.
        with suppress(Unsatisfiable):
            how(given(case=strategy, roles=st.just(roles))(ask))()
    assert found
    assert [each for each in found if each is not None] == []
