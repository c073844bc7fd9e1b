// Broken descriptions of training: each gives one clear line at the right place.
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/yaml.hpp"
#include "networks/parse.hpp"

namespace synfire {
namespace {

// What stands in line 5, `training: {…}` being lines 4 to 6; the message begins with the place and holds the
// piece.
struct Case {
  const char* name;
  std::string line;
  int column;
  const char* piece;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const std::string head = "synfire: 1\nlayers: [input, {dense: 3}]\ndataset: {path: .}\n";

const std::vector<Case> cases = {
    {"unknown key", "epoch: 3", 1, "training: unknown key 'epoch'; did you mean 'epochs'?"},
    {"no epochs", "epochs: 0", 9, "epochs of training: 0 is out of range; it must lie between 1 and 1000000"},
    {"half a batch", "batch: 1.5", 8, "expected a whole number, got '1.5'"},
    {"many parts", "batch: 4, parts: 8", 18, "parts of training is 8, but a batch has 4 samples only"},
    {"nothing to learn from", "train: 100, validation: 100", 25, "none are left to learn from"},
    {"unknown loss", "loss: crossentropy", 7,
     "loss of training: there is no 'crossentropy'; did you mean 'cross_entropy'?"},
    {"unknown loss with parameters", "loss: {hinge: {margin: 1}}", 8,
     "loss of training: there is no 'hinge'; valid are: cross_entropy, mse, spike_count, nll"},
    {"two losses", "loss: {mse: , nll: }", 7, "name one: {name: {parameter: value}}"},
    {"a list of losses", "loss: [mse]", 7, "loss of training: expected a text, got a list"},
    {"parameter of a loss", "loss: {mse: {corect: 1}}", 14,
     "loss of training (mse): unknown key 'corect'; did you mean 'correct'?"},
    {"smoothing beyond 1", "loss: {cross_entropy: {label_smoothing: 1.5}}", 41,
     "label_smoothing of loss of training (cross_entropy) is 1.5; it must lie in [0, 1]"},
    {"a number for a loss without parameters", "loss: {nll: 3}", 13, "expected a map of parameters, got '3'"},
    {"regularisers are no list", "regularisers: {rate: }", 15, "expected a list, got a map"},
    {"unknown regulariser", "regularisers: [{rat: }]", 17, "there is no 'rat'; did you mean 'rate'?"},
    {"word of a regulariser", "regularisers: [{rate: {norm: l3}}]", 30,
     "norm of regularisers of training (rate): there is no 'l3'; did you mean 'l2'?"},
    {"bounds in disorder", "regularisers: [{rate_bounds: {low: 0.5, high: 0.1}}]", 17,
     "low is 0.5, above high, which is 0.1"},
    {"unknown optimiser", "optimiser: adamm", 12, "there is no 'adamm'; did you mean 'adam'?"},
    {"negative rate", "optimiser: {sgd: {learning_rate: -0.1}}", 34,
     "learning_rate of optimiser of training (sgd) is -0.1; it must be > 0"},
    {"a rate with a unit", "optimiser: {sgd: {learning_rate: 1 ms}}", 34,
     "learning_rate of optimiser of training"},
    {"momentum of 1", "optimiser: {sgd: {momentum: 1}}", 29, "it must lie in [0, 1)"},
    {"nesterov without momentum", "optimiser: {sgd: {nesterov: true}}", 13,
     "it takes momentum above 0 and no dampening"},
    {"nesterov is text", "optimiser: {sgd: {nesterov: maybe}}", 29, "expected true or false, got 'maybe'"},
    {"schedule without its period", "schedule: warm_restarts", 11,
     "schedule of training (warm_restarts): the key 'period' is missing (epochs of the first fall)"},
    {"two schedules", "schedule: {cosine: , step: 3}", 11, "name one"},
    {"two schedules and a warm-up", "schedule: {cosine: , step: 3, warm_up: 2}", 11,
     "name one schedule, and beside it warm_up at most"},
    {"a warm-up as long as the training", "epochs: 3, schedule: {warm_up: 3}", 23,
     "3 epochs, but the training has 3 in all"},
    {"minimum above the rate", "schedule: {cosine: {minimum: 0.5}}", 12,
     "minimum of schedule of training (cosine) is 0.5, above the learning rate, which is 0.001"},
    {"patience with a fraction", "schedule: {plateau: {patience: 1.5}}", 32, "be a whole number"},
    {"clip without a value", "clip: norm", 7, "clip of training (norm): the key 'most' is missing"},
    {"clip by 0", "clip: {norm: 0}", 14, "most of clip of training (norm) is 0; it must be > 0"},
    {"unknown clip", "clip: {size: 1}", 8, "there is no 'size'; valid are: norm, value"},
    {"unknown surrogate", "surrogate: atan", 12, "there is no 'atan'; did you mean 'arctan'?"},
    {"flat surrogate", "surrogate: {arctan: {alpha: 0}}", 29, "it must be > 0"},
    {"huge alpha", "surrogate: {arctan: {alpha: 1e40}}", 29, "too large to compute with"},
    {"detach_reset is a number", "detach_reset: 1", 15, "expected true or false, got '1'"},
    {"a precision that is not there", "precision: half", 12, "there is no 'half'"},
    {"recompute is a number", "recompute: 1", 12, "expected true or false, got '1'"},
    {"truncate below 0", "truncate: -1", 11, "out of range"},
    {"augment is a flag", "augment: true", 10, "expected a map"},
    {"unknown augmentation", "augment: {rotate: 5}", 11, "augment of training: unknown key 'rotate'"},
    {"jitter below 0", "augment: {channel_jitter: -1}", 27, "channel_jitter of augment of training is -1"},
    {"shift with a fraction", "augment: {channel_shift: 1.5}", 26, "channel_shift"},
    {"stretch to nothing", "augment: {time_stretch: 1}", 25, "it must lie in [0, 1)"},
    {"blend above 1", "augment: {blend: 1.5}", 18, "blend of augment of training is 1.5"},
    {"normalise without std", "augment: {normalise: {mean: 1}}", 22, "the key 'std' is missing"},
    {"channels differ", "augment: {normalise: {mean: [1, 2], std: 1}}", 22, "mean has 2 numbers, std 1"},
    {"deviation of 0", "augment: {normalise: {mean: [1, 2], std: [1, 0]}}", 46, "it must be > 0"},
    {"mean is text", "augment: {normalise: {mean: dark, std: 1}}", 29, "expected a plain number, got 'dark'"},
};

class BadTraining : public testing::TestWithParam<Case> {};

TEST_P(BadTraining, gives_one_line_at_the_right_place) {
  const Case& c = GetParam();
  try {
    parse_network(parse_yaml(head + "training: {\n" + c.line + "\n}\n", "net.yaml"));
    FAIL() << "no error for " << c.line;
  } catch (const Error& error) {
    const std::string message = error.what(), place = fmt::format("net.yaml:5:{}: ", c.column);
    EXPECT_TRUE(message.starts_with(place)) << message << "\nexpected at " << place;
    EXPECT_NE(message.find(c.piece), std::string::npos) << message << "\nexpected: " << c.piece;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_EQ(error.kind(), ErrorKind::input);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, BadTraining, testing::ValuesIn(cases));

// The message that reading gives; empty when there is no error.
std::string complaint(const std::string& text) {
  try {
    parse_network(parse_yaml(text, "net.yaml"));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(TrainingAlone, needs_layers_and_a_dataset) {
  const std::string layers = "layers: [input, {dense: 3}]\n",
                    populations = "populations: {out: {model: iaf_psc_exp, size: 3}}\n",
                    dataset = "dataset: {path: .}\n", training = "training: {}\n";
  EXPECT_EQ(complaint("synfire: 1\n" + layers + dataset + training), "");
  EXPECT_EQ(complaint("synfire: 1\n" + layers + training),
            "net.yaml:3:1: training: the network has no `dataset`, which training needs");
  EXPECT_EQ(complaint("synfire: 1\n" + populations + dataset + training),
            "net.yaml:4:1: training: the network has no `layers`, which training needs");
}

}  // namespace
}  // namespace synfire
