"""What is one file of the hostile corpus: its name, where it knocks, why it hurts and what it must hear?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Where a file knocks. "xml" is wrapped into a whole multipart body, "body" is one; the rest is the request's body.
DOORS = ("xml", "body", "photo", "workbook", "csv", "markdown", "xform", "form-file", "json")

SEED = 20261122
PASSWD = "file:///etc/passwd"
NOWHERE = "http://127.0.0.1:9/x"

FORM = """
| survey |         |      |             |
|        | type    | name | label       |
|        | text    | who  | Who         |
|        | integer | age  | Age (years) |
|        | image   | pic  | Picture     |
| settings |         |         |         |
|          | form_id | version | title   |
|          | visit   | 1       | A visit |
"""

# A pattern that would take a backtracking engine years: the form is taken, and the server never runs it (row 42).
EVERY_TYPE = """
| survey |                        |          |         |                        |                      |
|        | type                   | name     | label   | constraint             | calculation          |
|        | text                   | redos    | R       | regex(., '^(a+)+$')    |                      |
|        | integer                | whole    | W       | . < 120                |                      |
|        | decimal                | part     | D       |                        |                      |
|        | date                   | day      | Day     |                        |                      |
|        | time                   | hour     | Hour    |                        |                      |
|        | datetime               | moment   | Moment  |                        |                      |
|        | geopoint               | place    | Place   |                        |                      |
|        | geotrace               | way      | Way     |                        |                      |
|        | geoshape               | area     | Area    |                        |                      |
|        | select_one yn          | one      | One     |                        |                      |
|        | select_multiple yn     | many     | Many    |                        |                      |
|        | rank yn                | order    | Order   |                        |                      |
|        | barcode                | code     | Code    |                        |                      |
|        | audio                  | sound    | Sound   |                        |                      |
|        | calculate              | sum      |         |                        | ${whole} + 1         |
|        | begin repeat           | round    | Round   |                        |                      |
|        | text                   | note     | Note    |                        |                      |
|        | end repeat             |          |         |                        |                      |
| choices |           |      |       |
|         | list_name | name | label |
|         | yn        | y    | Yes   |
|         | yn        | n    | No    |
| settings |          |         |            |
|          | form_id  | version | title      |
|          | hostile  | 1       | Every type |
"""


@dataclass(frozen=True)
class HostileFile:
    """One file. `row` is the row of the fault catalogue, `expect` every status that is right."""

    name: str
    row: int
    door: str
    reason: str
    make: Callable[[], bytes]
    expect: tuple[int, ...]
    is_slow: bool = False  # reaches a limit by design, so it is left to the full run

    def content(self) -> bytes:
        """The bytes; made anew, since some are large."""
        return self.make()


# name, row, expected status or statuses, reason, content
Line = tuple[str, int, int | tuple[int, ...], str, Callable[[], bytes] | bytes | str]


def files(door: str, lines: list[Line], *, is_slow: bool = False) -> Iterator[HostileFile]:
    """The files of a table."""
    for name, row, expect, reason, content in lines:
        statuses = expect if isinstance(expect, tuple) else (expect,)
        yield HostileFile(f"{door}/{name}", row, door, reason, _maker(content), statuses, is_slow)


def _maker(content: Callable[[], bytes] | bytes | str) -> Callable[[], bytes]:
    if callable(content):
        return content
    return lambda: content.encode() if isinstance(content, str) else content


def submission(name: str, who: str = "Drita", *, head: str = "", tail: str = "", more: str = "") -> str:
    """A good submission of the form `visit` whose instance ID is the file's name; `head` stands before its root."""
    return (
        f'{head}<data xmlns:orx="http://openrosa.org/xforms" id="visit" version="1"><who>{who}</who>{more}'
        f"<orx:meta><orx:instanceID>hostile:{name}</orx:instanceID></orx:meta></data>{tail}"
    )


def answers(name: str, inner: str) -> str:
    """A submission of the form with every type."""
    return f'<data id="hostile" version="1">{inner}<meta><instanceID>hostile:{name}</instanceID></meta></data>'
