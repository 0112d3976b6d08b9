"""What comes in: parts written down once, joined to texts, and filed with what they say."""
