"""NetCallerID boxes: caller id as one line of text on a serial port."""
