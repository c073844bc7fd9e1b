// Tasks and weights as inspection reads them from a file, and the fields it draws.
#include <gtest/gtest.h>

#include "sim/inspection/fields_plot.hpp"
#include "sim/output_weights.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;

RecordedWeights grid_to(std::vector<std::uint32_t> targets) {
  RecordedWeights weights;
  weights.projection = "a->b";
  weights.source_shape = {2, 3};
  weights.target_shape = std::move(targets);
  return weights;
}

void join(RecordedWeights& weights, std::uint32_t source, std::uint32_t target, float weight) {
  weights.sources.push_back(source);
  weights.targets.push_back(target);
  weights.weights.push_back(weight);
}

double brightness(const FieldImage& fields, std::size_t row, std::size_t column) {
  const auto& colour = fields.image.pixels[row * fields.image.width + column];
  return (colour.red + colour.green + colour.blue) / 3;
}

TEST(Fields, LieAsTheNeuronsDo) {
  RecordedWeights weights = grid_to({2, 2});
  for (std::uint32_t target = 0; target < 4; ++target)
    for (std::uint32_t source = 0; source < 6; ++source) join(weights, source, target, 0);
  weights.weights[3 * 6 + 5] = 2;  // from the last pixel (1, 2) to the last neuron (1, 1)
  weights.weights[1 * 6 + 0] = 1;  // from the first pixel to neuron (0, 1)
  const FieldImage fields = field_image(weights);
  ASSERT_EQ(fields.image.width, 2u * 4 - 1);  // a gap between fields
  ASSERT_EQ(fields.image.height, 2u * 3 - 1);
  EXPECT_EQ(fields.largest, 2);
  EXPECT_EQ(brightness(fields, 0, 0), 1);
  EXPECT_LT(brightness(fields, 4, 6), brightness(fields, 0, 4));
  EXPECT_LT(brightness(fields, 0, 4), 1);
  std::size_t inked = 0;
  for (std::size_t row = 0; row < 5; ++row)
    for (std::size_t column = 0; column < 7; ++column)
      inked += row % 3 != 2 && column % 4 != 3 && brightness(fields, row, column) < 1;
  EXPECT_EQ(inked, 2u);
}

TEST(Fields, SeveralSynapsesAddAndNoneIsGrey) {
  RecordedWeights weights = grid_to({1});
  join(weights, 0, 0, 1);
  join(weights, 1, 0, 0.5f);
  join(weights, 1, 0, 0.5f);
  join(weights, 2, 0, 0);
  join(weights, 3, 0, -1);
  const FieldImage fields = field_image(weights);
  EXPECT_EQ(brightness(fields, 0, 0), brightness(fields, 0, 1));
  EXPECT_EQ(brightness(fields, 0, 2), 1);
  EXPECT_GT(fields.image.pixels[3].red, fields.image.pixels[3].blue);  // negative ones in another colour
  EXPECT_LT(brightness(fields, 1, 1), 1);                              // no synapse
  EXPECT_GT(brightness(fields, 1, 1), 0.8);
}

TEST(Fields, OfRowsAndChannels) {
  RecordedWeights rows = grid_to({5});
  EXPECT_EQ(field_image(rows).image.width, 3u * 4 - 1);
  EXPECT_EQ(field_image(rows).image.height, 2u * 3 - 1);
  rows.source_shape = {2, 3, 2};
  join(rows, 1, 0, 1);  // first pixel, second channel
  const FieldImage fields = field_image(rows);
  EXPECT_EQ(fields.image.width, 3u * 7 - 1);
  EXPECT_LT(brightness(fields, 0, 3), 0.5);
}

TEST(Fields, TooManyAreRefused) {
  RecordedWeights weights = grid_to({1000000});
  weights.source_shape = {1000, 1000};
  EXPECT_NE(error_of([&] { field_image(weights); }).find("too many to draw"), std::string::npos);
}

SynapseTable table(std::vector<std::uint32_t> sources, std::vector<std::uint32_t> targets,
                   std::vector<float> weights) {
  SynapseTable made;
  made.sources = std::move(sources);
  made.targets = std::move(targets);
  made.weights = std::move(weights);
  return made;
}

class WeightFile : public testing::Test {
 protected:
  hdf5::File create() {
    hdf5::File file = hdf5::File::create(path, true);
    for (const char* name : {"eye", "out"}) {
      const std::vector<std::uint32_t> shape =
          name == std::string("eye") ? std::vector<std::uint32_t>{2, 3} : std::vector<std::uint32_t>{2};
      file.require_group(std::string("synfire/populations/") + name)
          .set_attribute("shape", std::span<const std::uint32_t>(shape));
    }
    return file;
  }
  NetworkDescription network() const {
    NetworkDescription described;
    described.populations.resize(2);
    described.populations[0].name = "eye";
    described.populations[0].model = "poisson";
    described.populations[0].shape = {2, 3};
    described.populations[1].name = "out";
    described.populations[1].model = "iaf_psc_exp";
    described.populations[1].shape = {2};
    described.projections.resize(1);
    described.projections[0].name = "eye->out";
    described.projections[0].to = 1;
    return described;
  }
  TemporaryFolder folder;
  std::string path = folder.file("run.h5");
};

TEST_F(WeightFile, TheLastSnapshotIsRead) {
  hdf5::File file = create();
  const NetworkDescription described = network();
  {
    WeightWriter writer(file, described, described.projections[0]);
    EXPECT_TRUE(recorded_projections(file).empty());
    writer.append(10, table({0, 1}, {0, 1}, {1, 2}));
    writer.append(20, table({5}, {1}, {7}));
  }
  file.close();
  const hdf5::File read = hdf5::File::open(path);
  EXPECT_EQ(recorded_projections(read), std::vector<std::string>{"eye->out"});
  const RecordedWeights weights = read_weights(read, "eye->out");
  EXPECT_EQ(weights.time_ms, 20);
  EXPECT_EQ(weights.sources, std::vector<std::uint32_t>{5});
  EXPECT_EQ(weights.targets, std::vector<std::uint32_t>{1});
  EXPECT_EQ(weights.weights, std::vector<float>{7});
  EXPECT_EQ(weights.units, "pA");
  EXPECT_EQ(weights.source_shape, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_NE(error_of([&] { read_weights(read, "eye"); }).find("there are eye->out"), std::string::npos);
  draw_fields(folder.file("fields.png"), weights, false);
  EXPECT_GT(std::filesystem::file_size(folder.file("fields.png")), 1000u);
}

TEST_F(WeightFile, NeuronsThatAreNotThereAreNoticed) {
  hdf5::File file = create();
  const NetworkDescription described = network();
  {
    WeightWriter writer(file, described, described.projections[0]);
    writer.append(10, table({0, 6}, {0, 1}, {1, 2}));
  }
  file.close();
  const hdf5::File read = hdf5::File::open(path);
  EXPECT_NE(error_of([&] { read_weights(read, "eye->out"); }).find("neuron 6 of 6"), std::string::npos);
}

TEST_F(WeightFile, AShapeThatCannotBeIsNoticed) {
  for (const std::vector<std::uint32_t>& shape :
       {std::vector<std::uint32_t>{0}, {65536, 65536}, {4000000000u}, {1, 1, 1, 1}}) {
    hdf5::File file = create();
    file.group("synfire/populations/out").set_attribute("shape", std::span<const std::uint32_t>(shape));
    const NetworkDescription described = network();
    {
      WeightWriter writer(file, described, described.projections[0]);
      writer.append(10, table({0}, {0}, {1}));
    }
    file.close();
    const hdf5::File read = hdf5::File::open(path);
    EXPECT_NE(error_of([&] { read_weights(read, "eye->out"); }).find("shape"), std::string::npos);
  }
}

TEST_F(WeightFile, ATaskIsReadOrRefused) {
  create().close();
  EXPECT_FALSE(read_task(hdf5::File::open(path)).has_value());
  const auto write = [&](const std::vector<std::uint64_t>& cells) {
    hdf5::File file = create();
    hdf5::Group group = file.require_group("synfire/training/classify");
    group.set_attribute("classes", std::uint64_t(2));
    group.set_attribute("train_samples", std::uint64_t(9));
    group.set_attribute("test_samples", std::uint64_t(3));
    group.set_attribute("accuracy", 0.5);
    hdf5::Dataset confusion = group.create_growing("confusion", hdf5::Type::uint64, {.columns = 3});
    confusion.append(std::span(cells));
    file.close();
  };
  write({1, 0, 0});
  EXPECT_NE(error_of([&] { read_task(hdf5::File::open(path)); }).find("is not a matrix of 2 classes"),
            std::string::npos);
  write({1, 0, 0, 1, 0, 1});
  const RecordedTask task = read_task(hdf5::File::open(path)).value();
  EXPECT_EQ(task.train_samples, 9u);
  EXPECT_EQ(task.confusion, (std::vector<std::uint64_t>{1, 0, 0, 1, 0, 1}));
}

}  // namespace
}  // namespace synfire
