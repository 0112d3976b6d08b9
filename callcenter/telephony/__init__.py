"""Lines, calls, agents, screen pop, wrap-up and wallboard figures."""
