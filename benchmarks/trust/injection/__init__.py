"""Faults put between runs and their files: what the parts kills, io_faults and power_cuts share."""
