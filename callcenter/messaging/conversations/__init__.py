"""Conversations with numbers: whose they are, who answers, who waits."""
