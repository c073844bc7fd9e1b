#include "learning/gradient/products.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "learning/gradient/bf16.hpp"
#include "learning/gradient/convolution.hpp"
#include "learning/gradient/ordered_sum.hpp"
#include "learning/gradient/spike_products.hpp"

namespace synfire::learning {
namespace {

std::vector<float> draw(std::size_t count, std::uint32_t seed, double spikes = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::bernoulli_distribution spike(spikes);
  std::vector<float> values(count);
  for (float& value : values) value = spikes > 0 ? float(spike(random)) : normal(random);
  return values;
}

// What a product sees of its factors, in double precision.
std::vector<double> seen(const std::vector<float>& values, Precision precision) {
  std::vector<double> all;
  for (const float value : values)
    all.push_back(double(precision == Precision::bf16 ? from_bf16(to_bf16(value)) : value));
  return all;
}

// Sums of single precision have an error below this part of the sum of sizes.
constexpr double rounding = 1e-5;

void expect_near(const std::vector<double>& exact, const std::vector<float>& found, double scale) {
  ASSERT_EQ(exact.size(), found.size());
  for (std::size_t i = 0; i < exact.size(); ++i)
    ASSERT_NEAR(exact[i], double(found[i]), scale * rounding) << i;
}

TEST(Bf16, IsTheNearestNumberAndEvenBetweenTwo) {
  for (const float value : draw(10000, 1)) {
    const float there = from_bf16(to_bf16(value));
    EXPECT_LE(std::abs(there - value), std::abs(value) / 256);
    EXPECT_EQ(to_bf16(there), to_bf16(value));
  }
  EXPECT_EQ(from_bf16(to_bf16(1.00390625f)), 1.0f);       // halfway to 1.0078125, whose last bit is 1
  EXPECT_EQ(from_bf16(to_bf16(1.01171875f)), 1.015625f);  // halfway from 1.0078125
  for (const float exact : {0.0f, 1.0f, -2.5f, 96.0f}) EXPECT_EQ(from_bf16(to_bf16(exact)), exact);
}

TEST(Bf16, WhatIsNotFiniteStaysSo) {
  const float infinite = std::numeric_limits<float>::infinity();
  EXPECT_EQ(from_bf16(to_bf16(infinite)), infinite);
  EXPECT_EQ(from_bf16(to_bf16(-infinite)), -infinite);
  EXPECT_EQ(from_bf16(to_bf16(std::numeric_limits<float>::max())), infinite);
  for (const std::uint32_t bits : {0x7f800001u, 0x7fffffffu, 0xff800001u})
    EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::bit_cast<float>(bits))))) << std::hex << bits;
}

TEST(Products, AreThoseInDoubleOfWhatTheirFactorsAreRoundedTo) {
  constexpr std::size_t m = 37, n = 65, k = 130;
  const auto a = draw(m * k, 1), b = draw(k * n, 2), before = draw(m * n, 3);
  for (const Precision precision : {Precision::single, Precision::bf16})
    for (const Transposed ta : {Transposed::no, Transposed::yes})
      for (const Transposed tb : {Transposed::no, Transposed::yes})
        for (const float beta : {0.0f, 1.0f}) {
          std::vector<float> found = before;
          multiply(ta, tb, m, n, k, a.data(), b.data(), beta, found.data(), precision);
          const auto left = seen(a, precision), right = seen(b, precision);
          std::vector<double> exact(before.begin(), before.end());
          multiply(ta, tb, m, n, k, left.data(), right.data(), double(beta), exact.data());
          expect_near(exact, found, double(k));
        }
}

struct Shape {
  FeatureShape in;
  std::size_t channels, kernel, stride, padding;
};

ConvolutionShape shape_of(const Shape& s) {
  const auto side = [&](std::size_t in) { return (in + 2 * s.padding - s.kernel) / s.stride + 1; };
  return {s.in, {side(s.in.height), side(s.in.width), s.channels}, s.kernel, s.stride, s.padding};
}

class Convolutions : public testing::TestWithParam<Shape> {};
// The last two are those whose weights are learned by a product.
INSTANTIATE_TEST_SUITE_P(Shapes, Convolutions,
                         testing::Values(Shape{{9, 7, 5}, 6, 3, 1, 1}, Shape{{8, 8, 16}, 24, 3, 2, 1},
                                         Shape{{6, 9, 3}, 4, 5, 2, 0}, Shape{{4, 4, 256}, 256, 3, 1, 1},
                                         Shape{{5, 4, 250}, 270, 3, 2, 1}),
                         [](const auto& shape) { return "shape_" + std::to_string(shape.index); });

TEST_P(Convolutions, AreThoseInDoubleOfWhatTheirFactorsAreRoundedTo) {
  constexpr std::size_t maps = 3;
  const ConvolutionShape shape = shape_of(GetParam());
  const auto in = draw(maps * shape.in.size(), 1, 0.3), weights = draw(shape.weights(), 2),
             bias = draw(shape.out.channels, 3), d_out = draw(maps * shape.out.size(), 4);
  const std::vector<double> exact_bias(bias.begin(), bias.end());
  for (const Precision precision : {Precision::single, Precision::bf16}) {
    const auto in_seen = seen(in, precision), weights_seen = seen(weights, precision),
               d_seen = seen(d_out, precision);
    Convolution<float> tried(shape, precision);
    Convolution<double> exact(shape);
    const std::size_t counts[] = {maps};
    tried.prepare_forward(weights.data(), counts), tried.prepare_by_input(weights.data(), counts);
    exact.prepare_forward(weights_seen.data(), counts);
    const auto compare = [&](std::size_t size, std::size_t terms, const auto& with_float,
                             const auto& with_double) {
      std::vector<float> found(size, 99);
      std::vector<double> expected(size, 99);
      with_float(found.data()), with_double(expected.data());
      expect_near(expected, found, double(terms));
    };
    compare(
        maps * shape.out.size(), shape.patch(),
        [&](float* out) { tried.forward(maps, in.data(), bias.data(), out); },
        [&](double* out) { exact.forward(maps, in_seen.data(), exact_bias.data(), out); });
    compare(
        maps * shape.in.size(), shape.kernel * shape.kernel * shape.out.channels,
        [&](float* d) { tried.by_input(maps, d_out.data(), d); },
        [&](double* d) { exact.by_input(maps, d_seen.data(), d); });
    compare(
        shape.weights(), maps * shape.out.places(),
        [&](float* d) { tried.by_weights(maps, in.data(), d_out.data(), d); },
        [&](double* d) { exact.by_weights(maps, in_seen.data(), d_seen.data(), d); });
  }
}

TEST(Products, GradientsOfWeightsAreTheSameSpikeBySpike) {
  constexpr std::size_t rows = 60, in = 40, out = 30;
  const auto d = draw(rows * out, 1);
  for (const double density : {0.02, 0.1, 0.6}) {
    const auto x = draw(rows * in, 2, density);
    std::vector<float> found(out * in);
    weights_gradient(x.data(), rows, in, out, d.data(), found.data());
    const std::vector<double> exact_x(x.begin(), x.end()), exact_d(d.begin(), d.end());
    std::vector<double> exact(out * in);
    multiply(Transposed::yes, Transposed::no, out, in, rows, exact_d.data(), exact_x.data(), 0.0,
             exact.data());
    expect_near(exact, found, double(rows));
  }
}

constexpr std::size_t summed = 1000;

// Of parts with so many samples, in the order given; a part adds what is drawn with its number.
std::vector<float> ordered_sum(const std::vector<std::size_t>& samples,
                               const std::vector<std::size_t>& order) {
  SpareArrays<float> spare;
  OrderedSum<float> sum;
  std::vector<float> result(summed, 7);  // is overwritten
  sum.begin(samples, result, spare);
  for (const std::size_t part : order) {
    auto term = sum.open(part);
    const auto values = draw(summed, std::uint32_t(part));
    std::copy(values.begin(), values.end(), term.values);
    sum.add(std::move(term));
  }
  return result;
}

std::vector<float> added(std::vector<float> a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

TEST(OrderedSum, IsTheSameToTheBitWhicheverTermComesFirst) {
  const std::vector<std::size_t> samples = {4, 0, 4, 3, 0, 3};  // of six parts, two without any
  const auto of = [](std::size_t part) { return draw(summed, std::uint32_t(part)); };
  const auto expected = added(added(of(0), added(of(2), of(3))), of(5));
  std::vector<std::size_t> order = {0, 2, 3, 5};
  do EXPECT_EQ(ordered_sum(samples, order), expected);
  while (std::next_permutation(order.begin(), order.end()));
}

// What ranks rely on: those with 1, 2, 4 … parts have branches of the tree.
TEST(OrderedSum, IsTheSumOfItsBranches) {
  const auto whole = ordered_sum({1, 1, 1, 1, 1, 1, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  const auto left = ordered_sum({1, 1, 1, 1, 0, 0, 0, 0}, {3, 2, 1, 0});
  const auto right = ordered_sum({0, 0, 0, 0, 1, 1, 1, 1}, {5, 7, 4, 6});
  EXPECT_EQ(added(left, right), whole);
}

TEST(SpareArrays, GiveTheSmallestThatIsLargeEnoughAndNotFarTooLarge) {
  SpareArrays<float> spare;
  for (const std::size_t size : {90u, 10u, 80u, 1000u}) {
    LargeVector<float> array;
    array.reserve(size);
    spare.give(std::move(array));
  }
  EXPECT_EQ(spare.take(50).capacity(), 80u);
  EXPECT_EQ(spare.take(50).capacity(), 90u);
  EXPECT_EQ(spare.take(50).capacity(), 50u);  // a new one
}

}  // namespace
}  // namespace synfire::learning
