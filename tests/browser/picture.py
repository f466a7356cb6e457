"""Draws the README's picture anew (`make picture`): the report of the demo round, as Chromium shows it.

Needs Debian's packages chromium and fonts-noto-cjk.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from api.languages import Language
from api.match import Wish, fulfil
from api.report import write_report
from data.demo import ROUND
from tests.browser.chromium import CHROMIUM, FLAGS, SECONDS

PICTURE = Path(__file__).parents[2] / "docs" / "report.png"
SIZE = "1180,1366"
"""Wide and high enough for the figures, the week and the shares."""


def draw(result: Path, picture: Path, folder: Path) -> None:
    """Draws the report of a result; `folder` is for what is needed on the way."""
    page = folder / "report.html"
    write_report(result, page, Language.EN)
    picture.parent.mkdir(exist_ok=True)
    here = (f"--user-data-dir={folder / 'profile'}", f"--window-size={SIZE}", f"--screenshot={picture}", page.as_uri())
    subprocess.run([str(CHROMIUM), *FLAGS, *here], check=True, capture_output=True, timeout=SECONDS)


def main() -> int:
    """Solves the demo round and draws its report."""
    if CHROMIUM is None:
        sys.stderr.write("Chromium is not installed (Debian: chromium, fonts-noto-cjk)\n")
        return 1
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(passing)
        ended = fulfil(Wish(round=ROUND, out=folder / "result"), began=time.monotonic())
        if not ended:
            draw(folder / "result", PICTURE, folder)
    return int(ended)


if __name__ == "__main__":
    sys.exit(main())
