"""Does the whole service work in memory that is never both written and run? Run as a process of its own."""

from __future__ import annotations

import ctypes
from pathlib import Path

from tests.app.shown_forms import VISIT
from tests.journeys.phone.served import Served
from tests.support.backend import instance

# Source: prctl(2), PR_SET_MDWE; children and the programs that they start inherit it.
_PR_SET_MDWE, _REFUSE_EXEC_GAIN = 65, 1


def main(folder: str) -> int:
    """Confine this process, then serve, publish a form, and take a submission with a photo."""
    confined = ctypes.CDLL(None).prctl(_PR_SET_MDWE, _REFUSE_EXEC_GAIN, 0, 0, 0) == 0
    with Served(Path(folder) / "data") as served:
        admin = served.administrator()
        project = admin.new_project("Confined")
        project.publish(VISIT)
        token = project.app_user("Phone")["token"]
        xml = instance("visit", "<who>x</who><pic>a.jpg</pic>").encode()
        address = f"{served.url}/v1/key/{token}/projects/{project.number}/submission"
        answer = admin.post_form(address, {"xml_submission_file": xml, "a.jpg": b"x" * 100_000})
        admin.close()
    print("confined" if confined else "unconfined", answer.status_code)
    return 0
