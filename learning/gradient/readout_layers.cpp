// What the answer of a sample is: one number for each class, from all steps.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "learning/gradient/layers.hpp"
#include "networks/layer_kinds.hpp"

namespace synfire::learning {
namespace {

enum class Way : std::uint8_t { mean, sum, last, max };

// Of a sequence that is seen window by window, each is judged by itself while learning, and otherwise the
// answer is that of all steps so far.
bool adds_up(const Pass& pass) { return !pass.training && pass.windows > 1; }

/// Over the steps, each element by itself, and then the mean of equal groups of neighbours.
template <class Real> class ReadoutLayer final : public Layer<Real> {
 public:
  ReadoutLayer(const SignalShape& in, Way way, std::size_t classes)
      : in_(in), way_(way), classes_(classes), group_(in.features.size() / classes) {}
  SignalShape shape() const override { return {{1, 1, classes_}, true}; }

  void begin(const Pass& pass, std::span<const std::size_t>, SpareArrays<Real>&) override {
    before_.begin(pass);
  }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t size = in_.features.size(), steps = in_.steps(pass.steps), all = piece.samples * size;
    const bool joins = adds_up(pass) && !in_.constant;
    const double* before = joins ? before_.before(pass, piece.part) : nullptr;
    double* after = joins ? before_.after(pass, piece.part, all) : nullptr;
    const std::size_t seen = before == nullptr ? steps : pass.first_step() + steps;
    for (std::size_t b = 0; b < piece.samples; ++b)
      for (std::size_t c = 0; c < classes_; ++c) {
        double sum = 0;
        for (std::size_t k = 0; k < group_; ++k) {
          const std::size_t i = b * size + c * group_ + k;
          double value = over_time(piece.inputs[0] + i, steps, all);
          if (before != nullptr) value = joined(before[i], value);
          if (after != nullptr) after[i] = value;
          sum += way_ == Way::mean ? value / double(seen) : value;
        }
        piece.output[b * classes_ + c] = Real(sum / double(group_));
      }
  }

  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    if (piece.d_inputs[0] == nullptr) return;
    const std::size_t size = in_.features.size(), steps = in_.steps(pass.steps), step = piece.samples * size;
    for (std::size_t b = 0; b < piece.samples; ++b)
      for (std::size_t i = 0; i < size; ++i) {
        const Real d = piece.d_output[b * classes_ + i / group_] / Real(group_);
        const Real* x = piece.inputs[0] + b * size + i;
        Real* dx = piece.d_inputs[0] + b * size + i;
        const std::size_t top = way_ == Way::max ? highest(x, steps, step) : steps - 1;
        for (std::size_t t = 0; t < steps; ++t) {
          const bool one = way_ == Way::last || way_ == Way::max;
          dx[t * step] = one ? (t == top ? d : Real(0)) : way_ == Way::mean ? d / Real(steps) : d;
        }
      }
  }

 private:
  static std::size_t highest(const Real* x, std::size_t steps, std::size_t step) {
    std::size_t top = 0;
    for (std::size_t t = 1; t < steps; ++t)
      if (x[t * step] > x[top * step]) top = t;
    return top;
  }
  double over_time(const Real* x, std::size_t steps, std::size_t step) const {
    if (way_ == Way::last) return double(x[(steps - 1) * step]);
    if (way_ == Way::max) return double(x[highest(x, steps, step) * step]);
    double sum = 0;
    for (std::size_t t = 0; t < steps; ++t) sum += double(x[t * step]);
    return sum;
  }
  double joined(double before, double now) const {
    if (way_ == Way::last) return now;
    return way_ == Way::max ? std::max(before, now) : before + now;
  }

  SignalShape in_;
  Way way_;
  std::size_t classes_, group_;
  Carried<double> before_;  // of each element, of the steps so far
};

/// y = mean over the steps of x - log sum exp x.
template <class Real> class LogSoftmaxLayer final : public Layer<Real> {
 public:
  explicit LogSoftmaxLayer(const SignalShape& in) : in_(in) {}
  SignalShape shape() const override { return {{1, 1, in_.features.size()}, true}; }
  void begin(const Pass& pass, std::span<const std::size_t>, SpareArrays<Real>&) override {
    before_.begin(pass);
  }

  void forward(const Pass& pass, const Piece<Real>& piece, int) override {
    const std::size_t size = in_.features.size(), steps = in_.steps(pass.steps), all = piece.samples * size;
    const bool joins = adds_up(pass) && !in_.constant;
    const double* before = joins ? before_.before(pass, piece.part) : nullptr;
    double* after = joins ? before_.after(pass, piece.part, all) : nullptr;
    const std::size_t seen = before == nullptr ? steps : pass.first_step() + steps;
    std::vector<double> sums(size);
    for (std::size_t b = 0; b < piece.samples; ++b) {
      std::fill(sums.begin(), sums.end(), 0.0);
      if (before != nullptr) std::copy_n(before + b * size, size, sums.begin());
      for (std::size_t t = 0; t < steps; ++t) {
        const Real* x = piece.inputs[0] + (t * piece.samples + b) * size;
        const double norm = log_sum(x, size);
        for (std::size_t c = 0; c < size; ++c) sums[c] += double(x[c]) - norm;
      }
      for (std::size_t c = 0; c < size; ++c) piece.output[b * size + c] = Real(sums[c] / double(seen));
      if (after != nullptr) std::copy(sums.begin(), sums.end(), after + b * size);
    }
  }
  void backward(const Pass& pass, const Piece<Real>& piece, int) override {
    if (piece.d_inputs[0] == nullptr) return;
    const std::size_t size = in_.features.size(), steps = in_.steps(pass.steps);
    for (std::size_t b = 0; b < piece.samples; ++b) {
      const Real* d = piece.d_output + b * size;
      double all = 0;
      for (std::size_t c = 0; c < size; ++c) all += double(d[c]);
      for (std::size_t t = 0; t < steps; ++t) {
        const Real* x = piece.inputs[0] + (t * piece.samples + b) * size;
        Real* dx = piece.d_inputs[0] + (t * piece.samples + b) * size;
        const double norm = log_sum(x, size);
        for (std::size_t c = 0; c < size; ++c)
          dx[c] = Real((double(d[c]) - all * std::exp(double(x[c]) - norm)) / double(steps));
      }
    }
  }

 private:
  static double log_sum(const Real* x, std::size_t size) {
    const double top = double(*std::max_element(x, x + size));
    double sum = 0;
    for (std::size_t c = 0; c < size; ++c) sum += std::exp(double(x[c]) - top);
    return top + std::log(sum);
  }

  SignalShape in_;
  Carried<double> before_;  // sums over the steps so far
};

}  // namespace

template <class Real>
std::unique_ptr<Layer<Real>> make_readout(const LayerDescription& layer, std::span<const SignalShape> inputs,
                                          const LayerContext&) {
  const SignalShape& in = inputs[0];
  if (layer.what.name == layer::LogSoftmaxReadout::describe().name)
    return std::make_unique<LogSoftmaxLayer<Real>>(in);
  if (layer.what.name != layer::Readout::describe().name) return nullptr;
  const auto p = values_of<layer::Readout>(layer.what);
  const std::size_t size = in.features.size();
  const std::size_t classes = p.classes == 0 ? size : static_cast<std::size_t>(p.classes);
  if (size % classes != 0)
    throw Error(
        ErrorKind::input, layer.what.where,
        fmt::format("layer {}: {} neurons cannot be parted into {} equal groups", layer.name, size, classes));
  return std::make_unique<ReadoutLayer<Real>>(in, static_cast<Way>(p.of), classes);
}

template std::unique_ptr<Layer<float>> make_readout(const LayerDescription&, std::span<const SignalShape>,
                                                    const LayerContext&);
template std::unique_ptr<Layer<double>> make_readout(const LayerDescription&, std::span<const SignalShape>,
                                                     const LayerContext&);

}  // namespace synfire::learning
