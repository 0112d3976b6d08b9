"""One text to many: whom, how many, made in the background, held and taken back."""
