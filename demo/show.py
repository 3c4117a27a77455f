"""How are the cleaned rows read out? A table for each form, one row in full, and a summary."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from demo import tables
from demo.central import Central
from demo.play import Played, entity_labels
from demo.words import Words, at
from forms.schema import read_schema

# The columns of each form's table: a path, and what stands above it in English and Albanian.
COLUMNS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "id_screening": (
        ("/case_code", "Case", "Rasti"),
        ("/g_ctx/id_point", "Point", "Pika"),
        ("/g_age/age_years", "Age", "Mosha"),
        ("/g_stop/stop_why", "Not held because", "Nuk u bë sepse"),
        ("/g_res/status", "Assessment", "Vlerësimi"),
        ("/g_res/custodian", "Taken over by", "E merr"),
    ),
    "needs_nrm": (
        ("/case", "Case", "Rasti"),
        ("/g_safe/dg_now", "Danger", "Rreziku"),
        ("/g_prof/age_band", "Age", "Mosha"),
        ("/g_soc/house", "Lives", "Banon"),
        ("/g_eco/emp", "Work", "Puna"),
        ("/g_fin/next_fu", "Next talk", "Biseda tjetër"),
    ),
    "needs_returnee": (
        ("/case", "File", "Dosja"),
        ("/g_ret/ret_from", "Returned from", "Kthyer nga"),
        ("/g_ret/ret_type", "How", "Si"),
        ("/g_soc/house", "Lives", "Banon"),
        ("/g_eco/emp", "Work", "Puna"),
        ("/g_fin/next_fu", "Next talk", "Biseda tjetër"),
    ),
    "consular": (
        ("/ccode", "Case", "Rasti"),
        ("/g_ctx/mission", "Mission", "Përfaqësia"),
        ("/g_ctx/cat", "Category", "Kategoria"),
        ("/g_ctx/urg", "Urgency", "Urgjenca"),
        ("/g_per/prs_FirstName", "First name", "Emri"),
        ("/g_act/out", "Outcome", "Rezultati"),
    ),
    "consular_update": (
        ("/case", "Case", "Rasti"),
        ("/danger", "Danger", "Rreziku"),
        ("/act", "Done", "U bë"),
        ("/out", "Outcome", "Rezultati"),
        ("/note", "Note", "Shënim"),
    ),
}
# The row of these forms is read out in full even if nobody asks for it.
READ_IN_FULL = frozenset({"id_screening"})
TEXTS = {
    "en": {
        "rows": "{shown} latest of {all} rows",
        "whole": "One of them, whole:",
        "summary": "Summary",
        "form": "Form",
        "sent": "Sent now",
        "stored": "Rows",
        "columns": "CSV columns",
        "list": "Entity list",
        "entities": "Entities",
        "sending": "The phones fill and send",
    },
    "sq": {
        "rows": "{shown} të fundit nga {all} rreshta",
        "whole": "Njëri prej tyre, i plotë:",
        "summary": "Përmbledhje",
        "form": "Formulari",
        "sent": "Dërguar tani",
        "stored": "Rreshta",
        "columns": "Kolona në CSV",
        "list": "Lista",
        "entities": "Raste",
        "sending": "Telefonat plotësojnë dhe dërgojnë",
    },
}
MOST_ROWS = 12


def show(central: Central, played: Played, language: str, width: int, *, full: bool) -> str:
    """Everything that is printed after the sending. `full`: one whole row of every form."""
    labels = entity_labels(central, played.projects)
    everybody = {entity: label for entities in labels.values() for entity, label in entities.items()}
    texts = TEXTS[language]
    parts: list[str] = []
    summary: list[list[str]] = []
    for form_id, project_id in played.projects.items():
        base = f"/v1/projects/{project_id}/forms/{form_id}"
        words = Words(read_schema(central.get_bytes(f"{base}.xml")), language, everybody)
        rows = central.get(f"{base}.svc/Submissions")["value"]
        rows.sort(key=lambda row: str(row["__system"]["submissionDate"]), reverse=True)
        parts.extend(_form(words, rows, texts, width))
        if rows:
            fullest = max(rows[:MOST_ROWS], key=_answers)
            if full or form_id in READ_IN_FULL:
                parts += [texts["whole"], tables.record(_sections(words, fullest), width)]
            parts.extend(_repeats(central, base, words, fullest["__id"], width))
        header = next(csv.reader(io.StringIO(central.get_bytes(f"{base}/submissions.csv").decode("utf-8-sig"))))
        summary.append([words.title(), str(played.sent[form_id]), str(len(rows)), str(len(header))])
    parts.append(tables.heading(texts["summary"], width))
    heads = [texts[name] for name in ("form", "sent", "stored", "columns")]
    parts.append(tables.table(heads, summary, width))
    lists = [[name, str(len(entities))] for name, entities in labels.items()]
    parts.append(tables.table([texts["list"], texts["entities"]], lists, width))
    return "\n\n".join(parts)


def _form(words: Words, rows: list[dict[str, Any]], texts: Mapping[str, str], width: int) -> list[str]:
    """The form's title and the table of its latest rows."""
    count = texts["rows"].format(shown=min(MOST_ROWS, len(rows)), all=len(rows))
    columns = COLUMNS[words.schema.xml_form_id]
    fields = [(words.schema.field(path), en if words.code == "en" else sq) for path, en, sq in columns]
    shown = [(field, head) for field, head in fields if field is not None]
    cells = [[words.value(field, at(row, field.path)) for field, _ in shown] for row in rows[:MOST_ROWS]]
    title = tables.heading(f"{words.title()}: {count}", width)
    return [title, tables.table([head for _, head in shown], cells, width)]


def _answers(value: Any) -> int:
    """How many answers a row has."""
    if isinstance(value, Mapping):
        return sum(_answers(one) for name, one in value.items() if name != "__system")
    return 0 if value in (None, "") else 1


def _sections(words: Words, row: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every answered question under the title of its group, in the form's order."""
    sections: list[tuple[str, list[tuple[str, str]]]] = [("", [])]
    for field in words.schema.fields:
        if field.repeat is not None or not field.labels:
            continue
        if field.kind == "group":
            sections.append((words.question(field), []))
        answer = words.value(field, at(row, field.path)) if field.kind == "field" else ""
        if answer:
            sections[-1][1].append((words.question(field), answer))
    return [(title, pairs) for title, pairs in sections if pairs]


def _repeats(central: Central, base: str, words: Words, instance_id: str, width: int) -> list[str]:
    """The rows of the form's repeats that belong to one submission."""
    parts: list[str] = []
    for one in words.schema.tables():
        if one.path == "":
            continue
        rows = central.get(f"{base}.svc/{one.name}")["value"]
        mine = [row for row in rows if row.get("__Submissions-id") == instance_id]
        fields = [field for field in one.fields if field.labels]
        if mine:
            repeat = words.schema.field(one.path)
            parts.append(words.question(repeat) if repeat is not None else one.name)
            inside = [[words.value(field, at(row, field.path[len(one.path) :])) for field in fields] for row in mine]
            parts.append(tables.table([words.question(field) for field in fields], inside, width))
    return parts


def sending_line(office: str, form_id: str, answer: str, names: Mapping[str, str], language: str) -> str:
    """One line while the phones send. The server's words are "Shqip / English"."""
    parts = answer.split(" / ")
    said = parts[0] if language == "sq" or len(parts) == 1 else f"{answer[:3]} {parts[-1]}"
    return f"  {names.get(office, office)[:28]:28}  {form_id:16}{said}"
