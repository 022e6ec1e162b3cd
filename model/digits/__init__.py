"""From ink to what the network reads: strokes, framing, resampling."""
