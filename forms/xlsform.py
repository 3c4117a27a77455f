"""What XForm does an XLSForm workbook compile to, and what should its author know?

pyxform does the work, in a child process with limits: a small workbook can cost it minutes and gigabytes.
The first call starts a compiler that stays warm for a minute; see `forms.compiler`.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from forms.compiler.client import CompilerDied, compile_in_child
from forms.errors import FormWarning, XLSFormInvalid, XLSFormTooLarge, XLSFormTooSlow

__all__ = ["FILE_TYPES", "CompileLimits", "CompiledForm", "FormWarning", "compile_xlsform"]

FILE_TYPES = (".xlsx", ".xls", ".csv", ".md")
MEBIBYTE = 1024 * 1024
_ZIP_MAGIC = b"PK"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_SAVE_AGAIN = "open it in a spreadsheet program and save it again as .xlsx"


@dataclass(frozen=True)
class CompileLimits:
    """How large a workbook may be, and what compiling it may cost."""

    max_bytes: int = 5 * MEBIBYTE
    max_inflated_bytes: int = 50 * MEBIBYTE
    max_zip_entries: int = 1_000
    cpu_seconds: int = 20
    wall_seconds: int = 30
    memory_bytes: int = 1024 * MEBIBYTE


@dataclass(frozen=True)
class CompiledForm:
    """The XForm as UTF-8 bytes, and warnings in the order found.

    `itemsets` is the text of itemsets.csv, which the phone needs beside a form with external choices.
    """

    xform: bytes
    warnings: tuple[FormWarning, ...]
    itemsets: str | None = None


def compile_xlsform(
    content: bytes,
    file_type: str,
    *,
    fallback_form_id: str | None = None,
    limits: CompileLimits = CompileLimits(),
) -> CompiledForm:
    """Compile a workbook of one of `FILE_TYPES`; `fallback_form_id` serves where settings has no form_id.

    Raises XLSFormInvalid with sheet, row and column as far as they are known, XLSFormTooLarge and
    XLSFormTooSlow at a limit. May be called from several threads.
    """
    if file_type not in FILE_TYPES:
        raise XLSFormInvalid(f"The file type is not one of {', '.join(FILE_TYPES)}; {_SAVE_AGAIN}.")
    if len(content) > limits.max_bytes:
        raise XLSFormTooLarge(
            f"The workbook is larger than {limits.max_bytes // 1024} KiB; move long lists into CSV files."
        )
    file_type = _actual_type(content, file_type)
    if file_type == ".xlsx":
        _check_zip(content, limits)
    try:
        answer = compile_in_child(
            content,
            file_type,
            fallback_form_id,
            cpu_seconds=limits.cpu_seconds,
            wall_seconds=limits.wall_seconds,
            memory_bytes=limits.memory_bytes,
        )
    except CompilerDied:
        raise XLSFormInvalid("The compiler stopped without an answer; try again.") from None
    warnings = tuple(FormWarning(**each) for each in answer.get("warnings", ()))
    if "xform" not in answer:
        raise _error(answer, warnings, limits)
    return CompiledForm(answer["xform"].encode("utf-8"), warnings, answer.get("itemsets"))


def _error(answer: dict[str, Any], warnings: tuple[FormWarning, ...], limits: CompileLimits) -> XLSFormInvalid:
    """The compiler's refusal as an exception."""
    if answer["refused"] == "slow":
        return XLSFormTooSlow(
            f"Compiling the workbook took longer than {limits.cpu_seconds} s; split it into smaller forms.",
            warnings=warnings,
        )
    if answer["refused"] == "large":
        return XLSFormTooLarge(
            f"Compiling the workbook needs more than {limits.memory_bytes // MEBIBYTE} MiB of memory; "
            "split it into smaller forms or remove what is not part of the form.",
            warnings=warnings,
        )
    return XLSFormInvalid(
        answer["message"],
        sheet=answer.get("sheet"),
        row=answer.get("row"),
        column=answer.get("column"),
        warnings=warnings,
    )


def _actual_type(content: bytes, file_type: str) -> str:
    """The type by the file's first bytes: browsers mistake .xls and .xlsx for each other."""
    if file_type not in (".xlsx", ".xls"):
        return file_type
    if content.startswith(_ZIP_MAGIC):
        return ".xlsx"
    if content.startswith(_OLE_MAGIC):
        if _ENCRYPTED_PACKAGE in content:
            raise XLSFormInvalid("The workbook is protected with a password; remove the password and save it.")
        return ".xls"
    if file_type == ".xlsx":
        raise XLSFormInvalid(f"The file is not an .xlsx workbook; {_SAVE_AGAIN}.")
    return file_type


def _check_zip(content: bytes, limits: CompileLimits) -> None:
    """Look at the directory only: what it promises is all that a reader will ever inflate."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, OSError, EOFError, NotImplementedError):
        raise XLSFormInvalid(f"The .xlsx file is damaged; {_SAVE_AGAIN}.") from None
    if len(entries) > limits.max_zip_entries:
        raise XLSFormTooLarge(
            f"The .xlsx file has more than {limits.max_zip_entries} parts; copy its sheets into a new workbook."
        )
    if sum(entry.file_size for entry in entries) > limits.max_inflated_bytes:
        raise XLSFormTooLarge(
            f"The .xlsx file unpacks to more than {limits.max_inflated_bytes // MEBIBYTE} MiB; "
            "remove images and empty formatted rows, or copy its sheets into a new workbook."
        )
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise XLSFormInvalid("The workbook is protected with a password; remove the password and save it.")
