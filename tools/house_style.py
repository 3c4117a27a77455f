"""What does an XLSForm workbook look like when it is opened? Tables; `workbooks.py` applies them."""

from __future__ import annotations

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle

CLASS_COLUMN = "bind::sportel:class"
CLASSES = {
    "open": ("may be published", "mund të publikohet"),
    "operational": ("about the work, not the person", "për punën, jo për personin"),
    "quasi": ("could identify together with others", "mund të identifikojë bashkë me të tjera"),
    "contact": ("how to reach the person", "si kontaktohet personi"),
    "identifying": ("names, numbers, dates of birth", "emra, numra, datëlindje"),
    "special:health": ("health", "shëndeti"),
    "special:exploitation": ("sexual life and exploitation", "jeta seksuale dhe shfrytëzimi"),
    "special:ethnicity": ("origin, religion, discrimination", "origjina, feja, diskriminimi"),
    "special:criminal": ("offences, also having suffered one", "vepra penale, edhe si viktimë"),
}

# Sheets that pyxform passes over without a word: it ignores names that start with an underscore.
GUIDE_SHEET = "_read first"
LISTS_SHEET = "_lists"
FROZEN = {"survey": "C2", "choices": "C2", "entities": "A2", "settings": "A2"}
LINE_POINTS, MOST_LINES = 15, 20  # 409 points is the most that a row may have
NEW_ROWS = 300  # rows below the last that already have drop-downs, for questions still to be written

WIDTHS = {
    "type": 26, "name": 20, "label": 48, "hint": 46, "required": 10, "required_message": 32, "relevant": 46,
    "constraint": 36, "constraint_message": 36, "calculation": 64, "choice_filter": 24, "appearance": 13,
    "default": 12, "save_to": 12, CLASS_COLUMN: 20, "bind::sportel:htcds": 30, "list_name": 16,
    "form_title": 48, "form_id": 20, "version": 14, "default_language": 18, "instance_name": 44,
    "namespaces": 34, "entity_id": 16, "create_if": 60, "update_if": 40,
}  # fmt: skip
CHOICE_CODE_WIDTH = 40  # HTCDS value names are long
OTHER_WIDTH = 18

PLAIN_TYPES = (
    "begin_group", "end_group", "begin_repeat", "end_repeat", "text", "integer", "decimal", "date",
    "dateTime", "time", "note", "acknowledge", "calculate", "image", "file",
    "start", "end", "today", "username",
)  # fmt: skip

INK, PAPER, RULE = "1F3B4D", "FFFFFF", "D5DDE2"
BLUE, GREEN, GREY, PALE_YELLOW = "D6E6F0", "DDEFD9", "F0F0F0", "FFF6D9"
HEADER_FILL = PatternFill("solid", start_color=INK, end_color=INK)
HEADER_FONT = Font(name="Calibri", size=11, bold=True, color=PAPER)
BODY_FONT = Font(name="Calibri", size=11, color="222222")
BOLD_FONT = Font(name="Calibri", size=11, color="222222", bold=True)
WRAPPED = Alignment(wrap_text=True, vertical="top")
HEADER_WRAPPED = Alignment(wrap_text=True, vertical="center")
# Text format: a spreadsheet must not turn 0-13 into a date or TRUE into a logical value.
AS_TEXT = "@"


def _tint(formula: str, colour: str, *, bold: bool = False, ink: str | None = None) -> Rule:
    font = Font(bold=bold, color=ink) if bold or ink else None
    look = DifferentialStyle(font=font, fill=PatternFill(bgColor=colour, fill_type="solid"))
    return Rule(type="expression", formula=[formula], dxf=look)


def survey_rules() -> list[Rule]:
    """How the rows of a survey are tinted by their type."""
    # Rules, not painted cells: a row that an administrator inserts or retypes is tinted at once.
    return [
        _tint('RIGHT($A2,6)="repeat"', GREEN, bold=True),
        _tint('RIGHT($A2,5)="group"', BLUE, bold=True),
        _tint('$A2="note"', PALE_YELLOW),
        _tint('OR($A2="calculate",$A2="start",$A2="end",$A2="today",$A2="username")', GREY, ink="666666"),
    ]


def choice_rules() -> list[Rule]:
    """How lists stand apart (first row bold) and shared lists show (yellow)."""
    is_shared = f"AND($A2<>\"\",COUNTIF('{LISTS_SHEET}'!$B:$B,$A2)>0"
    return [
        # Some spreadsheets apply only the first rule that matches, hence the combination.
        _tint(f"{is_shared},$A2<>$A1)", PALE_YELLOW, bold=True),
        _tint(f"{is_shared})", PALE_YELLOW),
        Rule(type="expression", formula=['AND($A2<>"",$A2<>$A1)'], dxf=DifferentialStyle(font=Font(bold=True))),
    ]


HEADINGS = (("How this workbook is read", "Si lexohet ky libër pune"), ("The classes", "Klasat"))
GUIDE = (
    HEADINGS[0],
    (
        (
            "survey: one row a question, in the order of the form. Blue rows open and close a group, green "
            "rows a repeat, yellow rows are text that is read; grey rows are filled by the phone."
        ),
        (
            "survey: një rresht për çdo pyetje, sipas radhës së formularit. Rreshtat blu hapin dhe mbyllin "
            "një grup, të gjelbrit një përsëritje, të verdhët janë tekst për lexim; të hirtët i "
            "plotëson telefoni."
        ),
    ),
    (
        (
            "choices: the answers, list by list. Yellow lists are shared by several forms: change them in "
            "shared/choices.csv, then run: python -m tools.workbooks write"
        ),
        (
            "choices: përgjigjet, listë pas liste. Listat e verdha përdoren nga disa formularë: ndryshojini "
            "te shared/choices.csv, pastaj ekzekutoni: python -m tools.workbooks write"
        ),
    ),
    (
        (
            "entities: which list of cases the form creates or updates. settings: form ID, version, "
            "languages. Raise the version with every change (yyyymmddnn); never change the form ID."
        ),
        (
            "entities: cilën listë rastesh krijon ose përditëson formulari. settings: kodi, versioni, "
            "gjuhët. Rriteni versionin me çdo ndryshim (vvvvmmddnn); kurrë mos ndryshoni kodin e formularit."
        ),
    ),
    (
        (
            "Keep the order: safety, interpreter, age and child, consent, content. Every question needs both "
            f"languages and a class in the column {CLASS_COLUMN}; a question without one is treated as "
            "identifying."
        ),
        (
            "Ruani radhën: siguria, përkthyesi, mosha dhe fëmija, pëlqimi, përmbajtja. Çdo pyetje kërkon të "
            f"dyja gjuhët dhe një klasë te kolona {CLASS_COLUMN}; pa të, pyetja trajtohet si identifikuese."
        ),
    ),
    HEADINGS[1],
    *((f"{name}: {en}", f"{name}: {sq}") for name, (en, sq) in CLASSES.items()),
)
