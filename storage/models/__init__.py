"""One file per module of the hospital."""
