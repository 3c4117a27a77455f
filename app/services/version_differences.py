"""What changed from each version of a submission to the next, for one reader?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.db import models
from app.services.cells import MASKED
from app.services.read_submissions import schema_for, xml_of
from app.services.views import View
from forms.safe_xml import SUBMISSION_LIMITS, parse_xml
from forms.submission import Difference, Masked, differences


def differences_of(
    view: View, submission: models.Submission, versions: Sequence[models.SubmissionVersion]
) -> dict[str, list[dict[str, Any]]]:
    """By the instance ID of each version but the first, what it changed. `versions`: the newest first.

    Both are compared as the view sees them: of a question that it does not read, no change can be seen.
    """
    roots = [parse_xml(xml_of(view, submission, each), SUBMISSION_LIMITS) for each in versions]
    repeats = frozenset(
        each.path for version in versions for each in schema_for(version).fields if each.kind == "repeat"
    )
    return {
        newer.instance_id: [_shown(each) for each in differences(roots[number + 1], roots[number], repeats)]
        for number, newer in enumerate(versions[:-1])
    }


def _shown(difference: Difference) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for side, node in (("old", difference.old), ("new", difference.new)):
        if node is not None:
            _put(shown, side, node)
    return shown | {"path": [list(step) if isinstance(step, tuple) else step for step in difference.path]}


def _put(target: dict[str, Any], name: str, node: Any) -> None:
    if isinstance(node, Masked):
        target |= {name: None, name + MASKED: node.sensitivity}
    elif isinstance(node, dict):
        target[name] = {}
        for each, value in node.items():
            _put(target[name], each, value)
    elif isinstance(node, list):
        target[name] = [_instance(each) for each in node]
    else:
        target[name] = node


def _instance(node: Any) -> Any:
    held: dict[str, Any] = {}
    _put(held, "", node)
    return held[""]
