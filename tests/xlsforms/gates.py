"""How does a test see what a form opens after every combination of answers to its gate questions?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.phone.driver import TIME_ZONE, compile_driver, javarosa_jar

SOURCE = Path(__file__).parent / "java" / "sportel" / "phone" / "GateTree.java"
JAVA = ("java", "-XX:+UseSerialGC", f"-Duser.timezone={TIME_ZONE}")


@dataclass(frozen=True)
class Situation:
    """One combination: the answer to each question that was asked ("" = passed over), and what is open."""

    answers: Mapping[str, str]
    open: frozenset[str]


class GateTree:
    """JavaRosa on one form file, walked over whole trees of answers; see GateTree.java."""

    def __init__(self, folder: Path) -> None:
        """`folder` takes the compiled class. Raises subprocess.CalledProcessError if it does not compile."""
        driver = compile_driver()
        self._classpath = os.pathsep.join([str(folder), str(driver), str(javarosa_jar())])
        javac = shutil.which("javac")
        assert javac is not None  # compile_driver has said so otherwise
        subprocess.run([javac, "-cp", self._classpath, "-d", str(folder), str(SOURCE)], check=True)

    def situations(
        self,
        form: Path,
        questions: Mapping[str, Sequence[str]],
        watch: Sequence[str],
        initial: Mapping[str, str] | None = None,
        media: Path | None = None,
    ) -> Iterator[Situation]:
        """Every situation that a person can come into by answering `questions` in this order.

        `initial` answers are there from the beginning, as in a form that was filled before and is opened
        again: they stay in questions that are not asked any more.
        """
        request = {
            "form": str(form),
            "media": str(media or form.parent),
            "initial": dict(initial or {}),
            "questions": [{"path": path, "values": list(values)} for path, values in questions.items()],
            "watch": list(watch),
        }
        done = subprocess.run(
            [*JAVA, "-cp", self._classpath, "sportel.phone.GateTree"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=True,
        )
        asked = list(questions.items())
        for line in done.stdout.splitlines():
            chosen, bits = line.split("\t")
            yield Situation(
                {
                    path: values[int(number)]
                    for (path, values), number in zip(asked, chosen.split(), strict=True)
                    if number != "-"
                },
                frozenset(path for path, bit in zip(watch, bits, strict=True) if bit == "1"),
            )
