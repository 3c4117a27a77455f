"""Which files does the service meet in the drill of hostile files? Lists them: `python -m tests.faults.corpus`.

Every file is made by code and always the same; each names the row of the fault catalogue that it stands for.
"""

from __future__ import annotations

from collections import Counter

from tests.faults.corpus_answers import answer_files
from tests.faults.corpus_bodies import body_files
from tests.faults.corpus_file import HostileFile
from tests.faults.corpus_forms import form_definition_files
from tests.faults.corpus_media import media_files
from tests.faults.corpus_xml import xml_files

CORPUS: tuple[HostileFile, ...] = (
    *xml_files(),
    *answer_files(),
    *body_files(),
    *form_definition_files(),
    *media_files(),
)


def main() -> None:
    """Print one line a file: row, expected answers, size, name, reason."""
    for file in CORPUS:
        expected = "/".join(str(each) for each in file.expect)
        size = len(file.content())
        print(
            f"{file.row:>3}  {expected:<12}{size:>11,}  {file.name:<40}{file.reason}{' (full run)' if file.is_slow else ''}"
        )
    doors = ", ".join(f"{count} {door}" for door, count in Counter(file.door for file in CORPUS).items())
    print(f"{len(CORPUS)} files: {doors}")


if __name__ == "__main__":
    main()
