// The recording that comes with the project is what its generator makes of the genuine pictures.
#include <gtest/gtest.h>

#include "io/events/formats.hpp"
#include "tests/examples/programs.hpp"
#include "tests/io/files.hpp"
#include "tests/source_dir.hpp"

namespace synfire {
namespace {

using test::TemporaryFolder;

std::string committed() { return (test::source_dir() / "examples/recordings/fashion.aedat").string(); }
std::filesystem::path generator() { return test::synfire_program().parent_path() / "make_recording"; }

TEST(Recording, IsMadeAnewByteForByte) {
  const std::string pictures = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
  if (!std::filesystem::exists(pictures))
    GTEST_SKIP() << pictures << " is missing: install the package dataset-fashion-mnist";
  const TemporaryFolder folder;
  const auto result = test::run_program(generator(), {folder.file("new.aedat")});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  // Not EXPECT_EQ, which would print both.
  EXPECT_TRUE(test::content_of(folder.file("new.aedat")) == test::content_of(committed()));
}

TEST(Recording, IsOneSecondOfASmallSensor) {
  const auto reader = open_events(committed());
  EXPECT_EQ(reader->sensor().name, "DVS128");
  EXPECT_EQ(reader->sensor().width, 128);
  EXPECT_EQ(reader->sensor().height, 128);
  std::vector<Event> events(100'000);
  events.resize(reader->read(events));
  ASSERT_GT(events.size(), 10'000u);
  EXPECT_LE(std::filesystem::file_size(committed()), 400'000u);
  EXPECT_LT(events.front().t_us, 10'000);
  EXPECT_GT(events.back().t_us, 990'000);
  EXPECT_LE(events.back().t_us, 1'000'000);
  EXPECT_TRUE(reader->warnings().empty());
}

TEST(Recording, GeneratorRefusesWhatIsNoPicture) {
  const TemporaryFolder folder;
  const std::string output = folder.file("new.aedat");
  EXPECT_EQ(test::run_program(generator(), {}).exit_code, 2);
  EXPECT_EQ(test::run_program(generator(), {output, folder.file("missing")}).exit_code, 3);
  const std::string labels = folder.write("labels", std::string("\0\0\x08\x01\0\0\0\0", 8));
  EXPECT_EQ(test::run_program(generator(), {output, labels}).exit_code, 3);
  const std::string cut = folder.write("cut", std::string("\0\0\x08\x03\0\0\0\x40\0\0\0\x1c\0\0\0\x1c", 16));
  EXPECT_EQ(test::run_program(generator(), {output, cut}).exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(output));
}

}  // namespace
}  // namespace synfire
