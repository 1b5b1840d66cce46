"""Runs: where they are kept, how they wait, start, survive and end."""
