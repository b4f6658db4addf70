"""Figures as ratios within one run: `make bench`. Machines differ and are shared: no absolute figure is a promise."""
