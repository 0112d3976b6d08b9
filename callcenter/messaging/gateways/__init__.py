"""Gateways as the SMS centre has them: set up by people, run, watched, and chosen for messages."""
