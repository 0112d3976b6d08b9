"""Between a line host and the server: what happens on the host's lines, and what is to be done there."""
