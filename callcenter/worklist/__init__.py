"""The outbound work list: call tasks, handed out one at a time, each to one agent."""
