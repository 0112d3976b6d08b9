"""TP phone boxes on USB HID (Holtek HT82-based): codec, session and Twisted glue."""
