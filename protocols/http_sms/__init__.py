"""SMS providers that are asked by HTTP: what is sent, how their answers are read, and what they push."""
