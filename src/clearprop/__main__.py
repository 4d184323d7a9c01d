"""Lets `python -m clearprop` stand for `clearprop`."""

from clearprop.cli import main

main()
