// Tasks as the language describes them: every key arrives, and what cannot be is refused at its place.
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/networks/texts.hpp"

namespace synfire {
namespace {

using namespace testing_tools;

const std::string base =
    "synfire: 1\nsimulation: {dt: 0.5 ms}\npopulations:\n  film: {model: poisson, size: [28, 28]}\n"
    "  out: {model: iaf_psc_exp, size: 9}\n";

std::string with(const std::string& classify) { return base + "task:\n  classify: {" + classify + "}\n"; }

const std::string least = "data: {vibration: }, input: film, output: out";

TEST(Task, AbsentKeysMeanWhatTheThesisDoes) {
  EXPECT_FALSE(parsed(base).task.has_value());
  const ClassifyDescription task = parsed(with(least)).task.value();
  EXPECT_EQ(task.data.kind, "vibration");
  EXPECT_EQ(task.input, 0u);
  EXPECT_EQ(task.output, 1u);
  EXPECT_EQ(task.present, 350);
  EXPECT_EQ(task.rest, 150);
  EXPECT_EQ(task.rate, 63.75);
  EXPECT_EQ(task.boost, 32);
  EXPECT_EQ(task.min_spikes, 5u);
  EXPECT_EQ(task.passes, 1u);
  EXPECT_FALSE(task.train || task.assign || task.test);
}

TEST(Task, EveryKeyArrives) {
  const ClassifyDescription task =
      parsed(with("data: {vibration: {film: 2, noise: 0.1}}, input: film, output: out, present: 0.1 s, rest: "
                  "0 ms, "
                  "rate: 1 kHz, boost: 5 Hz, min_spikes: 2, max_boosts: 7, passes: 3, train: 20, assign: 10, "
                  "test: 4, test_params: {out: {V_th: -40 mV, t_ref: 3 ms}}"))
          .task.value();
  EXPECT_EQ(task.data.parameters, (std::map<std::string, double>{{"film", 2}, {"noise", 0.1}}));
  EXPECT_EQ(task.present, 100);
  EXPECT_EQ(task.rest, 0);
  EXPECT_EQ(task.rate, 1000);
  EXPECT_EQ(task.boost, 5);
  EXPECT_EQ(task.min_spikes, 2u);
  EXPECT_EQ(task.max_boosts, 7u);
  EXPECT_EQ(task.passes, 3u);
  EXPECT_EQ(task.train, 20u);
  EXPECT_EQ(task.assign, 10u);
  EXPECT_EQ(task.test, 4u);
  ASSERT_EQ(task.test_parameters.size(), 2u);
  EXPECT_EQ(task.test_parameters[0].population, 1u);
  EXPECT_EQ(task.test_parameters[0].parameter, "V_th");
  EXPECT_EQ(task.test_parameters[0].value, -40);
}

TEST(Dataset, EveryKeyArrives) {
  const std::string set = "dataset: {path: " + std::filesystem::temp_directory_path().string() +
                          ", split: 0.75, classes: [cat, 7], shuffle: 11, batch: 4, prefetch: 0, cache: 2}\n";
  const auto network = parsed(base + set + "task:\n  classify: {input: film, output: out}\n");
  const DatasetDescription dataset = network.dataset.value();
  EXPECT_EQ(dataset.split, 0.75);
  EXPECT_EQ(dataset.classes, (std::vector<std::string>{"cat", "7"}));
  EXPECT_EQ(dataset.shuffle, 11u);
  EXPECT_EQ(dataset.batch, 4u);
  EXPECT_EQ(dataset.prefetch, 0u);
  EXPECT_EQ(dataset.cache_bytes, 2u << 20);
  EXPECT_EQ(network.task->data.kind, "dataset");
  EXPECT_EQ(network.task->data.dataset->path, dataset.path);
  const std::string inside = with("data: {" + set.substr(0, set.size() - 1) + "}, input: film, output: out");
  EXPECT_EQ(parsed(inside).task->data.dataset->shuffle, 11u);
  EXPECT_FALSE(parsed(inside).dataset);
}

TEST(Dataset, OneOfTwoAndNotForNothing) {
  const std::string set = "dataset: {path: " + std::filesystem::temp_directory_path().string() + "}\n";
  EXPECT_NE(message_of(base + set).find("no task uses it"), std::string::npos);
  EXPECT_NE(message_of(with(least) + set).find("leave one of them out"), std::string::npos);
}

struct Refusal {
  std::string text, message;
};

TEST(Task, WhatCannotBeIsNamedWithItsPlace) {
  for (const auto& [text, message] : std::vector<Refusal>{
           {with("input: film, output: out"), "net.yaml:7:13: classify: the key 'data' is missing"},
           {with(least + ", outptu: out"), "outptu"},
           {with("data: {vibraton: }, input: film, output: out"),
            "there is no data 'vibraton'; did you mean 'vibration'"},
           {with("data: {vibration: {films: 1}}, input: film, output: out"), "films"},
           {with("data: {vibration: {film: 0}}, input: film, output: out"), "film"},
           {with("data: {idx: /nowhere/at/all}, input: film, output: out"),
            "there is no file '/nowhere/at/all'"},
           {with("data: {idx: /etc/passwd}, input: film, output: out"), "is not a folder"},
           {with("data: {vibration: }, input: fil, output: out"),
            "input of classify: there is no population 'fil'"},
           {with("data: {vibration: }, input: out, output: out"), "has no rates that could show an image"},
           {with("data: {vibration: }, input: film, output: film"), "is a source, not neurons"},
           {with(least + ", present: 0.7 ms"), "present of classify is 0.7 ms, which is not a multiple"},
           {with(least + ", present: 0 ms"), "present"},
           {with(least + ", rate: 1000 MHz"), "rate"},
           {with(least + ", passes: 0"), "passes"},
           {with(least + ", test_params: {ou: {V_th: 1 mV}}"), "there is no population 'ou'"},
           {with(least + ", test_params: {out: {V_the: 1 mV}}"), "V_the"},
           {with(least + ", test_params: {out: {t_ref: -1 ms}}"), "t_ref"},
           {base + "task: {}\n", "the key 'classify' is missing"},
           {base + "task: {classfy: {}}\n", "classfy"},
           {"synfire: 1\nsimulation: {duration: 1 s}\n" + base.substr(base.find("populations")) +
                "task: {classify: {" + least + "}}\n",
            "net.yaml:2:24: duration of simulation: the task of line 6"}}) {
    const std::string found = message_of(text);
    EXPECT_NE(found.find(message), std::string::npos) << found << "\nfor\n" << text;
    EXPECT_EQ(found.find("net.yaml:"), 0u) << found;
  }
}

}  // namespace
}  // namespace synfire
