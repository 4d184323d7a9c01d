"""Tables in blocks: files larger than memory, some rows at a time."""
