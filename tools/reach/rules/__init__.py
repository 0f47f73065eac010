"""The rules over policies that need to know who reaches whom."""
