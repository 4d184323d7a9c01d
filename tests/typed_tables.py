"""Tables of files with types, as models of 0.1.0 read them: by what is in the file."""

from __future__ import annotations

from clearprop.tables import table_files
from clearprop.tables.text_tables import typed


def read_table(path, as_text=()):
    """Return a file's table."""
    frame, separator, *_ = table_files.read_table(path)
    return typed(frame, as_text, separator == ";") if separator else frame
