"""What goes over each wire. One folder each: codec (pure), session (state machine), endpoint (Twisted glue)."""
