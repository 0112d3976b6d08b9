"""What needs somebody now: opened once, shown until somebody handles it, told outside."""
