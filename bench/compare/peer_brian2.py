"""A network in Brian2, as C++ that stands alone. Reads a job as JSON from standard input, prints the outcome."""

import json
import os
import time

import numpy as np
from brian2 import (
    Hz, Network, NeuronGroup, PoissonInput, SpikeMonitor, Synapses, defaultclock, device, mV, ms, pA, pF, prefs,
    seed, set_device,
)  # fmt: skip
from brian2 import __version__ as version

from description import Normal
from peer import answer, clipped_normal, pairs_of, read_job

EXP = """
dv/dt = (E_L - v)/tau_m + (I_ex + I_in + I_e)/C_m : volt (unless refractory)
I_e : amp
dI_ex/dt = -I_ex/tau_syn_ex : amp
dI_in/dt = -I_in/tau_syn_in : amp
"""
DELTA = "dv/dt = (E_L - v)/tau_m : volt (unless refractory)"
STDP = """
w : amp
dbefore/dt = -before/tau_plus : 1 (event-driven)
dafter/dt = -after/tau_minus : 1 (event-driven)
"""
UNITS = {"tau_m": ms, "C_m": pF, "E_L": mV, "V_reset": mV, "V_th": mV, "t_ref": ms, "tau_syn_ex": ms,
         "tau_syn_in": ms}  # fmt: skip


def make_neurons(network):
    """One group for all populations, as they differ in nothing but a constant current."""
    populations = network.neurons
    first = {key: value for key, value in populations[0].params.items() if key != "I_e"}
    for p in populations:
        if p.model != populations[0].model or {k: v for k, v in p.params.items() if k != "I_e"} != first:
            raise ValueError("neurons of several kinds are not compared")
    exp = populations[0].model == "iaf_psc_exp"
    values = {key: value * UNITS[key] for key, value in first.items()}
    group = NeuronGroup(sum(p.size for p in populations), EXP if exp else DELTA, threshold="v >= V_th",
                        reset="v = V_reset", refractory=values["t_ref"], method="exact",
                        namespace=values)  # fmt: skip
    parts, begin = {}, 0
    for p in populations:
        parts[p.name] = range(begin, begin + p.size)
        part, begin = group[begin : begin + p.size], begin + p.size
        if exp and p.params.get("I_e"):
            part.I_e = p.params["I_e"] * pA
        if isinstance(p.v_init, tuple):
            part.v = f"{p.v_init[0]}*mV + rand()*{p.v_init[1] - p.v_init[0]}*mV"
        elif isinstance(p.v_init, Normal):
            part.v = clipped_normal(p.v_init, p.size, np.random.default_rng(5)) * mV
        else:
            part.v = (p.params["E_L"] if p.v_init is None else p.v_init) * mV
    return group, parts


def variable_of(population, weight):
    """What a spike changes, and its unit."""
    if population.model == "iaf_psc_delta":
        return "v", mV
    return ("I_ex" if weight >= 0 else "I_in"), pA


def alike(network):
    """Projections that one object can hold: they change the same variable by the same rule."""
    kinds = {}
    for p in network.recurrent:
        variable, _ = variable_of(network.populations[p.target], p.mean_weight)
        weight = "drawn" if isinstance(p.weight, Normal) else p.weight
        delay = "drawn" if isinstance(p.delay, Normal) else p.delay
        kinds.setdefault((variable, weight, delay, json.dumps(p.stdp)), []).append(p)
    return kinds.values()


def make_synapses(network, projections, group, parts, rng):
    first = projections[0]
    variable, unit = variable_of(network.populations[first.target], first.mean_weight)
    drawn = isinstance(first.weight, Normal)
    namespace = {} if drawn else {"w0": first.weight * unit}
    model, change, on_post = ("w : amp", f"{variable}_post += w", None) if drawn else ("", f"{variable}_post += w0", None)
    if first.stdp:
        w_max = first.stdp["w_max"] * unit
        namespace |= {key: first.stdp[key] * ms for key in ("tau_plus", "tau_minus")}
        namespace |= {"w_max": w_max, "up": first.stdp["A_plus"] * w_max, "down": first.stdp["A_minus"] * w_max}
        # The weight first, then the spike with the changed one; no spike sees its own trace.
        model, change = STDP, f"w = clip(w - down*after, 0*amp, w_max); {variable}_post += w; before += 1"
        on_post = "w = clip(w + up*before, 0*amp, w_max); after += 1"
    synapses = Synapses(group, group, model, on_pre=change, on_post=on_post, namespace=namespace,
                        delay=None if isinstance(first.delay, Normal) else first.delay * ms)  # fmt: skip
    pairs = [pairs_of(network, p, rng) for p in projections]
    synapses.connect(
        i=np.concatenate([i + parts[p.source].start for p, (i, _) in zip(projections, pairs)]),
        j=np.concatenate([j + parts[p.target].start for p, (_, j) in zip(projections, pairs)]),
    )
    counts = [len(i) for i, _ in pairs]
    if isinstance(first.delay, Normal):
        drawn_delays = [clipped_normal(p.delay, n, rng, step=network.dt) for p, n in zip(projections, counts)]
        synapses.delay = np.concatenate(drawn_delays) * ms
    if drawn:
        synapses.w = np.concatenate([clipped_normal(p.weight, n, rng) for p, n in zip(projections, counts)]) * unit
    elif first.stdp:
        synapses.w = "w0"
    return synapses


def make_drive(network, population, part):
    """The law of the sum of many sources; a delay changes nothing in it."""
    rounds = 1000
    for rate, weight, _ in network.drive_of(population.name):
        variable, unit = variable_of(population, weight)
        yield PoissonInput(part, variable, rounds, rate / rounds * Hz, weight * unit)


def main():
    network, job = read_job()
    begin = time.perf_counter()
    set_device("cpp_standalone", directory=job["folder"], build_on_run=False)
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]  # its default starts all compilers at once
    if job["threads"] > 1:
        prefs.devices.cpp_standalone.openmp_threads = job["threads"]
    prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{os.cpu_count()}"]  # its own default is no limit at all
    defaultclock.dt = network.dt * ms
    seed(job["seed"])
    rng = np.random.default_rng(job["seed"])
    group, parts = make_neurons(network)
    counter = SpikeMonitor(group, record=False)
    objects = [group, counter] + [make_synapses(network, kind, group, parts, rng) for kind in alike(network)]
    for population in network.neurons:
        part = parts[population.name]
        objects += make_drive(network, population, group[part.start : part.stop])
    whole = Network(objects)
    whole.run(job["seconds"] * 1000 * ms)
    # The most memory that the program itself ever held, told by the system at its end.
    device.insert_code("before_end", """
        { std::ifstream status("/proc/self/status"); std::ofstream peak("results/peak.txt"); std::string word;
          while (status >> word) if (word == "VmHWM:") { status >> word; peak << word; } }""")
    device.build(directory=job["folder"], compile=job["compile"], run=False)
    code_s = time.perf_counter() - begin
    if not job["compile"]:
        return answer({"version": version, "code_s": code_s})
    runs = []
    for _ in range(job["repeats"]):
        begin = time.perf_counter()
        device.run(job["folder"], False, [])
        total_s = time.perf_counter() - begin
        with open(os.path.join(job["folder"], "results", "last_run_info.txt"), encoding="utf-8") as info:
            run_s = float(info.read().split()[0])
        with open(os.path.join(job["folder"], "results", "peak.txt"), encoding="utf-8") as peak:
            peak_bytes = int(peak.read()) * 1024
        runs.append({"run_s": run_s, "build_s": code_s + total_s - run_s, "peak_bytes": peak_bytes})
    counts = counter.count[:]
    spikes = {name: int(np.sum(counts[part.start : part.stop])) for name, part in parts.items()}
    answer({"version": version, "runs": runs, "spikes": spikes})


main()
