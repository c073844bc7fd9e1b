// Curvature is what an eigen-solver finds in the whole Hessian, directions keep to the norms of filters, and
// the loss in the middle of the surface is that of the network.
#include "learning/landscape/landscape.hpp"

#include <cmath>
#include <filesystem>
#include <numeric>
#include <random>

#include <Eigen/Dense>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <tbb/task_arena.h>

#include "io/yaml.hpp"
#include "networks/parse_layers.hpp"
#include "tests/learning/small_task.hpp"

namespace synfire::learning {
namespace {

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

MatrixXd drawn(Index rows, Index columns, unsigned seed = 2) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  MatrixXd made(rows, columns);
  for (Index j = 0; j < columns; ++j)
    for (Index i = 0; i < rows; ++i) made(i, j) = normal(random);
  return made;
}
MatrixXd symmetric(Index size, unsigned seed = 2) {
  const MatrixXd any = drawn(size, size, seed);
  return (any + any.transpose()) / 2;
}
MatrixProduct product_of(const MatrixXd& a) {
  return [&a](std::span<const double> x, std::span<double> y) {
    VectorXd::Map(y.data(), a.rows()) = a * VectorXd::Map(x.data(), a.rows());
    return true;
  };
}
VectorXd eigenvalues(const MatrixXd& a) {
  return Eigen::SelfAdjointEigenSolver<MatrixXd>(a, Eigen::EigenvaluesOnly).eigenvalues();
}
double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

TEST(Lanczos, MomentsAreThoseOfTheMatrix) {
  constexpr Index size = 30;
  constexpr std::size_t steps = 7;
  const MatrixXd a = symmetric(size);
  const auto start = random_signs(size, 1, 0);
  const auto found = lanczos(product_of(a), start, steps);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->nodes.size(), steps);
  const auto v = VectorXd::Map(start.data(), size);
  VectorXd power = v;
  for (std::size_t p = 0; p < 2 * steps; ++p) {
    double moment = 0;
    for (std::size_t i = 0; i < steps; ++i)
      moment += found->weights[i] * std::pow(found->nodes[i], double(p));
    EXPECT_NEAR(moment, v.dot(power), 1e-11 * std::pow(10.0, double(p))) << p;
    power = a * power;
  }
  EXPECT_NEAR(found->mean, v.dot(a * v), 1e-12);
  EXPECT_LT(found->asymmetry, 1e-14);
}

TEST(Lanczos, ResidualsAndRanksBoundEigenvalues) {
  constexpr Index size = 40;
  const MatrixXd a = symmetric(size);
  const VectorXd exact = eigenvalues(a);
  for (const std::size_t steps : {3u, 10u, 40u}) {
    const auto found = lanczos(product_of(a), random_signs(size, 3, 1), steps);
    ASSERT_TRUE(found);
    const std::size_t n = found->nodes.size();
    for (std::size_t i = 0; i < n; ++i) {
      const double nearest = (exact.array() - found->nodes[i]).abs().minCoeff();
      EXPECT_LE(nearest, found->residuals[i] + 1e-12) << steps << " " << i;
      EXPECT_LE(found->nodes[n - 1 - i], exact(size - 1 - Index(i)) + 1e-12);
      EXPECT_GE(found->nodes[i], exact(Index(i)) - 1e-12);
    }
    if (steps == 40u) {
      EXPECT_LT(*std::ranges::max_element(found->residuals), 1e-11);
    } else {
      EXPECT_GT(found->residuals[0], 1e-3) << "it has not converged, and says so";
    }
  }
}

TEST(Lanczos, EndsWhereItsVectorsSpanAllThereIs) {
  const MatrixXd one = 3 * MatrixXd::Identity(9, 9);
  const auto same = lanczos(product_of(one), random_signs(9, 1, 0), 5);
  ASSERT_EQ(same->nodes.size(), 1u);
  EXPECT_NEAR(same->nodes[0], 3, 1e-14);
  const MatrixXd zero = MatrixXd::Zero(9, 9);
  EXPECT_EQ(lanczos(product_of(zero), random_signs(9, 1, 0), 5)->nodes, std::vector<double>{0});
  MatrixXd two = one;
  two(4, 4) = -1;
  const auto pair = lanczos(product_of(two), random_signs(9, 1, 0), 9);
  ASSERT_EQ(pair->nodes.size(), 2u);
  EXPECT_NEAR(pair->nodes[0], -1, 1e-13);
  EXPECT_NEAR(pair->weights[0], 1.0 / 9, 1e-13);
}

TEST(Lanczos, TellsWhatIsNotSymmetric) {
  const MatrixXd a = drawn(12, 12), turned = a.transpose();
  const auto found = lanczos(product_of(a), random_signs(12, 1, 0), 12);
  EXPECT_NEAR(found->asymmetry, (a - turned).norm() / (2 * a.norm()), 1e-10);
  const VectorXd exact = eigenvalues((a + turned) / 2);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(found->nodes[i], exact(Index(i)), 1e-10);
}

TEST(Lanczos, StopsWhereItsProductDoes) {
  int calls = 0;
  const MatrixProduct stopped = [&](std::span<const double>, std::span<double> y) {
    std::fill(y.begin(), y.end(), 0.5);
    y[0] = double(calls);
    return ++calls < 3;
  };
  EXPECT_FALSE(lanczos(stopped, random_signs(9, 1, 0), 5));
  EXPECT_EQ(calls, 3);
}

TEST(Lanczos, SaysWhatMemoryItWouldTake) {
  const std::vector<double> start(1 << 20, 0x1p-10);
  const MatrixProduct never = [](std::span<const double>, std::span<double>) -> bool { throw 1; };
  EXPECT_NE(test::error_of([&] { lanczos(never, start, 10'000'000); }).find("ask for fewer steps"),
            std::string::npos);
}

// Of signs, the variance of the trace is 2 sum of squares beside the diagonal.
TEST(Spectrum, TraceAndDensityAreWithinTheirErrors) {
  constexpr Index size = 50;
  const MatrixXd a = symmetric(size);
  SpectrumQuestion question;
  question.probes = 60, question.steps = 20, question.points = 4001, question.width = 0.02;
  const auto found = spectrum_of(product_of(a), size, question);
  ASSERT_TRUE(found);
  const double error = std::sqrt(2 * (a.squaredNorm() - a.diagonal().squaredNorm()) / 60);
  EXPECT_NEAR(found->trace_error, error, 0.3 * error);
  EXPECT_LT(std::abs(found->trace - a.trace()), 4 * found->trace_error);
  double whole = 0, mean = 0, square = 0;
  const double apart = found->values[1] - found->values[0];
  for (std::size_t k = 0; k < found->values.size(); ++k) {
    whole += apart * found->density[k];
    mean += apart * found->density[k] * found->values[k];
    square += apart * found->density[k] * found->values[k] * found->values[k];
  }
  EXPECT_NEAR(whole, 1, 1e-5);
  EXPECT_NEAR(mean, found->trace / size, 1e-4);
  EXPECT_NEAR(square - found->width * found->width, a.squaredNorm() / size, 0.1 * a.squaredNorm() / size);
  EXPECT_NEAR(found->width, 0.02 * (found->largest[0].value - found->smallest[0].value), 1e-12);
  const VectorXd exact = eigenvalues(a);
  for (const auto& [end, value] :
       {std::pair(found->largest[0], exact(size - 1)), {found->smallest[0], exact(0)}}) {
    EXPECT_LT(end.residual, 0.01);
    EXPECT_NEAR(end.value, value, end.residual);
  }
  question.seed = 9;
  EXPECT_NE(spectrum_of(product_of(a), size, question)->trace, found->trace);
}

TEST(Spectrum, OfADiagonalMatrixHasAnExactTrace) {
  MatrixXd a = MatrixXd::Zero(6, 6);
  for (Index i = 0; i < 6; ++i) a(i, i) = double(i);
  SpectrumQuestion question;
  question.probes = 3, question.steps = 6, question.largest = 6;
  const auto found = spectrum_of(product_of(a), 6, question);
  EXPECT_NEAR(found->trace, 15, 1e-13);
  EXPECT_NEAR(found->trace_error, 0, 1e-13);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(found->largest[i].value, 5 - double(i), 1e-12);
    EXPECT_NEAR(found->smallest[i].value, double(i), 1e-12);
  }
  question.probes = 1;
  EXPECT_TRUE(std::isnan(spectrum_of(product_of(a), 6, question)->trace_error));
}

constexpr std::size_t samples = 9, classes = 3;

template <class Real>
Network<Real> network_of(const std::string& layers, const FeatureShape& input, std::size_t parts = 2) {
  const LayerContext context{
      .seed = 3, .dt_ms = 1, .steps = 3, .surrogate = Surrogate(Chosen{.name = "arctan", .parameters = {}})};
  return Network<Real>(parse::parse_layers(parse_yaml(layers, "test.yaml")), {input, true}, classes, context,
                       parts);
}

template <class Real> Batch<Real> batch_of(std::size_t features, std::size_t first, std::size_t count) {
  const MatrixXd values = drawn(Index(features), samples, 7);
  Batch<Real> batch;
  batch.samples = count;
  for (std::size_t b = first; b < first + count; ++b) {
    for (std::size_t i = 0; i < features; ++i) batch.values.push_back(Real(values(Index(i), Index(b))));
    batch.labels.push_back(std::uint32_t(b % classes));
  }
  return batch;
}

// Two batches that are not of one size.
template <class Real> BatchSource<Real> batches_of(std::size_t features) {
  return [features](std::size_t k, Batch<Real>& batch, std::uint64_t& pass) {
    if (k > 1) return false;
    pass = k;
    batch = k == 0 ? batch_of<Real>(features, 0, 5) : batch_of<Real>(features, 5, 4);
    return true;
  };
}

template <class Product> MatrixXd matrix_of(Product& product) {
  const auto size = Index(product.size());
  MatrixXd made(size, size);
  VectorXd unit = VectorXd::Zero(size);
  for (Index j = 0; j < size; ++j) {
    unit(j) = 1;
    EXPECT_TRUE(product({unit.data(), product.size()}, {made.col(j).data(), product.size()}));
    unit(j) = 0;
  }
  return made;
}

// The mean squared error of o = W x + b: blocks 2/C E[(x, 1) (x, 1)^T] for each of C classes.
TEST(HessianProduct, OfLinearRegressionIsThatOfTheSamples) {
  constexpr std::size_t features = 6;
  Network<double> network = network_of<double>("[input, {dense: 3}]", {1, 1, features});
  const Loss<double> loss(Chosen{.name = "mse"}, 3);
  HessianProduct<double> product(network, loss, batches_of<double>(features), 1e-4);
  ASSERT_EQ(product.size(), classes * (features + 1));
  const MatrixXd found = matrix_of(product);
  MatrixXd x = MatrixXd::Ones(features + 1, samples);
  x.topRows(features) = drawn(features, samples, 7);
  const MatrixXd block = x * x.transpose() * 2 / double(classes * samples);
  const auto number = [&](Index c, Index i) {
    return i < Index(features) ? c * Index(features) + i : 18 + c;
  };
  for (Index c = 0; c < 3; ++c)
    for (Index d = 0; d < 3; ++d)
      for (Index i = 0; i <= Index(features); ++i)
        for (Index j = 0; j <= Index(features); ++j)
          EXPECT_NEAR(found(number(c, i), number(d, j)), c == d ? block(i, j) : 0, 1e-9);
  SpectrumQuestion question;
  question.steps = 21;
  const auto spectrum = spectrum_of(std::ref(product), product.size(), question);
  EXPECT_NEAR(spectrum->largest[0].value, eigenvalues(block)(features), 1e-8);
  EXPECT_LT(std::abs(spectrum->trace - 3 * block.trace()), 4 * spectrum->trace_error);
}

const std::string smooth = "[input, {conv: {channels: 3, kernel: 2}}, {celu: 1}, batch_norm, {dense: 3}]";
constexpr FeatureShape small{3, 4, 2};

TEST(HessianProduct, OfANetworkIsTheSecondDerivative) {
  Network<double> network = network_of<double>(smooth, small);
  const Loss<double> loss(Chosen{.name = "cross_entropy"}, 3);
  HessianProduct<double> product(network, loss, batches_of<double>(24), 1e-6);
  const MatrixXd found = matrix_of(product);
  EXPECT_LT((found - found.transpose()).norm(), 1e-7 * found.norm());
  const Batch<double> all = batch_of<double>(24, 0, samples);
  std::vector<double*> numbers;
  for (auto* array : network.weights())
    for (double& value : array->values) numbers.push_back(&value);
  ASSERT_EQ(numbers.size(), product.size());
  const auto loss_at = [&](std::size_t i, double a, std::size_t j, double b) {
    const double kept_i = *numbers[i], kept_j = *numbers[j];
    *numbers[i] += a, *numbers[j] += b;
    const double value = network.evaluate(all, loss).loss;
    *numbers[i] = kept_i, *numbers[j] = kept_j;
    return value;
  };
  constexpr double h = 1e-3;
  for (std::size_t i = 0; i < numbers.size(); i += 7)
    for (std::size_t j = i; j < numbers.size(); j += 11) {
      const double second =
          (loss_at(i, h, j, h) - loss_at(i, h, j, -h) - loss_at(i, -h, j, h) + loss_at(i, -h, j, -h)) /
          (4 * h * h);
      EXPECT_NEAR(found(Index(i), Index(j)), second, 1e-5 * found.cwiseAbs().maxCoeff()) << i << " " << j;
    }
}

TEST(Spectrum, OfANetworkIsThatOfItsWholeHessian) {
  Network<double> network = network_of<double>(smooth, small);
  const Loss<double> loss(Chosen{.name = "cross_entropy"}, 3);
  HessianProduct<double> product(network, loss, batches_of<double>(24), 1e-6);
  const MatrixXd whole = matrix_of(product);
  const VectorXd exact = eigenvalues((whole + whole.transpose()) / 2);
  SpectrumQuestion question;
  question.probes = 10, question.steps = 50, question.largest = 3;
  const auto found = spectrum_of(std::ref(product), product.size(), question);
  for (std::size_t k = 0; k < 3; ++k) {
    const double largest = exact(exact.size() - 1 - Index(k));
    EXPECT_NEAR(found->largest[k].value, largest, 1e-6 * exact.maxCoeff()) << k;
    EXPECT_LT(found->largest[k].residual, 1e-5 * largest);
  }
  EXPECT_NEAR(found->smallest[0].value, exact(0), 1e-6 * exact.maxCoeff());
  EXPECT_LT(found->asymmetry, 1e-7);
  EXPECT_GT(found->trace_error, 0);
  EXPECT_LT(std::abs(found->trace - whole.trace()), 4 * found->trace_error);
  double second = 0;
  for (const Quadrature& probe : found->probes) {
    EXPECT_NEAR(sum(probe.weights), 1, 1e-12);
    for (std::size_t i = 0; i < probe.nodes.size(); ++i)
      second += probe.weights[i] * probe.nodes[i] * probe.nodes[i] / 10;
  }
  double expected = 0;
  for (std::size_t k = 0; k < 10; ++k) {
    const auto signs = random_signs(product.size(), question.seed, k);
    expected += (whole * VectorXd::Map(signs.data(), exact.size())).squaredNorm() / 10;
  }
  EXPECT_NEAR(second, expected, 1e-6 * expected) << "v^T H^2 v";
}

TEST(HessianProduct, IsAboutTheSameInSinglePrecision) {
  Network<double> fine = network_of<double>(smooth, small);
  Network<float> coarse = network_of<float>(smooth, small);
  HessianProduct<double> exact(fine, Loss<double>(Chosen{.name = "cross_entropy"}, 3), batches_of<double>(24),
                               HessianProduct<double>::default_step(false));
  HessianProduct<float> about(coarse, Loss<float>(Chosen{.name = "cross_entropy"}, 3), batches_of<float>(24),
                              HessianProduct<float>::default_step(false));
  const MatrixXd a = matrix_of(exact), b = matrix_of(about);
  EXPECT_LT((a - b).norm(), 1e-2 * a.norm());
  EXPECT_GT((a - b).norm(), 1e-7 * a.norm()) << "otherwise nobody needs double precision";
}

TEST(HessianProduct, LeavesTheWeightsAndIsTheSameForAnyNumberOfThreads) {
  const std::string layers = "[input, {conv: 4}, batch_norm, lif, {dense: 3}, {readout: mean}]";
  const auto product_by = [&](int threads) {
    Network<float> network = network_of<float>(layers, small, 4);
    const Loss<float> loss(Chosen{.name = "cross_entropy"}, 3);
    const auto before = values_of_all(network.weights());
    std::vector<double> made;
    bool stops = false;
    {
      HessianProduct<float> product(network, loss, batches_of<float>(24), 1e-2,
                                    [&](std::size_t) { return !stops; });
      made.resize(product.size());
      const auto v = random_signs(product.size(), 1, 0);
      tbb::task_arena arena(threads);
      arena.execute([&] { EXPECT_TRUE(product(v, made)); });
      stops = true;
      std::vector<double> rest(product.size());
      EXPECT_FALSE(product(v, rest));
    }
    const auto after = values_of_all(network.weights());
    for (std::size_t k = 0; k < before.size(); ++k) EXPECT_EQ(after[k].values, before[k].values);
    return made;
  };
  EXPECT_EQ(product_by(1), product_by(3));
}

TEST(Landscape, DirectionsHaveTheNormsOfFilters) {
  Network<float> network = network_of<float>(
      "[input, {conv: 4}, batch_norm, relu, {transposed_conv: {channels: 5, kernel: 2}}, {dense: 6},"
      " {klif: {}, recurrent: true, learn: {k: [0.5, 5]}}, {dense: 3}, {readout: mean}]",
      small);
  const auto weights = network.weights();
  const Direction one = filter_direction(weights, 1, 0), two = filter_direction(weights, 1, 1);
  EXPECT_EQ(filter_direction(weights, 1, 0), one);
  EXPECT_NE(filter_direction(weights, 2, 0), one);
  std::size_t at = 0, moved = 0;
  for (const auto* array : weights) {
    const bool moves = array->shape.size() > 1;
    const bool last = array->name.starts_with("transposed_conv");
    const std::size_t count = last ? array->shape.back() : array->shape.front();
    std::vector<double> there(count), ours(count), others(count), along(count);
    for (std::size_t i = 0; i < array->size(); ++i) {
      const std::size_t filter = last ? i % count : i / (array->size() / count);
      there[filter] += double(array->values[i]) * array->values[i];
      ours[filter] += one[at + i] * one[at + i];
      others[filter] += two[at + i] * two[at + i];
    }
    for (std::size_t f = 0; f < count; ++f) {
      EXPECT_NEAR(ours[f], moves ? there[f] : 0, 1e-12) << array->name << " " << f;
      EXPECT_NEAR(others[f], moves ? there[f] : 0, 1e-12) << array->name << " " << f;
    }
    at += array->size(), moved += moves ? 1 : 0;
  }
  EXPECT_EQ(at, one.size());
  EXPECT_EQ(moved, 5u) << "conv, transposed_conv, dense, recurrent, dense";
  EXPECT_NE(one, two);
}

NetworkDescription task(const test::TemporaryFolder& folder) {
  return parse_network(parse_yaml(
      fmt::format("{{synfire: 1, seed: 2, dataset: {{path: \"{}\"}}, simulation: {{dt: 1 ms}},"
                  " layers: [input, {{conv: 3}}, batch_norm, relu, {{max_pool: 2}}, {{dense: 8}}, lif,"
                  " {{dense: 4}}, {{readout: mean}}],"
                  " training: {{epochs: 1, batch: 16, steps: 4, validation: 8}}}}",
                  folder.path().string()),
      "net.yaml"));
}

TEST(Landscape, IsTheLossOfTheNetworkInItsMiddleAndLeavesIt) {
  const test::TemporaryFolder folder;
  test::write_set(folder, "train", 48);
  test::write_set(folder, "t10k", 40);
  const auto found_by = [&](unsigned threads) {
    Trainer trainer(task(folder), {.threads = threads});
    EXPECT_TRUE(trainer.run({}));
    const auto before = values_of_all(trainer.network().weights());
    const Judgement judged = trainer.judge(Share::test);
    LandscapeQuestion question;
    question.share = Share::test, question.grid = 3, question.threads = threads;
    question.curvature.probes = 2, question.curvature.steps = 3;
    const auto found = landscape_of(trainer, "net.h5", question, nullptr, {});
    EXPECT_TRUE(found);
    EXPECT_EQ(found->samples, 40u);
    EXPECT_EQ(found->here.loss, judged.score.loss);
    EXPECT_EQ(found->surface->along, (std::vector<double>{-1, 0, 1}));
    EXPECT_EQ(found->surface->loss[4], judged.score.loss) << "to the bit";
    EXPECT_EQ(found->surface->accuracy[4], judged.score.accuracy);
    EXPECT_NE(found->surface->loss[1], judged.score.loss);
    EXPECT_EQ(*found->asked.step, 1e-2) << "neurons spike";
    const auto after = values_of_all(trainer.network().weights());
    for (std::size_t k = 0; k < before.size(); ++k) EXPECT_EQ(after[k].values, before[k].values);
    return *found;
  };
  const Landscape one = found_by(1), three = found_by(3);
  EXPECT_EQ(one.surface->loss, three.surface->loss);
  EXPECT_EQ(one.surface->accuracy, three.surface->accuracy);
  EXPECT_EQ(one.spectrum->density, three.spectrum->density);
  EXPECT_EQ(one.spectrum->trace, three.spectrum->trace);
}

// What a point of the surface says is what a network with these weights says.
TEST(Landscape, PointsAreNetworksWithMovedWeights) {
  const test::TemporaryFolder folder;
  test::write_set(folder, "train", 24);
  test::write_set(folder, "t10k", 24);
  Trainer trainer(task(folder), {});
  LandscapeQuestion question;
  question.spectrum = false, question.grid = 2, question.radius = 0.5, question.share = Share::train;
  question.samples = 10, question.seed = 4;
  const auto found = landscape_of(trainer, "net.h5", question, nullptr, {});
  const auto weights = trainer.network().weights();
  const Direction across = filter_direction(weights, 4, 0), down = filter_direction(weights, 4, 1);
  std::size_t at = 0;
  for (auto* array : weights)
    for (float& value : array->values) {
      value = float(double(value) + 0.5 * across[at] - 0.5 * down[at]);
      ++at;
    }
  EXPECT_EQ(found->surface->loss[1], trainer.judge(Share::train, 10).score.loss)
      << "first row, second column";
  EXPECT_FALSE(found->spectrum);
}

TEST(Landscape, OfANetworkThatGivesItsSamplesBack) {
  const test::TemporaryFolder folder;
  test::write_set(folder, "train", 24);
  test::write_set(folder, "t10k", 24);
  NetworkDescription network = parse_network(
      parse_yaml(fmt::format("{{synfire: 1, seed: 2, dataset: {{path: \"{}\"}}, simulation: {{dt: 1 ms}},"
                             " layers: [input, flatten, {{dense: 5}}, {{celu: 1}}, {{dense: 64}}],"
                             " training: {{epochs: 1, batch: 16, validation: 8, loss: reconstruction}}}}",
                             folder.path().string()),
                 "net.yaml"));
  Trainer trainer(network, {});
  LandscapeQuestion question;
  question.grid = 3, question.curvature.steps = 12, question.curvature.largest = 1;
  const auto found = landscape_of(trainer, "net.h5", question, nullptr, {});
  EXPECT_TRUE(std::isnan(found->here.accuracy));
  EXPECT_TRUE(std::isnan(found->surface->accuracy[0]));
  EXPECT_EQ(found->surface->loss[4], trainer.judge(Share::train).score.loss);
  EXPECT_EQ(found->asked.step, 1e-8);
  EXPECT_LT(found->spectrum->asymmetry, 1e-6);
  EXPECT_GT(found->spectrum->largest[0].value, 0);
  const std::string report = landscape_json(*found);
  EXPECT_NE(report.find("\"accuracy\": null"), std::string::npos) << report;
  draw_landscape(folder.file("l.png"), *found, false);
  EXPECT_TRUE(std::filesystem::exists(folder.file("l.png")));
}

TEST(Landscape, EndsWhenItIsStopped) {
  const test::TemporaryFolder folder;
  test::write_set(folder, "train", 24);
  test::write_set(folder, "t10k", 24);
  std::atomic<bool> stop = false;
  Trainer trainer(task(folder), {.stop = &stop});
  const auto before = values_of_all(trainer.network().weights());
  for (const bool surface : {true, false}) {
    stop = false;
    LandscapeQuestion question;
    question.surface = surface;
    std::size_t told = 0;
    EXPECT_FALSE(landscape_of(trainer, "net.h5", question, &stop, [&](const LandscapeProgress& now) {
      EXPECT_LT(now.done, now.total);
      EXPECT_EQ(now.phase, surface ? "surface" : "Hessian");
      stop = ++told == 3;
    }));
    EXPECT_EQ(told, 3u);
    const auto after = values_of_all(trainer.network().weights());
    for (std::size_t k = 0; k < before.size(); ++k) EXPECT_EQ(after[k].values, before[k].values);
  }
}

}  // namespace
}  // namespace synfire::learning
