"""The service desk: what callers ask, and the answers."""
