"""Write the table of docs/formats.md from the declarations of the formats.

``python tools/formats_table.py`` writes the page; with ``--check`` it fails when the page is out of
date.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from spotkick.formats.registry import formats_table

TARGET: Final = Path(__file__).parent.parent / "docs" / "formats.md"
START: Final = "<!-- formats: written by tools/formats_table.py -->\n"
END: Final = "<!-- formats: end -->\n"


def with_table(page: str) -> str:
    """The page with the table of today."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{formats_table()}\n\n{END}{after}"


def main() -> None:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    page = TARGET.read_text()
    written = with_table(page)
    if not parser.parse_args().check:
        TARGET.write_text(written)
    elif page != written:
        sys.exit("docs/formats.md is out of date: python tools/formats_table.py")


if __name__ == "__main__":
    main()
