"""Networks of the examples as plain numbers, for simulators that know nothing of Synfire.

Reads the part of the language that the compared networks use: populations of two neuron models and of Poisson
sources, projections by five rules, weights and delays as numbers or clipped normals, additive STDP, tables, and
`scale`. What is beyond that is an error, so that no peer simulates something else unnoticed.
Units: ms, mV, pA, pF, Hz.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field

import yaml

UNITS = {"ms": 1, "s": 1e3, "us": 1e-3, "mV": 1, "V": 1e3, "pA": 1, "nA": 1e3, "pF": 1, "nF": 1e3, "Hz": 1, "kHz": 1e3}


@dataclass
class Normal:
    """Drawn anew until low <= value <= high."""

    mean: float
    sd: float
    low: float = -math.inf
    high: float = math.inf


@dataclass
class Population:
    name: str
    model: str
    size: int
    params: dict
    v_init: object = None  # a number, Normal, or (low, high) for uniform; None: at rest

    @property
    def is_source(self):
        return self.model == "poisson"


@dataclass
class Projection:
    source: str
    target: str
    rule: str  # one_to_one, fixed_probability, fixed_indegree, fixed_total_number
    value: float
    weight: object  # a number or Normal
    delay: object
    stdp: dict | None = None

    @property
    def mean_weight(self):
        return self.weight.mean if isinstance(self.weight, Normal) else self.weight


@dataclass
class Network:
    name: str
    dt: float
    populations: dict = field(default_factory=dict)
    projections: list = field(default_factory=list)

    @property
    def neurons(self):
        return [p for p in self.populations.values() if not p.is_source]

    @property
    def sources(self):
        return {name: p for name, p in self.populations.items() if p.is_source}

    def drive_of(self, target):
        """(rate in Hz, weight, delay) of the Poisson sources of a population."""
        return [
            (self.populations[p.source].params["rate"], p.weight, p.delay)
            for p in self.projections
            if p.target == target and p.source in self.sources and self.populations[p.source].params["rate"] > 0
        ]

    @property
    def recurrent(self):
        return [p for p in self.projections if p.source not in self.sources]

    @property
    def all_synapses(self):
        """As Synfire counts them: one-to-one projections from sources are no synapses."""
        return sum(self.synapses(p) for p in self.projections if p.rule != "one_to_one")

    def synapses(self, projection):
        """How many there are, or are to be expected."""
        sources = self.populations[projection.source].size
        targets = self.populations[projection.target].size
        return {
            "fixed_probability": projection.value * sources * targets,
            "fixed_indegree": projection.value * targets,
            "fixed_total_number": projection.value,
        }[projection.rule]


def quantity(value):
    if isinstance(value, (int, float)):
        return float(value)
    number, _, unit = str(value).strip().partition(" ")
    return float(number) * UNITS[unit.strip()] if unit else float(number)


def distribution(value):
    if not isinstance(value, dict):
        return quantity(value)
    ((shape, given),) = value.items()
    if shape == "uniform":
        return tuple(quantity(v) for v in given)
    if shape == "normal":
        known = {"mean": "mean", "sd": "sd", "min": "low", "max": "high"}
        return Normal(**{known[key]: quantity(v) for key, v in given.items()})
    raise ValueError(f"distribution '{shape}' is not compared")


def pick(tree, **places):
    """Replaces {each: [...]}, {each_from: ...}, {each_to: ...} and {table: ...} by the entry that is meant."""
    if isinstance(tree, list):
        return [pick(item, **places) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        ((key, value),) = tree.items()
        if key == "table" and "each_to" in places:
            return pick(value[places["each_to"]][places["each_from"]], **places)
        if key in places:
            return pick(value[places[key]], **places)
    return {key: pick(value, **places) for key, value in tree.items()}


def expand_projections(given):
    for entry in given:
        source, target = entry["from"], entry["to"]
        if isinstance(source, dict):
            for i, (f, t) in enumerate(zip(source["each"], target["each"], strict=True)):
                yield {**pick(entry, each=i), "from": f, "to": t}
            continue
        sources = source if isinstance(source, list) else [source]
        targets = target if isinstance(target, list) else [target]
        for f, s in enumerate(sources):
            for t, name in enumerate(targets):
                one = {**pick(entry, each_from=f, each_to=t), "from": s, "to": name}
                rule = one["connect"]
                if isinstance(rule, dict) and next(iter(rule.values())) is None:
                    continue
                yield one


def read_population(name, entry):
    params = {key: quantity(value) for key, value in entry.get("params", {}).items()}
    init = entry.get("init", {}).get("V_m")
    if entry["model"] not in ("iaf_psc_exp", "iaf_psc_delta", "poisson"):
        raise ValueError(f"model '{entry['model']}' is not compared")
    return Population(name, entry["model"], int(entry["size"]), params, None if init is None else distribution(init))


def read_projection(entry, populations):
    connect = entry["connect"]
    rule, value = (connect, 0) if isinstance(connect, str) else next(iter(connect.items()))
    if rule == "pair_probability":
        pairs = populations[entry["from"]].size * populations[entry["to"]].size
        rule, value = "fixed_total_number", round(math.log1p(-value) / math.log1p(-1 / pairs))
    if rule not in ("one_to_one", "fixed_probability", "fixed_indegree", "fixed_total_number"):
        raise ValueError(f"rule '{rule}' is not compared")
    stdp = entry.get("plasticity", {}).get("stdp")
    return Projection(
        entry["from"],
        entry["to"],
        rule,
        value,
        distribution(entry["weight"]),
        distribution(entry["delay"]),
        {key: quantity(v) for key, v in stdp.items()} if stdp else None,
    )


def scale(network, given, factor):
    """Fewer neurons and fewer synapses on each; weights grow by the root, a current brings the mean input that
    is lost at the given rates (van Albada et al. 2015)."""
    rates = {name: quantity(rate) for name, rate in given.get("rates", {}).items()}
    root = math.sqrt(factor)
    for p in network.projections:
        if p.rule == "one_to_one":
            continue
        in_degree = network.synapses(p) / network.populations[p.target].size
        if p.source in rates:
            lost = (1 - root) * in_degree * p.mean_weight * quantity(given["tau_syn"]) * rates[p.source] * 1e-3
            params = network.populations[p.target].params
            params["I_e"] = params.get("I_e", 0.0) + lost
        # fixed_probability stays: neurons and in-degrees shrink alike.
        p.value = {
            "fixed_total_number": round(p.value * factor * factor),
            "fixed_indegree": round(p.value * factor),
            "fixed_probability": p.value,
        }[p.rule]
        if isinstance(p.weight, Normal):
            w = p.weight
            p.weight = Normal(w.mean / root, w.sd / root, w.low / root, w.high / root)
        else:
            p.weight /= root
    for population in network.populations.values():
        population.size = max(1, round(population.size * factor))


def read_network(path, name, neurons=None):
    """`neurons`: overrides scale.neurons of the file."""
    with open(path, encoding="utf-8") as stream:
        tree = yaml.safe_load(stream)
    network = Network(name, quantity(tree["simulation"]["dt"]))
    for names, entry in tree["populations"].items():
        all_names = [n.strip() for n in names.split(",")]
        for i, one in enumerate(all_names):
            network.populations[one] = read_population(one, pick(copy.deepcopy(entry), each=i))
    for entry in expand_projections(tree["projections"]):
        network.projections.append(read_projection(entry, network.populations))
    if "scale" in tree:
        factor = tree["scale"]["neurons"] if neurons is None else neurons
        scale(network, tree["scale"], factor)
    return network
