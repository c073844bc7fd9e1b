"""What the scripts of all peers share: the job they get, random connections, and their answer."""

from __future__ import annotations

import json
import sys

import numpy as np
from description import read_network


def read_job():
    """The network and the job: {"file", "name", "neurons", "seconds", "threads", "repeats", "seed", "folder",
    "compile"}."""
    job = json.load(sys.stdin)
    return read_network(job["file"], job["name"], job["neurons"]), job


def answer(outcome):
    """The last line that is printed; simulators print before it whatever they like."""
    print("\n" + json.dumps(outcome), flush=True)


def clipped_normal(law, count, rng, step=None):
    """Values of a Normal, drawn anew until they are inside; with `step`, whole steps, at least one."""
    values = rng.normal(law.mean, law.sd, count)
    while True:
        bad = np.flatnonzero((values < law.low) | (values > law.high))
        if bad.size == 0:
            break
        values[bad] = rng.normal(law.mean, law.sd, bad.size)
    return values if step is None else np.maximum(np.rint(values / step), 1) * step


def pairs_of(network, p, rng):
    """Sources and targets of a projection, drawn as Synfire's rules do: with replacement, but for
    fixed_probability."""
    n_sources, n_targets = network.populations[p.source].size, network.populations[p.target].size
    if p.rule == "fixed_probability":
        chances = n_sources * n_targets
        chosen = rng.choice(chances, rng.binomial(chances, p.value), replace=False, shuffle=False)
        return chosen // n_targets, chosen % n_targets
    sources = rng.integers(0, n_sources, network.synapses(p))
    if p.rule == "fixed_indegree":
        return sources, np.repeat(np.arange(n_targets), int(p.value))
    return sources, rng.integers(0, n_targets, len(sources))
