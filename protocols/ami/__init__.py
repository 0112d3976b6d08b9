"""Asterisk Manager Interface: a PBX that tells of its calls and takes commands."""
