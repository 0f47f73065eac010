"""The rules over any object: its text, its names and labels, its schema."""
