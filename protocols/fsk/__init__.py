"""Caller-id receivers that pass on the demodulated FSK bytes of the telephone line."""
