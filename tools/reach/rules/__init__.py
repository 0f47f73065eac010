"""The rules over policies that ask who reaches whom."""
