"""Does a package that we pin have a vulnerability that is publicly known?

    python -m tools.known_vulnerabilities

Asks pip-audit, which asks the package index. A known vulnerability ends with 1 and says which version mends it. What
could not be asked, all of it without a network, is said loudly and ends with 0: a train without a network must not
stop the work, and the same gate runs where there is one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Both are pinned to the last digit: nothing is to be resolved, so nothing is installed.
LISTS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")
ANSWER_SECONDS = 5
ALL_SECONDS = 120


def ask(lists: Sequence[Path], more: Sequence[str] = ()) -> list[dict[str, Any]] | None:
    """What pip-audit found of each package, or None if it could not ask."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    command += ["--format", "json", "--timeout", str(ANSWER_SECONDS), *more]
    for each in lists:
        command += ["--requirement", str(each)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ALL_SECONDS, check=False)
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    return found


def known(found: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each vulnerability."""
    for package in found:
        for each in package.get("vulns", []):
            mended = " or ".join(each["fix_versions"]) or "no version yet"
            names = ", ".join(sorted({each["id"], *each["aliases"]}))
            yield f"{package['name']} {package['version']}: {names}; mended in {mended}"


def main(lists: Sequence[Path] = LISTS, more: Sequence[str] = ()) -> int:
    """Say what is known; 1 if anything is."""
    found = ask(lists, more)
    if found is None:
        print("NOT CHECKED: nobody could be asked for known vulnerabilities; run it again with a network")
        return 0
    lines = list(known(found))
    unasked = [package["name"] for package in found if "skip_reason" in package]
    if unasked:
        print(f"NOT CHECKED: the package index knew nothing of {len(unasked)} of {len(found)} packages")
    if lines or len(unasked) < len(found):
        print("\n".join(lines) or f"No known vulnerability in {len(found) - len(unasked)} packages.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
