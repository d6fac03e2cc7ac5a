# Arrays are made that nobody needs.
#
# add_relu(x, y, out) writes max(x + y, 0) into out. While it runs it takes memory for
# two more arrays as large, which are written, read once, and thrown away: beyond the
# caches that costs as much time as the work itself. Mend it so that it makes no array.

import numpy as np


def add_relu(x, y, out):
    out[...] = np.maximum(x + y, 0)
