"""How much of a disk is left for what keeps a service going: its log, its database, the next file?"""

from __future__ import annotations

import shutil
from pathlib import Path

LEAST_FREE_SHARE = 0.05


def is_almost_full(folder: Path) -> bool:
    """Is less than 5 % free of the disk that the folder is on, or will be made on? Raises OSError."""
    place = next(each for each in (folder, *folder.parents) if each.exists())
    usage = shutil.disk_usage(place)
    return usage.free < usage.total * LEAST_FREE_SHARE
