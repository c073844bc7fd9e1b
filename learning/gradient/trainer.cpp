#include "learning/gradient/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tbb/task_arena.h>

#include "core/array.hpp"
#include "core/denormals.hpp"

namespace synfire::learning {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

const TrainingDescription& training_of(const NetworkDescription& network) {
  if (network.training) return *network.training;
  throw Error(ErrorKind::input, "the network has no `training`; `synfire run` simulates it");
}

std::optional<Fptt<float>> fptt_of(const TrainingDescription& how, const Samples& samples) {
  if (how.method.name != training::Fptt::describe().name) return std::nullopt;
  return Fptt<float>(values_of<training::Fptt>(how.method), how.steps, samples.class_counts());
}

}  // namespace

LayerContext context_of(const NetworkDescription& description) {
  const TrainingDescription& how = *description.training;
  return {.seed = description.seed,
          .dt_ms = description.simulation.dt,
          .steps = how.steps,
          .epochs = how.epochs,
          .surrogate = Surrogate(how.surrogate),
          .detach_reset = how.detach_reset,
          .truncate = how.truncate,
          .precision = how.precision == "bf16" ? Precision::bf16 : Precision::single,
          .recompute = how.recompute,
          .membrane = how.membrane,
          .answer = Loss<float>(how.loss, how.steps).reconstructs() ? Answer::sample : Answer::classes};
}

template <class Real> void take(const std::vector<NamedArray<float>>& arrays, Network<Real>& network) {
  auto weights = network.weights();
  const auto buffers = network.buffers();
  weights.insert(weights.end(), buffers.begin(), buffers.end());
  for (Weights<Real>* target : weights) {
    const auto found = std::find_if(arrays.begin(), arrays.end(),
                                    [&](const auto& array) { return array.name == target->name; });
    if (found == arrays.end())
      throw Error(ErrorKind::input,
                  fmt::format("the trained file is of another network: it has no '{}'", target->name));
    if (found->shape != target->shape)
      throw Error(ErrorKind::input,
                  fmt::format("the trained file is of another network: '{}' is [{}] there and [{}] here",
                              target->name, fmt::join(found->shape, ", "), fmt::join(target->shape, ", ")));
    target->values.assign(found->values.begin(), found->values.end());
  }
  for (const auto& array : arrays)
    if (std::none_of(weights.begin(), weights.end(), [&](const auto* w) { return w->name == array.name; }))
      throw Error(ErrorKind::input,
                  fmt::format("the trained file is of another network: this one has no '{}'", array.name));
}
template void take(const std::vector<NamedArray<float>>&, Network<float>&);
template void take(const std::vector<NamedArray<float>>&, Network<double>&);

std::vector<NamedArray<float>> values_of_all(std::span<Weights<float>* const> weights) {
  std::vector<NamedArray<float>> all;
  for (const Weights<float>* each : weights) all.push_back({each->name, each->shape, each->values});
  return all;
}

double correlation(std::span<const std::pair<double, double>> points) {
  const double count = double(points.size());
  double mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
  for (const auto& [x, y] : points) mean_x += x / count, mean_y += y / count;
  for (const auto& [x, y] : points) {
    xx += (x - mean_x) * (x - mean_x), yy += (y - mean_y) * (y - mean_y);
    xy += (x - mean_x) * (y - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : std::numeric_limits<double>::quiet_NaN();
}

double routing_correlation(const TrainingRecord& record, std::size_t masked_layer) {
  std::vector<std::pair<double, double>> points;
  for (const EpochRecord& epoch : record.epochs) {
    const Routing& routing = epoch.routing.at(masked_layer).routing;
    points.emplace_back(routing.conv_ratio, routing.binariness);
  }
  return correlation(points);
}

Trainer::Trainer(const NetworkDescription& network, const TrainingOptions& options)
    : description_(network),
      options_(options),
      how_(training_of(description_)),
      samples_(*description_.dataset, how_, description_.layers.front(), description_.seed),
      network_(description_.layers, samples_.shape(), samples_.classes().size(), context_of(description_),
               how_.parts, how_.regularisers, options.ranks),
      loss_(how_.loss, how_.steps),
      fptt_(fptt_of(how_, samples_)),
      window_loss_(how_.loss, static_cast<std::uint32_t>(how_.steps / windows())),
      optimiser_(how_.optimiser),
      schedule_(how_.schedule, how_.warm_up, optimiser_.learning_rate(), double(how_.epochs)) {
  if (loss_.reconstructs() && schedule_.watches_accuracy())
    throw Error(ErrorKind::input, how_.schedule.where,
                "plateau: a reconstruction has no accuracy to watch; write {plateau: {metric: loss}}");
  if (windows() > 1) network_.check_windows();
  if (how_.structure) structure_.emplace(*how_.structure, description_.seed, network_.weights());
}

void Trainer::load_weights(const std::vector<NamedArray<float>>& arrays) { take(arrays, network_); }

void Trainer::load(const TrainingRecord& record) {
  std::vector<NamedArray<float>> arrays = record.last.weights;
  arrays.insert(arrays.end(), record.last.buffers.begin(), record.last.buffers.end());
  load_weights(arrays);
  const auto weights = network_.weights();
  optimiser_.load(weights, record.last.optimiser, record.last.optimiser_steps);
  schedule_.load(record.last.schedule);
  if (fptt_) fptt_->load(weights, record.last.method);
  if (structure_) structure_->load(weights, record.last.structure);
  record_ = record;
}

template <class Visit> void Trainer::for_each_window(std::span<const std::size_t> items, const Visit& visit) {
  samples_.choose(items, false, 0, network_.own(items.size()), chosen_);
  for (std::size_t w = 0; w < windows(); ++w) {
    samples_.spread(chosen_, {w, windows()}, batch_);
    visit(std::as_const(batch_), SequenceWindow{w, windows()});
  }
}

template <class Work> auto Trainer::in_arena(Work&& work) {
  unsigned threads = options_.threads;
  if (threads == 0 && options_.ranks != nullptr) threads = options_.ranks->processors();
  tbb::task_arena arena(threads == 0 ? tbb::task_arena::automatic : int(threads));
  return arena.execute(work);
}

bool Trainer::run(const std::function<void(const TrainingRecord&)>& after_epoch) {
  for (std::uint64_t epoch = record_.epochs.size(); epoch < how_.epochs; ++epoch) {
    EpochRecord record;
    if (!in_arena([&] { return learn_epoch(epoch, record); })) return false;
    record.validation = score(samples_.share(Share::validation), epoch, "validate");
    record.test = score(samples_.share(Share::test), epoch, "test");
    record.peak_bytes = peak_resident_bytes();
    if (stopped()) return false;
    const Score& watched = samples_.share(Share::validation).empty() ? record.train : record.validation;
    schedule_.report(double(epoch + 1), watched.loss, watched.accuracy);
    record_.epochs.push_back(std::move(record));
    keep_best(epoch);
    save_state();
    if (after_epoch) after_epoch(record_);
  }
  return true;
}

// The best on the validation samples; without any, the last one, since the test must not choose.
void Trainer::keep_best(std::uint64_t epoch) {
  const auto score = [&](std::size_t e) -> const Score& { return record_.epochs[e].validation; };
  const bool better =
      epoch == 0 || std::isnan(score(epoch).loss) || is_better(score(epoch), score(record_.best));
  if (!better) return;
  record_.best = epoch;
  const auto weights = network_.weights(), buffers = network_.buffers();
  record_.best_weights = values_of_all(weights);
  for (auto& array : values_of_all(buffers)) record_.best_weights.push_back(std::move(array));
  if (structure_) record_.best_masks = structure_->masks(weights);
}

bool Trainer::is_better(const Score& now, const Score& best) const {
  return loss_.reconstructs() ? now.loss < best.loss : now.accuracy > best.accuracy;
}

void Trainer::add_rates(std::vector<double>& sums, double weight) const {
  const auto rates = network_.mean_rates();
  for (std::size_t k = 0; k < rates.size(); ++k) sums[k] += rates[k] * weight;
}

void Trainer::add_routing(std::vector<LayerRouting>& sums, double weight) const {
  const auto now = network_.routing();
  const bool first = sums.empty();
  std::size_t at = 0;
  for (std::size_t k = 0; k < now.size(); ++k) {
    if (!now[k]) continue;
    if (first) sums.push_back({network_.layers()[k].name, {}});
    Routing& sum = sums[at++].routing;
    for (const RoutingColumn& column : routing_columns) sum.*column.value += weight * (*now[k].*column.value);
  }
}

double Trainer::accuracy_of(std::size_t correct, std::size_t samples) const {
  return loss_.reconstructs() ? std::numeric_limits<double>::quiet_NaN() : double(correct) / double(samples);
}

void Trainer::save_state() {
  const auto weights = network_.weights(), buffers = network_.buffers();
  record_.last.weights = values_of_all(weights);
  record_.last.buffers = values_of_all(buffers);
  record_.last.optimiser = optimiser_.state();
  record_.last.optimiser_steps = optimiser_.steps();
  if (fptt_) record_.last.method = fptt_->state();
  if (structure_) record_.last.structure = structure_->state(weights);
  record_.last.schedule = schedule_.state();
}

double Trainer::learning_rate(std::uint64_t epoch, std::size_t batch, std::size_t batches) const {
  // A warm-up moves at each batch, everything else at each epoch.
  const bool warming = how_.warm_up && double(epoch) < value_of(*how_.warm_up, &training::WarmUp::epochs);
  return schedule_.rate(double(epoch) + (warming ? double(batch) / double(batches) : 0));
}

bool Trainer::learn_epoch(std::uint64_t epoch, EpochRecord& record) {
  const auto start = Clock::now();
  const std::vector<std::size_t> order = samples_.order(epoch);
  const std::size_t batches = (order.size() + how_.batch - 1) / how_.batch;
  double loss = 0, norms = 0;
  std::size_t correct = 0;
  const FlushDenormals flush;
  record.rates.assign(network_.layers().size(), 0);
  network_.begin_epoch(epoch);
  record.learning_rate = learning_rate(epoch, 0, batches);
  for (std::size_t b = 0; b < batches; ++b) {
    if (stopped()) return false;
    const std::size_t first = b * how_.batch, size = std::min<std::size_t>(how_.batch, order.size() - first);
    samples_.choose(std::span(order).subspan(first, size), true, epoch, network_.own(size), chosen_);
    if (structure_ && b + 1 == batches) structure_->note_gradients(network_.weights());
    const Learned learned = learn_batch(epoch, b, batches, double(size) / double(order.size()), record);
    loss += learned.result.loss * double(size);
    correct += learned.result.correct;
    norms += learned.norm;
    tell(epoch, "train", first + size, order.size(), loss / double(first + size), correct);
  }
  if (fptt_) fptt_->end_epoch(network_.weights());
  if (structure_) record.structure = structure_->end_epoch(network_.weights(), epoch + 1);
  record.train = {loss / double(order.size()), accuracy_of(correct, order.size())};
  record.gradient_norm = norms / double(batches);
  record.seconds = since(start);
  record.images_per_s = double(order.size()) / record.seconds;
  return true;
}

// Of the samples that are chosen.
Trainer::Learned Trainer::learn_batch(std::uint64_t epoch, std::size_t batch, std::size_t batches,
                                      double share, EpochRecord& record) {
  const std::uint64_t iteration = epoch * batches + batch;
  const double rate = learning_rate(epoch, batch, batches), part = share / double(windows());
  Learned learned;
  const auto show = [&](SequenceWindow window) -> const Batch<float>& {
    samples_.spread(chosen_, window, batch_);
    return batch_;
  };
  const auto note = [&] {
    add_rates(record.rates, part);
    add_routing(record.routing, part);
  };
  const auto move = [&](std::span<Weights<float>* const> weights) {
    if (structure_) structure_->before_move(weights);
    const double norm =
        how_.clip ? clip_gradients<float>(weights, *how_.clip) : gradient_norm<float>(weights);
    check_gradients(norm, epoch, batch);
    learned.norm += norm / double(windows());
    optimiser_.step(weights, rate);
    if (structure_) structure_->after_move(weights);
  };
  if (fptt_) {
    learned.result = fptt_->learn(network_, window_loss_, iteration, show, move, note);
  } else {
    learned.result = network_.learn(show({}), loss_, iteration);
    note();
    move(network_.weights());
  }
  return learned;
}

// All ranks have the same gradients, and so the same to say.
void Trainer::check_gradients(double norm, std::uint64_t epoch, std::size_t batch) {
  if (std::isfinite(norm)) return;
  const auto weights = network_.weights();
  const auto bad = std::find_if(weights.begin(), weights.end(), [](const Weights<float>* array) {
    return std::any_of(array->gradient.begin(), array->gradient.end(),
                       [](float g) { return !std::isfinite(g); });
  });
  const std::string what =
      bad == weights.end() ? "the gradients are too large to be added up"
                           : fmt::format("the gradient of '{}' is no longer a finite number", (*bad)->name);
  together(options_.ranks, [&] {
    throw Error(ErrorKind::input,
                fmt::format("epoch {}, batch {}: {}; a smaller learning rate or `clip` may help", epoch + 1,
                            batch + 1, what));
  });
}

Score Trainer::score(std::span<const std::size_t> items, std::uint64_t epoch, std::string_view phase,
                     std::vector<double>* rates) {
  if (items.empty()) return {};
  return in_arena([&] {
    double loss = 0;
    std::size_t correct = 0;
    for (std::size_t first = 0; first < items.size() && !stopped(); first += how_.batch) {
      const std::size_t size = std::min<std::size_t>(how_.batch, items.size() - first);
      PassResult result;
      double mean_loss = 0;
      for_each_window(items.subspan(first, size), [&](const Batch<float>& batch, SequenceWindow window) {
        result = network_.evaluate(batch, loss_, judging + first, window);
        mean_loss += result.loss / double(window.count);
        if (rates != nullptr) add_rates(*rates, double(size) / double(items.size() * window.count));
      });
      // A reconstruction has a loss in each step, classes have one answer to all of them.
      loss += (loss_.reconstructs() ? mean_loss : result.loss) * double(size);
      correct += result.correct;
      tell(epoch, phase, first + size, items.size(), loss / double(first + size), correct);
    }
    return Score{loss / double(items.size()), accuracy_of(correct, items.size())};
  });
}

Judgement Trainer::judge(Share share, std::size_t most) {
  const auto start = Clock::now();
  const auto& all = samples_.share(share);
  const auto items = std::span(all).first(std::min(most, all.size()));
  const std::size_t classes = samples_.classes().size();
  Judgement made{{}, ConfusionMatrix(classes), {}, {}, {}, std::vector<double>(network_.layers().size(), 0),
                 0};
  if (items.empty()) return made;
  if (loss_.reconstructs()) return judge_reconstruction(items);
  in_arena([&] {
    double loss = 0;
    for (std::size_t first = 0; first < items.size() && !stopped(); first += how_.batch) {
      const std::size_t size = std::min<std::size_t>(how_.batch, items.size() - first);
      std::vector<float> outputs;
      for_each_window(items.subspan(first, size), [&](const Batch<float>& batch, SequenceWindow window) {
        outputs = network_.predict(batch, judging + first, window);
        add_rates(made.rates, double(size) / double(items.size() * window.count));
      });
      std::vector<std::uint32_t> labels = batch_.labels;
      network_.share(std::span(labels));
      loss += loss_.evaluate(outputs, labels, classes, 1);
      for (std::size_t b = 0; b < size; ++b) {
        const auto row = outputs.begin() + std::ptrdiff_t(b * classes);
        const auto said = std::max_element(row, row + std::ptrdiff_t(classes)) - row;
        made.predictions.push_back(static_cast<std::uint32_t>(said));
        made.confusion.add(static_cast<std::int32_t>(labels[b]), static_cast<std::int32_t>(said));
      }
      made.labels.insert(made.labels.end(), labels.begin(), labels.end());
      made.outputs.insert(made.outputs.end(), outputs.begin(), outputs.end());
      tell(0, "test", first + size, items.size(), loss / double(first + size),
           std::size_t(std::llround(made.confusion.accuracy() * double(first + size))));
    }
    made.score = {loss / double(made.labels.size()), made.confusion.accuracy()};
  });
  made.seconds = since(start);
  made.complete = made.labels.size() == items.size();
  return made;
}

Judgement Trainer::judge_reconstruction(std::span<const std::size_t> items) {
  const auto start = Clock::now();
  Judgement made{{}, ConfusionMatrix(samples_.classes().size()), {}, {}, {}, {}, 0};
  made.rates.assign(network_.layers().size(), 0);
  made.score = score(items, 0, "test", &made.rates);
  made.complete = !stopped();
  made.seconds = since(start);
  return made;
}

void Trainer::tell(std::uint64_t epoch, std::string_view phase, std::size_t done, std::size_t total,
                   double loss, std::size_t correct) const {
  if (options_.progress)
    options_.progress({epoch, how_.epochs, phase, done, total, loss, accuracy_of(correct, done)});
}

}  // namespace synfire::learning
