"""The network, in NumPy. `app` uses what stands here and in the modules named in the README beside it."""
