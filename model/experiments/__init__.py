"""Experiments: the text's claims about global and local features, measured on any digit."""
