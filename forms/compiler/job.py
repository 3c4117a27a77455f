"""One compilation, in its own process: limits first, then pyxform, then the answer as JSON."""

from __future__ import annotations

import gc
import json
import re
import resource
import socket
from io import BytesIO
from typing import Any

from pyxform.errors import PyXFormError, PyXFormReadError
from pyxform.xls2json_backends import DefinitionData, get_xlsform
from pyxform.xls2xform import convert

from forms.compiler.review import missing_namespace, review

_NO_FORM_ID = "form-id-is-missing-in-settings"
_LARGEST_FILE = 100 * 1024 * 1024
_ROW = re.compile(r"\[row\s*:\s*(\d+)\]\s*")
_SHEET = re.compile(r"[Oo]n the '([^']+)' sheet|[Tt]he '?(survey|choices|settings|entities)'? sheet")
_COLUMN = re.compile(r"the '([^']+)' value")
_UNKNOWN_TYPE = re.compile(r"Unknown question type '(.*)'", re.DOTALL)
_NOT_RECOGNISED = "was not recognized as a supported type"
_UNREADABLE = "The workbook cannot be read; open it in a spreadsheet program and save it again as .xlsx."
_NO_SHEETS = "The file holds no XLSForm; save a workbook with a sheet called survey."


def run(channel: socket.socket, limits: dict[str, int]) -> None:
    """Read the request from `channel`, compile it within `limits`, answer."""
    _set_limits(limits)
    # A child lives for one form; collecting cycles would only cost time. Memory is capped anyway.
    gc.disable()
    answer = _answer(*_read_request(channel))
    channel.sendall(json.dumps(answer).encode())


def _set_limits(limits: dict[str, int]) -> None:
    cpu = limits["cpu_seconds"]
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"], limits["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _read_request(channel: socket.socket) -> tuple[bytes, str, str | None]:
    with channel.makefile("rb") as stream:
        header = json.loads(stream.readline())
        return stream.read(header["size"]), header["file_type"], header["fallback_form_id"]


def _answer(content: bytes, file_type: str, fallback_form_id: str | None) -> dict[str, Any]:
    """Compile, and turn every way of failing into a refusal that the author can act on."""
    try:
        workbook = _read_workbook(content, file_type)
    except MemoryError:
        return {"refused": "large"}
    except PyXFormReadError:
        return {"refused": "invalid", "message": _UNREADABLE}
    except PyXFormError as error:
        if _NOT_RECOGNISED in str(error):
            return {"refused": "invalid", "message": _NO_SHEETS}
        return _refusal(error, [])
    except Exception:  # noqa: BLE001  (readers of three libraries raise what they like at broken files)
        return {"refused": "invalid", "message": _UNREADABLE}
    warnings: list[str] = []
    try:
        return _compile(content, file_type, workbook, fallback_form_id, warnings)
    except MemoryError:
        return {"refused": "large"}
    except PyXFormError as error:
        return _refusal(error, warnings, workbook)
    except RecursionError:
        message = "The groups are nested too deeply or references form a circle; flatten the survey sheet."
        return {"refused": "invalid", "message": message, "sheet": "survey"}
    except Exception as error:  # noqa: BLE001  (pyxform raises bare errors for some mistakes in workbooks)
        message = (
            f"The workbook cannot be compiled ({type(error).__name__}); "
            "compare its sheets and columns with the XLSForm reference."
        )
        return {"refused": "invalid", "message": message, "warnings": [_warning(each) for each in warnings]}


def _read_workbook(content: bytes, file_type: str) -> DefinitionData:
    return get_xlsform(BytesIO(content), file_type=file_type)


def _compile(
    content: bytes,
    file_type: str,
    workbook: DefinitionData,
    fallback_form_id: str | None,
    warnings: list[str],
) -> dict[str, Any]:
    """Convert with the sheets that were read already, so that the workbook is opened once."""
    sheets = {name: getattr(workbook, name) for name in DefinitionData.__dataclass_fields__}
    undeclared = missing_namespace(workbook)
    if undeclared is not None:
        return {"refused": "invalid", **undeclared}
    ours = review(content, file_type, workbook)
    sheets["fallback_form_name"] = fallback_form_id or _NO_FORM_ID
    result = convert(sheets, warnings=warnings, validate=False, pretty_print=False)
    found = [*(_warning(each) for each in warnings), *ours]
    if result._survey is not None and result._survey.id_string == _NO_FORM_ID:
        message = "The form has no ID; add the column form_id to the settings sheet."
        return {
            "refused": "invalid",
            "message": message,
            "sheet": "settings",
            "column": "form_id",
            "warnings": found,
        }
    return {"xform": result.xform, "warnings": found, "itemsets": result.itemsets}


def _refusal(error: PyXFormError, warnings: list[str], workbook: DefinitionData | None = None) -> dict[str, Any]:
    """The place is in the error's context for some mistakes, in its text for most."""
    text = str(error).strip()
    context = error.context or {}
    place = _place(text) or _place_of_unknown_type(text, workbook)
    for key in ("sheet", "row", "column"):
        if context.get(key) is not None:
            place[key] = int(context[key]) if key == "row" else str(context[key])
    message = _ROW.sub("", text, count=1) or "The workbook is not a valid XLSForm."
    return {
        "refused": "invalid",
        "message": message,
        **place,
        "warnings": [_warning(each) for each in warnings],
    }


def _place_of_unknown_type(text: str, workbook: DefinitionData | None) -> dict[str, Any]:
    """The commonest mistake, and pyxform names no row for it: look for the type in the sheet."""
    match = _UNKNOWN_TYPE.match(text)
    if match is None or workbook is None:
        return {}
    place: dict[str, Any] = {"sheet": "survey", "column": "type"}
    for number, row in enumerate(workbook.survey or (), start=2):
        if match.group(1) in (" ".join(str(cell).split()) for cell in row.values()):
            return {**place, "row": number}
    return place


def _warning(text: str) -> dict[str, Any]:
    return {"message": _ROW.sub("", text.strip(), count=1), **_place(text)}


def _place(text: str) -> dict[str, Any]:
    """Sheet, row and column as the message words them; pyxform counts rows as a spreadsheet does."""
    place: dict[str, Any] = {}
    if (row := _ROW.search(text)) is not None:
        place["row"] = int(row.group(1))
    if (sheet := _SHEET.search(text)) is not None:
        place["sheet"] = sheet.group(1) or sheet.group(2)
    elif "row" in place:
        place["sheet"] = "survey"
    if (column := _COLUMN.search(text)) is not None:
        place["column"] = column.group(1)
    return place
