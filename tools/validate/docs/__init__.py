"""The pages that are written from code, values and modules."""
