"""What the process of a trial runs: it reads a table, and ends well where one line is all there is.

It ends at once: what libraries of machine code do on the way out is no fault of the table.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from clearprop.errors import ClearpropError
from clearprop.tables.table_files import read_table

if __name__ == "__main__":
    with suppress(ClearpropError):  # whoever reads it next says so
        read_table(sys.argv[1])
    os._exit(0)
