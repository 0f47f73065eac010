"""What a check says, how it is switched off, and how it is reported: no knowledge of any subject."""
