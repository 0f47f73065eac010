"""Who takes part: pods that no policy tells apart, nodes, blocks of addresses; and what they are called."""
