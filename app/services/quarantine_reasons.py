"""What does each reason mean to the person who must act on it: what happened, what to do, and how is it released?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.services import quarantine


class How(StrEnum):
    """What a release does."""

    AGAIN = "again"  # the whole sending is taken in as if it came now
    AS_EDIT = "edit"  # it becomes an edit of the current version; must be asked for by name
    FILE = "file"  # the one file takes its place in the submission


@dataclass(frozen=True)
class Text:
    """A sentence or two, in both languages."""

    en: str
    sq: str


@dataclass(frozen=True)
class Reason:
    """Why something is kept aside."""

    how: How
    happened: Text
    remedy: Text


REASONS: dict[str, Reason] = {
    quarantine.UNKNOWN_FORM: Reason(
        How.AGAIN,
        Text(
            "The project had no form with this form ID when it came.",
            "Kur erdhi, projekti nuk kishte formular me këtë ID.",
        ),
        Text(
            "Publish the form with this ID and version, then release it.",
            "Publikoni formularin me këtë ID dhe version, pastaj lirojeni.",
        ),
    ),
    quarantine.UNKNOWN_VERSION: Reason(
        How.AGAIN,
        Text(
            "The form was known, but not the version that was filled.",
            "Formulari njihej, por jo versioni që u plotësua.",
        ),
        Text(
            "Publish that version of the form, then release it.",
            "Publikoni atë version të formularit, pastaj lirojeni.",
        ),
    ),
    quarantine.FORM_CLOSED: Reason(
        How.AGAIN,
        Text("The form was closed when it came.", "Kur erdhi, formulari ishte i mbyllur."),
        Text(
            "Release it if it shall count: the form may stay closed. Otherwise discard it.",
            "Lirojeni nëse duhet të vlejë: formulari mund të mbetet i mbyllur. Përndryshe hidheni.",
        ),
    ),
    quarantine.UNKNOWN_ORIGINAL: Reason(
        How.AGAIN,
        Text(
            "It is an edit of a submission that had not come.",
            "Është ndryshim i një dërgimi që nuk kishte ardhur.",
        ),
        Text(
            "Have the original sent, or release the original if it is kept aside too; then release it.",
            "Kërkoni të dërgohet origjinali, ose lirojeni nëse edhe ai është veçuar; pastaj lirojeni këtë.",
        ),
    ),
    quarantine.FOREIGN_OFFICE: Reason(
        How.AGAIN,
        Text(
            "It is an edit of a submission that belongs to another office.",
            "Është ndryshim i një dërgimi që i përket një zyre tjetër.",
        ),
        Text(
            "Ask the other office. A manager of all offices may release it; otherwise discard it.",
            "Pyesni zyrën tjetër. E liron një menaxher i të gjitha zyrave; përndryshe hidheni.",
        ),
    ),
    quarantine.XML_CONFLICT: Reason(
        How.AS_EDIT,
        Text(
            "A submission with this ID is here with other answers; the one that came first counts.",
            "Një dërgim me këtë ID është këtu me përgjigje të tjera; vlen i pari që erdhi.",
        ),
        Text(
            "Compare the two. Release it as an edit if these answers shall count, or discard it.",
            "Krahasojini. Lirojeni si ndryshim nëse duhet të vlejnë këto përgjigje, ose hidheni.",
        ),
    ),
    quarantine.STALE_EDIT: Reason(
        How.AS_EDIT,
        Text(
            "It is an edit of a version that somebody else had changed in the meantime.",
            "Është ndryshim i një versioni që dikush tjetër e kishte ndryshuar ndërkohë.",
        ),
        Text(
            "Compare with the current version. Release it as an edit if these answers shall count, or discard it.",
            "Krahasojeni me versionin e tanishëm. Lirojeni si ndryshim nëse duhet të vlejnë këto përgjigje, ose"
            " hidheni.",
        ),
    ),
    quarantine.UNNAMED_FILE: Reason(
        How.FILE,
        Text(
            "The file came with a submission whose answers do not name it.",
            "Skedari erdhi me një dërgim, përgjigjet e të cilit nuk e përmendin.",
        ),
        Text(
            "If an edit names it now, release it; otherwise look whether it is needed, and discard it.",
            "Nëse një ndryshim e përmend tani, lirojeni; përndryshe shikoni nëse duhet dhe hidheni.",
        ),
    ),
    quarantine.FILE_CONFLICT: Reason(
        How.FILE,
        Text(
            "The submission has another file under this name; the one that came first counts.",
            "Dërgimi ka një skedar tjetër me këtë emër; vlen i pari që erdhi.",
        ),
        Text(
            "Compare the two. Release it to put it in the place of the other, which is then kept aside; or discard it.",
            "Krahasojini. Lirojeni që të zërë vendin e tjetrit, i cili atëherë veçohet; ose hidheni.",
        ),
    ),
    quarantine.SUBMISSION_DELETED: Reason(
        How.AGAIN,
        Text(
            "The submission with this ID was deleted on the server.",
            "Dërgimi me këtë ID është fshirë në server.",
        ),
        Text(
            "Restore the submission first, then release it; or discard it.",
            "Riktheni më parë dërgimin, pastaj lirojeni; ose hidheni.",
        ),
    ),
}


# Why a release is not possible now, in words for whoever asks, with the remedy.
NO_FORM = Text(
    "the project has no published form with this form ID; publish it, then release again",
    "projekti nuk ka formular të publikuar me këtë ID; publikojeni, pastaj lirojeni përsëri",
)
NO_VERSION = Text(
    "the form has no published version of this name; publish it, then release again",
    "formulari nuk ka version të publikuar me këtë emër; publikojeni, pastaj lirojeni përsëri",
)
NO_ORIGINAL = Text(
    "the submission that it belongs to is not here; have it sent or release it first",
    "dërgimi të cilit i përket nuk është këtu; kërkoni të dërgohet ose lirojeni atë më parë",
)
OTHER_OFFICE = Text(
    "the submission that it changes belongs to another office; a manager of all offices may release it",
    "dërgimi që ndryshon i përket një zyre tjetër; e liron një menaxher i të gjitha zyrave",
)
NOT_NAMED = Text(
    "the answers do not name this file; edit the submission so that they do, or discard the file",
    "përgjigjet nuk e përmendin këtë skedar; ndryshoni dërgimin që ta përmendë, ose hidheni skedarin",
)
DELETED = Text(
    "the submission is deleted; restore it first, then release again",
    "dërgimi është fshirë; rikthejeni më parë, pastaj lirojeni përsëri",
)
ERASED = Text(
    "the submission was erased for good and may not come back; discard it",
    "dërgimi është fshirë përgjithmonë dhe nuk mund të kthehet; hidheni",
)
DRAFT_TEST = Text(
    "it was a test of a form's draft; discard it",
    "ishte provë e një skice formulari; hidheni",
)
NOT_ALONE = Text(
    "several sendings are kept under this ID; release the XML of the one that is meant, and its files come with it",
    "me këtë ID janë veçuar disa dërgime; lironi XML-në e atij që duhet, skedarët vijnë bashkë me të",
)
NO_ANSWERS = Text(
    "the answers that this file came with are not kept; discard it, or have the form sent again",
    "përgjigjet me të cilat erdhi ky skedar nuk janë ruajtur; hidheni, ose kërkoni të dërgohet përsëri formulari",
)
MUST_BE_EDIT = Text(
    "it can only become an edit of the submission that is here; ask for that with as=edit, or discard it",
    "mund të bëhet vetëm ndryshim i dërgimit që është këtu; kërkojeni me as=edit, ose hidheni",
)
CHANGED_MEANWHILE = Text(
    "the submission was changed at the same moment; look at it and release again",
    "dërgimi u ndryshua në të njëjtin çast; shikojeni dhe lirojeni përsëri",
)
NOT_REWRITABLE = Text(
    "its XML cannot be made an edit without changing more than its IDs; enter the answers by hand, then discard it",
    "XML-ja nuk bëhet dot ndryshim pa prekur më shumë se ID-të; futini përgjigjet me dorë, pastaj hidheni",
)
