"""What can be wrong with a form or a submission, and where?

    FormsError
    ├ XLSFormInvalid          the author's workbook is wrong
    │ ├ XLSFormTooLarge       it is larger than we read (zip, cells, memory)
    │ └ XLSFormTooSlow        compiling it did not end in time
    ├ XFormInvalid            the XForm is well-formed XML but not a form that we can serve
    ├ XMLUnsafe               XML that we do not read: DOCTYPE, too deep, too big, broken, bad encoding
    ├ SubmissionInvalid       a submission without a usable form ID or instance ID
    ├ ValueUnreadable         an answer's text is not of its data type
    ├ ExpressionUnreadable    a filter or an order of an OData client that is none
    └ ExpressionUnsupported   one that OData has and we do not

Every `message` is English, fit to show to a person: it names the place and the remedy and never
contains an answer.
"""

from __future__ import annotations

from dataclasses import dataclass


class FormsError(Exception):
    """Base of every error of this library."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class FormWarning:
    """Something that the author should know although the workbook compiles.

    `row` counts from 1 with the header as row 1, as a spreadsheet shows it; `column` is the header's text.
    """

    message: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


class XLSFormInvalid(FormsError):
    """The workbook cannot become a form; the place is given as far as it is known (see `FormWarning`)."""

    def __init__(
        self,
        message: str,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        warnings: tuple[FormWarning, ...] = (),
    ) -> None:
        super().__init__(message)
        self.sheet = sheet
        self.row = row
        self.column = column
        self.warnings = warnings


class XLSFormTooLarge(XLSFormInvalid):
    """The workbook is larger than we are willing to open, or needs more memory than the limit."""


class XLSFormTooSlow(XLSFormInvalid):
    """Compiling the workbook reached the limit of processor or wall-clock time."""


class XFormInvalid(FormsError):
    """The XForm is not one that we can serve; `path` names the question or element where there is one."""

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class XMLUnsafe(FormsError):
    """The bytes are not XML that we read."""


class SubmissionInvalid(FormsError):
    """The submission cannot be filed: no form ID, or no usable instance ID."""


class ValueUnreadable(FormsError):
    """An answer's text is not of its data type; `data_type` is the bind type's name."""

    def __init__(self, message: str, data_type: str) -> None:
        super().__init__(message)
        self.data_type = data_type


class ExpressionUnreadable(FormsError):
    """The text of a filter or an order is not one; the message goes on from "it could not be read"."""


class ExpressionUnsupported(FormsError):
    """The filter uses what OData has and we do not; `message` is its name."""
