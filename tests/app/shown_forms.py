"""Forms that many tests fill. Small ones; a test that is about a form's shape shows its own."""

from __future__ import annotations

VISIT = """
| survey |         |      |             |                      |
|        | type    | name | label       | bind::sportel:class  |
|        | text    | who  | Who         | identifying          |
|        | integer | age  | Age (years) | quasi                |
|        | image   | pic  | Picture     | identifying          |
|        | image   | pic2 | Another     | identifying          |
| settings |         |         |         |                              |
|          | form_id | version | title   | namespaces                   |
|          | visit   | 1       | A visit | sportel="urn:sportel:xforms" |
"""


def simple(form_id: str, version: str = "1", title: str = "A form") -> str:
    """A form of one question, as Markdown."""
    return f"""
    | survey |      |      |       |
    |        | type | name | label |
    |        | text | who  | Who   |
    | settings |           |           |         |
    |          | form_id   | version   | title   |
    |          | {form_id} | {version} | {title} |
    """


def xform(form_id: str, version: str = "1", *, title: str = "A form", extra: str = "") -> bytes:
    """A form of one question, as an XForm; `extra` goes into the primary instance's root tag."""
    return (
        '<?xml version="1.0"?><h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"'
        ' xmlns:orx="http://openrosa.org/xforms"><h:head>'
        f'<h:title>{title}</h:title><model><instance><data id="{form_id}" version="{version}"{extra}><who/>'
        "<orx:meta><orx:instanceID/></orx:meta></data></instance>"
        '<bind nodeset="/data/who" type="string"/>'
        '<bind nodeset="/data/orx:meta/orx:instanceID" type="string" readonly="true()" calculate="concat(\'uuid:\', uuid())"/>'
        '</model></h:head><h:body><input ref="/data/who"><label>Who</label></input></h:body></h:html>'
    ).encode()


CASES = """
| survey |        |         |          |            |                     |              |
|        | type   | name    | label    | save_to    | bind::sportel:class | required     |
|        | text   | code    | Code     | code       | operational         |              |
|        | text   | person  | Name     | person     | identifying         |              |
|        | text   | office  | Office   | custodian  | operational         |              |
| settings |         |         |       |                              |
|          | form_id | version | title | namespaces                   |
|          | intake  | 1       | Intake | sportel="urn:sportel:xforms" |
| entities |           |           |
|          | list_name | label     |
|          | cases     | ${code}   |
"""

FOLLOW_UP = """
| survey |                             |      |          |            |                     |
|        | type                        | name | label    | save_to    | bind::sportel:class |
|        | select_one_from_file cases.csv | case | Case  |            | operational         |
|        | text                        | code | Code     | code       | operational         |
|        | text                        | person | Name   | person     | identifying         |
|        | text                        | office | Office | custodian  | operational         |
| settings |           |         |           |                              |
|          | form_id   | version | title     | namespaces                   |
|          | follow_up | 1       | Follow up | sportel="urn:sportel:xforms" |
| entities |           |           |
|          | list_name | entity_id |
|          | cases     | ${case}   |
"""


def entity(attributes: str, label: str | None = None, *, dataset: str = "cases") -> str:
    """The entity part of a submission's meta."""
    text = f"<label>{label}</label>" if label is not None else ""
    return (
        f'<entity xmlns="http://www.opendatakit.org/xforms/entities" dataset="{dataset}" {attributes}>{text}</entity>'
    )
