"""Statements that several services share."""
