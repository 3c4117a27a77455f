"""Fixtures: the real gunicorn with the shipped nginx in front, once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.app.shown_forms import VISIT
from tests.deploy.proxy import Proxy
from tests.journeys.phone.served import Project, Served


@dataclass
class Site:
    """A server, what stands before it, and a phone that may send there."""

    served: Served
    proxy: Proxy
    project: Project
    token: str

    @property
    def at(self) -> str:
        """The phone's address, with its token."""
        return f"/v1/key/{self.token}/projects/{self.project.number}"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    served = Served(folder / "data", SPORTEL_TRUSTED_PROXIES="1", SPORTEL_LOG_FORMAT="json")
    with served, Proxy(folder / "nginx", served.port) as proxy:
        admin = served.administrator()
        project = admin.new_project("Behind a proxy")
        project.publish(VISIT)
        yield Site(served, proxy, project, project.app_user("Phone")["token"])
        admin.close()
