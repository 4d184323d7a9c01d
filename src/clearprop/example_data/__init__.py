"""Data that comes along, small and real: digits for `clearprop demo`, penguins for the studio."""
