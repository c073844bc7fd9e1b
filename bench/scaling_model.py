#!/usr/bin/env python3
"""What MPI moves: messages, bytes and memory of a rank, after the formulas of docs/mpi.md.

  python3 bench/scaling_model.py                     the table of the page
  python3 bench/scaling_model.py --report run.json   what a measured run should have sent (--report of synfire run)
"""
import argparse
import json

FIRST_MESSAGE = 16384  # bytes; what is more goes in a second message


def window(delay_ms, dt_ms):
    """Steps between two exchanges."""
    return max(1, min(32, round(delay_ms / dt_ms) // 2))


def load(neurons, ranks, rate_hz, delay_ms, dt_ms, populations):
    """Messages and bytes that a rank sends in a second of biological time, every rank reading all populations."""
    steps = window(delay_ms, dt_ms)
    windows_per_s = 1000 / (steps * dt_ms)
    local = neurons / ranks
    id_bytes = 2 if local / populations <= 65536 else 4
    spikes = local * rate_hz / windows_per_s
    size = 8 + 4 * steps * populations + spikes * id_bytes
    partners = ranks - 1
    messages = partners * windows_per_s * (2 if size > FIRST_MESSAGE else 1)
    return messages, partners * windows_per_s * size, size


def memory(neurons, ranks, synapses_per_neuron, threads, drawn_delays):
    """Bytes of synapses and of row tables in a rank; each thread has rows of its own."""
    synapses = 4 * neurons / ranks * synapses_per_neuron
    rows = (16 if drawn_delays else 8) * neurons * threads
    return synapses, rows


def human(value):
    for unit in ("", " k", " M", " G", " T"):
        if value < 999.5:
            return f"{value:.3g}{unit}"
        value /= 1000
    return f"{value:.3g} P"


def table(arguments):
    print("| neurons | ranks | messages/s | sent, B/s | bytes a message | seconds a second | synapses, B | rows, B |")
    print("|---|---|---|---|---|---|---|---|")
    neurons = arguments.per_rank
    while neurons <= arguments.most:
        ranks = max(1, round(neurons / arguments.per_rank))
        messages, sent, size = load(neurons, ranks, arguments.rate, arguments.delay, arguments.dt,
                                    arguments.populations)
        synapses, rows = memory(neurons, ranks, arguments.synapses, arguments.threads, True)
        # What is sent is also received; a link carries both ways at once.
        seconds = 2 * messages * arguments.message_us * 1e-6 + sent / arguments.bandwidth
        print(f"| {human(neurons)} | {ranks} | {human(messages)} | {human(sent)} | "
              f"{human(size) if ranks > 1 else 0} | {human(seconds)} | {human(synapses)} | {human(rows)} |")
        neurons *= 10


def check(arguments):
    with open(arguments.report) as file:
        run = json.load(file)
    ranks, seconds = run["ranks"], run["biological_s"]
    # Sources that are read where they are needed have neither updates nor messages.
    populations = list(run["populations"].values())
    neurons = sum(p["neurons"] for p in populations)
    rate = sum(p["spikes"] for p in populations) / neurons / seconds
    messages, sent, _ = load(neurons, ranks, rate, arguments.delay, arguments.dt, len(populations))
    for name, measured, model in (("messages", run["messages"] / ranks / seconds, messages),
                                  ("bytes", run["message_bytes"] / ranks / seconds, sent)):
        print(f"{name} a rank and second: measured {human(measured)}, model {human(model)} "
              f"({measured / model:.3f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", help="the report of a run whose populations all read each other")
    parser.add_argument("--per-rank", type=float, default=1e6, help="neurons of a rank")
    parser.add_argument("--most", type=float, default=1e9, help="neurons of the largest network")
    parser.add_argument("--rate", type=float, default=3.0, help="mean rate, Hz")
    parser.add_argument("--synapses", type=float, default=1e4, help="synapses onto a neuron")
    parser.add_argument("--delay", type=float, default=1.5, help="smallest delay, ms")
    parser.add_argument("--dt", type=float, default=0.1, help="time step, ms")
    parser.add_argument("--message-us", type=float, default=1.0, help="processor time of sending or taking a message")
    parser.add_argument("--bandwidth", type=float, default=12.5e9, help="of a rank, bytes/s")
    parser.add_argument("--populations", type=int, default=8)
    parser.add_argument("--threads", type=int, default=64, help="of a rank")
    arguments = parser.parse_args()
    check(arguments) if arguments.report else table(arguments)


if __name__ == "__main__":
    main()
