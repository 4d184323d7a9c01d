"""What nobody foresaw, and ends no more than the answer in which it happens."""

from __future__ import annotations

import sys
import traceback

from clearprop.errors import one_line, said
from clearprop.studio.handed import without_folder


def unforeseen(error: BaseException) -> str:
    """Say in a line what nobody foresaw, and the whole of it on the terminal."""
    if sys.stderr is not None:  # a program without a console has none
        traceback.print_exception(error, file=sys.stderr)
        sys.stderr.flush()
    what = without_folder(one_line(said(error)))
    return (
        f"the studio cannot answer this ({what}); its terminal has the whole of it, and other "
        "questions are answered as before"
    )
