"""Does the phone fill any form with something valid, the same for the same seed?"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.phone.phone import PhoneDriver, PhoneError
from tests.phone.xlsform import write_form

EVERYTHING = """
| survey |
| | type                 | name   | label  | required | constraint                   | parameters            |
| | text                 | words  | Words  |          |                              |                       |
| | text                 | code   | Code   | yes      | regex(., '^[A-Z0-9]{6,15}$') |                       |
| | text                 | phone  | Phone  | yes      | regex(., '^[+][0-9]{8,15}$') |                       |
| | integer              | age    | Age    | yes      | . >= 18 and . <= 21          |                       |
| | decimal              | weight | Weight |          | . > 0                        |                       |
| | range                | mark   | Mark   | yes      |                              | start=1 end=10 step=3 |
| | date                 | born   | Born   | yes      | . <= today()                 |                       |
| | date                 | due    | Due    | yes      | . > today()                  |                       |
| | dateTime             | met    | Met    | yes      | . <= now()                   |                       |
| | time                 | hour   | Hour   |          |                              |                       |
| | geopoint             | point  | Point  |          |                              |                       |
| | geotrace             | trace  | Trace  |          |                              |                       |
| | geoshape             | shape  | Shape  |          |                              |                       |
| | select_one pets      | pet    | Pet    | yes      | . != 'cat'                   |                       |
| | select_multiple pets | pets   | Pets   | yes      | count-selected(.) = 3        |                       |
| | rank pets            | order  | Order  | yes      |                              |                       |
| | barcode              | bar    | Bar    |          |                              |                       |
| | acknowledge          | ok     | OK     | yes      |                              |                       |
| | image                | photo  | Photo  | yes      |                              |                       |
| | audio                | voice  | Voice  |          |                              |                       |
| | file                 | paper  | Paper  |          |                              |                       |
| | begin repeat         | outer  | Outer  |          |                              |                       |
| | text                 | a      | A      | yes      |                              |                       |
| | begin repeat         | inner  | Inner  |          |                              |                       |
| | integer              | b      | B      | yes      |                              |                       |
| | end repeat           |        |        |          |                              |                       |
| | end repeat           |        |        |          |                              |                       |
| choices |
| | list_name | name | label |
| | pets      | cat  | Cat   |
| | pets      | dog  | Dog   |
| | pets      | owl  | Owl   |
"""


def test_every_type_is_filled_within_its_constraints(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(tmp_path, EVERYTHING)
    kinds: set[str] = set()
    for seed in range(30):
        filled = driver.fill_file(form, seed=seed)
        kinds |= {entry.type for entry in filled.entries}
        assert 18 <= filled.entered["/age"] <= 21
        assert filled.entered["/pet"] in {"dog", "owl"}
        assert filled.entered["/pets"] == ("cat", "dog", "owl")
        assert filled.entered["/mark"] in {1, 4, 7, 10}
        assert all(file.stat().st_size > 0 for file in filled.attachments)
    assert kinds == {
        *("text", "integer", "decimal", "date", "datetime", "time", "geopoint", "geotrace", "geoshape"),
        *("select one", "select multiple", "rank", "barcode", "trigger", "image", "audio", "file"),
    }


def test_repeats_have_none_to_three_instances(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(tmp_path, EVERYTHING)
    outer: set[int] = set()
    inner: set[int] = set()
    for seed in range(40):
        root = ElementTree.fromstring(driver.fill_file(form, seed=seed).xml)
        outer.add(len(root.findall("outer")))
        inner |= {len(one.findall("inner")) for one in root.findall("outer")}
    assert outer == inner == {0, 1, 2, 3}


def test_the_same_seed_gives_the_same_answers(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(tmp_path, EVERYTHING)
    one, again, other = (driver.fill_file(form, seed=seed) for seed in (5, 5, 6))
    assert one.entered == again.entered != other.entered
    assert one.instance_id != again.instance_id


def test_optional_questions_stay_blank_when_told_so(driver: PhoneDriver, tmp_path: Path) -> None:
    filled = driver.fill_file(write_form(tmp_path, EVERYTHING), seed=1, optional=0)
    assert {"/words", "/weight", "/point"} <= set(filled.blank)
    assert "/age" in filled.entered


def test_a_form_that_cannot_be_answered_is_named(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(
        tmp_path,
        """
        | survey |
        |        | type    | name | label | required | constraint      |
        |        | integer | n    | N     | yes      | . > 5 and . < 5 |
        """,
    )
    with pytest.raises(PhoneError) as refusal:
        driver.fill_file(form, seed=1)
    assert refusal.value.details == {"/n": "constraint"}


GATES = """
| survey |
|        | type           | name    | label   | required | relevant          |
|        | select_one yn  | private | Private | yes      |                   |
|        | begin group    | talk    | Talk    |          | ${private}='yes'  |
|        | text           | name    | Name    | yes      |                   |
|        | end group      |         |         |          |                   |
|        | begin group    | stop    | Stop    |          | ${private}='no'   |
|        | select_one none | why    | Why     | yes      |                   |
|        | end group      |         |         |          |                   |
| choices |
|         | list_name | name | label | when |
|         | yn        | yes  | Yes   |      |
|         | yn        | no   | No    |      |
|         | none      | x    | X     | y    |
"""


def test_probe_tells_what_opens_and_whether_the_form_ends(driver: PhoneDriver, tmp_path: Path) -> None:
    results = driver.probe(
        write_form(tmp_path, GATES),
        [
            {},
            {"/private": "yes"},
            {"/private": "no"},
            {"/private": "no", "/talk/name": "x"},
            {"/private": "maybe"},
        ],
    )
    assert [sorted(result.relevant) for result in results] == [
        ["/private"],
        ["/private", "/talk", "/talk/name"],
        ["/private", "/stop", "/stop/why"],
        ["/private", "/stop", "/stop/why"],
        ["/private"],
    ]
    assert [result.finalized for result in results] == [True, True, True, True, False]
    assert [result.refused for result in results] == [
        {},
        {},
        {},
        {"/talk/name": "not-asked"},
        {"/private": "not-a-choice"},
    ]


def test_probes_know_nothing_of_one_another(driver: PhoneDriver, tmp_path: Path) -> None:
    cases = [
        {"/private": "yes", "/talk/name": "x"},
        {},
        {"/private": "no"},
        {},
        {"/private": "yes", "/talk/name": "x"},
    ]
    results = driver.probe(write_form(tmp_path, GATES), cases)
    assert results == results[::-1]
    assert results == [driver.probe(write_form(tmp_path, GATES), [case])[0] for case in cases]


def test_probe_finds_a_dead_end(driver: PhoneDriver, tmp_path: Path) -> None:
    form = write_form(
        tmp_path,
        """
        | survey |
        |        | type             | name | label | required | choice_filter |
        |        | select_one yn    | q    | Q     | yes      |               |
        |        | select_one then  | r    | R     | yes      | when=${q}     |
        | choices |
        |         | list_name | name | label | when |
        |         | yn        | yes  | Yes   |      |
        |         | yn        | no   | No    |      |
        |         | then      | x    | X     | yes  |
        """,
    )
    open_end, dead_end = driver.probe(form, [{"/q": "yes"}, {"/q": "no"}])
    assert open_end.finalized
    assert not dead_end.finalized
    assert dead_end.refused == {"/r": "no-choices"}
