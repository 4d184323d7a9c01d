"""Lets `python -m clearprop` stand for `clearprop`."""

from clearprop_command import main

main()
