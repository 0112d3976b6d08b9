"""UBOX phone boxes behind their vendor's service: JSON over a WebSocket. Codec, session and Twisted glue."""
