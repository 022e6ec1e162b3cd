"""``python -m app``: serve until a signal stops the process."""

import gc

# What the imports create stays until the end: to look for garbage among it again and again took a fifth of the start.
gc.disable()

from app.serve import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
