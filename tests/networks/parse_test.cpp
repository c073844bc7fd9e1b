#include "networks/parse.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "encoders/sources.hpp"
#include "networks/connect/connector.hpp"
#include "networks/keys.hpp"
#include "networks/parse_value.hpp"
#include "neurons/models.hpp"
#include "tests/networks/texts.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

struct Swept {
  std::string model;
  const ParameterInfo* info;
  const char* map;  // params or init
};

std::vector<Swept> everything_described() {
  std::vector<Swept> all;
  for (const auto& model : neuron_models()) {
    for (const auto& info : model.parameters) all.push_back({model.name, &info, "params"});
    for (const auto& info : model.state) all.push_back({model.name, &info, "init"});
  }
  for (const auto& source : source_models())
    for (const auto& info : source.model.parameters) all.push_back({source.model.name, &info, "params"});
  return all;
}

// What a source plays; that a file is there is all that the parser asks of it.
std::string played(const std::string& model) {
  for (const auto& source : source_models()) {
    if (source.model.name != model || source.key.empty()) continue;
    return fmt::format(", {}: {}", source.key,
                       source.key == "values" ? "[0, 1]" : (test::source_dir() / "CMakeLists.txt").string());
  }
  return "";
}

std::string with_value(const Swept& s, const std::string& value) {
  return population(fmt::format("model: {}, size: 2{}, {}: {{{}: {}}}", s.model, played(s.model), s.map,
                                s.info->name, value));
}

double value_of(const NetworkDescription& network, const Swept& s) {
  const auto& population = network.populations.at(0);
  if (std::string_view(s.map) == "init") return population.initial.at(s.info->name).constant();
  return std::get<Distribution>(population.parameters.at(s.info->name)).constant();
}

TEST(ParseSweep, every_default_is_accepted_and_comes_through_unchanged) {
  for (const auto& s : everything_described()) {
    if (!std::isfinite(s.info->default_value)) continue;
    const std::string text = with_value(s, s.info->text_of(s.info->default_value));
    EXPECT_EQ(value_of(parsed(text), s), s.info->default_value) << text;
  }
}

TEST(ParseSweep, every_unit_of_the_dimension_is_accepted_and_every_other_refused) {
  constexpr Unit units[] = {Unit::ms, Unit::mV, Unit::pA, Unit::nS, Unit::pF, Unit::Hz};
  for (const auto& s : everything_described())
    for (const Unit unit : units)
      for (const auto spelling : spellings(unit)) {
        if (unit == s.info->unit) continue;
        const std::string message = message_of(with_value(s, fmt::format("1 {}", spelling)));
        EXPECT_NE(message.find(s.info->name), std::string::npos) << message;
      }
}

TEST(ParseSweep, every_bound_is_refused_from_outside_and_kept_inside) {
  int bounds = 0;
  const auto refused = [&](const Swept& s, double value) {
    const std::string message = message_of(with_value(s, format_quantity(value, s.info->unit)));
    EXPECT_TRUE(message.starts_with("net.yaml:3:")) << message;
    EXPECT_NE(message.find(s.info->name), std::string::npos) << message;
    EXPECT_NE(message.find(s.model), std::string::npos) << message;
    ++bounds;
  };
  const auto accepted = [&](const Swept& s, double value) {
    EXPECT_NO_THROW(parsed(with_value(s, format_quantity(value, s.info->unit))))
        << s.model << " " << s.info->name << " " << value;
  };
  for (const auto& s : everything_described()) {
    if (s.info->is_flag() || !s.info->words.empty()) continue;  // see the next test
    const Bounds& b = s.info->bounds;
    const double near = b.whole ? 1 : 1e-6;
    if (std::isfinite(b.low)) {
      refused(s, b.low - near);
      accepted(s, b.low + near);
      if (b.low_excluded) refused(s, b.low);
      if (!b.low_excluded) accepted(s, b.low);
    }
    if (std::isfinite(b.high)) {
      refused(s, b.high + near);
      accepted(s, b.high - near);
      if (b.high_excluded) refused(s, b.high);
      if (!b.high_excluded) accepted(s, b.high);
    }
  }
  EXPECT_GT(bounds, 20);
}

TEST(ParseSweep, flags_and_words_are_read_and_others_refused) {
  int words = 0;
  for (const auto& s : everything_described()) {
    if (!s.info->is_flag() && s.info->words.empty()) continue;
    const double last = s.info->bounds.high;
    for (double value = 0; value <= last; ++value, ++words)
      EXPECT_EQ(value_of(parsed(with_value(s, s.info->text_of(value))), s), value) << s.info->name;
    for (const char* wrong : {"1", "no_such_word", "{uniform: [0, 1]}"}) {
      const std::string message = message_of(with_value(s, wrong));
      EXPECT_NE(message.find(s.info->name), std::string::npos) << message;
    }
  }
  EXPECT_GT(words, 5);
}

TEST(ParseSweep, every_misspelt_name_is_corrected) {
  for (const auto& s : everything_described()) {
    Swept wrong = s;
    ParameterInfo info = *s.info;
    info.name += "x";
    wrong.info = &info;
    const std::string message = message_of(with_value(wrong, "0"));
    EXPECT_NE(message.find(fmt::format("unknown key '{}'; did you mean '", info.name)), std::string::npos)
        << message;
  }
}

TEST(ParseSweep, rules_of_order_hold_for_every_model_that_has_them) {
  for (const auto& model : neuron_models())
    for (const auto& rule : model.rules) {
      const auto &low = model.parameters[rule.low], &high = model.parameters[rule.high];
      const auto text = [&](double l, double h) {
        return population(fmt::format("model: {}, size: 2, params: {{{}: {}, {}: {}}}", model.name, low.name,
                                      format_quantity(l, low.unit), high.name,
                                      format_quantity(h, high.unit)));
      };
      const double l = low.default_value, h = high.default_value;
      EXPECT_NO_THROW(parsed(text(l, h))) << text(l, h);
      for (const double wrong : {h, h + 1}) {
        const std::string message = message_of(text(wrong, h));
        EXPECT_NE(message.find(low.name + " must be below " + high.name), std::string::npos) << message;
      }
    }
}

TEST(Parse, standards_are_those_of_the_key_table_and_of_the_description) {
  const NetworkDescription network = parsed(population("model: iaf_psc_exp, size: 3"));
  const SimulationDescription made;
  EXPECT_EQ(network.seed, 1u);
  EXPECT_EQ(network.simulation.duration, made.duration);
  EXPECT_EQ(network.simulation.dt, made.dt);
  EXPECT_EQ(network.simulation.engine, made.engine);
  EXPECT_EQ(network.simulation.backend, made.backend);
  EXPECT_FALSE(network.output);
}

TEST(Parse, distributions_are_read_in_both_forms) {
  const auto tau = [](const std::string& value) {
    const auto network = parsed(population("model: iaf_psc_exp, size: 3, params: {tau_m: " + value + "}"));
    return std::get<Distribution>(network.populations[0].parameters.at("tau_m"));
  };
  EXPECT_EQ(std::get<Uniform>(tau("{uniform: [5 ms, 0.01 s]}").shape).high, 10);
  EXPECT_EQ(std::get<Uniform>(tau("{uniform: {low: 5 ms, high: 7 ms}}").shape).low, 5);
  const Distribution cut = tau("{normal: {mean: 10 ms, sd: 2 ms, min: 1 ms, max: 20 ms}}");
  EXPECT_EQ(std::get<Normal>(cut.shape).sd, 2);
  EXPECT_EQ(cut.lowest(), 1);
  EXPECT_EQ(cut.highest(), 20);
  EXPECT_EQ(std::get<Lognormal>(tau("{lognormal: {mean: 10 ms, sd: 2 ms, min: 1 ms}}").shape).mean, 10);
  EXPECT_EQ(std::get<Exponential>(tau("{exponential: {mean: 10 ms, min: 1 ms}}").shape).mean, 10);
  EXPECT_EQ(std::get<std::vector<double>>(tau("[1 ms, 2 ms, 3 ms]").shape), (std::vector<double>{1, 2, 3}));
  const auto weight =
      parsed(population("model: iaf_psc_exp, size: 3") +
             "projections: [{from: a, to: a, connect: one_to_one, weight: {exponential: 2 pA}}]\n");
  EXPECT_EQ(std::get<Exponential>(weight.projections[0].weight.shape).mean, 2);
}

TEST(Parse, sources_come_with_schedules_lists_and_spikes) {
  const NetworkDescription network = parsed(
      "synfire: 1\npopulations:\n"
      "  p: {model: poisson, size: 2, params: {rate: {steps: [[0 ms, 5 Hz], [1 s, 1 kHz]]}, stop: 2 s}}\n"
      "  q: {model: poisson, size: 2, params: {rate: [1 Hz, 2 Hz]}}\n"
      "  s: {model: spike_list, spikes: [[1 ms, 2 ms], []]}\n"
      "  c: {model: step_current, size: 1, params: {amplitude: {steps: [[10 ms, 1 nA]]}}}\n");
  const auto& rate = std::get<Schedule>(network.populations[0].parameters.at("rate"));
  EXPECT_EQ(rate.at(500), 5);
  EXPECT_EQ(rate.at(1000), 1000);
  EXPECT_EQ(std::get<Schedule>(network.populations[3].parameters.at("amplitude")).at(10), 1000);
  EXPECT_EQ(network.populations[2].size(), 2u);
  EXPECT_EQ(network.populations[2].spikes[0], (std::vector<double>{1, 2}));
  EXPECT_TRUE(network.records.empty()) << "only neurons are recorded unasked";
}

std::string two(const std::string& model, const std::string& projection) {
  return "synfire: 1\npopulations:\n  a: {model: iaf_psc_exp, size: 4}\n  b: {model: " + model +
         ", size: 4}\n  dc: {model: step_current, size: 1}\nprojections: [{to: b, " + projection + "}]\n";
}

std::string receptor_of(const std::string& model, const std::string& projection) {
  const auto network = parsed(two(model, projection));
  return find_model(neuron_models(), model)->receptors.at(network.projections.at(0).receptor.value()).name;
}

TEST(Parse, the_sign_of_the_weight_chooses_the_receptor) {
  EXPECT_EQ(receptor_of("iaf_psc_exp", "from: a, connect: one_to_one"), "exc");
  EXPECT_EQ(receptor_of("iaf_psc_exp", "from: a, connect: one_to_one, weight: -3 pA"), "inh");
  EXPECT_EQ(receptor_of("iaf_psc_exp", "from: a, connect: one_to_one, weight: {uniform: [-3 pA, 0 pA]}"),
            "inh");
  EXPECT_EQ(receptor_of("iaf_psc_exp", "from: a, connect: one_to_one, weight: -3 pA, receptor: exc"), "exc");
  EXPECT_EQ(receptor_of("iaf_psc_delta", "from: a, connect: one_to_one, weight: {normal: [0 mV, 1 mV]}"),
            "delta");
  EXPECT_EQ(receptor_of("iaf_cond_exp", "from: a, connect: one_to_one, weight: -3 nS"), "inh");
  EXPECT_EQ(receptor_of("iaf_cond_exp", "from: a, connect: one_to_one, weight: 3 nS, receptor: inh"), "inh");
  EXPECT_EQ(receptor_of("iaf_psc_exp", "from: dc, connect: all_to_all"), "current");
}

TEST(Parse, projections_have_unique_names) {
  const NetworkDescription network = parsed(population("model: iaf_psc_exp, size: 2") +
                                            "projections:\n- {from: a, to: a, connect: one_to_one}\n"
                                            "- {from: a, to: a, connect: one_to_one}\n"
                                            "- {name: mine, from: a, to: a, connect: one_to_one}\n");
  EXPECT_EQ(network.projections[0].name, "a->a");
  EXPECT_EQ(network.projections[1].name, "a->a#2");
  EXPECT_EQ(network.projections[2].name, "mine");
}

TEST(Parse, every_rule_with_one_needed_number_takes_it_bare) {
  for (const auto& rule : connection_rules()) {
    std::vector<const ParameterInfo*> needed;
    for (const auto& p : rule.parameters)
      if (parse::must_be_given(p)) needed.push_back(&p);
    if (needed.size() != 1) continue;
    const double value = needed[0]->bounds.contain(0.5) ? 0.5 : 2;
    const std::string& name = needed[0]->name;
    const auto bare =
        parsed(two("iaf_psc_exp", fmt::format("from: a, connect: {{{}: {}}}", rule.name, value)));
    const auto named = parsed(
        two("iaf_psc_exp", fmt::format("from: a, connect: {{{}: {{{}: {}}}}}", rule.name, name, value)));
    EXPECT_EQ(bare.projections[0].connect.rule, rule.name);
    EXPECT_EQ(bare.projections[0].connect.parameters, named.projections[0].connect.parameters);
    EXPECT_EQ(bare.projections[0].connect.parameters.at(name), value);
  }
}

TEST(Parse, switches_of_rules_are_true_or_false) {
  const auto network =
      parsed(two("iaf_psc_exp", "from: a, connect: {fixed_indegree: {indegree: 2, allow_autapses: false}}"));
  EXPECT_EQ(network.projections[0].connect.parameters.at("allow_autapses"), 0);
  EXPECT_EQ(network.projections[0].connect.parameters.at("indegree"), 2);
}

TEST(Parse, selections_in_all_their_forms) {
  const auto selected = [](const std::string& text) {
    return parsed(population("model: iaf_psc_exp, size: 10") + "record: {a: {spikes: " + text + "}}\n")
        .records.at(0)
        .spikes;
  };
  using Ids = std::vector<std::uint32_t>;
  EXPECT_TRUE(selected("all").all);
  EXPECT_TRUE(selected("\"0:10\"").all);
  EXPECT_FALSE(selected("none").all);
  EXPECT_TRUE(selected("none").ids.empty());
  EXPECT_EQ(selected("\"0:3\"").ids, (Ids{0, 1, 2}));
  EXPECT_EQ(selected("\":2\"").ids, (Ids{0, 1}));
  EXPECT_EQ(selected("\"8:\"").ids, (Ids{8, 9}));
  EXPECT_EQ(selected("\"1:9:3\"").ids, (Ids{1, 4, 7}));
  EXPECT_EQ(selected("7").ids, (Ids{7}));
  EXPECT_EQ(selected("0").ids, (Ids{0}));
  EXPECT_EQ(selected("[9, 2, 5]").ids, (Ids{2, 5, 9}));
}

TEST(Parse, traces_have_neurons_and_interval) {
  const auto network =
      parsed(population("model: iaf_psc_exp, size: 10") +
             "record: {a: {V_m: {neurons: \"0:2\", every: 1 ms}, I_syn_ex: all, refractory: none}}\n");
  const auto& traces = network.records.at(0).traces;
  ASSERT_EQ(traces.size(), 2u);
  EXPECT_EQ(traces[0].variable, "V_m");
  EXPECT_EQ(traces[0].every, 1);
  EXPECT_EQ(traces[0].neurons.ids.size(), 2u);
  EXPECT_EQ(traces[1].every, network.simulation.dt);
  EXPECT_TRUE(traces[1].neurons.all);
}

TEST(Parse, the_text_as_run_gives_the_same_network) {
  Tree tree = parse_yaml(
      population("model: iaf_psc_exp, size: 10") + "projections: [{from: a, to: a, connect: one_to_one}]\n",
      "n");
  apply_set(tree, "populations.a.size=20");
  apply_set(tree, "seed=5");
  const NetworkDescription network = parse_network(tree);
  const NetworkDescription again = parsed(network.source_text);
  EXPECT_EQ(again.populations[0].size(), 20u);
  EXPECT_EQ(again.seed, 5u);
  EXPECT_EQ(again.source_text, network.source_text);
}

TEST(Parse, every_example_is_a_network) {
  const std::filesystem::path examples = test::source_dir() / "examples";
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(examples)) {
    if (entry.path().extension() != ".yaml") continue;
    ++found;
    EXPECT_NO_THROW(parse_network(read_yaml(entry.path().string()))) << entry.path();
  }
  if (found == 0) GTEST_SKIP() << "no examples in " << examples;
}

}  // namespace
}  // namespace synfire
