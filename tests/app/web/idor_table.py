"""The matrix of rights as a table: each route, what it names, and how far each role reaches there.

Written by hand from what each role is for, not drawn from `app/permissions.py`: the two are to be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.app.web.idor_world import MISSING, OURS, OWN, ROLES, THEIRS, THIRD, TRASH, UUIDS
from tests.support.backend import instance

SITE, PROJECT, OFFICE = "the site", "the project", "the own office"
Reach = dict[str, str]

# How far a role reaches; a role that is not named is refused with 403, and nobody with 401.
ADMINS: Reach = {"admin": SITE}
MANAGERS: Reach = {"admin": SITE, "manager, all": PROJECT, "manager": OFFICE, "manager who reads": OFFICE}
READERS: Reach = MANAGERS | {"viewer, all": PROJECT, "viewer": OFFICE, "case-reader": OFFICE}
# Of tables an analyst gets the own office's rows too, with nothing in them that says whose they are.
TABLE_READERS: Reach = READERS | {"analyst": OFFICE}
# Those of them who read little until they say why; who reads everything has nothing to reveal.
REVEALERS: Reach = {role: reach for role, reach in READERS.items() if role not in ("admin", "case-reader")}
# The same where no office matters.
EDITORS: Reach = {"admin": SITE, "manager, all": PROJECT, "manager": PROJECT, "manager who reads": PROJECT}
LIST_READERS: Reach = EDITORS | {"viewer, all": PROJECT, "viewer": PROJECT, "case-reader": PROJECT}
FORM_READERS: Reach = LIST_READERS | {"formfill": PROJECT}
FILLERS: Reach = EDITORS | {"formfill": PROJECT, "phone": PROJECT}
MEMBERS: Reach = FORM_READERS | {"analyst": PROJECT}
# Whoever is signed in is let in; what they then see is theirs.
SIGNED: Reach = dict.fromkeys((each for each in ROLES if each != "nobody"), SITE)
# Who reaches a record whose content is of classes that they do not read: they are told so.
BLIND = frozenset(READERS) - {"case-reader", "manager who reads"}
PERSONS: Reach = {role: reach for role, reach in SIGNED.items() if role != "phone"}


@dataclass(frozen=True)
class Row:
    """`kind`: what the address names. `shows`: the answer lists what each office has.

    `let_in`: the status for who is let in, if it is not 2xx or 3xx. `away`: the status for who is signed in and has
    no right, if it is not 403. `names`: more that stands in the address. `hidden_from`: who is let in, and may not read it.
    `senders`: who is let in to what they sent themselves, and has no right otherwise.
    """

    kind: str
    reach: Reach
    shows: bool = False
    json: Any = None
    data: bytes | None = None
    content_type: str | None = None
    query: str = ""
    let_in: int | None = None
    away: int = 403
    names: tuple[tuple[str, str], ...] = ()
    hidden_from: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()


P = "/v1/projects/<int:project_id>"
F = f"{P}/forms/<xml_form_id>"
S = f"{F}/submissions"
I = f"{S}/<instance_id>"  # noqa: E741  (Central's own letters for these addresses)
T = f"{F}/draft/submissions/<instance_id>"
D = f"{P}/datasets/<name>"
N = f"{D}/entities/<uuid>"
Q = f"{P}/quarantine/<int:entry_id>"
_FORM = (
    b"| survey | | | |\n| | type | name | label |\n| | text | a | A |\n| settings | | |\n| | form_id | version |\n| | "
)
_ORDER = (("property_name", "order"),)
_NEWEST = {"propertyValue": "newest"}
_ANALYTICS = (("key", "analytics"),)
_VIEWER = (("role", "viewer"),)
_FILE = (("name", "a.jpg"),)
_CSV = (("name", "cases.csv"),)
_KEY = "Submissions('<instance_id>')"
_NOT_SENT = (("instance_id", "uuid:not-sent"),)
_VERSION = (("version", "1"),)
_XML = instance("intake", "<code>new</code>", instance_id="uuid:new").encode()
_TEST = instance("follow_up", "<code>new</code>", version="2", instance_id="uuid:new").encode()
_MULTIPART = (
    b'--part\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="a.xml"\r\n'
    b"Content-Type: text/xml\r\n\r\n" + _XML + b"\r\n--part--\r\n"
)
_REVEAL = {"reason": "for the test, truly", "classes": ["identifying"]}
_HAND_OVER = {"office": THIRD, "reason": "for the test"}


def form(name: str, version: str) -> bytes:
    """A form to be uploaded."""
    return _FORM + f"{name} | {version} |\n".encode()


def _markdown(reach: Reach, kind: str, content: bytes) -> Row:
    return Row(kind, reach, data=content, content_type="text/markdown", query="?ignoreWarnings=true")


TABLE: dict[tuple[str, str], Row] = {
    # Sessions: what they show and end is the asker's own.
    ("GET", "/v1/sessions/restore"): Row("site", PERSONS, away=404),
    ("DELETE", "/v1/sessions/current"): Row("site", PERSONS, away=404),
    ("DELETE", "/v1/sessions/<token>"): Row("site", {}, names=(("token", "no-such-token"),)),
    ("GET", "/v1/users/current"): Row("site", PERSONS, away=404),
    # What people have set for themselves; a phone sets nothing.
    ("PUT", "/v1/user-preferences/site/<property_name>"): Row("site", PERSONS, names=_ORDER, json=_NEWEST),
    ("DELETE", "/v1/user-preferences/site/<property_name>"): Row("site", PERSONS, names=_ORDER, let_in=404),
    ("PUT", "/v1/user-preferences/project/<int:project_id>/<property_name>"): Row(
        "openrosa", MEMBERS, names=_ORDER, json=_NEWEST
    ),
    ("DELETE", "/v1/user-preferences/project/<int:project_id>/<property_name>"): Row(
        "openrosa", MEMBERS, names=_ORDER, let_in=404
    ),
    # The site.
    ("GET", "/v1/users"): Row("site", ADMINS),
    ("POST", "/v1/users"): Row("site", ADMINS, json={"email": "new@example.org"}),
    ("GET", "/v1/users/<int:actor_id>"): Row("person", ADMINS),
    ("PATCH", "/v1/users/<int:actor_id>"): Row("person", ADMINS, json={"office": THEIRS}),
    ("DELETE", "/v1/users/<int:actor_id>"): Row("person", ADMINS),
    ("PUT", "/v1/users/<int:actor_id>/password"): Row("person", {}, json={"old": "x", "new": "a long enough one"}),
    # One's own second factor: none is begun here, and none is there.
    ("GET", "/v1/users/current/second-factor"): Row("site", PERSONS),
    ("POST", "/v1/users/current/second-factor"): Row("site", PERSONS),
    ("POST", "/v1/users/current/second-factor/confirm"): Row("site", PERSONS, json={"code": "123456"}, let_in=404),
    ("POST", "/v1/users/current/second-factor/recovery-codes"): Row(
        "site", PERSONS, json={"code": "123456"}, let_in=404
    ),
    ("DELETE", "/v1/users/<int:actor_id>/second-factor"): Row("person", ADMINS, let_in=404),
    # One's own security keys: none is there, and this server has no domain name that one could sign for.
    ("GET", "/v1/users/current/second-factor/security-keys"): Row("site", PERSONS),
    ("POST", "/v1/users/current/second-factor/security-keys/options"): Row("site", PERSONS, let_in=409),
    ("POST", "/v1/users/current/second-factor/security-keys"): Row(
        "site", PERSONS, json={"label": "Blue", "credential": {}}, let_in=409
    ),
    ("DELETE", "/v1/users/current/second-factor/security-keys/<int:security_key_id>"): Row(
        "site", PERSONS, json={}, names=(("security_key_id", "999999"),), let_in=404
    ),
    # API keys: one's own, which nobody here is asked about; an administrator sees that others' are there, and revokes.
    ("GET", "/v1/users/<int:actor_id>/api-keys"): Row("person", ADMINS),
    ("POST", "/v1/users/<int:actor_id>/api-keys"): Row("person", {}, json={"label": "New"}),
    ("DELETE", "/v1/users/<int:actor_id>/api-keys/<int:key_id>"): Row(
        "person", ADMINS, names=(("key_id", "999999"),), let_in=404
    ),
    ("GET", "/v1/audits"): Row("site", ADMINS),
    ("GET", "/v1/config/<key>"): Row("site", ADMINS, names=_ANALYTICS),
    ("POST", "/v1/config/<key>"): Row("site", ADMINS, names=_ANALYTICS, json={"enabled": False}),
    ("DELETE", "/v1/config/<key>"): Row("site", ADMINS, names=_ANALYTICS),
    # The operator has not allowed it: who is let in is told so.
    ("POST", "/v1/backup"): Row("site", ADMINS, json={"passphrase": "a long enough one"}, let_in=501),
    # No usage report is sent: who is let in is told so.
    ("GET", "/v1/analytics/preview"): Row("site", ADMINS, let_in=501),
    ("GET", "/v1/roles"): Row("site", SIGNED),
    ("GET", "/v1/roles/<role>"): Row("site", SIGNED, names=_VIEWER),
    ("GET", "/v1/assignments"): Row("site", ADMINS),
    ("GET", "/v1/assignments/<role>"): Row("site", ADMINS, names=_VIEWER),
    ("POST", "/v1/assignments/<role>/<int:actor_id>"): Row("person", ADMINS),
    ("DELETE", "/v1/assignments/<role>/<int:actor_id>"): Row("site holder", ADMINS),
    ("GET", "/v1/offices"): Row("site", ADMINS),
    ("POST", "/v1/offices"): Row(
        "site", ADMINS, json={"code": "new", "kind": "shelter", "nameEn": "New", "nameSq": "I ri"}
    ),
    ("PATCH", "/v1/offices/<code>"): Row("office", ADMINS, json={"nameEn": "New"}),
    # Projects.
    ("GET", "/v1/projects"): Row("site", SIGNED),
    ("POST", "/v1/projects"): Row("site", ADMINS, json={"name": "New"}),
    ("GET", P): Row("project", MEMBERS),
    ("PATCH", P): Row("project", EDITORS, json={"description": "New"}),
    ("PUT", P): Row("project", EDITORS, json={"name": "New"}),
    # There are forms in it: who is let in is told so.
    ("DELETE", P): Row("project", ADMINS, let_in=409),
    ("POST", f"{P}/key"): Row("project", EDITORS, json={"passphrase": "short"}, let_in=400),
    ("GET", f"{P}/offices"): Row("project", EDITORS),
    # Who holds which role.
    ("GET", f"{P}/users"): Row("project", EDITORS, query="?q=nobody@example.org"),
    ("GET", f"{P}/assignments"): Row("project", MANAGERS, shows=True),
    ("GET", f"{P}/assignments/<role>"): Row("project", MANAGERS, shows=True, names=_VIEWER),
    ("POST", f"{P}/assignments/<role>/<int:actor_id>"): Row("newcomer", MANAGERS),
    ("DELETE", f"{P}/assignments/<role>/<int:actor_id>"): Row("holder", MANAGERS),
    ("GET", f"{P}/assignments/forms"): Row("project", MANAGERS, shows=True),
    ("GET", f"{P}/assignments/forms/<role>"): Row("project", MANAGERS, shows=True, names=_VIEWER),
    ("GET", f"{F}/assignments"): Row("form", MANAGERS, shows=True),
    ("GET", f"{F}/assignments/<role>"): Row("form", MANAGERS, shows=True, names=_VIEWER),
    ("POST", f"{F}/assignments/<role>/<int:actor_id>"): Row("newcomer", MANAGERS),
    ("DELETE", f"{F}/assignments/<role>/<int:actor_id>"): Row("holder", MANAGERS),
    # Phones.
    ("GET", f"{P}/app-users"): Row("project", MANAGERS, shows=True),
    ("POST", f"{P}/app-users"): Row("project", EDITORS, json={"displayName": "New"}),
    ("GET", f"{P}/app-users/<int:actor_id>"): Row("phone", MANAGERS),
    ("PATCH", f"{P}/app-users/<int:actor_id>"): Row("phone", MANAGERS, json={"displayName": "New"}),
    ("DELETE", f"{P}/app-users/<int:actor_id>"): Row("phone", MANAGERS),
    ("GET", f"{P}/actor-properties"): Row("project", MANAGERS),
    ("POST", f"{P}/actor-properties"): Row("project", EDITORS, json={"name": "district"}),
    ("POST", f"{P}/app-users/<int:actor_id>/lost"): Row("phone", MANAGERS, json={"note": "for the test"}),
    # None of these was reported lost: who is let in is told so.
    ("GET", f"{P}/app-users/<int:actor_id>/lost"): Row("phone", MANAGERS, let_in=404),
    ("POST", f"{P}/app-users/<int:actor_id>/rotate"): Row("phone", MANAGERS),
    # Forms.
    ("GET", f"{P}/forms"): Row("project", FORM_READERS),
    ("POST", f"{P}/forms"): _markdown(EDITORS, "project", form("new", "1")),
    ("GET", F): Row("form", FORM_READERS),
    ("PATCH", F): Row("form", EDITORS, json={"state": "closing"}),
    ("DELETE", F): Row("form", EDITORS),
    ("POST", f"{P}/forms/<int:form_number>/restore"): Row("trashed", EDITORS),
    ("GET", f"{F}.xml"): Row("form", FILLERS),
    # Uploaded as Markdown, so that there is no workbook: who is let in is told so.
    ("GET", f"{F}.xlsx"): Row("form", FORM_READERS, let_in=404),
    ("GET", f"{F}.xls"): Row("form", FORM_READERS, let_in=404),
    ("GET", f"{F}/fields"): Row("form", FORM_READERS),
    ("GET", f"{F}/attachments"): Row("form", FILLERS),
    # An entity list: as a phone of the asker's office gets it, so nobody gets the other office's cases.
    ("GET", f"{F}/attachments/<name>"): Row("form", dict.fromkeys(FILLERS, OFFICE) | ADMINS, names=_CSV),
    ("GET", f"{F}/versions"): Row("form", FORM_READERS),
    ("GET", f"{F}/versions/<version>.xml"): Row("form", FORM_READERS, names=_VERSION),
    ("GET", f"{F}/versions/<version>"): Row("form", FORM_READERS, names=_VERSION),
    ("GET", f"{F}/versions/<version>.xlsx"): Row("form", FORM_READERS, names=_VERSION, let_in=404),
    ("GET", f"{F}/versions/<version>.xls"): Row("form", FORM_READERS, names=_VERSION, let_in=404),
    ("GET", f"{F}/versions/<version>/fields"): Row("form", FORM_READERS, names=_VERSION),
    ("GET", f"{F}/versions/<version>/attachments"): Row("form", FORM_READERS, names=_VERSION),
    ("GET", f"{F}/versions/<version>/attachments/<name>"): Row(
        "form", dict.fromkeys(FILLERS, OFFICE) | ADMINS, names=_VERSION + _CSV
    ),
    ("GET", f"{F}/draft"): Row("form", EDITORS),
    ("POST", f"{F}/draft"): _markdown(EDITORS, "form", form("follow_up", "3")),
    ("DELETE", f"{F}/draft"): Row("form", EDITORS),
    ("POST", f"{F}/draft/publish"): Row("form", EDITORS),
    ("GET", f"{F}/draft/loosening"): Row("form", EDITORS),
    # The draft loosens nothing: who is let in is told so.
    ("POST", f"{F}/draft/loosening"): Row("form", ADMINS, json={"approve": True}, let_in=400),
    ("GET", f"{F}/draft.xml"): Row("form", EDITORS),
    ("GET", f"{F}/draft.xlsx"): Row("form", EDITORS, let_in=404),
    ("GET", f"{F}/draft.xls"): Row("form", EDITORS, let_in=404),
    ("GET", f"{F}/draft/fields"): Row("form", EDITORS),
    ("GET", f"{F}/draft/attachments"): Row("form", EDITORS),
    ("GET", f"{F}/draft/attachments/<name>"): Row("form", dict.fromkeys(EDITORS, OFFICE) | ADMINS, names=_CSV),
    ("POST", f"{F}/draft/attachments/<name>"): Row("form", EDITORS, names=_CSV, data=b"name,label\n"),
    ("PATCH", f"{F}/draft/attachments/<name>"): Row("form", EDITORS, names=_CSV, json={"dataset": True}),
    ("GET", f"{F}/dataset-diff"): Row("form", LIST_READERS),
    ("GET", f"{F}/draft/dataset-diff"): Row("form", EDITORS),
    ("DELETE", f"{F}/draft/attachments/<name>"): Row("form", EDITORS, names=_CSV),
    ("GET", f"{F}/draft/submissions"): Row("form", READERS, shows=True),
    ("POST", f"{F}/draft/submissions"): Row("form", FILLERS, data=_TEST, content_type="text/xml"),
    ("GET", f"{F}/draft/submissions/keys"): Row("form", LIST_READERS),
    ("GET", f"{T}.xml"): Row("test", READERS),
    ("GET", T): Row("test", READERS),
    ("GET", f"{T}/attachments"): Row("test", READERS),
    # No question of this form is answered with a file: who is let in is told so.
    ("GET", f"{T}/attachments/<name>"): Row("test", READERS, names=_FILE, let_in=404),
    ("POST", f"{T}/attachments/<name>"): Row("test", MANAGERS, names=_FILE, data=b"a", let_in=404),
    ("DELETE", f"{T}/attachments/<name>"): Row("test", MANAGERS, names=_FILE, let_in=404),
    # Links with which anybody fills a form.
    ("GET", f"{F}/public-links"): Row("form", MANAGERS, shows=True),
    ("POST", f"{F}/public-links"): Row("form", EDITORS, json={"displayName": "New", "office": OURS}),
    ("GET", f"{F}/public-links/<int:link_id>"): Row("link", MANAGERS),
    ("PATCH", f"{F}/public-links/<int:link_id>"): Row("link", MANAGERS, json={"properties": {}}),
    ("DELETE", f"{F}/public-links/<int:link_id>"): Row("link", MANAGERS),
    ("GET", "/v1/form-links/<form_link_id>/form"): Row("form link", FORM_READERS | FILLERS),
    # Submissions.
    ("GET", S): Row("intake", TABLE_READERS, shows=True),
    ("POST", S): Row("intake", FILLERS, data=_XML, content_type="text/xml"),
    ("GET", f"{I}.xml"): Row("submission", READERS),
    ("GET", I): Row("submission", READERS),
    ("GET", f"{I}/attachments"): Row("submission", READERS),
    ("GET", f"{I}/attachments/<name>"): Row("submission", READERS, names=_FILE, hidden_from=BLIND),
    ("GET", f"{I}/attachments/<name>/preview"): Row("submission", READERS, names=_FILE, let_in=406, hidden_from=BLIND),
    ("POST", f"{I}/attachments/<name>"): Row(
        "submission", MANAGERS, names=_FILE, let_in=409, data=b"another", senders=frozenset({"phone"})
    ),
    ("GET", f"{I}/versions"): Row("submission", READERS),
    ("GET", f"{I}/versions/<version_id>.xml"): Row("submission", READERS),
    ("GET", f"{I}/versions/<version_id>"): Row("submission", READERS),
    ("GET", f"{I}/audits"): Row("submission", READERS),
    ("GET", f"{I}/hand-overs"): Row("submission", READERS),
    ("POST", f"{I}/attachments/<name>/reveal"): Row("submission", REVEALERS, names=_FILE, json=_REVEAL),
    ("POST", f"{I}/reveal"): Row("submission", REVEALERS, json=_REVEAL),
    ("POST", f"{I}/hand-over"): Row("submission", MANAGERS, json=_HAND_OVER),
    # The XML names nothing that it edits: who is let in is told so.
    ("PUT", I): Row("submission", MANAGERS, data=_XML, content_type="text/xml", let_in=400),
    ("PATCH", I): Row("submission", MANAGERS, json={"reviewState": "approved"}),
    ("DELETE", I): Row("submission", MANAGERS),
    ("POST", f"{I}/restore"): Row("deleted", MANAGERS),
    # No web form is configured.
    ("GET", f"{I}/edit"): Row("submission", MANAGERS, let_in=501),
    ("GET", f"{I}/comments"): Row("submission", READERS),
    ("POST", f"{I}/comments"): Row("submission", READERS, json={"body": "for the test"}),
    ("GET", f"{S}/keys"): Row("intake", LIST_READERS | {"analyst": PROJECT}),
    ("GET", f"{S}/submitters"): Row("intake", READERS, shows=True),
    ("GET", f"{S}.geojson"): Row("intake", READERS),
    ("GET", f"{I}.geojson"): Row("submission", READERS),
    ("GET", f"{I}/diffs"): Row("submission", READERS),
    ("DELETE", f"{I}/attachments/<name>"): Row("submission", MANAGERS, names=_FILE, hidden_from=BLIND),
    ("GET", f"{I}/versions/<version_id>.geojson"): Row("submission", READERS),
    ("GET", f"{I}/versions/<version_id>/attachments"): Row("submission", READERS),
    ("GET", f"{I}/versions/<version_id>/attachments/<name>"): Row(
        "submission", READERS, names=_FILE, hidden_from=BLIND
    ),
    ("DELETE", f"{I}/versions/<version_id>/attachments/<name>"): Row(
        "submission", MANAGERS, names=_FILE, hidden_from=BLIND
    ),
    ("GET", f"{S}.csv"): Row("intake", TABLE_READERS, shows=True),
    ("GET", f"{S}.csv.zip"): Row("intake", TABLE_READERS, shows=True),
    ("POST", f"{S}.csv"): Row("intake", TABLE_READERS, shows=True),
    ("POST", f"{S}.csv.zip"): Row("intake", TABLE_READERS, shows=True),
    ("GET", f"{F}/draft/submissions.csv.zip"): Row("form", READERS),
    ("POST", f"{F}/draft/submissions.csv.zip"): Row("form", READERS),
    ("GET", f"{F}.svc"): Row("intake", LIST_READERS | {"analyst": PROJECT}),
    ("GET", f"{F}.svc/<table>"): Row("intake", TABLE_READERS, shows=True, names=(("table", "Submissions"),)),
    ("GET", f"{F}.svc/$metadata"): Row("intake", LIST_READERS | {"analyst": PROJECT}),
    ("GET", f"{F}.svc/{_KEY}"): Row("submission", READERS),
    ("GET", f"{F}.svc/{_KEY}/<path:part>"): Row("submission", READERS, let_in=404, names=(("part", "nothing"),)),
    # Nobody has tried the draft.
    ("GET", f"{F}/draft.svc"): Row("form", READERS),
    ("GET", f"{F}/draft.svc/$metadata"): Row("form", READERS),
    ("GET", f"{F}/draft.svc/<table>"): Row("form", READERS, names=(("table", "Submissions"),)),
    ("GET", f"{F}/draft.svc/{_KEY}"): Row("form", READERS, let_in=404, names=_NOT_SENT),
    ("GET", f"{F}/draft.svc/{_KEY}/<path:part>"): Row(
        "form", READERS, let_in=404, names=(*_NOT_SENT, ("part", "nothing"))
    ),
    # Cases.
    ("GET", f"{P}/datasets"): Row("project", LIST_READERS),
    ("POST", f"{P}/datasets"): Row("project", EDITORS, json={"name": "new"}),
    ("GET", D): Row("list", LIST_READERS),
    # It decides which cases all offices' phones get.
    ("PATCH", D): Row(
        "list", EDITORS, json={"ownerOnly": True}, hidden_from=frozenset({"manager", "manager who reads"})
    ),
    # Forms use it: who reaches all offices is told so.
    ("DELETE", D): Row("list", EDITORS, let_in=409, hidden_from=frozenset({"manager", "manager who reads"})),
    ("GET", f"{D}.svc"): Row("list", LIST_READERS),
    ("GET", f"{D}.svc/$metadata"): Row("list", LIST_READERS),
    ("GET", f"{D}.svc/Entities"): Row("list", READERS, shows=True),
    ("GET", f"{D}/entities.csv"): Row("list", READERS, shows=True),
    ("GET", f"{D}/entities.geojson"): Row("list", READERS),
    ("GET", f"{P}/trash/datasets/<int:dataset_id>/entities.csv"): Row("deleted list", READERS, shows=True),
    ("POST", f"{D}/properties"): Row("list", EDITORS, json={"name": "new"}),
    # A form writes it: who sees the class in all offices is told so, who does not is told that.
    ("DELETE", f"{D}/properties/<property_name>"): Row(
        "list",
        EDITORS,
        names=(("property_name", "code"),),
        let_in=409,
        hidden_from=frozenset({"manager", "manager who reads"}),
    ),
    ("GET", f"{D}/entities"): Row("list", READERS, shows=True),
    ("POST", f"{D}/entities"): Row("list", EDITORS, json={"label": "New"}),
    ("GET", f"{D}/entities/creators"): Row("list", READERS, shows=True),
    ("POST", f"{D}/entities/bulk-delete"): Row("list", MANAGERS, json={"ids": [UUIDS[MISSING]]}, let_in=404),
    ("POST", f"{D}/entities/bulk-restore"): Row("list", MANAGERS, json={"ids": [TRASH[MISSING]]}, let_in=404),
    ("GET", N): Row("entity", READERS),
    ("PATCH", N): Row("entity", MANAGERS, json={"data": {"code": "New"}}, query="?force=true"),
    ("DELETE", N): Row("entity", MANAGERS),
    ("POST", f"{N}/restore"): Row("deleted entity", MANAGERS),
    ("GET", f"{N}/versions"): Row("entity", READERS),
    ("GET", f"{N}/diffs"): Row("entity", READERS),
    ("GET", f"{N}/geojson"): Row("entity", READERS),
    ("GET", f"{N}/audits"): Row("entity", READERS),
    ("GET", f"{N}/hand-overs"): Row("entity", READERS),
    ("POST", f"{N}/reveal"): Row("entity", REVEALERS, json=_REVEAL),
    ("POST", f"{N}/hand-over"): Row("entity", MANAGERS, json=_HAND_OVER),
    # What was kept aside.
    ("GET", f"{P}/quarantine"): Row("project", MANAGERS, shows=True),
    ("GET", Q): Row("entry", MANAGERS),
    ("GET", f"{Q}/content"): Row("entry", MANAGERS, hidden_from=BLIND),
    ("POST", f"{Q}/release"): Row("entry", MANAGERS, query="?as=edit"),
    ("DELETE", Q): Row("entry", MANAGERS, json={"reason": "for the test"}),
    # What phones ask. Every member of the project may list; the forms in the list are those that they may fill.
    ("GET", f"{P}/formList"): Row("openrosa", MEMBERS | {"phone": PROJECT}),
    ("GET", f"{F}/manifest"): Row("form", FILLERS),
    ("GET", f"{F}/draft/manifest"): Row("form", EDITORS),
    ("GET", f"{P}/submission"): Row("openrosa", MEMBERS | {"phone": PROJECT}),
    ("POST", f"{P}/submission"): Row(
        "openrosa", FILLERS, data=_MULTIPART, content_type="multipart/form-data; boundary=part"
    ),
    ("GET", f"{D}/integrity"): Row("list", MEMBERS | {"phone": PROJECT}, query=f"?id={UUIDS[OWN]}"),
}
