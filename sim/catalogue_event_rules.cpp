// The door between the event engine and the concrete rules of plasticity.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "plasticity/rules.hpp"
#include "sim/catalogue_rules.hpp"
#include "sim/event/plasticity.hpp"
#include "sim/rules.hpp"

namespace synfire {
namespace {

/// Calls visit.template operator()<Rule<double>>(its parameters) for each of the rules that the list has.
template <class List, class Visit>
void for_each_rule(const std::vector<RuleDescription>& rules, Visit&& visit) {
  for (const auto& rule : rules) {
    List::for_each([&]<template <class> class Rule>() {
      if (Rule<double>::describe().name == rule.rule)
        visit.template operator()<Rule<double>>(parameters_of<Rule<double>>(rule));
    });
  }
}

template <class R> inline constexpr bool is_modulated = requires { requires R::modulated; };

std::vector<EventPeriod> periods_of(const std::vector<RuleDescription>& rules) {
  std::vector<EventPeriod> made;
  for_each_rule<PeriodicRules>(rules, [&]<class R>(const typename R::Parameters& p) {
    made.push_back({p.every, [p](const SynapseView<double>& view) { R::apply(view, p); }});
  });
  return made;
}

template <class R> class EventReleaseOf final : public EventRelease {
 public:
  EventReleaseOf(const typename R::Parameters& p, std::uint32_t sources)
      : p_(p), states_(sources, R::initial(p)), last_(sources, -1.0) {}

  double part(std::uint32_t source, double t) override {
    const double before = last_[source];
    last_[source] = t;
    return before < 0 ? R::first(states_[source]) : R::next(states_[source], t - before, p_);
  }
  std::size_t bytes() const override { return states_.size() * (sizeof(typename R::State) + sizeof(double)); }

 private:
  typename R::Parameters p_;
  std::vector<typename R::State> states_;
  std::vector<double> last_;  // ms; below 0: none yet
};

/// The rules that the event engine has, by name.
std::vector<std::string_view> served_rules() {
  std::vector<std::string_view> names;
  SpikeRules::for_each([&]<template <class> class Rule>() {
    if constexpr (!is_modulated<Rule<double>>) names.push_back(Rule<double>::describe().name);
  });
  const auto add = [&]<template <class> class Rule>() { names.push_back(Rule<double>::describe().name); };
  PeriodicRules::for_each(add);
  ShortTermRules::for_each(add);
  return names;
}

}  // namespace

void require_event_rules(const ProjectionDescription& projection) {
  if (projection.mask)
    throw Error(
        ErrorKind::input, projection.where,
        fmt::format("projection '{}': engine event has no masks; use engine batched", projection.name));
  const auto served = served_rules();
  for (const auto& rule : projection.plasticity) {
    if (std::find(served.begin(), served.end(), rule.rule) != served.end()) continue;
    throw Error(
        ErrorKind::input, rule.where,
        fmt::format("plasticity of projection '{}': engine event does not serve the rule {}, but {} (or "
                    "use engine batched)",
                    projection.name, rule.rule, fmt::join(served, ", ")));
  }
}

std::unique_ptr<EventPlasticity> make_event_plasticity(const ProjectionPlan& projection,
                                                       EventSynapses& synapses, std::uint32_t targets) {
  const auto& rules = projection.description->plasticity;
  if (rules.empty() || !changes_synapses(rules)) return nullptr;
  const double sign = projection.is_negative ? -1 : 1;
  auto periods = periods_of(rules);
  std::unique_ptr<EventPlasticity> made;
  for_each_rule<SpikeRules>(rules, [&]<class R>(const typename R::Parameters& p) {
    if constexpr (!is_modulated<R>)
      made = std::make_unique<EventPlasticityOf<R>>(p, synapses, targets, sign, std::move(periods));
  });
  if (made) return made;
  return std::make_unique<EventPlasticityOf<NoChange<double>>>(NoChange<double>::Parameters{}, synapses,
                                                               targets, sign, std::move(periods));
}

std::unique_ptr<EventRelease> make_event_release(const std::vector<RuleDescription>& rules,
                                                 std::uint32_t sources) {
  std::unique_ptr<EventRelease> made;
  for_each_rule<ShortTermRules>(rules, [&]<class R>(const typename R::Parameters& p) {
    made = std::make_unique<EventReleaseOf<R>>(p, sources);
  });
  return made;
}

}  // namespace synfire
