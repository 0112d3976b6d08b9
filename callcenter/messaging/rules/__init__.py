"""What may be sent when and to whom: the hospital's rules and what patients said against it."""
