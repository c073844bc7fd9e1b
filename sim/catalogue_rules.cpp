#include "sim/catalogue_rules.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "plasticity/rules.hpp"
#include "sim/cpu/plastic.hpp"
#include "sim/release.hpp"

namespace synfire {
namespace {

// Calls visit.template operator()<Rule>() for the rule of this name, if the list has it.
template <class List, class Visit> bool with_rule(std::string_view name, Visit&& visit) {
  bool found = false;
  List::for_each([&]<template <class> class Rule>() {
    if (found || Rule<float>::describe().name != name) return;
    found = true;
    visit.template operator()<Rule>();
  });
  return found;
}

template <class Real> struct PeriodicOf {
  Step every = 0;
  std::function<void(const SynapseView<Real>&)> apply;
};

template <class Real>
std::vector<PeriodicOf<Real>> periodic_rules(const std::vector<RuleDescription>& rules, double dt_ms) {
  std::vector<PeriodicOf<Real>> made;
  for (const auto& rule : rules) {
    with_rule<PeriodicRules>(rule.rule, [&]<template <class> class Rule>() {
      const auto p = parameters_of<Rule<Real>>(rule);
      const Step every = std::max<Step>(1, Grid(dt_ms).nearest(static_cast<double>(p.every)));
      made.push_back({every, [p](const SynapseView<Real>& view) { Rule<Real>::apply(view, p); }});
    });
  }
  return made;
}

const RuleDescription* spike_rule(const std::vector<RuleDescription>& rules) {
  for (const auto& rule : rules)
    if (find_rule(rule.rule)->kind == RuleInfo::Kind::spike) return &rule;
  return nullptr;
}

// ---- Short term ----

template <class R> class ReleaseOf final : public Release {
 public:
  ReleaseOf(const typename R::Parameters& p, std::uint32_t sources, double dt_ms)
      : p_(p), dt_ms_(dt_ms), states_(sources, R::initial(p)), last_(sources, -1) {}

  double part(std::uint32_t source, Step step, std::uint32_t times) override {
    double sum = 0;
    for (std::uint32_t n = 0; n < times; ++n) {
      const double elapsed = static_cast<double>(step - last_[source]) * dt_ms_;
      sum += last_[source] < 0 ? R::first(states_[source]) : R::next(states_[source], elapsed, p_);
      last_[source] = step;
    }
    return sum;
  }
  void save(const SavedShare& share) const override {
    std::vector<double> values;
    for (const auto& state : states_)
      std::apply([&](auto... value) { (values.push_back(value), ...); }, tie_members<members>(state));
    share.append<double>("states", values);
    share.append<Step>("last", last_);
  }
  void load(const LoadedShare& share) override {
    const auto& values = share.all<double>("states", states_.size() * members);
    last_ = share.all<Step>("last", states_.size());
    std::size_t next = 0;
    for (auto& state : states_)
      std::apply([&](auto&... value) { ((value = values[next++]), ...); }, tie_members<members>(state));
  }
  std::size_t bytes() const override { return states_.size() * (sizeof(typename R::State) + sizeof(Step)); }

 private:
  static constexpr std::size_t members = member_count<typename R::State, double>;

  typename R::Parameters p_;
  double dt_ms_;
  std::vector<typename R::State> states_;
  std::vector<Step> last_;
};

// ---- Reference ----

// A struct of traces, each with its own factor.
template <class Trace> void multiply(Trace& trace, const Trace& factors) {
  constexpr std::size_t count = member_count<Trace, double>;
  const auto values = tie_members<count>(trace);
  const auto by = tie_members<count>(factors);
  [&]<std::size_t... m>(std::index_sequence<m...>) { ((std::get<m>(values) *= std::get<m>(by)), ...); }
  (std::make_index_sequence<count>());
}

template <class Trace> Trace decays(Trace time_constants, double dt_ms) {
  std::apply([&](auto&... tau) { ((tau = std::exp(-dt_ms / tau)), ...); },
             tie_members<member_count<Trace, double>>(time_constants));
  return time_constants;
}

template <class R> class ReferenceOfRule final : public ReferenceSynapses {
 public:
  ReferenceOfRule(const typename R::Parameters& p, std::vector<Synapse> synapses, std::size_t targets,
                  double dt_ms, std::vector<PeriodicOf<double>> periodic)
      : p_(p),
        synapses_(std::move(synapses)),
        pre_(synapses_.size()),
        post_(targets),
        eligibility_(synapses_.size(), 0.0),
        pre_decay_(decays(R::pre_time_constants(p), dt_ms)),
        post_decay_(decays(R::post_time_constants(p), dt_ms)),
        periodic_(std::move(periodic)),
        dt_ms_(dt_ms) {}

  void begin_step(double reward, double reward_rate) override {
    for (auto& trace : pre_) multiply(trace, pre_decay_);
    for (auto& trace : post_) multiply(trace, post_decay_);
    if constexpr (modulated) {
      const double rate = 1 / p_.tau_e + reward_rate;
      const double gain = reward * -std::expm1(-rate * dt_ms_) / rate;
      for (std::size_t k = 0; k < synapses_.size(); ++k) {
        change(k, gain * eligibility_[k]);
        eligibility_[k] *= std::exp(-dt_ms_ / p_.tau_e);
      }
    }
  }

  double arrive(std::size_t k) override {
    act(k, R::on_pre(synapses_[k].weight, pre_[k], post_[synapses_[k].target], p_));
    R::arrive(pre_[k], p_);
    return synapses_[k].weight;
  }

  void end_step(Step step, std::span<const std::uint32_t> spikes) override {
    for (const std::uint32_t target : spikes) {
      for (std::size_t k = 0; k < synapses_.size(); ++k)
        if (synapses_[k].target == target)
          act(k, R::on_post(synapses_[k].weight, pre_[k], post_[target], p_));
      R::fire(post_[target], p_);
    }
    for (const auto& rule : periodic_)
      if ((step + 1) % rule.every == 0) apply(rule);
  }

  void rearrange(std::span<const Moved> synapses) override {
    std::vector<Synapse> now;
    std::vector<typename R::Pre> pre;
    std::vector<double> eligibility;
    for (const Moved& moved : synapses) {
      now.push_back(moved.synapse);
      pre.push_back(moved.like == none ? typename R::Pre{} : pre_[moved.like]);
      eligibility.push_back(moved.was == none ? 0 : eligibility_[moved.was]);
    }
    synapses_ = std::move(now);
    pre_ = std::move(pre);
    eligibility_ = std::move(eligibility);
  }

  double weight(std::size_t k) const override { return synapses_[k].weight; }
  std::uint32_t target(std::size_t k) const override { return synapses_[k].target; }

 private:
  static constexpr bool modulated = requires { requires R::modulated; };

  void change(std::size_t k, double by) {
    synapses_[k].weight = std::clamp(synapses_[k].weight + by, p_.w_min, p_.w_max);
  }
  void act(std::size_t k, double by) {
    if constexpr (modulated) {
      eligibility_[k] += by;
    } else {
      change(k, by);
    }
  }
  void apply(const PeriodicOf<double>& rule) {
    std::vector<double> weights;
    std::vector<std::uint16_t> targets;
    for (const auto& synapse : synapses_) {
      weights.push_back(synapse.weight);
      targets.push_back(static_cast<std::uint16_t>(synapse.target));
    }
    rule.apply({weights, targets, post_.size()});
    for (std::size_t k = 0; k < weights.size(); ++k) synapses_[k].weight = weights[k];
  }

  typename R::Parameters p_;
  std::vector<Synapse> synapses_;
  std::vector<typename R::Pre> pre_;
  std::vector<typename R::Post> post_;
  std::vector<double> eligibility_;
  typename R::Pre pre_decay_;
  typename R::Post post_decay_;
  std::vector<PeriodicOf<double>> periodic_;
  double dt_ms_;
};

}  // namespace

double rule_parameter(const RuleDescription& rule, std::string_view parameter) {
  const auto found = rule.parameters.find(std::string(parameter));
  return found != rule.parameters.end() ? found->second
                                        : find_rule(rule.rule)->model.parameter(parameter)->default_value;
}

bool changes_synapses(const std::vector<RuleDescription>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const auto& rule) {
    return find_rule(rule.rule)->kind != RuleInfo::Kind::short_term;
  });
}

std::unique_ptr<Release> make_release(const std::vector<RuleDescription>& rules, std::uint32_t sources,
                                      double dt_ms) {
  std::unique_ptr<Release> made;
  for (const auto& rule : rules) {
    with_rule<ShortTermRules>(rule.rule, [&]<template <class> class Rule>() {
      using R = Rule<double>;
      made = std::make_unique<ReleaseOf<R>>(parameters_of<R>(rule), sources, dt_ms);
    });
  }
  return made;
}

const RuleDescription* rewarded_rule(const std::vector<RuleDescription>& rules) {
  for (const auto& rule : rules)
    if (rule.reward) return &rule;
  return nullptr;
}

std::unique_ptr<PlasticInlet> make_plastic_inlet(const std::vector<RuleDescription>& rules,
                                                 PlasticParts parts) {
  for (auto& rule : periodic_rules<float>(rules, parts.dt_ms))
    parts.periodic.push_back({rule.every, std::move(rule.apply)});
  const RuleDescription* rule = spike_rule(rules);
  if (rule == nullptr)
    return std::make_unique<PlasticSynapses<NoChange<float>>>(std::move(parts),
                                                              NoChange<float>::Parameters{});
  std::unique_ptr<PlasticInlet> made;
  with_rule<SpikeRules>(rule->rule, [&]<template <class> class Rule>() {
    using R = Rule<float>;
    made = std::make_unique<PlasticSynapses<R>>(std::move(parts), parameters_of<R>(*rule));
  });
  return made;
}

std::unique_ptr<ReferenceSynapses> make_reference_synapses(const std::vector<RuleDescription>& rules,
                                                           std::vector<ReferenceSynapses::Synapse> synapses,
                                                           std::size_t targets, double dt_ms) {
  if (targets > SparseBlock::max_targets)
    throw Error(ErrorKind::input, rules.empty() ? Position{} : rules.front().where,
                fmt::format("the reference backend changes synapses onto {} targets at most",
                            SparseBlock::max_targets));
  auto periodic = periodic_rules<double>(rules, dt_ms);
  std::unique_ptr<ReferenceSynapses> made;
  const auto make = [&]<class R>(const typename R::Parameters& p) {
    made = std::make_unique<ReferenceOfRule<R>>(p, std::move(synapses), targets, dt_ms, std::move(periodic));
  };
  const RuleDescription* rule = spike_rule(rules);
  if (rule == nullptr) {
    make.template operator()<NoChange<double>>({});
  } else {
    with_rule<SpikeRules>(rule->rule, [&]<template <class> class Rule>() {
      make.template operator()<Rule<double>>(parameters_of<Rule<double>>(*rule));
    });
  }
  return made;
}

void check_rules(const std::vector<RuleDescription>& rules, std::string_view projection) {
  for (const auto& rule : rules) {
    with_rule<PeriodicRules>(rule.rule, [&]<template <class> class Rule>() {
      if constexpr (requires { Rule<double>::lacks(parameters_of<Rule<double>>(rule)); }) {
        const std::string_view lack = Rule<double>::lacks(parameters_of<Rule<double>>(rule));
        if (!lack.empty())
          throw Error(ErrorKind::input, rule.where,
                      fmt::format("rule {} of projection '{}': {}", rule.rule, projection, lack));
      }
    });
  }
}

}  // namespace synfire
