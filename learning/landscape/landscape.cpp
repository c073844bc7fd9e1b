#include "learning/landscape/landscape.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <tbb/task_arena.h>

#include "core/random.hpp"

namespace synfire::learning {
namespace {

constexpr std::array<std::string_view, 3> share_names = {"train", "validation", "test"};

// Where the filters of an array lie: each has `size` numbers `stride` apart and begins `next` after the one
// before.
struct Filters {
  std::size_t count, size, stride, next;
};
Filters filters_of(const Weights<float>& array) {
  if (array.filters_last) {
    const std::size_t count = array.shape.back();
    return {count, array.size() / count, count, 1};
  }
  const std::size_t count = array.shape.front(), size = array.size() / count;
  return {count, size, 1, size};
}

double dot(const Direction& a, const Direction& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double cosine_of(const Direction& a, const Direction& b) {
  const double lengths = std::sqrt(dot(a, a) * dot(b, b));
  return lengths > 0 ? dot(a, b) / lengths : 0;
}

std::size_t samples_of(Trainer& trainer, const LandscapeQuestion& question) {
  const std::size_t there = trainer.samples().share(question.share).size();
  if (there > 0 && question.samples > 0) return std::min(there, question.samples);
  throw Error(ErrorKind::usage, fmt::format("there are no {0} samples; `--set training.{0}=…` says how many",
                                            name_of(question.share)));
}

template <class Real>
std::optional<Spectrum> spectrum_in(Trainer& trainer, const LandscapeQuestion& question,
                                    const std::atomic<bool>* stop, const TellLandscape& tell) {
  const NetworkDescription& description = trainer.description();
  const TrainingDescription& how = *description.training;
  LayerContext context = context_of(description);
  context.precision = Precision::single;  // products of 16 bits have no differences to speak of
  Network<Real> network(description.layers, trainer.samples().shape(), trainer.samples().classes().size(),
                        context, how.parts);
  std::vector<NamedArray<float>> arrays = values_of_all(trainer.network().weights());
  for (auto& array : values_of_all(trainer.network().buffers())) arrays.push_back(std::move(array));
  take(arrays, network);
  const Loss<Real> loss(how.loss, how.steps);
  const auto items = std::span(trainer.samples().share(question.share)).first(samples_of(trainer, question));
  const BatchSource<Real> batches = [&](std::size_t k, Batch<Real>& batch, std::uint64_t& pass) {
    const std::size_t first = k * how.batch;
    if (first >= items.size()) return false;
    const std::size_t size = std::min<std::size_t>(how.batch, items.size() - first);
    trainer.samples().fill(items.subspan(first, size), false, 0, network.own(size), batch);
    pass = Trainer::judging + first;
    return true;
  };
  const SpectrumQuestion& curvature = question.curvature;
  const std::size_t steps = std::min(curvature.steps, network.parameters());
  std::size_t done = 0;
  HessianProduct<Real> product(network, loss, batches, question.step.value(), [&](std::size_t samples) {
    done += samples;
    if (tell) tell({"Hessian", done, 2 * curvature.probes * steps * items.size()});
    return stop == nullptr || !stop->load();
  });
  tbb::task_arena arena(question.threads == 0 ? tbb::task_arena::automatic : int(question.threads));
  return arena.execute([&] { return spectrum_of(std::ref(product), product.size(), curvature); });
}

std::optional<Surface> surface_of(Trainer& trainer, const LandscapeQuestion& question,
                                  const TellLandscape& tell) {
  const std::size_t samples = samples_of(trainer, question), n = question.grid;
  MovedWeights<float> weights(trainer.network().weights());
  const Direction across = filter_direction(weights.arrays(), question.seed, 0),
                  down = filter_direction(weights.arrays(), question.seed, 1);
  Surface found;
  found.cosine = cosine_of(across, down);
  for (const Weights<float>* array : weights.arrays()) found.moved += array->decays ? array->size() : 0;
  for (std::size_t k = 0; k < n; ++k)
    found.along.push_back(question.radius * (2 * double(k) / double(n - 1) - 1));
  for (const double b : found.along)
    for (const double a : found.along) {
      weights.set([&](std::size_t i) { return a * across[i] + b * down[i]; });
      const Judgement judged = trainer.judge(question.share, samples);
      if (!judged.complete) return std::nullopt;
      found.loss.push_back(judged.score.loss);
      found.accuracy.push_back(judged.score.accuracy);
      if (tell) tell({"surface", found.loss.size(), n * n});
    }
  return found;
}

}  // namespace

std::string_view name_of(Share share) { return share_names[static_cast<std::size_t>(share)]; }

Direction filter_direction(std::span<Weights<float>* const> weights, std::uint64_t seed,
                           std::uint32_t which) {
  Direction direction;
  for (const Weights<float>* array : weights) {
    const std::size_t begin = direction.size();
    direction.resize(begin + array->size(), 0.0);
    if (!array->decays) continue;
    const RandomKey key(seed, "landscape/" + array->name);
    const Filters filters = filters_of(*array);
    for (std::size_t f = 0; f < filters.count; ++f) {
      RandomStream random(key, f, which);
      double drawn = 0, there = 0;
      for (std::size_t j = 0; j < filters.size; ++j) {
        const std::size_t i = f * filters.next + j * filters.stride;
        const double weight = array->values[i], deviate = random.normal();
        direction[begin + i] = deviate;
        drawn += deviate * deviate, there += weight * weight;
      }
      const double scale = std::sqrt(there / drawn);
      for (std::size_t j = 0; j < filters.size; ++j)
        direction[begin + f * filters.next + j * filters.stride] *= scale;
    }
  }
  return direction;
}

std::optional<Landscape> landscape_of(Trainer& trainer, const std::string& network,
                                      const LandscapeQuestion& question, const std::atomic<bool>* stop,
                                      const TellLandscape& tell) {
  Landscape found{network, question, samples_of(trainer, question), {}, {}, {}};
  found.asked.curvature.seed = question.seed;
  const Judgement here = trainer.judge(question.share, found.samples);
  if (!here.complete) return std::nullopt;
  found.here = here.score;
  if (question.surface) {
    found.surface = surface_of(trainer, found.asked, tell);
    if (!found.surface) return std::nullopt;
  }
  if (question.spectrum) {
    const bool spiking = std::ranges::any_of(here.rates, [](double rate) { return rate >= 0; });
    const bool single = question.in_single;
    if (!question.step)
      found.asked.step = single ? HessianProduct<float>::default_step(spiking)
                                : HessianProduct<double>::default_step(spiking);
    found.spectrum = single ? spectrum_in<float>(trainer, found.asked, stop, tell)
                            : spectrum_in<double>(trainer, found.asked, stop, tell);
    if (!found.spectrum) return std::nullopt;
  }
  return found;
}

}  // namespace synfire::learning
