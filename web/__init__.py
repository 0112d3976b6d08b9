"""Site, sign-in, sessions, sockets, API and pages."""
