"""How hypothesis searches here: the same examples on every run, and none is too slow on a busy machine."""

import hypothesis

hypothesis.settings.register_profile("kernelscope", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("kernelscope")
