"""What does a worker do with the phone: scan the QR, get the forms, fill, send?

    with PhoneDriver() as driver:
        phone = Phone(driver, folder, settings_qr=payload)
        phone.update_forms()
        filled = phone.fill("id_screening", {"/g_safe/sf_med": "no"}, seed=7, language="sq")
        assert phone.send(filled).sent

Each phone is a folder; opened again without a QR it still has its settings, forms, lists and instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.phone.driver import JAVA_MISSING, PhoneDriver, PhoneError
from tests.phone.filled import Entry, Filled, ProbeResult

__all__ = [
    "JAVA_MISSING",
    "Entry",
    "Filled",
    "FormChanges",
    "Phone",
    "PhoneDriver",
    "PhoneError",
    "ProbeResult",
    "SendResult",
    "read_qr_picture",
]

# How a connection breaks: after so many bytes of the first request's body, or when the server has begun to
# answer and the phone hears nothing of it.
Cut = int | Literal["before_answer"]


@dataclass(frozen=True)
class FormChanges:
    """What an update of the form list brought: form IDs downloaded and removed, names of changed files."""

    downloaded: tuple[str, ...]
    removed: tuple[str, ...]
    files: tuple[str, ...]
    lists: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class SendResult:
    """Whether the server has the form. Only 201 and 202 count; `message` is what the person reads.

    status 0: no answer came (`kind` is "network" then). batches: posts that one complete sending takes;
    posts: all that were made.
    """

    sent: bool
    status: int
    message: str
    kind: str
    batches: int
    posts: int


class Phone:
    """One phone with ODK Collect's behaviour towards a server; its memory is `folder`."""

    def __init__(
        self,
        driver: PhoneDriver,
        folder: Path | str,
        settings_qr: str | None = None,
        *,
        device_id: str | None = None,
    ) -> None:
        """`settings_qr` is the QR's text: base64 of zlib of JSON; else PhoneError "settings"."""
        self.driver = driver
        self.folder = str(folder)
        fields = {"qr": settings_qr, "device_id": device_id}
        opened = driver.request(
            "open", folder=self.folder, **{name: value for name, value in fields.items() if value is not None}
        )
        self.settings: dict[str, Any] = opened["settings"]
        self.server_url: str = opened["server_url"]
        self.device_id: str = opened["device_id"]
        self._forms: list[dict[str, str]] = opened["forms"]
        self.lists: dict[str, dict[str, Any]] = {}

    def head(self) -> dict[str, Any]:
        """Ask HEAD submission: `address` to post to and `accept_content_length` in bytes.

        Raises PhoneError: "not-openrosa" if the answer is not 204 with X-OpenRosa-Version, "network" if none
        came.
        """
        answer: dict[str, Any] = self.driver.request("head", folder=self.folder)
        return answer

    def update_forms(self) -> FormChanges:
        """Take over the server's form list: new and changed forms, their files and lists, removals.

        Raises PhoneError: "form-list" (with the status), "manifest", "download", "document", "hash", "list".
        """
        changes = self.driver.request("update", folder=self.folder)
        self._forms = changes["forms"]
        self.lists = changes["lists"]
        return FormChanges(
            downloaded=tuple(changes["downloaded"]),
            removed=tuple(changes["removed"]),
            files=tuple(changes["files"]),
            lists=changes["lists"],
        )

    def forms(self) -> dict[str, dict[str, str]]:
        """The blank forms on the phone: form ID -> name, version, hash, folder."""
        return {form["form_id"]: form for form in self._forms}

    def fill(
        self,
        form_id: str,
        answers: Mapping[str, Any] | None = None,
        *,
        seed: int | None = None,
        optional: float = 0.8,
        language: str | None = None,
        labels: bool = False,
        strict: bool = True,
    ) -> Filled:
        """Fill a form from the first screen to the last, and finalize it.

        `answers` maps paths to values: "/plan[2]/pl_act" one instance of a repeat, "/plan/pl_act" every
        instance, "/plan" how many instances; None leaves a question blank, {"label": "..."} picks a choice by
        its words, a Path (or {"sample": number}) attaches a file. With a `seed` everything else is invented:
        required questions always, optional ones with the probability `optional`; without, it stays as it is.
        `strict` refuses answers whose question never opened.
        Raises PhoneError: "refused" (with path -> why), "not-asked", "unknown-form", "answer", "language".
        """
        content = self._request("fill", answers, seed, optional, language, labels, strict, form_id=form_id)
        return Filled.from_json(content, Path(self.folder))

    def edit(
        self,
        filled: Filled,
        answers: Mapping[str, Any],
        *,
        seed: int | None = None,
        language: str | None = None,
        strict: bool = True,
    ) -> Filled:
        """Open a finalized form again and change answers: new instanceID, deprecatedID names the old one."""
        content = self._request("edit", answers, seed, 0.0, language, False, strict, instance_id=filled.instance_id)
        return Filled.from_json(content, Path(self.folder))

    def send(
        self, filled: Filled, *, cut: Cut | None = None, retries: int = 0, delete: bool | None = None
    ) -> SendResult:
        """HEAD, then post in batches; `retries` counts new attempts after a lost connection.

        `cut` breaks the connection of the very first post. `delete` removes the instance once it is sent (the
        QR's delete_send if not given). Raises PhoneError "not-openrosa" when HEAD is not as it must be.
        """
        fields: dict[str, Any] = {"instance_id": filled.instance_id, "retries": retries}
        if cut is not None:
            fields["cut"] = cut
        if delete is not None:
            fields["delete"] = delete
        result = self.driver.request("send", folder=self.folder, **fields)
        return SendResult(
            sent=result["sent"],
            status=result["status"],
            message=result["message"],
            kind=result.get("kind", ""),
            batches=result.get("batches", 0),
            posts=result["posts"],
        )

    def _request(
        self,
        command: str,
        answers: Mapping[str, Any] | None,
        seed: int | None,
        optional: float,
        language: str | None,
        labels: bool,
        strict: bool,
        **fields: str,
    ) -> Any:
        if language:
            fields["language"] = language
        return self.driver.request(
            command,
            folder=self.folder,
            answers=dict(answers or {}),
            seed=seed,
            optional=optional,
            labels=labels,
            strict=strict,
            **fields,
        )


def read_qr_picture(picture: Path) -> str:
    """The text of the one QR in a picture file, as a camera would read it."""
    import zxingcpp  # only the tests of pictures need it and Pillow
    from PIL import Image

    with Image.open(picture) as image:
        codes = zxingcpp.read_barcodes(image)
    if len(codes) != 1:
        raise PhoneError(f"{len(codes)} codes in the picture; there must be one", "settings")
    return str(codes[0].text)
