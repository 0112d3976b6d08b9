"""Devices behind one small interface: transports, discovery, supervision, simulators."""
