"""`make bench`: run every scenario, print the figures, and end with 1 if one is missed."""

import sys

from bench.one_url import SCENARIOS


def main() -> int:
    """Run them in turn; arguments name scenarios to run alone."""
    wanted = sys.argv[1:]
    figures = []
    for scenario in SCENARIOS:
        if not wanted or scenario.__name__ in wanted:
            print(f"{scenario.__name__}: {(scenario.__doc__ or '').strip()}")
            figures += scenario()
    print()
    for figure in figures:
        print(figure)
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
