"""Checks of what is passed in: settings, and data."""
