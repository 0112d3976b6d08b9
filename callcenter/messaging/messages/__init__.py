"""Messages as people see and write them: one, lists, figures that add up."""
