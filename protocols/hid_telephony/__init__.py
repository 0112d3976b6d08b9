"""Headsets and handsets that tell of their hook by the HID telephony page: a button at a seat, and no line."""
