#include "encoders/cochlea.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include "core/error.hpp"
#include "core/loops.hpp"
#include "core/math.hpp"
#include "encoders/fourier.hpp"
#include "encoders/hair_cell.hpp"

namespace synfire {
namespace {

using Complex = Fourier::Complex;
using std::numbers::pi;

constexpr int lanes = 16;  // channels of a block
constexpr std::size_t chunk_steps = 512;

Cochlea::Parameters checked(const Cochlea::Parameters& parameters) {
  constexpr auto description = Cochlea::describe();
  for_each_field(description, [&](const auto& f) {
    const ParameterInfo info{std::string(f.name), f.unit, 0, f.bounds, std::string(f.meaning)};
    check_bounds(info, parameters.*(f.member), "cochlea", {});
  });
  return parameters;
}

/// Reads a sum of frequencies between the points of a grid that has 1.5 times more of them than it must.
struct Kernel {
  static constexpr int width = 10;
  static constexpr double half = width / 2.0, beta = 0.97 * pi * width * (1 - 1 / 3.0);

  SYNFIRE_HD static double at(double distance) {
    const double inside = 1 - distance * distance * (1 / (half * half));
    return inside > 0 ? math::exp(beta * (math::sqrt(inside > 0 ? inside : 0) - 1)) : 0.0;
  }
  /// Its Fourier transform at `cycles` per grid point, by the trapezoidal rule over the angle whose sine the
  /// distance is; that converges geometrically.
  static void transforms(double cycles_each, std::span<double> result) {
    constexpr int nodes = 24;
    double amplitude[nodes], turn[nodes];
    for (int k = 0; k < nodes; ++k) {
      const double angle = (k + 0.5) * pi / (2 * nodes);
      turn[k] = 2 * pi * half * std::sin(angle) * cycles_each;
      amplitude[k] = 2 * half * std::cos(angle) * std::exp(beta * (std::cos(angle) - 1)) * pi / (2 * nodes);
    }
    double* const out = result.data();
    const std::size_t count = result.size();
    run_loop([&]() SYNFIRE_INLINE {
      SYNFIRE_INDEPENDENT
      for (std::size_t j = 0; j < count; ++j) {
        double sum = 0;
        SYNFIRE_UNROLL
        for (int k = 0; k < nodes; ++k) sum += amplitude[k] * math::cos(turn[k] * static_cast<double>(j));
        out[j] = sum;
      }
    });
  }
};

}  // namespace

struct Cochlea::Spectrum {
  std::size_t steps = 0;
  std::vector<Complex> values;  // F_k / n
  std::vector<double> log_hz;   // ln f_k
};

Cochlea::Cochlea(const Parameters& parameters)
    : parameters_(checked(parameters)),
      model_rate_(std::floor(parameters.rate / 2)),
      table_(static_cast<std::size_t>(parameters.channels)) {}

std::vector<double> Cochlea::prepared(std::span<const float> sound) const {
  const std::size_t samples = sound.size();
  if (samples < fewest_samples)
    throw Error(ErrorKind::input,
                fmt::format("a sound of {} samples is too short for the cochlea; it takes {}", samples,
                            fewest_samples));
  if (static_cast<double>(samples) > longest_s * parameters_.rate)
    throw Error(
        ErrorKind::input,
        fmt::format("a sound of {:.1f} s is too long for the cochlea; cut it into pieces of at most {} s",
                    static_cast<double>(samples) / parameters_.rate, longest_s));
  double power = 0;
  for (std::size_t k = 0; k < samples; ++k) {
    if (!std::isfinite(sound[k]))
      throw Error(ErrorKind::input, fmt::format("sample {} of a sound is {}", k, sound[k]));
    power += double(sound[k]) * double(sound[k]);
  }
  const double scale = power > 0 ? parameters_.level / std::sqrt(power / static_cast<double>(samples)) : 0;
  std::vector<double> result(samples);
  for (std::size_t k = 0; k < samples; ++k) result[k] = sound[k] * scale;
  const double longest = std::floor(static_cast<double>(samples) / 2);
  const auto ramp =
      static_cast<std::size_t>(std::min(longest, std::round(parameters_.ramp * 1e-3 * parameters_.rate)));
  for (std::size_t k = 0; k < ramp; ++k) {
    const double window =
        0.5 - 0.5 * std::cos(2 * pi * static_cast<double>(k) / (2 * static_cast<double>(ramp) - 1));
    result[k] *= window;
    result[samples - 1 - k] *= window;
  }
  return result;
}

Cochlea::Spectrum Cochlea::spectrum_of(std::span<const float> sound) const {
  const std::vector<double> samples = prepared(sound);
  std::vector<Complex> values(samples.begin(), samples.end()), transformed(samples.size());
  Fourier(samples.size(), Fourier::Direction::forward).transform(values, transformed);
  Spectrum spectrum;
  spectrum.steps = steps(samples.size());
  const double n = static_cast<double>(spectrum.steps);
  for (std::size_t k = 0; k < spectrum.steps; ++k) {
    spectrum.values.push_back(transformed[k] / n);
    spectrum.log_hz.push_back(std::log(1 + static_cast<double>(k) * (model_rate_ - 1) / (n - 1)));
  }
  return spectrum;
}

/// The membrane at `lanes` neighbouring places.
struct Cochlea::Block {
  std::size_t steps, grid;    // points in time wanted, and of the grid they are read from
  std::vector<float> points;  // [grid + width][lanes], the grid repeating

  Block(const Spectrum& spectrum, const MembraneTable& table, std::size_t first, std::size_t count)
      : steps(spectrum.steps) {
    std::size_t bins[lanes] = {}, most = 1;
    for (std::size_t c = 0; c < count; ++c) {
      const double cutoff = std::log(table.cutoff_hz(first + c)) + 1e-12;
      bins[c] = static_cast<std::size_t>(
          std::upper_bound(spectrum.log_hz.begin(), spectrum.log_hz.end(), cutoff) - spectrum.log_hz.begin());
      most = std::max(most, bins[c]);
    }
    grid = smooth_length(std::max<std::size_t>(3 * most, 64));
    points.resize((grid + Kernel::width) * lanes);
    correction_.resize(most);
    Kernel::transforms(1.0 / static_cast<double>(grid), correction_);
    real_.resize(most);
    imaginary_.resize(most);
    const Fourier inverse(grid, Fourier::Direction::inverse);
    std::vector<Complex> values(grid), waves(grid);
    std::vector<float> pairs(grid * lanes);  // two channels after two channels
    for (std::size_t c = 0; c < count; c += 2) {
      std::fill(values.begin(), values.end(), Complex());
      add(spectrum, table, first + c, bins[c], Complex(1, 0), values);
      if (c + 1 < count) add(spectrum, table, first + c + 1, bins[c + 1], Complex(0, 1), values);
      inverse.transform(values, waves);
      float* const to = &pairs[c * grid];
      for (std::size_t k = 0; k < grid; ++k) {
        to[2 * k] = static_cast<float>(waves[k].real());
        to[2 * k + 1] = static_cast<float>(waves[k].imag());
      }
    }
    for (std::size_t k = 0; k < grid; ++k)
      for (std::size_t c = 0; c < lanes; c += 2) {
        points[k * lanes + c] = pairs[c * grid + 2 * k];
        points[k * lanes + c + 1] = pairs[c * grid + 2 * k + 1];
      }
    std::copy_n(points.begin(), Kernel::width * lanes,
                points.begin() + static_cast<std::ptrdiff_t>(grid * lanes));
  }

  /// v of the steps [first, first + count), [count][lanes].
  void read(std::size_t first, std::size_t count, double* v) const {
    const double spacing = static_cast<double>(grid) / static_cast<double>(steps);
    const float* const from = points.data();
    const std::size_t period = grid;
    run_loop([=]() SYNFIRE_INLINE {
      for (std::size_t j = 0; j < count; ++j) {
        const double at = static_cast<double>(first + j) * spacing;
        const auto left = static_cast<std::int64_t>(at) - (Kernel::width / 2 - 1);
        double weight[Kernel::width], sum[lanes] = {};
        for (int q = 0; q < Kernel::width; ++q) weight[q] = Kernel::at(at - static_cast<double>(left + q));
        const float* row =
            from + static_cast<std::size_t>(left < 0 ? left + std::int64_t(period) : left) * lanes;
        for (int q = 0; q < Kernel::width; ++q, row += lanes)
          for (int i = 0; i < lanes; ++i) sum[i] += weight[q] * static_cast<double>(row[i]);
        for (int i = 0; i < lanes; ++i) v[j * lanes + static_cast<std::size_t>(i)] = sum[i];
      }
    });
  }

 private:
  // Adds `unit` times the spectrum whose inverse transform is the real part of that of V F.
  void add(const Spectrum& spectrum, const MembraneTable& table, std::size_t channel, std::size_t bins,
           Complex unit, std::vector<Complex>& values) {
    table.read(channel, std::span(spectrum.log_hz).first(bins), real_, imaginary_);
    for (std::size_t k = 0; k < bins; ++k) {
      const Complex f = spectrum.values[k];
      const double scale = 0.5 / correction_[k];
      const double re = (real_[k] * f.real() - imaginary_[k] * f.imag()) * scale;
      const double im = (real_[k] * f.imag() + imaginary_[k] * f.real()) * scale;
      const Complex upper(unit.real() * re - unit.imag() * im, unit.real() * im + unit.imag() * re);
      const Complex lower(unit.real() * re + unit.imag() * im, unit.imag() * re - unit.real() * im);
      values[k] += upper;
      values[k == 0 ? 0 : grid - k] += lower;
    }
  }

  std::vector<double> correction_, real_, imaginary_;
};

/// Calls visit(first step, steps, v, p) with v and p as [steps][lanes], chunk after chunk.
template <class Visit>
void Cochlea::run_block(const Spectrum& spectrum, std::size_t first_channel, Visit&& visit) const {
  const Block block(spectrum, table_, first_channel,
                    std::min<std::size_t>(lanes, channels() - first_channel));
  HairCells<lanes> cells(1 / model_rate_);
  std::vector<double> v(chunk_steps * lanes), p(chunk_steps * lanes);
  for (std::size_t first = 0; first < spectrum.steps; first += chunk_steps) {
    const std::size_t count = std::min(chunk_steps, spectrum.steps - first);
    block.read(first, count, v.data());
    run_loop([&, from = v.data(), to = p.data()]() SYNFIRE_INLINE {
      HairCells<lanes> local = cells;
      for (std::size_t j = 0; j < count; ++j) local.step(from + j * lanes, to + j * lanes);
      cells = local;
    });
    visit(first, count, v, p);
  }
}

std::vector<Cochlea::Spike> Cochlea::block_spikes(const Spectrum& spectrum, std::size_t first_channel,
                                                  RandomKey key) const {
  const double dead = std::max(1.0, std::round(1e-3 * model_rate_));
  ReleaseSites<lanes> sites(static_cast<int>(parameters_.sites), static_cast<int>(dead), key, first_channel);
  BushyCells<lanes> bushy(1 / model_rate_, parameters_.drive / parameters_.sites);
  std::vector<Spike> spikes;
  const std::size_t present = std::min<std::size_t>(lanes, channels() - first_channel);
  run_block(spectrum, first_channel,
            [&](std::size_t first, std::size_t count, const auto&, const std::vector<double>& p) {
              run_loop([&]() SYNFIRE_INLINE {
                for (std::size_t j = 0; j < count; ++j) {
                  double released[lanes];
                  std::int32_t fired[lanes];
                  sites.step(&p[j * lanes], released);
                  if (bushy.step(released, fired) == 0) continue;
                  for (std::size_t c = 0; c < present; ++c)
                    if (fired[c] != 0)
                      spikes.push_back({static_cast<std::uint32_t>(first + j - 1),
                                        static_cast<std::uint16_t>(first_channel + c)});
                }
              });
            });
  return spikes;
}

std::vector<Cochlea::Spike> Cochlea::spikes(std::span<const float> sound, RandomKey key) const {
  const Spectrum spectrum = spectrum_of(sound);
  const std::size_t blocks = (channels() + lanes - 1) / lanes;
  std::vector<std::vector<Spike>> parts(blocks);
  tbb::parallel_for(std::size_t(0), blocks,
                    [&](std::size_t b) { parts[b] = block_spikes(spectrum, b * lanes, key); });
  std::vector<Spike> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<Cochlea::Trace> Cochlea::traces(std::span<const float> sound,
                                            std::span<const std::size_t> wanted) const {
  for (const std::size_t channel : wanted)
    if (channel >= channels())
      throw Error(ErrorKind::usage,
                  fmt::format("the cochlea has no channel {}, but {}", channel, channels()));
  const Spectrum spectrum = spectrum_of(sound);
  std::vector<Trace> traces(wanted.size());
  for (std::size_t block = 0; block < channels(); block += lanes) {
    const auto here = [&](std::size_t channel) { return channel >= block && channel < block + lanes; };
    if (std::none_of(wanted.begin(), wanted.end(), here)) continue;
    run_block(spectrum, block, [&](std::size_t, std::size_t count, const auto& v, const auto& p) {
      for (std::size_t k = 0; k < wanted.size(); ++k)
        for (std::size_t j = 0; here(wanted[k]) && j < count; ++j) {
          traces[k].membrane.push_back(v[j * lanes + wanted[k] - block]);
          traces[k].release_probability.push_back(p[j * lanes + wanted[k] - block]);
        }
    });
  }
  return traces;
}

}  // namespace synfire
