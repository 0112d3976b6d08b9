"""Devices that exist only in software, each a process of its own on a pseudo-terminal, for demos and tests."""
