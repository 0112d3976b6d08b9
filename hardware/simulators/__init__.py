"""Devices of our own that behave as the described chips do, each as its own process."""
