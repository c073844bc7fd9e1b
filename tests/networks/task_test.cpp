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
  const TaskDescription task = parsed(with(least)).task.value();
  const auto& classify = std::get<ClassifyDescription>(task.kind);
  EXPECT_EQ(task.data.kind, "vibration");
  EXPECT_EQ(task.input, 0u);
  EXPECT_EQ(task.output, 1u);
  EXPECT_EQ(task.present, 350);
  EXPECT_EQ(task.rest, 150);
  EXPECT_EQ(task.rate, 63.75);
  EXPECT_EQ(classify.boost, 32);
  EXPECT_EQ(classify.min_spikes, 5u);
  EXPECT_EQ(classify.decoder, Decoder::vote);
  EXPECT_EQ(task.passes, 1u);
  EXPECT_FALSE(task.train || classify.assign || task.test);
}

TEST(Task, EveryKeyArrives) {
  const TaskDescription task =
      parsed(with("data: {vibration: {film: 2, noise: 0.1}}, input: film, output: out, present: 0.1 s, rest: "
                  "0 ms, "
                  "rate: 1 kHz, intensity: 0.25, boost: 5 Hz, min_spikes: 2, max_boosts: 7, passes: 3, "
                  "train: 20, assign: 10, "
                  "test: 4, test_params: {out: {V_th: -40 mV, t_ref: 3 ms}}"))
          .task.value();
  EXPECT_EQ(task.data.parameters, (std::map<std::string, double>{{"film", 2}, {"noise", 0.1}}));
  EXPECT_EQ(task.present, 100);
  EXPECT_EQ(task.rest, 0);
  EXPECT_EQ(task.rate, 1000);
  EXPECT_EQ(task.intensity, 0.25);
  const auto& classify = std::get<ClassifyDescription>(task.kind);
  EXPECT_EQ(classify.boost, 5);
  EXPECT_EQ(classify.min_spikes, 2u);
  EXPECT_EQ(classify.max_boosts, 7u);
  EXPECT_EQ(task.passes, 3u);
  EXPECT_EQ(task.train, 20u);
  EXPECT_EQ(classify.assign, 10u);
  EXPECT_EQ(task.test, 4u);
  ASSERT_EQ(task.test_parameters.size(), 2u);
  EXPECT_EQ(task.test_parameters[0].population, 1u);
  EXPECT_EQ(task.test_parameters[0].parameter, "V_th");
  EXPECT_EQ(task.test_parameters[0].value, -40);
}

const std::string heard =
    "synfire: 1\nsimulation: {dt: 0.5 ms}\npopulations:\n  ear: {model: events, size: 700}\n"
    "  out: {model: iaf_psc_exp, size: 10}\n  see: {model: leaky_integrator, size: 10}\n";
std::string reading(const std::string& readout) { return heard + "task:\n  readout: {" + readout + "}\n"; }
std::string telling(const std::string& classify) { return heard + "task:\n  classify: {" + classify + "}\n"; }
const std::string words = "data: {vowel_words: }, input: ear, output: out";

TEST(Task, EveryKeyOfAReadoutArrives) {
  const TaskDescription plain = parsed(reading(words)).task.value();
  const auto& usual = std::get<ReadoutDescription>(plain.kind);
  EXPECT_EQ(plain.name(), "readout");
  EXPECT_EQ(usual.bins, 1u);
  EXPECT_EQ(usual.filter, 0);
  EXPECT_EQ(usual.features, ReadoutDescription::Features::standardised);
  EXPECT_EQ(usual.method, ReadoutDescription::Method::ridge);
  EXPECT_FALSE(usual.lambda);
  EXPECT_EQ(usual.held_out, 0.2);
  const TaskDescription task =
      parsed(reading(words + ", present: 0.2 s, bins: 8, filter: 30 ms, features: roots, method: "
                             "delta, learning_rate: 0.5, epochs: 7, train: 20, test: 3"))
          .task.value();
  const auto& readout = std::get<ReadoutDescription>(task.kind);
  EXPECT_EQ(task.present, 200);
  EXPECT_EQ(readout.bins, 8u);
  EXPECT_EQ(readout.filter, 30);
  EXPECT_EQ(readout.features, ReadoutDescription::Features::roots);
  EXPECT_EQ(readout.method, ReadoutDescription::Method::delta);
  EXPECT_EQ(readout.learning_rate, 0.5);
  EXPECT_EQ(readout.epochs, 7u);
  EXPECT_EQ(task.train, 20u);
  const auto fixed = std::get<ReadoutDescription>(parsed(reading(words + ", lambda: 2.5")).task->kind);
  EXPECT_EQ(fixed.lambda, 2.5);
  EXPECT_EQ(std::get<ReadoutDescription>(parsed(reading(words + ", held_out: 0.4")).task->kind).held_out,
            0.4);
}

TEST(Task, DecodersArrive) {
  const auto decoder = [](const std::string& more) {
    return std::get<ClassifyDescription>(parsed(telling(more)).task->kind);
  };
  EXPECT_EQ(decoder(words + ", decode: rate").decoder, Decoder::rate);
  EXPECT_EQ(decoder(words + ", decode: first_spike, train: 0").decoder, Decoder::first_spike);
  EXPECT_EQ(decoder(words + ", decode: membrane_max").variable, "V_m");
  EXPECT_EQ(decoder("data: {vowel_words: }, input: ear, output: see, decode: membrane_max").decoder,
            Decoder::membrane_max);
  EXPECT_EQ(decoder(words).min_spikes, 0u);  // nothing gets brighter
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

TEST(Dataset, PartsByWhoSpeaks) {
  const std::string path = "data: {dataset: {path: " + std::filesystem::temp_directory_path().string() + ", ";
  const auto speakers = [&](const std::string& more) {
    return parsed(with(path + more + "}}, input: film, output: out")).task->data.dataset->test_speakers;
  };
  EXPECT_EQ(speakers("test_speakers: [theo, 5]"), (std::vector<std::string>{"theo", "5"}));
  EXPECT_EQ(speakers("test_speakers: theo"), (std::vector<std::string>{"theo"}));
  EXPECT_TRUE(speakers("split: 0.5").empty());
  const auto refused = [&](const std::string& more) {
    return message_of(with(path + more + "}}, input: film, output: out"));
  };
  EXPECT_NE(refused("split: 0.5, test_speakers: theo").find("leave one of them out"), std::string::npos);
  EXPECT_NE(refused("test_speakers: [theo, theo]").find("twice"), std::string::npos);
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
           {with("data: {vibration: }, input: out, output: out"),
            "cannot show samples; take a source with the parameter rate"},
           {with("data: {vibration: }, input: film, output: film"), "is a source, not neurons"},
           {with(least + ", present: 0.7 ms"), "present of classify is 0.7 ms, which is not a multiple"},
           {with(least + ", present: 0 ms"), "present"},
           {with(least + ", rate: 1000 MHz"), "rate"},
           {with(least + ", passes: 0"), "passes"},
           {with(least + ", test_params: {ou: {V_th: 1 mV}}"), "there is no population 'ou'"},
           {with(least + ", test_params: {out: {V_the: 1 mV}}"), "V_the"},
           {with(least + ", test_params: {out: {t_ref: -1 ms}}"), "t_ref"},
           {reading(words + ", bins: 3"), "cannot be parted into 3 bins of whole steps of 0.5 ms"},
           {reading(words + ", rate: 10 Hz"), "goes with an input that has rates"},
           {reading(words + ", epochs: 10"), "epochs of readout goes with method: delta"},
           {reading(words + ", method: delta, lambda: 1"), "lambda of readout goes with method: ridge"},
           {reading(words + ", lambda: 1, held_out: 0.3"), "chooses lambda, which is given"},
           {reading(words + ", features: count"), "count"},
           {reading(words + ", train: 1"), "two samples at least"},
           {reading("data: {vowel_words: }, input: ear, output: see"), "has no spikes"},
           {telling("data: {vowel_words: }, input: ear, output: ear"), "is a source, not neurons"},
           {telling("data: {vowel_words: }, input: ear, output: see"), "write decode: membrane_max"},
           {telling(words + ", decode: rate, assign: 3"), "goes with decode: vote"},
           {telling(words + ", variable: V_m"), "goes with decode: membrane_max"},
           {telling(words + ", decode: membrane_max, variable: V"), "has no state variable 'V'"},
           {telling(words + ", boost: 3 Hz"), "goes with an input that has rates"},
           {telling(words + ", train: 0"), "must be given classes first"},
           {heard + "task: {classify: {" + words + "}, readout: {" + words + "}}\n",
            "a network has one task"},
           {heard, "the key 'events' is missing; only the input of a task goes without"},
           {base + "task: {}\n", "task: name one: classify or readout"},
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
