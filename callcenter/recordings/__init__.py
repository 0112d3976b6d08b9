"""Recordings of calls: begun when somebody speaks, taken over when the call is over, played, deleted."""
