"""The peers: classes of pods that no policy tells apart, nodes, blocks of addresses; and their names."""
