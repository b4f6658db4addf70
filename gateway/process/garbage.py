"""Python's garbage collector, told what a gateway is like.

What is there once everything is open (modules, schemas, the catalog) stays there, and a full collection that looks at
all of it holds every call up for about 100 ms. A call itself leaves next to nothing that only the collector could free.
"""

import gc

# Allocations that outlive their call before the youngest are looked at. The default of 700 is reached every few calls.
YOUNG = 20_000


def settle() -> None:
    """Collect once, and look from now on only at what is made after this."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
