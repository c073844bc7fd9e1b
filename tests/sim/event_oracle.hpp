// A yardstick for the event engine that knows none of its formulas: all neurons side by side through time,
// differential equations by Runge and Kutta's method in long double with a step of 1/256 ms, thresholds by
// bisection, arrivals from a sorted list. For small networks.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <vector>

#include "neurons/models.hpp"
#include "sim/plan.hpp"
#include "sim/values.hpp"
#include "tests/sim/networks.hpp"

namespace synfire::testing_tools {

using Number = long double;
using Vector = std::array<Number, 6>;

/// One neuron as differential equations; the membrane is variable 0.
struct Cell {
  std::function<Vector(const Vector&)> rates;
  std::function<void(Vector&, std::size_t, Number)> receive;
  std::function<void(Vector&)> reset;
  Number threshold = 0, refractory_ms = 0;
  bool loses_input = false;  // while refractory
  Vector state{};
  Number free_at = 0;

  Vector moved(const Vector& x, Number h, bool held) const {
    const auto rate = [&](const Vector& at) {
      Vector r = rates(at);
      if (held) r[0] = 0;
      return r;
    };
    const auto plus = [](Vector a, const Vector& b, Number f) {
      for (std::size_t k = 0; k < a.size(); ++k) a[k] += f * b[k];
      return a;
    };
    const Vector a = rate(x), b = rate(plus(x, a, h / 2)), c = rate(plus(x, b, h / 2)),
                 d = rate(plus(x, c, h));
    return plus(plus(plus(plus(x, a, h / 6), b, h / 3), c, h / 3), d, h / 6);
  }
};

// The equations of each model, from its documentation.

inline Cell cell_of(const IafPscDelta<double>::Parameters& p, const IafPscDelta<double>::State& s) {
  Cell cell;
  cell.rates = [p](const Vector& x) { return Vector{-(x[0] - p.E_L) / p.tau_m + p.I_e / p.C_m}; };
  cell.receive = [](Vector& x, std::size_t, Number w) { x[0] += w; };
  cell.reset = [p](Vector& x) { x[0] = p.V_reset; };
  cell.threshold = p.V_th, cell.refractory_ms = p.t_ref, cell.loses_input = true;
  cell.state = {s.V_m};
  return cell;
}

inline Cell cell_of(const IafPscExp<double>::Parameters& p, const IafPscExp<double>::State& s) {
  Cell cell;
  cell.rates = [p](const Vector& x) {
    return Vector{-(x[0] - p.E_L) / p.tau_m + (x[1] + x[2] + p.I_e) / p.C_m, -x[1] / p.tau_syn_ex,
                  -x[2] / p.tau_syn_in};
  };
  cell.receive = [](Vector& x, std::size_t receptor, Number w) { x[1 + receptor] += w; };
  cell.reset = [p](Vector& x) { x[0] = p.V_reset; };
  cell.threshold = p.V_th, cell.refractory_ms = p.t_ref;
  cell.state = {s.V_m, s.I_syn_ex, s.I_syn_in};
  return cell;
}

inline Cell cell_of(const IafPscAlpha<double>::Parameters& p, const IafPscAlpha<double>::State& s) {
  Cell cell;
  cell.rates = [p](const Vector& x) {
    return Vector{-(x[0] - p.E_L) / p.tau_m + (x[1] + x[2] + p.I_e) / p.C_m, x[3] - x[1] / p.tau_syn_ex,
                  x[4] - x[2] / p.tau_syn_in, -x[3] / p.tau_syn_ex, -x[4] / p.tau_syn_in};
  };
  cell.receive = [p](Vector& x, std::size_t receptor, Number w) {
    x[3 + receptor] += w * std::exp(Number(1)) / (receptor == 0 ? p.tau_syn_ex : p.tau_syn_in);
  };
  cell.reset = [p](Vector& x) { x[0] = p.V_reset; };
  cell.threshold = p.V_th, cell.refractory_ms = p.t_ref;
  cell.state = {s.V_m, s.I_syn_ex, s.I_syn_in, s.slope_ex, s.slope_in};
  return cell;
}

inline Cell cell_of(const LifAdaptive<double>::Parameters& p, const LifAdaptive<double>::State& s) {
  Cell cell;
  cell.rates = [p](const Vector& x) {
    return Vector{-(x[0] - p.E_L) / p.tau_m + (x[1] + x[2] + p.I_e - x[3]) / p.C_m, -x[1] / p.tau_syn_ex,
                  -x[2] / p.tau_syn_in, (p.a * (x[0] - p.E_L) - x[3]) / p.tau_w};
  };
  cell.receive = [](Vector& x, std::size_t receptor, Number w) { x[1 + receptor] += w; };
  cell.reset = [p](Vector& x) { x[0] = p.V_reset, x[3] += p.b; };
  cell.threshold = p.V_th, cell.refractory_ms = p.t_ref;
  cell.state = {s.V_m, s.I_syn_ex, s.I_syn_in, s.w};
  return cell;
}

inline Cell cell_of(const QifPscDelta<double>::Parameters& p, const QifPscDelta<double>::State& s) {
  Cell cell;
  cell.rates = [p](const Vector& x) {
    return Vector{(x[0] - p.E_L) * (x[0] - p.V_crit) / (p.V_crit - p.E_L) / p.tau_m + p.I_e / p.C_m};
  };
  cell.receive = [](Vector& x, std::size_t, Number w) { x[0] += w; };
  cell.reset = [p](Vector& x) { x[0] = p.V_reset; };
  cell.threshold = p.V_peak, cell.refractory_ms = p.t_ref, cell.loses_input = true;
  cell.state = {s.V_m};
  return cell;
}

/// Spike times of every neuron of every population of neurons, in ms; the spikes of sources are given.
class Oracle {
 public:
  using Spikes = std::vector<std::pair<double, std::uint32_t>>;

  Oracle(const NetworkDescription& network, const std::map<std::size_t, Spikes>& given) {
    const BuildContext context{network, Grid(network.simulation.dt)};
    for (std::size_t p = 0; p < network.populations.size(); ++p) make_cells(context, network, p);
    for (const auto& plan : plan_projections(context, false)) connect(plan);
    for (const auto& [population, spikes] : given)
      for (const auto& [time, neuron] : spikes) send(population, neuron, time);
    run(network.simulation.duration);
  }

  const std::map<std::size_t, Spikes>& spikes() const { return spikes_; }

 private:
  struct Place {
    std::size_t population;
    std::uint32_t neuron;
    auto operator<=>(const Place&) const = default;
  };
  struct Synapse {
    std::size_t cell, receptor;
    Number weight, delay;
  };
  struct Arrival {
    std::size_t cell, receptor;
    Number weight;
  };

  void make_cells(const BuildContext& context, const NetworkDescription& network, std::size_t p) {
    NeuronModels::for_each([&]<template <class> class Model>() {
      if (Model<double>::describe().name != network.populations[p].model) return;
      if constexpr (requires(typename Model<double>::Parameters a, typename Model<double>::State b) {
                      cell_of(a, b);
                    }) {
        const ParameterSampler<Model<double>> sampler(context, network.populations[p]);
        for (std::uint32_t i = 0; i < network.populations[p].size(); ++i) {
          const auto parameters = sampler.parameters(i);
          cells_of_[{p, i}] = cells_.size();
          places_.push_back({p, i});
          cells_.push_back(cell_of(parameters, sampler.initial(i, parameters)));
        }
      }
    });
  }

  void connect(const ProjectionPlan& plan) {
    const std::size_t from = plan.description->from, to = plan.description->to;
    std::vector<std::uint32_t> sources;
    for (std::uint32_t t = 0; t < plan.to->size(); ++t) {
      sources.clear();
      plan.connector->sources_of(t, sources);
      for (std::uint32_t k = 0; k < sources.size(); ++k)
        synapses_[{from, sources[k]}].push_back(
            {cells_of_.at({to, t}), plan.receptor, plan.weight(t, k), plan.delay_ms(t, k)});
    }
  }

  void send(std::size_t population, std::uint32_t neuron, Number time) {
    for (const Synapse& s : synapses_[{population, neuron}])
      arrivals_[time + s.delay].push_back({s.cell, s.receptor, s.weight});
  }

  void run(Number duration) {
    constexpr Number step = 1.0L / 256;
    Number t = 0;
    for (std::size_t c = 0; c < cells_.size(); ++c)
      if (cells_[c].state[0] >= cells_[c].threshold) spike(c, 0);
    while (t < duration) {
      Number next = std::min(duration, (std::floor(t / step + 1e-9L) + 1) * step);
      if (!arrivals_.empty()) next = std::min(next, arrivals_.begin()->first);
      for (const Cell& cell : cells_)
        if (cell.free_at > t) next = std::min(next, cell.free_at);
      std::size_t first = cells_.size();  // to cross
      for (std::size_t c = 0; c < cells_.size(); ++c)
        if (crosses(cells_[c], t, next)) next = crossing(cells_[c], t, next), first = c;
      for (Cell& cell : cells_) cell.state = cell.moved(cell.state, next - t, cell.free_at > t);
      t = next;
      if (first < cells_.size()) spike(first, t);
      if (!arrivals_.empty() && arrivals_.begin()->first <= t) arrive(t);
    }
  }

  static bool crosses(const Cell& cell, Number t, Number to) {
    return cell.free_at <= t && cell.moved(cell.state, to - t, false)[0] >= cell.threshold;
  }
  static Number crossing(const Cell& cell, Number low, Number high) {
    const Number t = low;
    for (int k = 0; k < 70; ++k) {
      const Number middle = (low + high) / 2;
      (crosses(cell, t, middle) ? high : low) = middle;
    }
    return high;
  }

  void arrive(Number t) {
    const auto arrived = arrivals_.extract(arrivals_.begin()).mapped();
    for (const Arrival& a : arrived) {
      Cell& cell = cells_[a.cell];
      if (cell.loses_input && cell.free_at > t) continue;
      cell.receive(cell.state, a.receptor, a.weight);
    }
    for (const Arrival& a : arrived)
      if (cells_[a.cell].free_at <= t && cells_[a.cell].state[0] >= cells_[a.cell].threshold)
        spike(a.cell, t);
  }

  void spike(std::size_t c, Number t) {
    cells_[c].reset(cells_[c].state);
    cells_[c].free_at = t + cells_[c].refractory_ms;
    const Place place = places_[c];
    spikes_[place.population].emplace_back(static_cast<double>(t), place.neuron);
    send(place.population, place.neuron, t);
  }

  std::vector<Cell> cells_;
  std::vector<Place> places_;
  std::map<Place, std::size_t> cells_of_;
  std::map<Place, std::vector<Synapse>> synapses_;
  std::map<Number, std::vector<Arrival>> arrivals_;
  std::map<std::size_t, Spikes> spikes_;
};

}  // namespace synfire::testing_tools
