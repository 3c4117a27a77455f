"""A form with every data type of ODK, in groups in groups and in repeats in repeats, in two languages."""

from __future__ import annotations

FORM_ID = "kitchen_sink"
KITCHEN_SINK = """
| survey |                      |          |                     |                   |             |                         |                       |
|        | type                 | name     | label::English (en) | label::Shqip (sq) | calculation | parameters              | bind::type            | bind::sportel:class   |
|        | start                | begun    |                     |                   |             |                         |                       | operational           |
|        | end                  | ended    |                     |                   |             |                         |                       |                       |
|        | today                | day      |                     |                   |             |                         |                       | quasi                 |
|        | deviceid             | device   |                     |                   |             |                         |                       |                       |
|        | username             | user     |                     |                   |             |                         |                       | operational           |
|        | integer              | age      | Age                 | Mosha             |             |                         |                       | quasi                 |
|        | decimal              | weight   | Weight              | Pesha             |             |                         |                       | special:health        |
|        | text                 | words    | Words               | Fjalë             |             |                         |                       | identifying           |
|        | text                 | flag     | Flag                | Flamuri           |             |                         | boolean               | open                  |
|        | acknowledge          | ok       | Understood          | U kuptua          |             |                         |                       | open                  |
|        | date                 | born     | Born                | Lindur            |             |                         |                       | identifying           |
|        | time                 | hour     | Hour                | Ora               |             |                         |                       | operational           |
|        | dateTime             | met      | Met                 | Takuar            |             |                         |                       | operational           |
|        | begin group          | where    | Where               | Ku                |             |                         |                       |                       |
|        | geopoint             | point    | Point               | Pika              |             |                         |                       | contact               |
|        | begin group          | lines    | Lines               | Vijat             |             |                         |                       |                       |
|        | geotrace             | trace    | Trace               | Rruga             |             |                         |                       | operational           |
|        | geoshape             | shape    | Shape               | Zona              |             |                         |                       | quasi                 |
|        | begin group          | deeper   | Deeper              | Më thellë         |             |                         |                       |                       |
|        | select_one pets      | pet      | Pet                 | Kafsha            |             |                         |                       | open                  |
|        | select_multiple pets | pets     | Pets                | Kafshët           |             |                         |                       | quasi                 |
|        | rank pets            | order    | Order               | Radha             |             |                         |                       | special:ethnicity     |
|        | end group            |          |                     |                   |             |                         |                       |                       |
|        | end group            |          |                     |                   |             |                         |                       |                       |
|        | end group            |          |                     |                   |             |                         |                       |                       |
|        | range                | mark     | Mark                | Nota              |             | start=1 end=10 step=1   |                       | open                  |
|        | range                | dose     | Dose                | Doza              |             | start=0 end=2 step=0.25 |                       | special:health        |
|        | barcode              | bar      | Bar code            | Barkodi           |             |                         |                       | operational           |
|        | image                | photo    | Photo               | Foto              |             |                         |                       |                       |
|        | audio                | voice    | Voice               | Zëri              |             |                         |                       | special:exploitation  |
|        | video                | film     | Film                | Filmi             |             |                         |                       |                       |
|        | file                 | paper    | Paper               | Letra             |             |                         |                       | special:criminal      |
|        | calculate            | double   |                     |                   | ${age} * 2  |                         | int                   | quasi                 |
|        | calculate            | greeting |                     |                   | concat('ë ', ${words}) |              |                       |                       |
|        | hidden               | unseen   |                     |                   |             |                         |                       |                       |
|        | begin repeat         | house    | House               | Shtëpia           |             |                         |                       |                       |
|        | text                 | name     | Name                | Emri              |             |                         |                       | contact               |
|        | dateTime             | visited  | Visited             | Vizituar          |             |                         |                       | operational           |
|        | begin group          | inside   | Inside              | Brenda            |             |                         |                       |                       |
|        | geopoint             | door     | Door                | Dera              |             |                         |                       |                       |
|        | begin repeat         | room     | Room                | Dhoma             |             |                         |                       |                       |
|        | decimal              | area     | Area                | Sipërfaqja        |             |                         |                       | open                  |
|        | select_multiple pets | animals  | Animals             | Kafshët           |             |                         |                       |                       |
|        | image                | view     | View                | Pamja             |             |                         |                       |                       |
|        | begin repeat         | bed      | Bed                 | Krevati           |             |                         |                       |                       |
|        | integer              | width    | Width               | Gjerësia          |             |                         |                       | open                  |
|        | text                 | sleeper  | Sleeper             | Kush fle          |             |                         |                       | identifying           |
|        | time                 | wakes    | Wakes               | Zgjohet           |             |                         |                       |                       |
|        | rank pets            | likes    | Likes               | Pëlqen            |             |                         |                       | open                  |
|        | calculate            | twice    |                     |                   | ${width} * 2 |                        | int                   | open                  |
|        | end repeat           |          |                     |                   |             |                         |                       |                       |
|        | end repeat           |          |                     |                   |             |                         |                       |                       |
|        | end group            |          |                     |                   |             |                         |                       |                       |
|        | end repeat           |          |                     |                   |             |                         |                       |                       |
| choices |           |      |                     |                   |
|         | list_name | name | label::English (en) | label::Shqip (sq) |
|         | pets      | cat  | Cat                 | Macja             |
|         | pets      | dog  | Dog                 | Qeni              |
|         | pets      | owl  | Owl                 | Bufi              |
|         | pets      | fish | Fish                | Peshku            |
| settings |              |         |              |                              |                  |
|          | form_id      | version | title        | namespaces                   | default_language |
|          | kitchen_sink | 1       | Kitchen sink | sportel="urn:sportel:xforms" | Shqip (sq)       |
"""

TABLES = (
    "Submissions",
    "Submissions.house",
    "Submissions.house.inside.room",
    "Submissions.house.inside.room.bed",
)

QUESTION_TYPES = {
    *("text", "integer", "decimal", "boolean", "trigger", "date", "time", "datetime", "barcode"),
    *("geopoint", "geotrace", "geoshape", "select one", "select multiple", "rank"),
    *("image", "audio", "video", "file"),
}
