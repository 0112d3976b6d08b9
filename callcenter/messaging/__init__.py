"""SMS: from a message in the database to a gateway and back, and what came in."""
