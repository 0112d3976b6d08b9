"""Caller-id boxes of TCI, and serial Whozz Calling boxes: one line of text for each event, of several lines."""
