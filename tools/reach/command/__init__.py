"""The command line: its options, its commands, and the notices that go with an answer."""
