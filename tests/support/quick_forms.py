"""Why do the application's tests publish quickly? A workbook that was compiled before is not compiled again.

What pyxform makes of a workbook depends on its bytes, its type and the name given with it. How it is compiled is
tested in tests/forms, where nothing is kept; a refusal is not kept either.
"""

from __future__ import annotations

from functools import lru_cache

from app.services import compile_form


def install() -> None:
    """From now on, in this process, for what the application compiles."""
    compile_form.compile_xlsform = lru_cache(maxsize=1000)(compile_form.compile_xlsform)
