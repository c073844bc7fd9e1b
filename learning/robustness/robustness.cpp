#include "learning/robustness/robustness.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <tbb/task_arena.h>

#include "io/hdf5.hpp"
#include "io/hdf5_whole.hpp"
#include "io/plot.hpp"
#include "learning/robustness/test_batches.hpp"

namespace synfire::learning {
namespace {

void check_pair(Trainer& target, Trainer& source) {
  const SignalShape &here = target.network().shape(0), &there = source.network().shape(0);
  if (!(here.features == there.features) || here.constant != there.constant)
    throw Error(
        ErrorKind::input,
        fmt::format("the network that gives the gradients reads samples of [{}, {}, {}], the attacked one of "
                    "[{}, {}, {}]",
                    there.features.height, there.features.width, there.features.channels,
                    here.features.height, here.features.width, here.features.channels));
  if (target.network().classes() != source.network().classes())
    throw Error(ErrorKind::input,
                fmt::format("the network that gives the gradients knows {} classes, the attacked one {}",
                            source.network().classes(), target.network().classes()));
  const PixelScale ours = scale_of(target.description()), theirs = scale_of(source.description());
  if (ours.mean != theirs.mean || ours.deviation != theirs.deviation)
    throw Error(ErrorKind::input,
                "the network that gives the gradients normalises its samples in another way");
}

double standard_error(const Robustness& found, double a, double b) {
  return std::sqrt((a * (1 - a) + b * (1 - b)) / double(std::max<std::size_t>(1, found.samples)));
}

const RobustnessCurve* curve_of(const Robustness& found, AttackKind kind) {
  const auto it =
      std::ranges::find_if(found.curves, [&](const auto& c) { return c.kind == kind && c.source.empty(); });
  return it == found.curves.end() ? nullptr : &*it;
}

}  // namespace

std::string name_of(const RobustnessCurve& curve) {
  return curve.source.empty() ? std::string(name_of(curve.kind))
                              : fmt::format("{} by {}", name_of(curve.kind), curve.source);
}

double area_under(double clean, std::span<const double> eps, std::span<const double> accuracy) {
  double area = 0, before = 0, height = clean;
  for (std::size_t k = 0; k < eps.size(); ++k) {
    area += (eps[k] - before) * (height + accuracy[k]) / 2;
    before = eps[k], height = accuracy[k];
  }
  return before > 0 ? area / before : clean;
}

void check_attackable(Trainer& network) {
  if (network.description().training->loss.name == "reconstruction")
    throw Error(ErrorKind::input, "the network gives its samples back; attacks are for networks that decide");
  if (!network.network().shape(0).constant)
    throw Error(ErrorKind::input, network.description().layers.front().what.where,
                "attacks change images that are the same in all steps; these samples are events");
}

bool attack_by(Trainer& target, Trainer& source, const std::string& name, const RobustnessQuestion& question,
               const std::atomic<bool>* stop, const TellRobustness& tell, Robustness& found) {
  check_attackable(target);
  check_pair(target, source);
  found.samples = count_test_samples(target, question.samples);
  found.eps = question.eps;
  const Loss<float> loss(target.description().training->loss, target.description().training->steps);
  Attacker<float> attacker(source.network(), loss, scale_of(target.description()), question.seed);
  tbb::task_arena arena(question.threads == 0 ? tbb::task_arena::automatic : int(question.threads));
  const auto stopped = [&] { return stop != nullptr && stop->load(); };
  std::size_t done = 0;
  const std::size_t total = found.samples * question.kinds.size() * question.eps.size();
  return arena.execute([&] {
    std::size_t clean = 0;
    if (!for_each_test_batch(target, found.samples, [&](Batch<float>& batch, std::size_t first) {
          clean += decided_right(target.network(), batch, Trainer::judging + first);
          return !stopped();
        }))
      return false;
    found.accuracy = double(clean) / double(found.samples);
    for (const AttackKind kind : question.kinds) {
      RobustnessCurve curve{kind, name, {}, 0, 0};
      const auto start = std::chrono::steady_clock::now();
      for (const double eps : question.eps) {
        Attack attack = question.how;
        attack.kind = kind, attack.eps = eps;
        std::size_t count = 0;
        const bool whole =
            for_each_test_batch(target, found.samples, [&](Batch<float>& batch, std::size_t first) {
              attacker.move(attack, first, batch);
              count += decided_right(target.network(), batch, Trainer::judging + first);
              done += batch.samples;
              if (tell) tell({kind, eps, done, total});
              return !stopped();
            });
        if (!whole) return false;
        curve.accuracy.push_back(double(count) / double(found.samples));
      }
      curve.area = area_under(found.accuracy, question.eps, curve.accuracy);
      curve.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      found.curves.push_back(std::move(curve));
    }
    return true;
  });
}

std::vector<std::string> masking_signs(const Robustness& found) {
  std::vector<std::string> signs;
  const auto compare = [&](const RobustnessCurve& weak, const RobustnessCurve& strong, std::string_view why) {
    for (std::size_t k = 0; k < found.eps.size(); ++k) {
      const double a = weak.accuracy[k], b = strong.accuracy[k];
      if (b - a <= 3 * standard_error(found, a, b)) continue;
      signs.push_back(fmt::format("{} leaves {:.1f} % right at eps {:.4g}, {} {:.1f} %: {}", name_of(weak),
                                  100 * a, found.eps[k], name_of(strong), 100 * b, why));
      return;
    }
  };
  const RobustnessCurve* strongest = curve_of(found, AttackKind::pgd);
  if (strongest == nullptr) strongest = curve_of(found, AttackKind::bim);
  if (strongest == nullptr) return signs;
  for (const RobustnessCurve& curve : found.curves) {
    if (&curve == strongest) continue;
    if (!curve.source.empty()) {
      compare(curve, *strongest, "gradients of another network do more than its own");
    } else if (curve.kind == AttackKind::spgd) {
      compare(curve, *strongest, "an attack without gradients does more");
    } else if (curve.kind == AttackKind::fgsm) {
      compare(curve, *strongest, "one step does more than many");
    } else if (curve.kind == AttackKind::noise) {
      compare(curve, *strongest, "noise does more than gradients");
    }
  }
  return signs;
}

std::string robustness_json(const Robustness& found, const std::string& network) {
  nlohmann::ordered_json report = {
      {"network", network}, {"samples", found.samples}, {"accuracy", found.accuracy}, {"eps", found.eps}};
  report["attacks"] = nlohmann::ordered_json::array();
  for (const RobustnessCurve& curve : found.curves)
    report["attacks"].push_back({{"attack", name_of(curve.kind)},
                                 {"source", curve.source.empty() ? nlohmann::ordered_json(nullptr)
                                                                 : nlohmann::ordered_json(curve.source)},
                                 {"accuracy", curve.accuracy},
                                 {"area", curve.area},
                                 {"seconds", curve.seconds}});
  report["masking"] = masking_signs(found);
  return report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void write_robustness(const std::string& path, const Robustness& found, const std::string& network) {
  hdf5::write_whole(path, [&](hdf5::File& file) {
    hdf5::Group group = file.require_group("synfire/robustness");
    group.set_attribute("network", std::string_view(network));
    group.set_attribute("samples", std::uint64_t(found.samples));
    group.set_attribute("accuracy", found.accuracy);
    group.create_dataset("eps", std::span<const double>(found.eps));
    for (std::size_t k = 0; k < found.curves.size(); ++k) {
      const RobustnessCurve& curve = found.curves[k];
      hdf5::Group attack = group.require_group(std::to_string(k));
      attack.set_attribute("attack", name_of(curve.kind));
      attack.set_attribute("source", std::string_view(curve.source));
      attack.set_attribute("area", curve.area);
      attack.set_attribute("seconds", curve.seconds);
      attack.create_dataset("accuracy", std::span<const double>(curve.accuracy));
    }
  });
}

void draw_robustness(const std::string& path, const Robustness& found, bool overwrite) {
  constexpr double width = 560, height = 330;
  const plot::Box box{58, 40, width - 78, height - 92};
  plot::Drawing drawing(path, width, height, {.overwrite = overwrite});
  std::vector<plot::Line> lines;
  for (const RobustnessCurve& curve : found.curves) {
    plot::Line line{name_of(curve), {{0, found.accuracy}}};
    for (std::size_t e = 0; e < found.eps.size(); ++e)
      line.points.push_back({found.eps[e], curve.accuracy[e]});
    lines.push_back(std::move(line));
  }
  const plot::Range along{0, found.eps.empty() ? 1 : found.eps.back()};
  plot::draw_lines(drawing, box, lines, {.range = along, .label = "eps (pixels of 0 to 1)"},
                   {.range = {0, 1}, .label = "accuracy"}, 3);
  drawing.save();
}

}  // namespace synfire::learning
