"""CMPP 2.0 and 3.0, the short message protocol of China Mobile and of most gateways in China."""
