"""A network in GeNN (5.x, PyGeNN), on its CPU backend, which has one thread. Reads a job as JSON from standard input,
prints the outcome."""

import os
import resource
import time

import numpy as np
import pygenn
from pygenn import (
    GeNNModel, VarLocation, create_current_source_model, create_neuron_model, create_weight_update_model,
    init_postsynaptic, init_sparse_connectivity, init_var, init_weight_update,
)  # fmt: skip

from description import Normal
from peer import answer, clipped_normal, read_job

# As GeNN's own LIF, and spikes are counted. Units: ms, mV, nA, nF.
REFRACTORY = {"threshold_condition_code": "RefracTime <= 0.0 && V >= V_th",
              "reset_code": "V = V_reset; RefracTime = t_ref; spikes += 1;",
              "vars": [("V", "scalar"), ("RefracTime", "scalar"), ("spikes", "unsigned int")]}  # fmt: skip
DECAY = ("decay", lambda p, dt: np.exp(-dt / p["tau_m"]))
EXP = create_neuron_model(
    "counted_exp",
    params=["C_m", "tau_m", "E_L", "V_reset", "V_th", "t_ref", "I_e"],
    derived_params=[DECAY],
    sim_code="""
    if (RefracTime <= 0.0) {
        const scalar rest = E_L + (Isyn + I_e) * tau_m / C_m;
        V = rest + decay * (V - rest);
    }
    else RefracTime -= dt;
    """,
    **REFRACTORY,
)
DELTA = create_neuron_model(
    "counted_delta",
    params=["tau_m", "E_L", "V_reset", "V_th", "t_ref"],
    derived_params=[DECAY],
    sim_code="if (RefracTime <= 0.0) V = E_L + decay * (V - E_L) + Isyn; else RefracTime -= dt;",
    **REFRACTORY,
)
POISSON_JUMPS = create_current_source_model(
    "poisson_jumps",
    params=["weight", "rate"],
    derived_params=[("none", lambda p, dt: np.exp(-p["rate"] * dt / 1000))],
    injection_code="""
    scalar p = gennrand_uniform();
    unsigned int n = 0;
    while (p > none) { p *= gennrand_uniform(); n++; }
    injectCurrent(weight * (scalar)n);
    """,
)
# The weight first, then the spike with the changed one; no spike sees its own trace.
STDP = create_weight_update_model(
    "stdp_additive",
    params=["tau_plus", "tau_minus", "up", "down", "w_max"],
    vars=[("w", "scalar")],
    pre_vars=[("before", "scalar")],
    post_vars=[("after", "scalar")],
    pre_spike_code="before = before * exp(-(t - st_pre) / tau_plus) + 1.0;",
    post_spike_code="after = after * exp(-(t - st_post) / tau_minus) + 1.0;",
    pre_spike_syn_code="""
    const scalar since = t - st_post;
    if (since > 0) w = fmax(0.0, w - down * after * exp(-since / tau_minus));
    addToPost(w);
    """,
    post_spike_syn_code="""
    const scalar since = t - st_pre;
    if (since > 0) w = fmin(w_max, w + up * before * exp(-since / tau_plus));
    """,
)
RULES = {
    "fixed_probability": ("FixedProbability", "prob", float),
    "fixed_indegree": ("FixedNumberPreWithReplacement", "num", int),
    "fixed_total_number": ("FixedNumberTotalWithReplacement", "num", int),
}
FLOAT_MAX = float(np.finfo(np.float32).max)


def is_exp(population):
    return population.model == "iaf_psc_exp"


def first_potentials(p, rng):
    if isinstance(p.v_init, tuple):
        return rng.uniform(*p.v_init, p.size)
    if isinstance(p.v_init, Normal):
        return clipped_normal(p.v_init, p.size, rng)
    return np.full(p.size, p.params["E_L"] if p.v_init is None else p.v_init)


def add_neurons(model, network, p, rng):
    params = {key: p.params[key] for key in ("tau_m", "E_L", "V_reset", "V_th", "t_ref")}
    if is_exp(p):
        params |= {"C_m": p.params["C_m"] * 1e-3, "I_e": p.params.get("I_e", 0.0) * 1e-3}
    state = {"V": first_potentials(p, rng), "RefracTime": 0.0, "spikes": 0}
    group = model.add_neuron_population(p.name, p.size, EXP if is_exp(p) else DELTA, params, state)
    for k, (rate, weight, _) in enumerate(network.drive_of(p.name)):
        if is_exp(p):
            drive = {"weight": weight * 1e-3, "tauSyn": p.params["tau_syn_ex" if weight >= 0 else "tau_syn_in"], "rate": rate}
            model.add_current_source(f"{p.name}_drive{k}", "PoissonExp", group, drive, {"current": 0.0})
        else:
            model.add_current_source(f"{p.name}_drive{k}", POISSON_JUMPS, group, {"weight": weight, "rate": rate}, {})
    return group


def clipped(snippet, law, unit):
    low, high = max(law.low / unit, -FLOAT_MAX), min(law.high / unit, FLOAT_MAX)
    return init_var(snippet, {"mean": law.mean / unit, "sd": law.sd / unit, "min": float(low), "max": float(high)})


def synapse_of(p, unit):
    weight = clipped("NormalClipped", p.weight, unit) if isinstance(p.weight, Normal) else p.weight / unit
    if p.stdp:
        s, w_max = p.stdp, p.stdp["w_max"] / unit
        params = {"tau_plus": s["tau_plus"], "tau_minus": s["tau_minus"], "up": s["A_plus"] * w_max,
                  "down": s["A_minus"] * w_max, "w_max": w_max}  # fmt: skip
        return init_weight_update(STDP, params, {"w": weight}, {"before": 0.0}, {"after": 0.0})
    if isinstance(p.delay, Normal):
        values = {"g": weight, "d": clipped("NormalClippedDelay", p.delay, 1)}
        return init_weight_update("StaticPulseDendriticDelay", {}, values)
    if isinstance(p.weight, Normal):
        return init_weight_update("StaticPulse", {}, {"g": weight})
    return init_weight_update("StaticPulseConstantWeight", {"g": weight})


def add_synapses(model, network, groups, k, p):
    target = network.populations[p.target]
    post = init_postsynaptic("DeltaCurr")
    if is_exp(target):
        post = init_postsynaptic("ExpCurr", {"tau": target.params["tau_syn_ex" if p.mean_weight >= 0 else "tau_syn_in"]})
    rule, name, kind = RULES[p.rule]
    synapses = model.add_synapse_population(
        f"{p.source}_{p.target}_{k}", "SPARSE", groups[p.source], groups[p.target],
        synapse_of(p, 1e3 if is_exp(target) else 1), post, init_sparse_connectivity(rule, {name: kind(p.value)}),
    )  # fmt: skip
    # A spike reaches its target a step after it was fired, whatever the delay.
    if isinstance(p.delay, Normal):
        synapses.max_dendritic_delay_timesteps = round((p.delay.mean + 6 * p.delay.sd) / network.dt)
    else:
        synapses.axonal_delay_steps = round(p.delay / network.dt) - 1


def main():
    network, job = read_job()
    begin = time.perf_counter()
    os.makedirs(job["folder"], exist_ok=True)
    os.chdir(job["folder"])
    model = GeNNModel("float", f"compare_{network.name}", backend="single_threaded_cpu")
    model.dt, model.seed = network.dt, job["seed"]
    model.fuse_postsynaptic_models = model.default_narrow_sparse_ind_enabled = True
    model.default_var_location = VarLocation.HOST_DEVICE
    rng = np.random.default_rng(job["seed"])
    groups = {p.name: add_neurons(model, network, p, rng) for p in network.neurons}
    for k, p in enumerate(network.recurrent):
        add_synapses(model, network, groups, k, p)
    model.build()
    model.load()
    build_s = time.perf_counter() - begin
    begin = time.perf_counter()
    for _ in range(round(job["seconds"] * 1000 / network.dt)):
        model.step_time()
    run_s = time.perf_counter() - begin
    spikes = {}
    for name, group in groups.items():
        group.vars["spikes"].pull_from_device()
        spikes[name] = int(np.sum(group.vars["spikes"].view))
    # Compilers are children, so they do not count.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    run = {"run_s": run_s, "build_s": build_s, "peak_bytes": peak}
    answer({"version": pygenn.__version__, "runs": [run], "spikes": spikes})


main()
