"""Policies of every dialect, read into one form: who is selected, who is on the far side, on which connections."""
