"""Streams: data that are read while a network is trained, in memory that a window bounds."""
