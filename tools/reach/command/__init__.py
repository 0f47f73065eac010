"""The command line: its words, its commands, and what it says beside an answer."""
