"""Checkpoints: a run written to files on its way, and taken up again to the same bits."""
