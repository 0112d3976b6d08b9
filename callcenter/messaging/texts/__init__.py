"""What messages say: templates, what is filled in, how many short messages it makes and what it costs."""
