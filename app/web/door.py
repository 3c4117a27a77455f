"""How does a view say what it needs? Each route declares its verb, its input and its output, or it is refused.

The declaration does four things: checks the right before the view runs, reads and validates the input, shapes the
output, and describes the route in the OpenAPI document. A view gets `here`: who asks, and the project and form that
the address names.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, g, request
from marshmallow import Schema, ValidationError

from app import problems
from app.db import models
from app.db.queries import forms as form_queries
from app.db.queries import projects as project_queries
from app.permissions import (
    ANONYMOUS,
    ANYBODY,
    HALF_SIGNED_IN,
    SIGNED_IN,
    VERBS,
    Actor,
    may,
    office_scope,
    widest_office_scope,
)
from app.problems import Problem
from app.web.auth import current_actor
from app.web.body import JSON_BYTES, read_body
from app.web.csrf import FORM_TYPES
from app.web.row_scope import hold_to
from app.web.storable import is_storable, texts

# What the verbs that read rows of an office are about.
_OF_AN_OFFICE = frozenset({"submission", "deidentified", "entity", "quarantine"})
_READS_NO_ROWS = frozenset({ANYBODY, HALF_SIGNED_IN})


@dataclass(frozen=True)
class Here:
    """Who asks, and about what. `project` and `form` are there when the address names them."""

    actor: Actor
    maybe_project_id: int | None = None
    maybe_form: models.Form | None = None

    @property
    def project_id(self) -> int:
        """The number of the address's project, which is there."""
        assert self.maybe_project_id is not None, "this route names no project"
        return self.maybe_project_id

    @functools.cached_property
    def project(self) -> models.Project:
        """The project of the address; read when it is asked for. Raises Problem 404.1 if it was just deleted."""
        found = project_queries.project(self.project_id)
        if found is None:
            raise problems.not_found()
        return found

    @property
    def form(self) -> models.Form:
        """The form of the address."""
        assert self.maybe_form is not None, "this route names no form"
        return self.maybe_form


@dataclass(frozen=True)
class Operation:
    """One declared route, for the OpenAPI document and the tests."""

    method: str
    rule: str
    endpoint: str
    verb: str
    summary: str
    tag: str
    body: Schema | None = None
    query: Schema | None = None
    returns: Schema | None = None
    status: int = 200
    body_types: tuple[str, ...] = ()
    answer_types: tuple[str, ...] = ()
    speaks_openrosa: bool = False
    speaks_odata: bool = False
    reads_every_office: bool = False


@dataclass
class Door:
    """A blueprint whose routes must declare what they need."""

    name: str
    tag: str
    speaks_openrosa: bool = False
    speaks_odata: bool = False
    operations: list[Operation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.blueprint = Blueprint(self.name, __name__)

    def route(
        self,
        method: str,
        rule: str,
        *,
        verb: str,
        summary: str,
        body: Schema | None = None,
        query: Schema | None = None,
        returns: Schema | None = None,
        status: int = 200,
        body_types: tuple[str, ...] = (),
        answer_types: tuple[str, ...] = (),
        only_reads: bool = False,
        reads_every_office: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare a route. `body_types`, `answer_types`: media types of what is not JSON.

        `only_reads`: a POST that changes nothing, and shows no more than a GET would. `reads_every_office`: the
        database keeps nothing back, because the view must know of other offices' rows.
        """
        if verb not in VERBS | {ANYBODY, SIGNED_IN, HALF_SIGNED_IN}:
            raise ValueError(f"{rule} asks for the verb {verb}, which no role has")

        def declare(view: Callable[..., Any]) -> Callable[..., Any]:
            operation = Operation(
                method,
                rule,
                f"{self.name}.{view.__name__}",
                verb,
                summary,
                self.tag,
                body,
                query,
                returns,
                status,
                body_types,
                answer_types,
                self.speaks_openrosa,
                self.speaks_odata,
                reads_every_office,
            )
            self.operations.append(operation)

            @functools.wraps(view)
            def guarded(**path: Any) -> Any:
                g.speaks_openrosa, g.speaks_odata = self.speaks_openrosa, self.speaks_odata
                here = _enter(verb, path)
                if (only_reads or request.method in ("GET", "HEAD")) and not reads_every_office:
                    _hold_reader(here, verb)
                given = _read_input(body, query)
                answer = view(here, **path, **given)
                return _shape(answer, returns, status)

            guarded.declared = operation  # type: ignore[attr-defined]
            self.blueprint.add_url_rule(rule, view.__name__, guarded, methods=[method])
            return view

        return declare


def _enter(verb: str, path: dict[str, Any]) -> Here:
    """Find what the address names and check the right. What it names is taken out of `path`."""
    # What anybody may ask is answered without looking for who asks: also when the database is down.
    actor = ANONYMOUS if verb == ANYBODY else current_actor()
    g.actor = actor
    if actor.must_enrol and verb != HALF_SIGNED_IN:
        raise problems.must_enrol()
    _refuse_unusable_address(path)
    project_id = form = None
    names_project, names_form = "project_id" in path, "xml_form_id" in path
    if names_project:
        named = path.pop("project_id")
        project_id = named if project_queries.is_live(named) else None
    if names_form:
        xml_form_id = path.pop("xml_form_id")
        form = form_queries.form(project_id, xml_form_id) if project_id is not None else None
    if verb == ANYBODY:
        return Here(actor, project_id, form)
    if verb in (SIGNED_IN, HALF_SIGNED_IN):
        if not actor.id:
            raise problems.authentication_failed()
        if (names_project and project_id is None) or (names_form and form is None):
            raise problems.not_found()
        return Here(actor, project_id, form)
    allowed = may(
        actor,
        verb,
        project_id=project_id,
        form_id=form.id if form is not None else None,
    )
    if not allowed:
        raise problems.insufficient_rights() if actor.id else problems.authentication_failed()
    # Only who has the right anyway learns that something does not exist.
    if (names_project and project_id is None) or (names_form and form is None):
        raise problems.not_found()
    return Here(actor, project_id, form)


def _hold_reader(here: Here, verb: str) -> None:
    """Beneath every query of a request that reads, the database leaves out the rows of other offices.

    What the verb reaches, if it is about such rows; otherwise all that the actor may read there at the very most.
    """
    if verb in _READS_NO_ROWS or not here.actor.id:
        return
    if verb == SIGNED_IN and here.actor.is_app_user:
        return  # what all phones ask again and again, and is about forms
    form_id = here.maybe_form.id if here.maybe_form is not None else None
    if verb.partition(".")[0] in _OF_AN_OFFICE:
        hold_to(office_scope(here.actor, verb, project_id=here.maybe_project_id, form_id=form_id))
    else:
        hold_to(widest_office_scope(here.actor, project_id=here.maybe_project_id, form_id=form_id))


def _refuse_unusable_address(path: dict[str, Any]) -> None:
    """What no row can be called names nothing."""
    if not all(is_storable(value) for value in path.values() if isinstance(value, str)):
        raise problems.not_found()
    if not all(is_storable(text) for pair in request.args.items() for text in pair):
        raise problems.unexpected_value("a parameter of the address", "it has a character that no text may have")


def _read_input(body: Schema | None, query: Schema | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if query is not None:
        given["query"] = _load(query, request.args.to_dict())
    if body is not None:
        given["body"] = _load(body, _json_body())
    return given


def _json_body() -> Any:
    # Not only a courtesy: a form on somebody else's page can send these, whose text may well be JSON.
    if request.mimetype in FORM_TYPES:
        raise problems.unsupported_media_type(["application/json"])
    return parse_json(
        read_body("The body", JSON_BYTES) or b"{}", "it is not valid JSON; check quotes, commas and brackets"
    )


def parse_json(content: bytes, remedy: str) -> Any:
    """The document. Raises Problem 400.1 if it is not JSON, or has a text that can be kept nowhere."""
    try:
        document = json.loads(content, parse_float=_finite, parse_constant=_finite)
    except _NotFiniteError:
        raise problems.unparseable("json", "a number in it is too large, or none, such as NaN or Infinity") from None
    except (ValueError, RecursionError):
        raise problems.unparseable("json", remedy) from None
    if not all(map(is_storable, texts(document))):
        raise problems.unparseable("json", "a text in it has a character that no text may have")
    return document


class _NotFiniteError(ValueError):
    """What Python reads as a number, and no database keeps and no JSON writes."""


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise _NotFiniteError
    return number


def _load(schema: Schema, data: Any) -> Any:
    if not isinstance(data, dict):
        raise problems.wrong_type("the body", "an object with named fields")
    try:
        return schema.load(data)
    except ValidationError as error:
        raise _validation_problem(error, data) from None


def _validation_problem(error: ValidationError, data: dict[str, Any]) -> Problem:
    messages: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    missing = [name for name in messages if name not in data]
    if len(missing) > 1:
        return problems.missing_parameters(missing, sorted(data))
    if missing:
        return problems.missing_parameter(missing[0])
    name, reasons = next(iter(messages.items()))
    reason = reasons[0] if isinstance(reasons, list) else "one of its parts is not valid"
    return problems.unexpected_value(name, str(reason).rstrip("."))


def _shape(answer: Any, returns: Schema | None, status: int) -> Any:
    if isinstance(answer, Response) or returns is None:
        return answer
    shaped = returns.dump(answer)
    return Response(json.dumps(shaped, ensure_ascii=False), status=status, mimetype="application/json")


def success() -> dict[str, bool]:
    """Central's answer when there is nothing to tell."""
    return {"success": True}
