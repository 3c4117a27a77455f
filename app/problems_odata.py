"""What can go wrong in an OData feed alone? A part of the catalogue of `app.problems`, under Central's codes too."""

from __future__ import annotations

from app.problems import Problem


def unparseable_expression(reason: str) -> Problem:
    """A filter or an order that is none."""
    return Problem(400.18, f"The OData expression could not be read: {reason}.", {"reason": reason})


def property_not_found(name: str, remedy: str = "look it up in $metadata") -> Problem:
    """A name that the table does not have, or what a body was to be sent for."""
    return Problem(400.23, f"There is no property '{name}' here; {remedy}.", {"property": name})


def unsupported_select(name: str) -> Problem:
    """A name inside of another table."""
    return Problem(400.24, f"The property '{name}' is in a table of its own; ask for that table.", {"property": name})


def skiptoken_not_found() -> Problem:
    """The row that the page before ended with is not here any more."""
    return Problem(400.34, "The row that $skiptoken names is not here any more; start again from the first page.")


def skiptoken_invalid() -> Problem:
    """Not a token of ours, or somebody else's."""
    return Problem(400.35, "The $skiptoken cannot be used; follow @odata.nextLink as it is.")


def unsupported_expression(text: str) -> Problem:
    """OData has it, and this server does not."""
    return Problem(501.4, f"This server does not filter or sort by {text}.", {"text": text})


def unsupported_field(name: str, why: str) -> Problem:
    """A property that is there, and that nobody, or not this reader, may filter or sort by."""
    return Problem(501.5, f"{name} cannot be filtered or sorted by: {why}.", {"text": name, "reason": why})


def unsupported_expand(text: str) -> Problem:
    """Only everything can be expanded."""
    return Problem(501.6, "Only $expand=* is supported by this server.", {"text": text})


def select_with_expand() -> Problem:
    """One or the other."""
    return Problem(501.11, "The options $select and $expand cannot be used together.")
