"""The stage: runs watched while they train, or replayed."""
