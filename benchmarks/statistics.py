"""``python benchmarks/statistics.py``: see texture_statistics.py, whose arguments it takes.

The name is that of a module of the standard library, which every script of this folder would get
in its stead, libraries that it uses included. So this file holds nothing and gives way to it.
"""

import os
import sys
from importlib import import_module

here = sys.path.pop(0)
if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")  # plenoptic's bar, a hundred lines in a log
    sys.path.append(here)
    import_module("texture_statistics").main()
else:
    del sys.modules[__name__]
    sys.modules[__name__] = import_module(__name__)
    sys.path.insert(0, here)
