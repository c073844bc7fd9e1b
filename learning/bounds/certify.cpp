#include "learning/bounds/certify.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tbb/task_arena.h>

#include "core/denormals.hpp"
#include "io/hdf5_whole.hpp"
#include "learning/robustness/robustness.hpp"
#include "learning/robustness/test_batches.hpp"

namespace synfire::learning {
namespace {

using namespace bounds;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<float> units_of(Trainer& network) {
  const PixelScale scale = scale_of(network.description());
  std::vector<float> units(network.network().shape(0).features.channels);
  for (std::size_t c = 0; c < units.size(); ++c) units[c] = float(1 / scale.unit(c));
  return units;
}

/// How many samples of a batch each of the ways certifies.
struct Counts {
  std::size_t intervals = 0, relaxed = 0, lipschitz = 0;
};

class Judge {
 public:
  Judge(Trainer& network, BoundedNetwork& bounds, const CertifyQuestion& question)
      : bounds_(bounds), question_(question), units_(units_of(network)) {}

  /// `outputs` are those of the samples as they are.
  Counts count(const Batch<float>& batch, std::span<const float> outputs, double eps) {
    const std::size_t classes = bounds_.classes();
    const Boxes ends = bounds_.gathered(bounds_.size() - 1);
    const auto steep = bounds_.steepness(units_);
    const auto margins = question_.relax ? bounds_.relaxed_margins(batch.labels) : std::vector<double>();
    Counts found;
    for (std::size_t b = 0; b < batch.samples; ++b) {
      const std::size_t right = batch.labels[b], at = b * classes;
      bool apart = true, relaxed = question_.relax, flat = true;
      for (std::size_t c = 0; c < classes; ++c) {
        if (c == right) continue;
        const bool by_ends = ends.low[at + right] > ends.high[at + c];
        const double margin = double(outputs[at + right]) - double(outputs[at + c]);
        apart = apart && by_ends;
        relaxed = relaxed && (by_ends || margins[at + c] > 0);
        flat = flat && margin > eps * (steep[at + right] + steep[at + c]);
      }
      found.intervals += apart ? 1 : 0, found.relaxed += relaxed ? 1 : 0, found.lipschitz += flat ? 1 : 0;
    }
    return found;
  }

 private:
  BoundedNetwork& bounds_;
  const CertifyQuestion& question_;
  std::vector<float> units_;
};

// Means over batches, each with its part of the samples.
void add_widths(const BoundedNetwork& bounds, double part, std::vector<BoundedPiece>& pieces) {
  pieces.resize(bounds.size());
  for (std::size_t k = 0; k < bounds.size(); ++k) {
    BoundedPiece& piece = pieces[k];
    const Width width = bounds.width(k);
    piece.name = bounds.name(k);
    piece.width.mean += part * width.mean, piece.width.certain += part * width.certain;
    piece.width.largest = std::max(piece.width.largest, width.largest);
    if (bounds.mix(k) == nullptr) continue;
    if (!piece.flex) piece.flex.emplace();
    const FlexWidths now = bounds.mix(k)->widths();
    for (std::size_t n = 0; n < now.by_rule.size(); ++n) {
      piece.flex->by_rule[n] += part * now.by_rule[n];
      piece.flex->steepness[n] += part * now.steepness[n];
    }
  }
}

bool certify_radius(Trainer& network, BoundedNetwork& bounds, const CertifyQuestion& question,
                    std::size_t samples, const std::function<bool(std::size_t)>& go_on, Certified& found) {
  const auto start = Clock::now();
  const PixelScale scale = scale_of(network.description());
  Judge judge(network, bounds, question);
  Counts all;
  const bool whole = for_each_test_batch(network, samples, [&](Batch<float>& batch, std::size_t first) {
    const auto outputs = network.network().predict(batch, Trainer::judging + first);
    const PixelBall<float> ball(batch, scale, network.network().shape(0).features.channels, found.eps);
    const auto before = Clock::now();
    bounds.bound({batch.samples, ball.low, ball.high});
    found.seconds += since(before);
    const Counts now = judge.count(batch, outputs, found.eps);
    all.intervals += now.intervals, all.relaxed += now.relaxed, all.lipschitz += now.lipschitz;
    add_widths(bounds, double(batch.samples) / double(samples), found.pieces);
    return go_on(batch.samples);
  });
  const auto part = [&](std::size_t count) { return double(count) / double(samples); };
  found.intervals = part(all.intervals), found.lipschitz = part(all.lipschitz);
  found.relaxed = question.relax ? part(all.relaxed) : std::numeric_limits<double>::quiet_NaN();
  found.all_seconds = since(start);
  return whole;
}

}  // namespace

bounds::BoundedNetwork bounded_network(Trainer& network, bounds::FlexRule rule) {
  std::vector<const Weights<float>*> arrays;
  for (const auto* each : network.network().weights()) arrays.push_back(each);
  for (const auto* each : network.network().buffers()) arrays.push_back(each);
  return {network.network().layers(),
          network.network().shape(0),
          context_of(network.description()),
          arrays,
          rule,
          network.description().training->parts};
}

bool certify(Trainer& network, const CertifyQuestion& question, const std::atomic<bool>* stop,
             const TellCertify& tell, Certificate& found) {
  check_attackable(network);
  found.samples = count_test_samples(network, question.samples);
  found.rule = flex_rules[std::size_t(question.rule)];
  BoundedNetwork bounds = bounded_network(network, question.rule);
  tbb::task_arena arena(question.threads == 0 ? tbb::task_arena::automatic : int(question.threads));
  const auto stopped = [&] { return stop != nullptr && stop->load(); };
  return arena.execute([&] {
    const FlushDenormals flush;
    std::size_t right = 0, done = 0;
    const std::size_t total = found.samples * question.eps.size();
    if (!for_each_test_batch(network, found.samples, [&](Batch<float>& batch, std::size_t first) {
          const auto before = Clock::now();
          right += decided_right(network.network(), batch, Trainer::judging + first);
          found.inference_seconds += since(before);
          return !stopped();
        }))
      return false;
    found.accuracy = double(right) / double(found.samples);
    for (const double eps : question.eps) {
      Certified& radius = found.radii.emplace_back();
      radius.eps = eps;
      const auto go_on = [&](std::size_t samples) {
        done += samples;
        if (tell) tell(eps, done, total);
        return !stopped();
      };
      if (certify_radius(network, bounds, question, found.samples, go_on, radius)) continue;
      found.radii.pop_back();
      return false;
    }
    return true;
  });
}

std::string certificate_json(const Certificate& found, const std::string& network) {
  using Json = nlohmann::ordered_json;
  Json report = {{"network", network},
                 {"samples", found.samples},
                 {"accuracy", found.accuracy},
                 {"flex_rule", found.rule},
                 {"inference_seconds", found.inference_seconds},
                 {"radii", Json::array()}};
  for (const Certified& radius : found.radii) {
    Json pieces = Json::array();
    for (const BoundedPiece& piece : radius.pieces) {
      Json one = {{"name", piece.name},
                  {"mean_width", piece.width.mean},
                  {"largest_width", piece.width.largest},
                  {"certain", piece.width.certain}};
      if (piece.flex)
        for (std::size_t k = 0; k < flex_rules.size(); ++k)
          one["width_by_rule"][std::string(flex_rules[k])] = piece.flex->by_rule[k];
      if (piece.flex)
        one["steepness"] = {{"convolution", piece.flex->steepness[0]},
                            {"pool", piece.flex->steepness[1]},
                            {"routing", piece.flex->steepness[2]}};
      pieces.push_back(std::move(one));
    }
    report["radii"].push_back({{"eps", radius.eps},
                               {"intervals", radius.intervals},
                               {"relaxed", std::isnan(radius.relaxed) ? Json(nullptr) : Json(radius.relaxed)},
                               {"lipschitz", radius.lipschitz},
                               {"interval_seconds", radius.seconds},
                               {"seconds", radius.all_seconds},
                               {"pieces", std::move(pieces)}});
  }
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_certificate(const std::string& path, const Certificate& found, const std::string& network) {
  hdf5::write_whole(path, [&](hdf5::File& file) {
    hdf5::Group group = file.require_group("synfire/certificate");
    group.set_attribute("network", std::string_view(network));
    group.set_attribute("samples", std::uint64_t(found.samples));
    group.set_attribute("accuracy", found.accuracy);
    group.set_attribute("flex_rule", std::string_view(found.rule));
    const auto column = [&](const std::string& name, double Certified::*value) {
      std::vector<double> values;
      for (const Certified& radius : found.radii) values.push_back(radius.*value);
      group.create_dataset(name, std::span<const double>(values));
    };
    column("eps", &Certified::eps), column("intervals", &Certified::intervals);
    column("relaxed", &Certified::relaxed), column("lipschitz", &Certified::lipschitz);
    for (std::size_t k = 0; !found.radii.empty() && k < found.radii[0].pieces.size(); ++k) {
      hdf5::Group piece = group.require_group(fmt::format("pieces/{}", k));
      piece.set_attribute("name", std::string_view(found.radii[0].pieces[k].name));
      const auto of_piece = [&](const std::string& name, const auto& value) {
        std::vector<double> values;
        for (const Certified& radius : found.radii) values.push_back(value(radius.pieces[k]));
        piece.create_dataset(name, std::span<const double>(values));
      };
      of_piece("mean_width", [](const BoundedPiece& p) { return p.width.mean; });
      of_piece("largest_width", [](const BoundedPiece& p) { return p.width.largest; });
      of_piece("certain", [](const BoundedPiece& p) { return p.width.certain; });
      if (!found.radii[0].pieces[k].flex) continue;
      constexpr std::array terms = {"convolution", "pool", "routing"};
      for (std::size_t n = 0; n < 3; ++n) {
        of_piece(fmt::format("width_{}", flex_rules[n]),
                 [n](const BoundedPiece& p) { return p.flex->by_rule[n]; });
        of_piece(fmt::format("steepness_{}", terms[n]),
                 [n](const BoundedPiece& p) { return p.flex->steepness[n]; });
      }
    }
  });
}

}  // namespace synfire::learning
