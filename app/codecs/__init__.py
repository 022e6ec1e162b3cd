"""The border between arrays and bytes: JSON, safetensors, npz and PNG. Knows arrays and names, never networks."""
