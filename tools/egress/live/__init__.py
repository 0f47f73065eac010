"""The egress proxy at work: what its log says, and which list each replica serves."""
