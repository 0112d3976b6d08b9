"""Caller id sent as DTMF tones before the first ring, as Chinese exchanges may do."""
