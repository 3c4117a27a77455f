"""Which acts pass the named crash points, and what must hold when the process dies in the middle of one?

Each act makes the service, or an operator's command, die at the point, lets who asked ask again as they would, and
looks that nothing is lost, doubled or half. ACTS says which acts belong to which points.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import requests
from sqlalchemy import func, select

from app.crash_points import arm
from app.db import db, models
from app.runtime import runtime
from tests.app.operations.places import Keys, contents, empty_place, run
from tests.faults.inside import assert_whole, opened, sqlalchemy_url
from tests.faults.places import Cluster
from tests.faults.service import Service
from tests.journeys.phone.served import Central, Project
from tests.support.backend import Backend, instance, make_backend

PHOTO = bytes(range(256)) * 400
PATIENCE_SECONDS = 60


@dataclass
class Place:
    """A running service with a fuse, its administrator, and the same application in this process to look with."""

    service: Service
    backend: Backend
    admin: Central
    fuse: Path
    keys: Keys
    cluster: Cluster | None

    @property
    def project(self) -> Project:
        return Project(self.admin, self.service.phone.project)

    @property
    def kind(self) -> str:
        return "sqlite" if self.cluster is None else "postgresql"

    @contextmanager
    def dying(self, point: str) -> Iterator[None]:
        """In the block a process passes the point, and dies there."""
        self.fuse.write_text(point, encoding="ascii")
        yield
        assert not self.fuse.exists(), f"nothing passed {point}"

    def post(self, xml: str, files: dict[str, bytes] | None = None) -> int | None:
        """One POST of a phone; its status, None without an answer."""
        parts = {"xml_submission_file": ("submission.xml", xml.encode(), "text/xml")}
        parts |= {name: (name, content, "image/jpeg") for name, content in (files or {}).items()}
        try:
            return requests.post(self.service.submission_url, files=parts, timeout=PATIENCE_SECONDS).status_code
        except requests.RequestException:
            return None

    def send(self, xml: str, files: dict[str, bytes] | None = None, expected: int = 201) -> None:
        """Send as ODK Collect does: without an answer, or told to wait, the same again."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (status := self.post(xml, files)) in (None, 503):
            assert time.monotonic() < end, "the service did not come back"
            time.sleep(0.05)
        assert status == expected, status

    def command_dies(self, point: str, backend: Backend, *arguments: str) -> None:
        """An operator's command dies at the point, in a process of its own."""
        with self.backend.app.app_context():
            db.engine.dispose()  # the child must not share a connection
        with self.dying(point):
            child = os.fork()
            if child == 0:
                try:
                    arm(point, self.fuse)
                    settings = backend.app.extensions["sportel"].settings
                    run(make_backend(settings.data, settings.database_url), *arguments)
                finally:
                    os._exit(1)
            _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status

    def command(self, backend: Backend, *arguments: str) -> None:
        """An operator's command that must succeed."""
        told = run(backend, *arguments)
        assert told.exit_code == 0, (told.output, told.stderr, told.exception)

    def assert_stored(self, instance_id: str, xml: str, files: dict[str, bytes]) -> None:
        """Exactly once, and exactly these bytes, as the API gives them back."""
        with self.backend.app.app_context():
            versions = select(func.count()).select_from(models.SubmissionVersion)
            assert db.session.scalar(versions.where(models.SubmissionVersion.instance_id == instance_id)) == 1
            db.session.rollback()
        assert self.project.xml("drill", instance_id) == xml.encode()
        for name, content in files.items():
            assert self.project.file("drill", instance_id, name) == content


@contextmanager
def place(service: Service, cluster: Cluster | None) -> Iterator[Place]:
    """The service is started, and what belongs to it."""
    fuse = Path(service.environment["DRILL_FUSE"])
    with service:
        admin = service.administrator()
        # A kept connection would be one to a worker that is about to die.
        admin._session.headers["Connection"] = "close"
        Project(admin, service.phone.project).publish(CASES)
        with opened(service.folder, sqlalchemy_url(service)) as backend:
            yield Place(service, backend, admin, fuse, Keys(fuse.parent), cluster)
        admin.close()


CASES = """
| survey |      |      |       |         |                     |
|        | type | name | label | save_to | bind::sportel:class |
|        | text | code | Code  | code    | operational         |
| settings |         |         |        |                              |
|          | form_id | version | title  | namespaces                   |
|          | intake  | 1       | Intake | sportel="urn:sportel:xforms" |
| entities |           |         |
|          | list_name | label   |
|          | cases     | ${code} |
"""


def _new_id() -> str:
    return f"uuid:{uuid4()}"


def _filled(instance_id: str, who: str = "A", meta: str = "", version: str = "1") -> str:
    answers = f"<who>{who}</who><photo1>1.jpg</photo1><photo2>2.jpg</photo2>"
    return instance("drill", answers, instance_id=instance_id, meta=meta, version=version)


def new_submission(place: Place, point: str) -> None:
    """A phone sends a form with a photo."""
    name = _new_id()
    xml, files = _filled(name), {"1.jpg": PHOTO}
    with place.dying(point):
        assert place.post(xml, files) is None
    place.send(xml, files)
    place.assert_stored(name, xml, files)


def missing_photo(place: Place, point: str) -> None:
    """A phone sends the rest of a large form: the same XML with another photo."""
    name = _new_id()
    xml = _filled(name)
    place.send(xml, {"1.jpg": PHOTO})
    with place.dying(point):
        assert place.post(xml, {"2.jpg": PHOTO[1:]}) is None
    place.assert_stored(name, xml, {"1.jpg": PHOTO})
    place.send(xml, {"2.jpg": PHOTO[1:]})
    place.assert_stored(name, xml, {"1.jpg": PHOTO, "2.jpg": PHOTO[1:]})


def edit(place: Place, point: str) -> None:
    """A person sends a corrected form."""
    before, name = _new_id(), _new_id()
    place.send(_filled(before), {"1.jpg": PHOTO})
    xml = _filled(name, who="B", meta=f"<orx:deprecatedID>{before}</orx:deprecatedID>")
    with place.dying(point):
        assert place.post(xml, {"2.jpg": PHOTO[2:]}) is None
    place.send(xml, {"2.jpg": PHOTO[2:]})
    at = f"{place.project.at}/forms/drill/submissions/{before}/versions"
    assert place.admin.content(f"{at}/{before}.xml") == _filled(before).encode()
    assert place.admin.content(f"{at}/{name}.xml") == xml.encode()


def unnamed_file(place: Place, point: str) -> None:
    """A phone sends a file that the answers do not name; it is kept aside, once."""
    name = _new_id()
    xml, files = _filled(name), {"1.jpg": PHOTO, "other.jpg": PHOTO[3:]}
    with place.dying(point):
        assert place.post(xml, files) is None
    place.send(xml, files)
    place.assert_stored(name, xml, {"1.jpg": PHOTO})
    assert _kept(place, name) == ["other.jpg"]


def unknown_version(place: Place, point: str) -> None:
    """A phone sends a form's version that the server does not have; XML and photo are kept aside, once."""
    name = _new_id()
    xml, files = _filled(name, version="7"), {"1.jpg": PHOTO}
    with place.dying(point):
        assert place.post(xml, files) is None
    place.send(xml, files, expected=404)
    assert _kept(place, name) == ["1.jpg", "submission.xml"]


def changed_answers(place: Place, point: str) -> None:
    """A phone sends other answers under the same ID; they are kept aside, once, and the first ones stand."""
    name = _new_id()
    place.send(_filled(name), {"1.jpg": PHOTO})
    with place.dying(point):
        assert place.post(_filled(name, who="B")) is None
    place.send(_filled(name, who="B"), expected=409)
    assert _kept(place, name) == ["submission.xml"]
    place.assert_stored(name, _filled(name), {"1.jpg": PHOTO})


def _kept(place: Place, instance_id: str) -> list[str]:
    with place.backend.app.app_context():
        kept = select(models.Quarantine.name).where(models.Quarantine.instance_id == instance_id)
        names = sorted(db.session.scalars(kept))
        db.session.rollback()
        return names


def new_case(place: Place, point: str) -> None:
    """A submission makes a case; a worker that dies makes it once all the same."""
    case = str(uuid4())
    meta = f'<entity xmlns="http://www.opendatakit.org/xforms/entities" dataset="cases" id="{case}" create="1"'
    meta += f"><label>{case}</label></entity>"
    xml = instance("intake", "<code>C</code>", instance_id=_new_id(), meta=meta)
    with place.dying(point):
        place.send(xml)
        _until(lambda: not place.fuse.exists())
    place.send(xml)
    _until(lambda: case in place.project.entities("cases"))
    with place.backend.app.app_context():
        steps = select(func.count()).select_from(models.EntityVersion).join(models.Entity)
        assert db.session.scalar(steps.where(models.Entity.uuid == case)) == 1
        db.session.rollback()


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def swept(place: Place, point: str) -> None:
    """The operator sweeps away an orphan, and what is named stays."""
    name = _new_id()
    place.send(_filled(name), {"1.jpg": PHOTO})
    with place.backend.app.app_context(), runtime().store.put() as blob:
        blob.write(b"an orphan")
    place.command_dies(point, place.backend, "sweep", "--now", "--older-than", "0")
    place.command(place.backend, "sweep", "--now", "--older-than", "0")
    place.assert_stored(name, _filled(name), {"1.jpg": PHOTO})


def erased(place: Place, point: str) -> None:
    """The operator erases somebody, asks again after the crash, and nothing of the person opens."""
    name = _new_id()
    place.send(_filled(name), {"1.jpg": PHOTO})
    with place.backend.app.app_context():
        keyed = select(models.DataKey.wrapped).join(
            models.Submission, models.Submission.data_key_id == models.DataKey.id
        )
        wrapped = db.session.scalars(keyed.where(models.Submission.instance_id == name)).one()
        db.session.rollback()
    asked = ("erase", name, "--project", str(place.project.number), "--form", "drill", "--reason", "asked", "--yes")
    place.command_dies(point, place.backend, *asked)
    place.command(place.backend, *asked)
    place.send(_filled(name), {"1.jpg": PHOTO}, expected=409)
    answer = place.admin.request("GET", f"{place.project.at}/forms/drill/submissions/{name}.xml")
    assert answer.status_code == 404
    if place.kind == "sqlite":
        pages = [path.read_bytes() for path in (place.service.folder / "db").glob("sportel.sqlite3*")]
        assert not any(wrapped in each for each in pages)


def rotated(place: Place, point: str) -> None:
    """The operator changes the key; the service goes on in between."""
    names = [_new_id(), _new_id()]
    place.send(_filled(names[0]), {"1.jpg": PHOTO})
    place.command_dies(point, place.backend, "rotate-key")
    place.send(_filled(names[1]), {"1.jpg": PHOTO})
    assert_whole(place.backend)
    place.command(place.backend, "rotate-key")
    for name in names:
        place.assert_stored(name, _filled(name), {"1.jpg": PHOTO})
    with place.backend.app.app_context():
        used = select(models.DataKey.wrapping_key_id).where(models.DataKey.wrapped.is_not(None)).distinct()
        assert len(db.session.scalars(used).all()) == 1
        db.session.rollback()


def backed_up(place: Place, point: str) -> None:
    """The operator's backup is there whole or not at all; the next one is whole, and comes back."""
    place.send(_filled(_new_id()), {"1.jpg": PHOTO})
    file = place.fuse.with_name(f"{uuid4().hex}.age")
    place.command_dies(point, place.backend, "backup", str(file), "--recipient", place.keys.public)
    if not file.exists():
        place.command(place.backend, "backup", str(file), "--recipient", place.keys.public)
    with _empty(place) as new:
        place.command(new, "restore", str(file), "--identity", str(place.keys.file))
        assert _same(new, place.backend)
    assert [path.name for path in file.parent.glob(f"*{file.name}*")] == [file.name]


def restored(place: Place, point: str) -> None:
    """A restore that is killed is told as not whole; into another place it comes back."""
    place.send(_filled(_new_id()), {"1.jpg": PHOTO})
    file = place.fuse.with_name(f"{uuid4().hex}.age")
    place.command(place.backend, "backup", str(file), "--recipient", place.keys.public)
    back = ("restore", str(file), "--identity", str(place.keys.file))
    with _empty(place) as half:
        place.command_dies(point, half, *back)
        again = run(half, *back)
        # Empty, it is filled; otherwise it says so, and the check finds what is missing.
        assert _same(half, place.backend) if again.exit_code == 0 else "is not empty" in again.stderr
        assert again.exit_code == 0 or run(half, "fsck").exit_code == 1
    with _empty(place) as new:
        place.command(new, *back)
        assert _same(new, place.backend)


@contextmanager
def _empty(place: Place) -> Iterator[Backend]:
    folder = place.fuse.with_name(uuid4().hex)
    ledger = place.service.folder / "keys" / "erasures.ledger"
    with empty_place(place.kind, folder, place.cluster, place.service.folder / "keys" / "sealing.key") as made:  # type: ignore[arg-type]
        if ledger.exists():
            shutil.copy2(ledger, folder / "keys")
        yield made
    shutil.rmtree(folder)


# Who holds a lease, and how far the audit is sealed, goes on while a backup is made.
RESTLESS = ("leases", "audits")


def _same(one: Backend, other: Backend) -> bool:
    """All rows and all files."""
    left, right = (
        {name: each for name, each in contents(place).items() if name not in RESTLESS} for place in (one, other)
    )
    files = [sorted(path.name for path in (each.folder / "blobs").glob("??/*")) for each in (one, other)]
    return left == right and files[0] == files[1]


Act = Callable[[Place, str], None]

# By the part of a point's name before the full stop. The first act is the short cut's, `make faults` does them all.
ACTS: dict[str, tuple[Act, ...]] = {
    "blob": (new_submission, missing_photo, unknown_version),
    "submission": (new_submission, missing_photo, edit, unnamed_file),
    "quarantine": (unknown_version, changed_answers),
    "outbox": (new_case,),
    "sweep": (swept,),
    "erasure": (erased,),
    "rotation": (rotated,),
    "backup": (backed_up,),
    "restore": (restored,),
}
