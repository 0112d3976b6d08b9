"""Hayes and V.253 voice modems: codec, chip profiles, session and Twisted glue."""
