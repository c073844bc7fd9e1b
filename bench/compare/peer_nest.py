"""A network in NEST (3.x, PyNEST). Reads a job as JSON from standard input, prints the outcome."""

import resource
import time

import nest

from description import Normal
from peer import answer, read_job

RULES = {
    "fixed_probability": ("pairwise_bernoulli", "p"),
    "fixed_indegree": ("fixed_indegree", "indegree"),
    "fixed_total_number": ("fixed_total_number", "N"),
}


def value_of(law):
    if isinstance(law, tuple):
        return nest.random.uniform(min=law[0], max=law[1])
    if not isinstance(law, Normal):
        return law
    return nest.math.redraw(nest.random.normal(mean=law.mean, std=law.sd), min=max(law.low, -1e9), max=min(law.high, 1e9))


def synapse_of(p):
    synapse = {"synapse_model": "static_synapse", "weight": value_of(p.weight), "delay": value_of(p.delay)}
    if p.stdp:
        # mu = 0: changes do not depend on the weight. tau_minus belongs to the neuron.
        s = p.stdp
        synapse |= {"synapse_model": "stdp_synapse", "tau_plus": s["tau_plus"], "lambda": s["A_plus"],
                    "alpha": s["A_minus"] / s["A_plus"], "mu_plus": 0.0, "mu_minus": 0.0,
                    "Wmax": s["w_max"]}  # fmt: skip
    return synapse


def build(network):
    """Groups of neurons, and what counts their spikes."""
    groups, counters = {}, {}
    for p in network.neurons:
        groups[p.name] = nest.Create(p.model, p.size, params=p.params)
        if p.v_init is not None:
            groups[p.name].V_m = value_of(p.v_init)
        counters[p.name] = nest.Create("spike_recorder")
        nest.Connect(groups[p.name], counters[p.name])
        for rate, weight, delay in network.drive_of(p.name):
            source = nest.Create("poisson_generator", params={"rate": rate})
            nest.Connect(source, groups[p.name], syn_spec={"weight": weight, "delay": delay})
    for p in network.recurrent:
        if p.stdp:
            groups[p.target].tau_minus = p.stdp["tau_minus"]
        rule, parameter = RULES[p.rule]
        value = p.value if parameter == "p" else int(p.value)
        connect = {"rule": rule, parameter: value, "allow_autapses": True, "allow_multapses": rule != "pairwise_bernoulli"}
        nest.Connect(groups[p.source], groups[p.target], connect, synapse_of(p))
    return counters


def main():
    network, job = read_job()
    begin = time.perf_counter()
    nest.set_verbosity("M_ERROR")
    nest.ResetKernel()
    nest.set(resolution=network.dt, local_num_threads=job["threads"], rng_seed=job["seed"])
    counters = build(network)
    nest.Prepare()
    build_s = time.perf_counter() - begin
    begin = time.perf_counter()
    nest.Run(job["seconds"] * 1000)
    run_s = time.perf_counter() - begin
    nest.Cleanup()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    spikes = {name: int(counter.n_events) for name, counter in counters.items()}
    run = {"run_s": run_s, "build_s": build_s, "peak_bytes": peak}
    answer({"version": nest.__version__, "runs": [run], "spikes": spikes})


main()
