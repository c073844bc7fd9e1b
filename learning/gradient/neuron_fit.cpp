#include "learning/gradient/neuron_fit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "core/denormals.hpp"
#include "core/surrogate.hpp"
#include "io/yaml.hpp"
#include "networks/parse.hpp"
#include "sim/differentiable.hpp"

namespace synfire::learning {
namespace {

/// All outputs are wanted, so none may be dropped.
NetworkDescription keeping_outputs(NetworkDescription network) {
  network.training->recompute = false;
  return network;
}

std::vector<Weights<float>*> arrays_of(Network<float>& network) {
  auto all = network.weights();
  const auto buffers = network.buffers();
  all.insert(all.end(), buffers.begin(), buffers.end());
  return all;
}

/// A layer of the student that differs from the teacher's, apart from the network: it is given what reaches
/// it and what it should put out.
class FittedNeurons {
 public:
  FittedNeurons(std::size_t layer, Network<float>& student, const LayerContext& context)
      : layer_(layer), from_(student.layers()[layer].from[0]), steps_(context.steps) {
    const LayerDescription& said = student.layers()[layer];
    const SignalShape in = student.shape(from_);
    neurons_ = make_layer<float>(said, std::span(&in, 1), context);
    const auto all = student.weights();
    for (Weights<float>* own : neurons_->weights()) {
      const auto same = std::ranges::find(all, own->name, &Weights<float>::name);
      own->values = (*same)->values;
      const auto is_it = [&](const LearnedParameter& p) { return said.name + "." + p.name == own->name; };
      const auto learned = std::ranges::find_if(said.learned, is_it);
      if (learned != said.learned.end()) fitted_.push_back({learned->name, own, *same});
    }
  }

  std::size_t layer() const { return layer_; }
  std::size_t from() const { return from_; }

  struct Fitted {
    std::string name;
    Weights<float>* here;
    Weights<float>* in_network;
  };
  const std::vector<Fitted>& fitted() const { return fitted_; }
  void tell_network() const {
    for (const Fitted& each : fitted_) each.in_network->values = each.here->values;
  }

  /// Afterwards the parameters have the gradient of the mean of (S - S')^2 / 2.
  void differentiate(const std::vector<float>& input, const std::vector<float>& target, std::size_t samples,
                     std::uint64_t iteration) {
    const Pass pass{.backward = true, .steps = steps_, .iteration = iteration, .samples = samples};
    output_.resize(target.size()), d_output_.resize(target.size());
    neurons_->begin(pass, std::span(&samples, 1), spare_);
    const float* const inputs[] = {input.data()};
    float* const nobody[] = {nullptr};
    const Piece<float> piece{.samples = samples,
                             .inputs = inputs,
                             .output = output_.data(),
                             .d_output = d_output_.data(),
                             .d_inputs = nobody};
    neurons_->before_forward(pass);
    const int rounds = neurons_->rounds(pass);
    for (int round = 0; round < rounds; ++round) {
      neurons_->forward(pass, piece, round);
      if (round + 1 < rounds) neurons_->after_forward_round(pass, round);
    }
    neurons_->after_forward(pass);
    // Of spikes, which are 0 or 1, (S - S')^2 = S + (1 - 2 S) S'. The derivative by S' of this form is that
    // of the number of differences, where 2 (S' - S) would draw rates together, whichever neurons have them.
    const float scale = 1 / float(target.size());
    for (std::size_t i = 0; i < target.size(); ++i) d_output_[i] = scale * (0.5f - target[i]);
    neurons_->before_backward(pass);
    for (int round = 0; round < rounds; ++round) {
      neurons_->backward(pass, piece, round);
      if (round + 1 < rounds) neurons_->after_backward_round(pass, round);
    }
    neurons_->gather(pass);
  }

 private:
  std::size_t layer_, from_, steps_;
  std::unique_ptr<Layer<float>> neurons_;
  std::vector<Fitted> fitted_;
  LargeVector<float> output_, d_output_;
  SpareArrays<float> spare_;
};

void count(const std::vector<float>& one, const std::vector<float>& other, SpikeMatch& match) {
  std::uint64_t of_one = 0, of_other = 0, both = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const bool a = one[i] > 0, b = other[i] > 0;
    of_one += a, of_other += b, both += a && b;
  }
  match.places += double(one.size());
  match.one += double(of_one), match.other += double(of_other), match.both += double(both);
}

/// A teacher, a student, and what they are shown.
class Fit {
 public:
  Fit(const TrainedFile& trained, const NetworkDescription& teacher, const NetworkDescription& student,
      const FitOptions& options)
      : options_(options),
        teacher_(keeping_outputs(teacher), {.threads = options.threads}),
        student_(keeping_outputs(student), {.threads = options.threads}),
        arena_(options.threads == 0 ? tbb::task_arena::automatic : int(options.threads)),
        optimiser_(Chosen{.name = std::string(training::Adam::describe().name),
                          .parameters = {{"learning_rate", options.learning_rate}}}),
        schedule_(Chosen{.name = std::string(training::CosineRate::describe().name)}, std::nullopt,
                  options.learning_rate, double(std::max(options.epochs, 1U))) {
    teacher_.load_weights(trained.record.best_weights);
    for (std::size_t k = 1; k < student.layers.size(); ++k)
      if (passes_spikes(student.layers[k])) wanted_.push_back(k);
    load_student(trained.record.best_weights);
    for (const std::size_t k : wanted_)
      layers_.push_back(std::make_unique<FittedNeurons>(k, student_.network(), context()));
    for (const auto& layer : layers_)
      for (const auto& each : layer->fitted()) moved_.push_back(each.here);
    samples_ = student_.samples().share(Share::train).size();
    if (options.samples) samples_ = std::min(samples_, *options.samples);
    if (options.epochs > 0 && moved_.empty())
      throw Error(ErrorKind::usage,
                  "--neurons: nothing is to be fitted; name parameters, as in '{…, learn: [c, d]}', or write "
                  "--epochs 0");
  }

  std::size_t samples() const { return samples_; }

  std::vector<FittedLayer> layers() const {
    std::vector<FittedLayer> all;
    for (const auto& layer : layers_) {
      FittedLayer& made = all.emplace_back();
      made.name = student_.description().layers[layer->layer()].name;
      for (const auto& each : layer->fitted())
        made.parameters.push_back({each.name, double(each.here->values[0]), double(each.here->values[0])});
    }
    return all;
  }

  void take_parameters(std::vector<FittedLayer>& into) const {
    for (std::size_t k = 0; k < layers_.size(); ++k)
      for (std::size_t p = 0; p < into[k].parameters.size(); ++p)
        into[k].parameters[p].after = double(layers_[k]->fitted()[p].here->values[0]);
  }

  /// `tell` is given, for each layer, the teacher's spikes, its spikes with other noise, and the student's.
  /// False when stopped.
  bool compare(std::vector<FittedLayer>& into, SpikeMatch FittedLayer::*match, bool again) {
    const auto& items = student_.samples().share(Share::train);
    return arena_.execute([&] {
      for (std::size_t first = 0; first < samples_; first += batch()) {
        if (stopped()) return false;
        const std::size_t size =
            show(std::span(items).subspan(first), 0, std::min(batch(), samples_ - first));
        const auto spikes = spikes_of(teacher_.network(), Trainer::judging + first);
        if (again) {
          const auto anew = spikes_of(teacher_.network(), 2 * Trainer::judging + first);
          for (std::size_t k = 0; k < layers_.size(); ++k) count(spikes[k], anew[k], into[k].again);
        }
        const auto theirs = spikes_of(student_.network(), Trainer::judging + first);
        for (std::size_t k = 0; k < layers_.size(); ++k) count(spikes[k], theirs[k], into[k].*match);
        tell("compare", first + size, samples_);
      }
      return true;
    });
  }

  /// An epoch of moves; false when stopped.
  bool learn(std::uint64_t epoch) {
    const std::size_t batches = (samples_ + batch() - 1) / batch();
    const auto order = student_.samples().order(epoch);
    return arena_.execute([&] {
      for (std::size_t b = 0; b < batches; ++b) {
        if (stopped()) return false;
        const std::size_t first = b * batch();
        const std::size_t size =
            show(std::span(order).subspan(first), epoch, std::min(batch(), samples_ - first));
        differentiate(size, epoch * batches + b);
        optimiser_.step(moved_, schedule_.rate(double(epoch) + double(b) / double(batches)));
        for (const auto& layer : layers_) layer->tell_network();
        tell("fit", epoch * samples_ + first + size, options_.epochs * samples_);
      }
      return true;
    });
  }

  /// Arrays that the fitted student has as well: all but the parameters of neurons.
  std::set<std::string> kept_arrays() {
    std::set<std::string> names;
    for (const Weights<float>* each : arrays_of(student_.network())) names.insert(each->name);
    for (const auto& layer : layers_)
      for (const auto& each : layer->fitted()) names.erase(each.here->name);
    return names;
  }

 private:
  // Neurons have parameters of their own; all else is the teacher's.
  void load_student(const std::vector<NamedArray<float>>& trained) {
    std::set<std::string> swapped;
    for (const std::size_t k : wanted_) swapped.insert(student_.description().layers[k].name);
    const auto of_swapped = [&](const std::string& name) {
      return swapped.contains(name.substr(0, name.find('.')));
    };
    const auto targets = arrays_of(student_.network());
    std::vector<NamedArray<float>> arrays;
    for (const NamedArray<float>& array : trained) {
      const auto target = std::ranges::find(targets, array.name, &Weights<float>::name);
      const bool fits = target != targets.end() && (*target)->shape == array.shape;
      if (fits || !of_swapped(array.name)) arrays.push_back(array);
    }
    for (const std::size_t k : wanted_) {
      const LayerDescription& layer = student_.description().layers[k];
      for (const auto& learned : layer.learned) begin_anew(layer.name + "." + learned.name, targets, arrays);
    }
    student_.load_weights(arrays);
  }

  // A parameter begins where the text says, even if the teacher had learned one of that name.
  static void begin_anew(const std::string& name, const std::vector<Weights<float>*>& targets,
                         std::vector<NamedArray<float>>& arrays) {
    std::erase_if(arrays, [&](const auto& array) { return array.name == name; });
    const Weights<float>& start = **std::ranges::find(targets, name, &Weights<float>::name);
    arrays.push_back({name, start.shape, start.values});
  }

  LayerContext context() const {
    LayerContext made = context_of(student_.description());
    made.surrogate = Surrogate(Chosen{.name = std::string(surrogate::Arctan<float>::describe().name),
                                      .parameters = {{"alpha", options_.sharpness}}});
    // Through resets and earlier steps the stand-in for the derivative of a spike leads astray.
    made.truncate = 1, made.detach_reset = true;
    return made;
  }

  std::size_t batch() const { return student_.description().training->batch; }
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }
  void tell(std::string_view phase, std::size_t done, std::size_t total) const {
    if (options_.progress) options_.progress({phase, done, total});
  }

  std::size_t show(std::span<const std::size_t> items, std::uint64_t epoch, std::size_t size) {
    student_.samples().fill(items.first(size), false, epoch, {0, size}, batch_);
    return size;
  }

  std::vector<std::vector<float>> spikes_of(Network<float>& network, std::uint64_t iteration) {
    network.compute(batch_, {}, wanted_, iteration);
    std::vector<std::vector<float>> all;
    for (const std::size_t k : wanted_) all.push_back(network.gathered(k));
    return all;
  }

  void differentiate(std::size_t size, std::uint64_t iteration) {
    const FlushDenormals flush;
    const auto targets = spikes_of(teacher_.network(), iteration);
    student_.network().compute(batch_, {}, wanted_, iteration);
    tbb::parallel_for(std::size_t(0), layers_.size(), [&](std::size_t k) {
      layers_[k]->differentiate(student_.network().gathered(layers_[k]->from()), targets[k], size, iteration);
    });
    for (const auto& layer : layers_) check(*layer);
    if (options_.shared) share();
  }

  void check(const FittedNeurons& layer) const {
    for (const auto& each : layer.fitted())
      if (!std::isfinite(each.here->gradient[0]))
        throw Error(ErrorKind::input,
                    fmt::format("the gradient of '{}' is no longer a finite number; a smaller "
                                "--learning-rate may help",
                                each.here->name));
  }

  // All layers have the same parameters here, which begin alike and move alike.
  void share() {
    for (std::size_t p = 0; p < layers_.front()->fitted().size(); ++p) {
      float sum = 0;
      for (const auto& layer : layers_) sum += layer->fitted()[p].here->gradient[0];
      for (const auto& layer : layers_) layer->fitted()[p].here->gradient[0] = sum;
    }
  }

  const FitOptions& options_;
  Trainer teacher_, student_;
  tbb::task_arena arena_;
  std::vector<std::size_t> wanted_;  // the layers that were swapped, whose spikes are compared
  std::vector<std::unique_ptr<FittedNeurons>> layers_;
  std::vector<Weights<float>*> moved_;
  Optimiser<float> optimiser_;
  RateSchedule schedule_;
  Batch<float> batch_;
  std::size_t samples_ = 0;
};

void set_parameter(Tree& entry, const ModelInfo& model, const FittedParameter& fitted) {
  Tree& values = *entry.find(model.name);
  if (values.is_scalar()) {  // the first parameter alone
    Tree map = Tree::map(values.where());
    map.set(model.parameters.front().name, values);
    values = std::move(map);
  }
  if (values.is_null()) values = Tree::map(entry.where());
  const std::string_view unit = symbol(model.parameter(fitted.name)->unit);
  const std::string number = fmt::format("{}", static_cast<float>(fitted.after));  // comes back to the bit
  values.set(fitted.name,
             Tree::scalar(unit.empty() ? number : fmt::format("{} {}", number, unit), entry.where()));
}

/// Parameters as they were fitted, no longer learned.
NetworkDescription with_parameters(const NetworkDescription& student,
                                   const std::vector<FittedLayer>& layers) {
  Tree tree = parse_yaml(student.source_text, student.source_file);
  for (std::size_t k = 0; k < student.layers.size(); ++k) {
    const LayerDescription& said = student.layers[k];
    const auto fitted = std::ranges::find(layers, said.name, &FittedLayer::name);
    if (fitted == layers.end() || fitted->parameters.empty()) continue;
    Tree& entry = tree.find("layers")->items()[k];
    std::erase_if(entry.members(), [](const auto& member) { return member.first == "learn"; });
    const ModelInfo& model = *differentiable_model(said.what.name);
    for (const FittedParameter& parameter : fitted->parameters) set_parameter(entry, model, parameter);
  }
  NetworkDescription made = parse_network(tree);
  made.source_text = write_yaml(tree);
  made.source_file = student.source_file;
  return made;
}

// Each layer counts alike, however many neurons it has.
double differences(const std::vector<FittedLayer>& layers) {
  double all = 0;
  for (const FittedLayer& layer : layers) all += 1 - layer.after.same();
  return all;
}

void keep_only(std::vector<NamedArray<float>>& arrays, const std::set<std::string>& names) {
  std::erase_if(arrays, [&](const auto& array) { return !names.contains(array.name); });
}

TrainingRecord without_neurons(TrainingRecord record, const std::set<std::string>& names) {
  keep_only(record.best_weights, names);
  keep_only(record.last.weights, names);
  // "layer.array.what is remembered of it"
  std::erase_if(record.last.optimiser, [&](const auto& array) {
    return !names.contains(array.name.substr(0, array.name.rfind('.')));
  });
  return record;
}

nlohmann::ordered_json as_json(const SpikeMatch& match) {
  const auto number = [](double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
  };
  return {{"same", number(match.same())},
          {"matched", number(match.matched())},
          {"rate", number(match.one / match.places)},
          {"other_rate", number(match.other / match.places)}};
}

}  // namespace

NeuronFit fit_neurons(const TrainedFile& trained, const NetworkDescription& teacher,
                      const NetworkDescription& student, const FitOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Fit fit(trained, teacher, student, options);
  NeuronFit made;
  made.layers = fit.layers();
  made.samples = fit.samples();
  made.complete = fit.compare(made.layers, &FittedLayer::before, true);
  for (FittedLayer& layer : made.layers) layer.after = layer.before;
  for (std::uint64_t epoch = 0; made.complete && epoch < options.epochs; ++epoch) {
    std::vector<FittedLayer> now = made.layers;
    for (FittedLayer& layer : now) layer.after = {};
    made.complete = fit.learn(epoch) && fit.compare(now, &FittedLayer::after, false);
    fit.take_parameters(now);
    if (made.complete && differences(now) < differences(made.layers)) made.layers = std::move(now);
  }
  made.network = with_parameters(student, made.layers);
  made.record = without_neurons(trained.record, fit.kept_arrays());
  made.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return made;
}

std::string neuron_fit_json(const NeuronFit& fit, const FitOptions& options, const std::string& network) {
  nlohmann::ordered_json report = {{"network", network},
                                   {"samples", fit.samples},
                                   {"epochs", options.epochs},
                                   {"learning_rate", options.learning_rate},
                                   {"sharpness", options.sharpness},
                                   {"shared", options.shared},
                                   {"seconds", fit.seconds}};
  report["layers"] = nlohmann::ordered_json::array();
  for (const FittedLayer& layer : fit.layers) {
    nlohmann::ordered_json parameters = nlohmann::ordered_json::object();
    for (const FittedParameter& each : layer.parameters)
      parameters[each.name] = {{"before", each.before}, {"after", each.after}};
    report["layers"].push_back({{"layer", layer.name},
                                {"parameters", std::move(parameters)},
                                {"before", as_json(layer.before)},
                                {"after", as_json(layer.after)},
                                {"teacher_again", as_json(layer.again)}});
  }
  return report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace synfire::learning
