"""What the service computes: arrays in, arrays out. Knows no bytes and no HTTP."""
