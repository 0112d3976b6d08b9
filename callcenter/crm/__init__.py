"""Patients: their numbers, matching a caller, the card and its timeline."""
