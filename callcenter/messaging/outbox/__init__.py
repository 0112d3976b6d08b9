"""What goes out: queued, claimed when it is due, handed to a gateway, and brought to where its parts stand."""
