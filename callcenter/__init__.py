"""What the hospital does: services and rules. No HTML, no SQL text, no bytes."""
