"""The checks: one generator function each; its name is the rule's id and its docstring the rule's manual entry."""
