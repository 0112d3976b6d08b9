"""Whozz Calling caller-id boxes of CallerID.com: their records by Ethernet."""
