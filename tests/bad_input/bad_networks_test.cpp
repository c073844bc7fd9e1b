// Broken network files: each gives one clear error at the right place, and never anything else.
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"

namespace synfire {
namespace {

// Line 1 is the first line of the text; the message must begin with "net.yaml:line:column: " and hold the
// piece.
struct Case {
  const char* name;
  std::string text;
  int line, column;
  const char* piece;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

// The beginning of most files; what a case adds begins in line 6.
const std::string head =
    "synfire: 1\n"
    "simulation: {duration: 100 ms, dt: 0.1 ms}\n"
    "populations:\n"
    "  exc: {model: iaf_psc_exp, size: 10}\n"
    "  noise: {model: poisson, size: 10, params: {rate: 5 Hz}}\n";

const std::vector<Case> cases = {
    // The file itself.
    {"empty", "", 0, 0, "the file is empty"},
    {"only a comment", "# nothing\n", 0, 0, "the file is empty"},
    {"a list", "- 1\n- 2\n", 1, 1, "expected a map (key: value), got a list"},
    {"a word", "brunel\n", 1, 1, "expected a map (key: value), got 'brunel'"},
    {"binary garbage", "\x89HDF\r\n\x1a\n", 1, 1, "is not text"},
    {"control characters", "synfire: 1\nseed: \x01\n", 2, 7, "byte 0x01 is not text"},
    {"Latin-1", "synfire: 1\noutput: M\xfcnchen.h5\n", 2, 10, "byte 0xFC is not text"},
    {"surrogates", "synfire: \xed\xa0\x80\n", 1, 10, "is not text"},
    {"overlong UTF-8", "synfire: \xc0\xaf\n", 1, 10, "is not text"},
    {"unclosed bracket", "synfire: 1\npopulations: {exc: [1, 2\n", 2, 1, "not valid YAML"},
    {"unclosed quote", "synfire: 1\noutput: \"run.h5\n", 2, 16, "not valid YAML"},
    {"tabs as indentation", "synfire: 1\nsimulation:\n\tdt: 0.1 ms\n", 3, 4, "not valid YAML"},
    {"bad indentation", "synfire: 1\n  seed: 3\n", 2, 7, "not valid YAML"},
    {"unknown alias", "synfire: *version\n", 1, 10, "not valid YAML"},
    {"alias of itself", "synfire: 1\npopulations: &p {exc: *p}\n", 2, 23,
     "inside the value that it stands for"},
    {"two documents", "synfire: 1\n---\nsynfire: 1\n", 2, 1, "a second document"},
    {"a tag", "synfire: !!int 1\n", 1, 10, "is not part of the language"},
    {"key is a list", "synfire: 1\n? [a, b]\n: 3\n", 2, 3, "a key must be text"},
    {"duplicate key", "synfire: 1\nseed: 1\nseed: 2\n", 3, 1,
     "the key 'seed' stands twice in this map, first in line 2"},
    {"duplicate population", head + "  exc: {model: iaf_psc_exp, size: 3}\n", 6, 3,
     "the key 'exc' stands twice"},
    // The top level.
    {"no version", "populations: {}\n", 1, 1, "the key 'synfire' is missing"},
    {"future version", "synfire: 2\n", 1, 10, "must lie between 1 and 1"},
    {"version with a fraction", "synfire: 1.0\n", 1, 10, "expected a whole number, got '1.0'"},
    {"unknown key", "synfire: 1\npopulation: {}\n", 2, 1,
     "unknown key 'population'; did you mean 'populations'?"},
    {"far unknown key", "synfire: 1\nxyzzy: {}\n", 2, 1, "unknown key 'xyzzy'; valid are: synfire, seed"},
    {"negative seed", "synfire: 1\nseed: -1\n", 2, 7, "it must lie between 0 and 9223372036854775807"},
    {"huge seed", "synfire: 1\nseed: 99999999999999999999\n", 2, 7, "is out of range"},
    {"seed is text", "synfire: 1\nseed: lucky\n", 2, 7, "expected a whole number, got 'lucky'"},
    {"no populations", "synfire: 1\n", 1, 1, "the key 'populations' is missing"},
    {"populations without value", "synfire: 1\npopulations:\n", 2, 1,
     "there is no value after 'populations:'"},
    {"empty populations", "synfire: 1\npopulations: {}\n", 2, 14, "there is none"},
    {"populations is a list", "synfire: 1\npopulations: [exc]\n", 2, 14, "expected a map"},
    {"missing include", "synfire: 1\ninclude: nowhere/at-all.yaml\n", 2, 10,
     "there is no file 'nowhere/at-all.yaml'"},
    {"include of a map", "synfire: 1\ninclude: {a: b}\n", 2, 10, "include: expected a text, got a map"},
    {"empty output", head + "output: ''\n", 6, 9, "the name of a file is missing"},
    // Simulation.
    {"duration without unit", "synfire: 1\nsimulation: {duration: 100}\n", 2, 24,
     "the unit is missing; did you mean '100 ms'?"},
    {"duration in volts", "synfire: 1\nsimulation: {duration: 100 mV}\n", 2, 24,
     "expected a time, got '100 mV'; did you mean '100 "},
    {"duration zero", "synfire: 1\nsimulation: {duration: 0 ms}\n", 2, 24, "it must be > 0 ms"},
    {"duration infinite", "synfire: 1\nsimulation: {duration: inf ms}\n", 2, 24, "must be finite"},
    {"duration off the grid", "synfire: 1\nsimulation: {duration: 1 ms, dt: 0.3 ms}\n", 2, 24,
     "not a multiple of the time step of 0.3 ms"},
    {"duration beyond counting", "synfire: 1\nsimulation: {duration: 1e20 s}\n", 2, 24,
     "more steps than can be counted"},
    {"negative dt", "synfire: 1\nsimulation: {dt: -0.1 ms}\n", 2, 18,
     "dt of simulation is -0.1 ms; it must be > 0 ms"},
    {"tiny dt", "synfire: 1\nsimulation: {dt: 1e-12 ms}\n", 2, 18, "must lie between"},
    {"NaN dt", "synfire: 1\nsimulation: {dt: nan ms}\n", 2, 18, "not-a-number is not a value"},
    {"misspelt simulation key", "synfire: 1\nsimulation: {durration: 1 s}\n", 2, 14,
     "did you mean 'duration'?"},
    {"backend of tomorrow", "synfire: 1\nsimulation: {backend: cuda}\n", 2, 23,
     "'cuda' is not part of this version yet; available: auto, cpu, reference"},
    {"unknown engine", "synfire: 1\nsimulation: {engine: bached}\n", 2, 22,
     "there is no 'bached'; did you mean 'batched'?"},
    {"unknown backend", "synfire: 1\nsimulation: {backend: cpus}\n", 2, 23, "did you mean 'cpu'?"},
    // Populations.
    {"unknown model", head + "  a: {model: iaf_psc_ex, size: 1}\n", 6, 14,
     "there is no model 'iaf_psc_ex'; did you mean 'iaf_psc_exp'?"},
    {"no model", head + "  a: {size: 1}\n", 6, 6, "the key 'model' is missing"},
    {"no size", head + "  a: {model: iaf_psc_exp}\n", 6, 6, "the key 'size' is missing"},
    {"unknown population key", head + "  a: {model: iaf_psc_exp, siez: 1}\n", 6, 27,
     "population 'a': unknown key 'siez'; did you mean 'size'?"},
    {"population name", head + "  2nd: {model: iaf_psc_exp, size: 1}\n", 6, 3, "'2nd' is not a name"},
    {"population name with slash", head + "  a/b: {model: iaf_psc_exp, size: 1}\n", 6, 3,
     "'a/b' is not a name"},
    {"size zero", head + "  a: {model: iaf_psc_exp, size: 0}\n", 6, 33, "must lie between 1 and 2147483648"},
    {"size negative", head + "  a: {model: iaf_psc_exp, size: -5}\n", 6, 33, "must lie between"},
    {"size fraction", head + "  a: {model: iaf_psc_exp, size: 2.5}\n", 6, 33, "expected a whole number"},
    {"size overflows 32 bits", head + "  a: {model: iaf_psc_exp, size: 4294967297}\n", 6, 33,
     "is out of range"},
    {"size overflows 64 bits", head + "  a: {model: iaf_psc_exp, size: 18446744073709551617}\n", 6, 33,
     "is out of range"},
    {"shape overflows", head + "  a: {model: iaf_psc_exp, size: [65536, 65536]}\n", 6, 33,
     "more neurons than a population can have"},
    {"shape overflows to zero", head + "  a: {model: iaf_psc_exp, size: [65536, 65536, 65536]}\n", 6, 33,
     "more neurons than"},
    {"shape of four", head + "  a: {model: iaf_psc_exp, size: [1, 2, 3, 4]}\n", 6, 33,
     "write n, [height, width]"},
    {"empty shape", head + "  a: {model: iaf_psc_exp, size: []}\n", 6, 33, "write n, [height, width]"},
    {"network overflows", head + "  a: {model: iaf_psc_exp, size: 2147483648}\n", 6, 3,
     "at most 2147483648 can be counted"},
    {"unknown parameter", head + "  a: {model: iaf_psc_exp, size: 1, params: {TAU_M: 10 ms}}\n", 6, 45,
     "unknown key 'TAU_M'; did you mean 'tau_m'?"},
    {"wrong unit", head + "  a: {model: iaf_psc_exp, size: 1, params: {tau_m: 10 mV}}\n", 6, 52,
     "expected a time, got '10 mV'; did you mean '10 "},
    {"wrong prefix", head + "  a: {model: iaf_psc_exp, size: 1, params: {tau_m: 10 Ms}}\n", 6, 52,
     "did you mean '10 ms'?"},
    {"missing unit", head + "  a: {model: iaf_psc_exp, size: 1, params: {V_th: -50}}\n", 6, 51,
     "did you mean '-50 mV'?"},
    {"NaN parameter", head + "  a: {model: iaf_psc_exp, size: 1, params: {V_th: nan mV}}\n", 6, 51,
     "not-a-number"},
    {"YAML's NaN", head + "  a: {model: iaf_psc_exp, size: 1, params: {V_th: .nan}}\n", 6, 51,
     "expected a voltage"},
    {"infinite potential", head + "  a: {model: iaf_psc_exp, size: 1, params: {E_L: -inf mV}}\n", 6, 50,
     "too large to compute with"},
    {"beyond single precision", head + "  a: {model: iaf_psc_exp, size: 1, params: {tau_m: 1e300 ms}}\n", 6,
     52, "too large to compute with"},
    {"vanishing", head + "  a: {model: iaf_psc_exp, size: 1, params: {tau_m: 1e-300 ms}}\n", 6, 52,
     "too small to compute with"},
    {"number out of range", head + "  a: {model: iaf_psc_exp, size: 1, params: {tau_m: 1e999 ms}}\n", 6, 52,
     "must be finite"},
    {"negative time constant", head + "  a: {model: iaf_psc_exp, size: 1, params: {tau_m: -10 ms}}\n", 6, 52,
     "tau_m of population 'a' (iaf_psc_exp) is -10 ms; it must be > 0 ms"},
    {"reset above threshold", head + "  a: {model: iaf_psc_exp, size: 1, params: {V_reset: -50 mV}}\n", 6, 54,
     "V_reset must be below V_th"},
    {"one reset above threshold",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {V_reset: [-60 mV, -50 mV]}}\n", 6, 54,
     "of neuron 1"},
    {"drawn reset above threshold",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {V_th: {uniform: [-71 mV, -50 mV]}}}\n", 6, 51,
     "as low as -71 mV"},
    {"list of wrong length", head + "  a: {model: iaf_psc_exp, size: 3, params: {V_th: [-50 mV, -51 mV]}}\n",
     6, 51, "the list has 2 entries, but there are 3 neurons"},
    {"bad list entry", head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: [5 ms, 0 ms]}}\n", 6, 59,
     "it must be > 0 ms"},
    {"map as a value", head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: {}}}\n", 6, 52,
     "write one distribution"},
    {"unknown distribution",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: {gauss: [1 ms, 2 ms]}}}\n", 6, 53,
     "there is no distribution 'gauss'"},
    {"distribution with one number",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: {uniform: [1 ms]}}}\n", 6, 62,
     "uniform needs [low, high]"},
    {"distribution without sd",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {V_th: {normal: {mean: 1 mV}}}}\n", 6, 60,
     "the key 'sd' is missing"},
    {"distribution upside down",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: {uniform: [3 ms, 1 ms]}}}\n", 6, 52,
     "lower end of uniform is above the upper"},
    {"unbounded distribution",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: {normal: [10 ms, 1 ms]}}}\n", 6, 52,
     "give 'min' in the distribution"},
    {"distribution below its bound",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: {uniform: [-1 ms, 1 ms]}}}\n", 6, 52,
     "the lowest value that can be drawn is -1 ms"},
    {"nothing left to draw",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: {normal: {mean: 1 ms, sd: 1 ms, min: 50 "
            "ms}}}}\n",
     6, 52, "keeps less than one draw in 10000"},
    {"min above max",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {tau_m: {normal: {mean: 1 ms, sd: 1 ms, min: 5 ms, "
            "max: 4 ms}}}}\n",
     6, 52, "min is above max"},
    {"schedule of a neuron",
     head + "  a: {model: iaf_psc_exp, size: 2, params: {I_e: {steps: [[0 ms, 1 pA]]}}}\n", 6, 50,
     "cannot change over time"},
    {"unknown state", head + "  a: {model: iaf_psc_exp, size: 2, init: {V: -60 mV}}\n", 6, 43,
     "unknown key 'V'"},
    {"negative conductance at start", head + "  a: {model: iaf_cond_exp, size: 2, init: {g_ex: -1 nS}}\n", 6,
     50, "must be >= 0 nS"},
    {"state of a source", head + "  a: {model: poisson, size: 2, init: {V_m: 0 mV}}\n", 6, 38,
     "a source has no state"},
    {"negative rate", head + "  a: {model: poisson, size: 2, params: {rate: -1 Hz}}\n", 6, 47,
     "must be >= 0 Hz"},
    {"absurd rate", head + "  a: {model: poisson, size: 2, params: {rate: 1e12 Hz}}\n", 6, 47,
     "spikes in a step of 0.1 ms"},
    {"rate steps back in time",
     head + "  a: {model: poisson, size: 2, params: {rate: {steps: [[5 ms, 1 Hz], [5 ms, 2 Hz]]}}}\n", 6, 70,
     "must ascend"},
    {"rate step is no pair", head + "  a: {model: poisson, size: 2, params: {rate: {steps: [5 ms]}}}\n", 6,
     56, "[time, value]"},
    {"no rate steps", head + "  a: {model: poisson, size: 2, params: {rate: {steps: []}}}\n", 6, 55,
     "there are no steps"},
    {"drawn start", head + "  a: {model: poisson, size: 2, params: {start: {uniform: [0 ms, 1 ms]}}}\n", 6,
     48, "one value holds for the whole population"},
    {"listed start", head + "  a: {model: poisson, size: 2, params: {start: [0 ms, 1 ms]}}\n", 6, 48,
     "a list of numbers cannot stand here"},
    {"spikes for a neuron", head + "  a: {model: iaf_psc_exp, size: 2, spikes: [[1 ms]]}\n", 6, 36,
     "'spikes' is for the model spike_list"},
    {"values of a neuron", head + "  a: {model: iaf_psc_exp, size: 2, values: [1, 2]}\n", 6, 36,
     "'values' is for the model rate"},
    {"no values", head + "  a: {model: latency}\n", 6, 6, "the key 'values' is missing"},
    {"empty values", head + "  a: {model: latency, values: []}\n", 6, 31, "the list is empty"},
    {"values of text", head + "  a: {model: latency, values: [1, dark]}\n", 6, 35, "number"},
    {"infinite value", head + "  a: {model: latency, values: [inf]}\n", 6, 32, "too large"},
    {"samples of different lengths",
     head + "  a: {model: latency, values: {list: [[1, 2], [3]], step: 1 ms}}\n", 6, 47,
     "this sample has 1 values, the first has 2"},
    {"samples without step", head + "  a: {model: latency, values: [[1], [3]]}\n", 6, 31,
     "how long each is shown"},
    {"two origins of values", head + "  a: {model: latency, values: {list: [1], file: net.yaml}}\n", 6, 31,
     "one of `list`, `file` and `idx`, not 2"},
    {"values from nowhere", head + "  a: {model: latency, values: {step: 1 ms}}\n", 6, 31, "not 0"},
    {"item of a list", head + "  a: {model: latency, values: {list: [1], item: 2}}\n", 6, 49,
     "'item' goes with 'idx'"},
    {"values in no file", head + "  a: {model: latency, values: {idx: none.idx}}\n", 6, 37,
     "there is no file"},
    {"unknown code", head + "  a: {model: rate, values: [1], params: {method: loud}}\n", 6, 50, "poisson"},
    {"high below low", head + "  a: {model: rate, values: [1], params: {low: 2}}\n", 6, 47,
     "low must be below high"},
    {"no spikes", head + "  a: {model: spike_list}\n", 6, 6, "the key 'spikes' is missing"},
    {"flat spikes", head + "  a: {model: spike_list, spikes: [1 ms, 2 ms]}\n", 6, 35,
     "each neuron has a list of times of its own"},
    {"spikes without unit", head + "  a: {model: spike_list, spikes: [[1]]}\n", 6, 36, "the unit is missing"},
    {"spikes before zero", head + "  a: {model: spike_list, spikes: [[-1 ms]]}\n", 6, 36, "must be >= 0 ms"},
    {"spikes and size differ", head + "  a: {model: spike_list, size: 3, spikes: [[1 ms]]}\n", 6, 32,
     "there are 1 lists of spikes"},
    {"missing spike file", head + "  a: {model: spike_file, size: 3, file: none.csv}\n", 6, 41,
     "there is no file 'none.csv'"},
    {"missing recording", head + "  a: {events: none.aedat}\n", 6, 15, "there is no file 'none.aedat'"},
    {"file population without file", head + "  a: {model: poisson, size: 1, population: b}\n", 6, 32,
     "'population' goes with 'file'"},
    // Projections.
    {"projections is a map", head + "projections: {from: exc}\n", 6, 14, "expected a list, got a map"},
    {"missing population", head + "projections: [{from: exc, to: inh, connect: all_to_all}]\n", 6, 31,
     "there is no population 'inh'"},
    {"misspelt population", head + "projections: [{from: nosie, to: exc, connect: all_to_all}]\n", 6, 22,
     "did you mean 'noise'?"},
    {"no target", head + "projections: [{from: exc, connect: all_to_all}]\n", 6, 15,
     "the key 'to' is missing"},
    {"no connect", head + "projections: [{from: exc, to: exc}]\n", 6, 15, "the key 'connect' is missing"},
    {"into a source", head + "projections: [{from: exc, to: noise, connect: one_to_one}]\n", 6, 31,
     "is a source and receives nothing"},
    {"unknown rule", head + "projections: [{from: exc, to: exc, connect: all_two_all}]\n", 6, 45,
     "there is no rule 'all_two_all'; did you mean 'all_to_all'?"},
    {"two rules",
     head + "projections: [{from: exc, to: exc, connect: {fixed_indegree: 1, fixed_outdegree: 1}}]\n", 6, 45,
     "name one rule"},
    {"rule without its number", head + "projections: [{from: exc, to: exc, connect: fixed_indegree}]\n", 6,
     45, "'indegree' is missing"},
    {"rule with unknown parameter",
     head + "projections: [{from: exc, to: exc, connect: {fixed_indegree: {in_degree: 3}}}]\n", 6, 63,
     "did you mean 'indegree'?"},
    {"negative indegree", head + "projections: [{from: exc, to: exc, connect: {fixed_indegree: -3}}]\n", 6,
     62, "indegree of rule fixed_indegree"},
    {"broken indegree", head + "projections: [{from: exc, to: exc, connect: {fixed_indegree: 2.5}}]\n", 6, 62,
     "whole number"},
    {"probability above 1", head + "projections: [{from: exc, to: exc, connect: {fixed_probability: 1.5}}]\n",
     6, 65, "must lie in [0, 1]"},
    {"number for a rule without", head + "projections: [{from: exc, to: exc, connect: {all_to_all: 3}}]\n", 6,
     58, "write the parameters of all_to_all as a map"},
    {"autapses maybe",
     head + "projections: [{from: exc, to: exc, connect: {all_to_all: {allow_autapses: maybe}}}]\n", 6, 75,
     "expected true or false, got 'maybe'"},
    {"list without a file", head + "projections: [{from: exc, to: exc, connect: list}]\n", 6, 45,
     "the file is missing"},
    {"list of a missing file", head + "projections: [{from: exc, to: exc, connect: {list: none.csv}}]\n", 6,
     52, "there is no file 'none.csv'"},
    {"negative delay", head + "projections: [{from: exc, to: exc, connect: one_to_one, delay: -1 ms}]\n", 6,
     64, "it must be > 0 ms"},
    {"delay below dt", head + "projections: [{from: exc, to: exc, connect: one_to_one, delay: 0.05 ms}]\n", 6,
     64, "0.05 ms is below the time step of 0.1 ms"},
    {"delay off the grid",
     head + "projections: [{from: exc, to: exc, connect: one_to_one, delay: 0.25 ms}]\n", 6, 64,
     "not a multiple of the time step"},
    {"delay too long", head + "projections: [{from: exc, to: exc, connect: one_to_one, delay: 1000 s}]\n", 6,
     64, "beyond 1048575 steps"},
    {"delay without limit",
     head + "projections: [{from: exc, to: exc, connect: one_to_one, delay: {exponential: 1 ms}}]\n", 6, 64,
     "give 'min'"},
    {"delay without upper limit",
     head +
         "projections: [{from: exc, to: exc, connect: one_to_one, delay: {exponential: {mean: 1 ms, min: 1 "
         "ms}}}]\n",
     6, 64, "cut the distribution by min and max"},
    {"delay as a list", head + "projections: [{from: exc, to: exc, connect: one_to_one, delay: [1 ms]}]\n", 6,
     64, "a list has no meaning for synapses"},
    {"weight in the wrong unit",
     head + "projections: [{from: exc, to: exc, connect: one_to_one, weight: 1 mV}]\n", 6, 65,
     "expected a current, got '1 mV'"},
    {"weight of both signs",
     head + "projections: [{from: exc, to: exc, connect: one_to_one, weight: {normal: [1 pA, 1 pA]}}]\n", 6,
     65, "name it by 'receptor' (exc or inh)"},
    {"infinite weight", head + "projections: [{from: exc, to: exc, connect: one_to_one, weight: 1e999 pA}]\n",
     6, 65, "must be finite"},
    {"unknown receptor", head + "projections: [{from: exc, to: exc, connect: one_to_one, receptor: ampa}]\n",
     6, 67, "has no receptor 'ampa'; valid are: exc, inh, current"},
    {"spikes into a current",
     head + "projections: [{from: exc, to: exc, connect: one_to_one, receptor: current}]\n", 6, 67,
     "takes currents, but"},
    {"misspelt rule",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stpd: {}}}\n", 7, 58,
     "there is no rule 'stpd'; did you mean 'stdp'?"},
    {"rule without its bound",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stdp: {}}}\n", 7, 58,
     "'w_max' is missing"},
    {"rule in a wrong unit",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stdp: {w_max: 1 ms}}}\n",
     7, 72, "w_max of rule stdp of projection 'exc->exc': expected a current"},
    {"bounds of a rule in the wrong order",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stdp: {w_max: 10 pA, "
            "w_min: 20 pA}}}\n",
     7, 58, "w_min (20 pA) must be below w_max (10 pA)"},
    {"negative time constant of a rule",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stdp: {w_max: 10 pA, "
            "tau_plus: -1 ms}}}\n",
     7, 89, "it must be > 0 ms"},
    {"two rules at every spike",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stdp: {w_max: 10 pA}, "
            "stdp_triplet: {w_max: 10 pA}}}\n",
     7, 80, "keep one of them"},
    {"weight beyond its bounds",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, weight: 20 pA, plasticity: {stdp: "
            "{w_max: 10 pA}}}\n",
     7, 53, "rule stdp keeps them within [0 pA, 10 pA]"},
    {"no reward",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stdp_reward: {w_max: 10 "
            "pA}}}\n",
     7, 58, "name the population that rewards"},
    {"reward of nobody",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stdp_reward: {w_max: 10 "
            "pA, reward: nobody}}}\n",
     7, 94, "there is no population 'nobody'"},
    {"misspelt word",
     head + "projections:\n- {from: exc, to: exc, connect: one_to_one, plasticity: {stdp: {w_max: 10 pA, "
            "pairing: nearst}}}\n",
     7, 88, "there is no 'nearst'; did you mean 'nearest'?"},
    {"two names",
     head + "projections:\n- {name: p, from: exc, to: exc, connect: one_to_one}\n- {name: p, from: exc, to: "
            "exc, connect: one_to_one}\n",
     8, 10, "two projections named 'p'"},
    {"negative conductance",
     head + "  c: {model: iaf_cond_exp, size: 10}\nprojections: [{from: exc, to: c, connect: one_to_one, "
            "receptor: exc, weight: -1 nS}]\n",
     7, 78, "is a conductance and takes weights >= 0"},
    {"conductance of both signs",
     head + "  c: {model: iaf_cond_exp, size: 10}\nprojections: [{from: exc, to: c, connect: one_to_one, "
            "receptor: inh, weight: {uniform: [-1 nS, 1 nS]}}]\n",
     7, 78, "takes weights of one sign"},
    {"current into exc",
     head + "  dc: {model: step_current, size: 1}\nprojections: [{from: dc, to: exc, connect: all_to_all, "
            "receptor: exc}]\n",
     7, 66, "takes spikes, but"},
    {"current at random",
     head + "  dc: {model: step_current, size: 1}\nprojections: [{from: dc, to: exc, connect: "
            "{fixed_probability: 0.1}}]\n",
     7, 44, "one_to_one or all_to_all, not by fixed_probability"},
    {"two currents for all",
     head + "  dc: {model: step_current, size: 2}\nprojections: [{from: dc, to: exc, connect: all_to_all}]\n",
     7, 44, "needs one current for all"},
    {"currents do not match",
     head + "  dc: {model: step_current, size: 2}\nprojections: [{from: dc, to: exc, connect: one_to_one}]\n",
     7, 44, "populations of the same size"},
    {"weight of a current with unit",
     head + "  dc: {model: step_current, size: 1}\nprojections: [{from: dc, to: exc, connect: all_to_all, "
            "weight: 2 pA}]\n",
     7, 64, "without a unit"},
    // Records.
    {"record of nobody", head + "record: {inh: {spikes: all}}\n", 6, 10, "there is no population 'inh'"},
    {"record of nothing known", head + "record: {exc: {Vm: all}}\n", 6, 16,
     "unknown key 'Vm'; did you mean 'V_m'?"},
    {"record is a word", head + "record: {exc: spikes}\n", 6, 15, "expected a map"},
    {"record of a current", head + "  dc: {model: step_current, size: 1}\nrecord: {dc: {spikes: all}}\n", 7,
     10, "record its targets"},
    {"state of a source recorded", head + "record: {noise: {V_m: all}}\n", 6, 18, "unknown key 'V_m'"},
    {"selection beyond the end", head + "record: {exc: {spikes: \"0:11\"}}\n", 6, 24, "must lie within 0:10"},
    {"selection of nothing", head + "record: {exc: {spikes: \"5:5\"}}\n", 6, 24, "hold at least one neuron"},
    {"selection upside down", head + "record: {exc: {spikes: \"5:2\"}}\n", 6, 24, "must lie within 0:10"},
    {"selection with step 0", head + "record: {exc: {spikes: \"0:5:0\"}}\n", 6, 24, "must lie within 0:10"},
    {"spikes of a readout",
     "synfire: 1\npopulations:\n  out: {model: leaky_integrator, size: 1}\nrecord: {out: {spikes: all}}\n", 4,
     24, "it never spikes; record its state"},
    {"projection from a readout",
     "synfire: 1\npopulations:\n  out: {model: leaky_integrator, size: 1}\n  to: {model: lif, size: 1}\n"
     "projections:\n  - {from: out, to: to, connect: all_to_all}\n",
     6, 12, "never spikes and sends nothing"},
    {"selection of words", head + "record: {exc: {spikes: some}}\n", 6, 24, "'some' selects nothing"},
    {"neuron beyond the end", head + "record: {exc: {spikes: [0, 10]}}\n", 6, 28, "must lie between 0 and 9"},
    {"neuron twice", head + "record: {exc: {spikes: [3, 1, 3]}}\n", 6, 24, "neuron 3 stands twice"},
    {"every off the grid", head + "record: {exc: {V_m: {every: 0.25 ms}}}\n", 6, 29,
     "not a multiple of the time step"},
    {"every zero", head + "record: {exc: {V_m: {every: 0 ms}}}\n", 6, 29, "it must be > 0 ms"},
    {"misspelt every", head + "record: {exc: {V_m: {evry: 1 ms}}}\n", 6, 22, "did you mean 'every'?"},
    // Layers.
    {"layer without a name", head + "layers: [{model: iaf_psc_exp, size: 2}]\n", 6, 10,
     "the key 'name' is missing"},
    {"layer of an old name", head + "layers: [{name: exc, model: iaf_psc_exp, size: 2}]\n", 6, 17,
     "there is already a population 'exc'"},
    {"first layer with weights", head + "layers: [{name: l, model: iaf_psc_exp, size: 2, weight: 1 pA}]\n", 6,
     49, "needs a layer before this one"},
    {"layer of sources", head + "layers: [{name: l, model: poisson, size: 2}]\n", 6, 27,
     "is a source; put it under populations"},
    {"from in the middle", head + "layers: [{name: l, model: iaf_psc_exp, size: 2}, {from: exc}]\n", 6, 51,
     "first entry only"},
    {"from with more", head + "layers: [{from: exc, name: l}]\n", 6, 22, "'name' cannot stand beside it"},
    {"from nobody", head + "layers: [{from: eye}, {name: l, model: iaf_psc_exp, size: 2}]\n", 6, 17,
     "there is no population 'eye'"},
    {"layer with a bad weight",
     head + "layers: [{from: exc}, {name: l, model: iaf_psc_exp, size: 2, weight: 1 mV}]\n", 6, 70,
     "expected a current"},
};

class BadNetwork : public testing::TestWithParam<Case> {};

TEST_P(BadNetwork, gives_one_line_at_the_right_place) {
  const Case& c = GetParam();
  try {
    parse_network(parse_yaml(c.text, "net.yaml"));
    FAIL() << "no error for:\n" << c.text;
  } catch (const Error& error) {
    const std::string message = error.what();
    const std::string place = c.line == 0 ? "" : fmt::format("net.yaml:{}:{}: ", c.line, c.column);
    EXPECT_TRUE(message.starts_with(place)) << message << "\nexpected at " << place;
    EXPECT_NE(message.find(c.piece), std::string::npos) << message << "\nexpected: " << c.piece;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(error.kind(), ErrorKind::input);
  }
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name;
  for (const char* c = info.param.name; *c != 0; ++c)
    name += std::isalnum(static_cast<unsigned char>(*c)) ? *c : '_';
  return name;
}

INSTANTIATE_TEST_SUITE_P(Table, BadNetwork, testing::ValuesIn(cases), test_name);

// The message of the error that reading gives; fails the test when there is none.
std::string message_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

void expect_refused(const std::string& text, const std::string& piece) {
  const std::string message = message_of([&] { parse_network(parse_yaml(text, "net.yaml")); });
  EXPECT_NE(message.find(piece), std::string::npos) << message;
  EXPECT_LT(message.size(), 1000u);
}

TEST(BadNetworkFiles, hundred_megabytes_of_nesting_are_refused_by_size) {
  expect_refused("synfire: " + std::string(std::size_t(100) << 20, '['), "a YAML file may have 64 MB");
}

TEST(BadNetworkFiles, nesting_below_the_size_limit_is_refused_by_depth) {
  constexpr std::size_t many = std::size_t(50) << 20;
  expect_refused("synfire: " + std::string(many, '['), "nested too deeply");
  std::string maps;
  while (maps.size() < many) maps += "{a: ";
  expect_refused(maps, "nested too deeply");
  expect_refused("synfire: " + std::string(150, '[') + std::string(150, ']'), "nested too deeply");
  std::string dashes;
  for (std::size_t i = 0; i < many / 2; ++i) dashes += "- ";
  expect_refused(dashes + "1\n", "nested too deeply");
}

TEST(BadNetworkFiles, NUL_bytes_are_refused) {
  expect_refused(std::string("synfire: 1\nseed: 1\0\n", 20), "byte 0x00 is not text");
}

TEST(BadNetworkFiles, aliases_that_multiply_are_refused) {
  std::string text = "synfire: 1\na0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 20; ++i) {
    text += fmt::format("a{0}: &a{0} [", i);
    for (int k = 0; k < 10; ++k) text += fmt::format("{}*a{}", k == 0 ? "" : ", ", i - 1);
    text += "]\n";
  }
  expect_refused(text, "more than 10000000 values");
}

TEST(BadNetworkFiles, a_long_word_is_cut_in_messages) {
  expect_refused(
      "synfire: 1\npopulations:\n  a: {model: iaf_psc_exp, size: " + std::string(100000, 'x') + "}\n", "…");
}

class BadIncludes : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("synfire-include-{}", ::getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::filesystem::path folder_;
};

TEST_F(BadIncludes, a_cycle_names_its_files) {
  const std::string a = write("a.yaml", "include: b.yaml\n");
  write("b.yaml", "seed: 1\ninclude: c.yaml\n");
  const std::string c = write("c.yaml", "include: [a.yaml]\n");
  const std::string message = message_of([&] { read_yaml(a); });
  EXPECT_NE(message.find("a.yaml -> b.yaml -> c.yaml -> a.yaml"), std::string::npos) << message;
  EXPECT_TRUE(message.starts_with(c + ":1:11: ")) << message;
}

TEST_F(BadIncludes, a_file_cannot_include_itself) {
  const std::string a = write("a.yaml", "synfire: 1\ninclude: a.yaml\n");
  const std::string message = message_of([&] { read_yaml(a); });
  EXPECT_TRUE(message.starts_with(a + ":2:10: ")) << message;
  EXPECT_NE(message.find("include each other"), std::string::npos) << message;
}

TEST_F(BadIncludes, files_that_multiply_are_refused) {
  write("f0.yaml", "seed: 1\n");
  std::string last;
  for (int i = 1; i < 16; ++i)
    last = write(fmt::format("f{}.yaml", i), fmt::format("include: [f{0}.yaml, f{0}.yaml]\n", i - 1));
  const std::string message = message_of([&] { read_yaml(last); });
  EXPECT_NE(message.find("more than 1000 files"), std::string::npos) << message;
}

TEST_F(BadIncludes, errors_in_included_files_name_them) {
  const std::string part = write("part.yaml", "populations:\n  exc: {model: iaf_psc_exp, size: many}\n");
  const std::string a = write("a.yaml", "synfire: 1\ninclude: part.yaml\n");
  const std::string message = message_of([&] { parse_network(read_yaml(a)); });
  EXPECT_TRUE(message.starts_with(part + ":2:35: ")) << message;
}

TEST_F(BadIncludes, folders_and_missing_files_are_refused) {
  EXPECT_NE(message_of([&] { read_yaml(folder_.string()); }).find("this is a folder"), std::string::npos);
  EXPECT_NE(message_of([&] { read_yaml((folder_ / "none.yaml").string()); }).find("there is no such file"),
            std::string::npos);
  const std::string a = write("a.yaml", "include: .\n");
  EXPECT_NE(message_of([&] { read_yaml(a); }).find("this is a folder"), std::string::npos);
}

}  // namespace
}  // namespace synfire
