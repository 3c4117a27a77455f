"""What does each right mean, in one sentence that a person can check?

Beside the table of rights, which stays free of prose. `docs/permissions.md` and `sportel permissions` are drawn from
both; a test holds that every right has its sentence.
"""

from __future__ import annotations

ROLE_WORDS: dict[str, str] = {
    "admin": "Runs everything, on the whole site and in all offices; reads answers as a viewer, without revealing.",
    "manager": "Runs a project: its forms, phones, cases and people.",
    "viewer": "Reads a project's answers and cases, changes nothing.",
    "formfill": "Fills forms in the browser or by API, reads no answers.",
    "analyst": "Reads de-identified data only.",
    "case-reader": "Reads answers and cases with every class in clear, changes nothing.",
    "app-user": "A phone: lists, fetches and sends forms, nothing else.",
}

VERB_WORDS: dict[str, str] = {
    "app_user.create": "Add a phone to a project and see its code, once.",
    "app_user.list": "See which phones a project has.",
    "app_user.revoke": "Put a phone out; its next request is refused.",
    "app_user.update": "Rename a phone, or move it to another office.",
    "assignment.create": "Give a role to somebody; only a role that one holds oneself, and no further than it reaches.",
    "assignment.delete": "Take a role away; only one that one could give.",
    "assignment.list": "See who holds which role.",
    "audit.read": "Read the audit of the whole site.",
    "class.contact": "Read answers of the class contact: how a person is reached.",
    "class.identifying": "Read answers of the class identifying, and those of no declared class.",
    "class.operational": "Read answers of the class operational: how the work goes.",
    "class.quasi": "Read answers of the class quasi: what tells who it is only together with more.",
    "class.special_criminal": "Read answers of the class special:criminal.",
    "class.special_ethnicity": "Read answers of the class special:ethnicity.",
    "class.special_exploitation": "Read answers of the class special:exploitation.",
    "class.special_health": "Read answers of the class special:health.",
    "dataset.create": "Add an entity list to a project.",
    "dataset.delete": "Put an entity list that no form uses into the trash; needs all offices.",
    "dataset.list": "See which entity lists a project has.",
    "dataset.read": "See an entity list and its properties, without the cases.",
    "dataset.update": "Change an entity list.",
    "deidentified.read": "Read the de-identified tables of a form.",
    "entity.create": "Add a case by hand.",
    "entity.delete": "Put a case into the trash.",
    "entity.hand_over": "Hand a case over to another office: it is seen there, and no more here.",
    "entity.list": "List cases.",
    "entity.read": "Read a case.",
    "entity.restore": "Take a case out of the trash.",
    "entity.update": "Change a case.",
    "form.approve_loosening": "Agree, as a second person, that a new version lets more people read a question.",
    "form.create": "Add a form to a project.",
    "form.delete": "Take a form away from phones; what was sent stays.",
    "form.list": "See which forms a project has, also those that are not open.",
    "form.read": "Read a form: its questions, versions, files and draft.",
    "form.restore": "See the forms that were taken away, and bring one back within thirty days.",
    "form.update": "Change a form: draft, publish, open, close.",
    "office.create": "Add an office.",
    "office.list": "See all offices with their codes.",
    "office.update": "Change an office's names, kind, region or parent.",
    "open_form.cases": "Get the names of the own office's cases with a form, to choose from while filling it.",
    "open_form.list": "List the forms that may be filled now.",
    "open_form.read": "Fetch a form that may be filled now, with its files and its own office's cases.",
    "project.create": "Add a project.",
    "project.delete": "End a project that has no forms any more.",
    "project.read": "See that a project exists, and what it is called.",
    "project.update": "Rename, describe or archive a project.",
    "quarantine.discard": "Discard for good what was kept aside.",
    "quarantine.list": "See and read what was kept aside.",
    "quarantine.release": "Take in what was kept aside.",
    "submission.create": "Send a submission.",
    "submission.delete": "Delete a submission.",
    "submission.hand_over": "Hand a submission over to another office: it is seen there, and no more here.",
    "submission.list": "List submissions.",
    "submission.read": "Read a submission: answers, XML, files, tables and exports.",
    "submission.restore": "Restore a submission that was deleted in the last 30 days.",
    "submission.reveal": "Reveal masked answers of one record (contact and identifying, not special) for a reason.",
    "submission.update": "Edit a submission, or add a file to it.",
    "user.create": "Add a person with an account.",
    "user.delete": "End a person's account, with effect on their next request.",
    "user.list": "See all people with an account.",
    "user.read": "See one person's account.",
    "user.update": "Change a person's name, address or office.",
}

# Rights whose reach depends on the holder's office; the others concern what belongs to no office.
BY_OFFICE: frozenset[str] = frozenset(
    {
        *(f"class.{name}" for name in ("operational", "quasi", "contact", "identifying")),
        *(f"class.special_{name}" for name in ("criminal", "ethnicity", "exploitation", "health")),
        "deidentified.read",
        *(f"app_user.{act}" for act in ("create", "list", "revoke", "update")),
        *(f"assignment.{act}" for act in ("create", "delete", "list")),
        *(f"entity.{act}" for act in ("delete", "hand_over", "list", "read", "restore", "update")),
        *(f"quarantine.{act}" for act in ("discard", "list", "release")),
        *(f"submission.{act}" for act in ("delete", "hand_over", "list", "read", "restore", "reveal", "update")),
    }
)
