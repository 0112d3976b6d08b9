"""Complaints, suggestions and praise: who said what about whom, what is done about it until when, how it ended."""
