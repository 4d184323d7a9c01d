"""Logs: callbacks that write the figures of each epoch down while a run goes on."""
