"""The rules over values, and over a render that failed."""
