"""SMPP 3.4, the short message protocol of most gateways outside China."""
