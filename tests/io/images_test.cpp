// Images and labels in IDX files: the genuine ones, and such as lie or are broken.
#include "io/images.hpp"

#include <numeric>

#include <zlib.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;

const std::string fashion = "/usr/share/datasets/fashion-mnist/";

std::string word(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

/// Three images of 2 x 4 pixels, whose bytes count from 0.
std::string small_images() {
  std::string bytes = word(0x803) + word(3) + word(2) + word(4);
  for (int i = 0; i < 24; ++i) bytes += static_cast<char>(i);
  return bytes;
}

std::string write_packed(const TemporaryFolder& folder, const std::string& name, const std::string& bytes) {
  const std::string path = folder.file(name);
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  return path;
}

struct Genuine {
  std::string images, labels;
  std::uint32_t count;
  std::vector<std::uint8_t> first_labels;
};

void expect_genuine(const Genuine& file) {
  const Images images = read_images(file.images);
  const auto labels = read_labels(file.labels);
  ASSERT_EQ(images.height, 28u);
  ASSERT_EQ(images.width, 28u);
  ASSERT_EQ(images.count(), file.count);
  ASSERT_EQ(labels.size(), file.count);
  EXPECT_EQ(std::vector(labels.begin(), labels.begin() + std::ptrdiff_t(file.first_labels.size())),
            file.first_labels);
  std::vector<int> of_class(10);
  for (const auto label : labels) {
    ASSERT_LT(label, 10);
    ++of_class[label];
  }
  for (const int count : of_class) EXPECT_GT(count, double(file.count) / 10 * 0.85);
  const Images part = read_images(file.images, 1000, 3);
  ASSERT_EQ(part.count(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(std::ranges::equal(part[i], images[1000 + i]));
}

TEST(Images, GenuineFashionMnist) {
  if (!std::filesystem::exists(fashion)) GTEST_SKIP() << "dataset-fashion-mnist is not installed";
  expect_genuine({fashion + "t10k-images-idx3-ubyte.gz",
                  fashion + "t10k-labels-idx1-ubyte.gz",
                  10000,
                  {9, 2, 1, 1, 6, 1, 4}});
}

TEST(Images, GenuineMnist) {
  if (!test::have("mnist")) GTEST_SKIP() << test::data_file("mnist") << " is missing";
  expect_genuine({test::data_file("mnist/t10k-images-idx3-ubyte.gz"),
                  test::data_file("mnist/t10k-labels-idx1-ubyte.gz"),
                  10000,
                  {7, 2, 1, 0, 4, 1, 4, 9}});
}

TEST(Images, PlainAndPackedAreTheSame) {
  const TemporaryFolder folder;
  const std::string plain = folder.write("plain", small_images());
  const std::string packed = write_packed(folder, "packed.gz", small_images());
  std::vector<std::uint8_t> expected(24);
  std::iota(expected.begin(), expected.end(), std::uint8_t(0));
  for (const auto& path : {plain, packed}) {
    const Images images = read_images(path);
    EXPECT_EQ(images.height, 2u);
    EXPECT_EQ(images.width, 4u);
    EXPECT_EQ(images.pixels, expected);
    const Images second = read_images(path, 1, 1);
    EXPECT_EQ(second.pixels, std::vector(expected.begin() + 8, expected.begin() + 16));
  }
}

TEST(Images, AReaderGoesBackAndForth) {
  const TemporaryFolder folder;
  IdxReader file(write_packed(folder, "packed.gz", small_images()));
  for (const std::uint32_t i : {2u, 0u, 1u, 2u}) EXPECT_EQ(file.read(i, 1).front(), 8 * i);
}

TEST(Images, EveryTruncationIsNoticed) {
  const TemporaryFolder folder;
  const std::string whole = small_images();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string path = folder.write("part", whole.substr(0, length));
    const std::string message = error_of([&] { read_images(path); });
    EXPECT_NE(message.find(path + ": byte " + std::to_string(length) + ": the file ends here"),
              std::string::npos)
        << length << ": " << message;
  }
  write_packed(folder, "packed.gz", whole);
  const std::string packed = test::content_of(folder.file("packed.gz"));
  for (std::size_t length = 1; length < packed.size(); ++length)
    EXPECT_NE(error_of([&] { read_images(folder.write("part.gz", packed.substr(0, length))); }), "")
        << length << " of " << packed.size();
}

TEST(Images, DamageInsideGzipIsNoticed) {
  const TemporaryFolder folder;
  std::string noise;
  for (std::uint32_t i = 0, x = 1; i < 24 * 400; ++i)
    noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  write_packed(folder, "packed.gz", word(0x803) + word(1200) + word(2) + word(4) + noise);
  const std::string packed = test::content_of(folder.file("packed.gz"));
  for (const std::size_t at : {packed.size() / 3, packed.size() / 2, packed.size() - 5}) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    EXPECT_NE(error_of([&] { read_images(folder.write("damaged.gz", damaged)); }), "") << at;
  }
}

TEST(Images, WhatIsWrongIsTold) {
  const TemporaryFolder folder;
  const auto told = [&](const std::string& bytes, const std::string& message) {
    const std::string path = folder.write("file", bytes);
    const std::string found = error_of([&] { read_images(path); });
    EXPECT_NE(found.find(path), std::string::npos) << found;
    EXPECT_NE(found.find(message), std::string::npos) << found;
  };
  told("PNG and so on", "byte 0: begins with 0x504e4720");
  told(word(0xD03) + word(3), "begins with 0x00000d03");  // floats
  told(word(0x801) + word(1) + "x", "extents [1], not images");
  told(word(0x803) + word(1) + word(0) + word(4), "byte 8: an extent of 0");
  told(word(0x803) + word(0xFFFFFFFF) + word(0xFFFFFFFF) + word(4), "byte 8: sizes beyond");
  told(word(0x803) + word(1000000) + word(28) + word(28) + "few bytes",
       "the file ends here, 783999991 bytes");
  told(small_images() + "x", "byte 40: the file goes on");
  EXPECT_NE(error_of([&] { read_images(folder.file("nowhere")); }).find("cannot be opened"),
            std::string::npos);
  EXPECT_NE(error_of([&] { read_images(folder.path().string()); }), "");
  const std::string good = folder.write("good", small_images());
  EXPECT_NE(error_of([&] { read_images(good, 1, 3); }).find("holds 3 items; 3 from number 1 on are wanted"),
            std::string::npos);
  EXPECT_NE(error_of([&] { read_images(good, 4); }).find("holds 3 items"), std::string::npos);
  EXPECT_NE(error_of([&] { read_labels(good); }).find("not labels"), std::string::npos);
  EXPECT_EQ(read_images(good, 3).count(), 0u);
}

// --- CIFAR
// --------------------------------------------------------------------------------------------------------

TEST(Cifar, GenuineFilesHaveTheKnownImages) {
  if (!test::have("cifar10")) GTEST_SKIP() << test::data_file("cifar10") << " is missing";
  const std::string train = test::data_file("cifar10/data_batch_1.bin");
  EXPECT_TRUE(is_cifar(train));
  const auto labels = read_labels(train);
  ASSERT_EQ(labels.size(), 10000u);
  EXPECT_EQ(std::vector(labels.begin(), labels.begin() + 10),
            (std::vector<std::uint8_t>{6, 9, 9, 4, 1, 1, 2, 7, 8, 3}));
  std::vector<int> of_class(10);
  for (const auto label : labels) ++of_class.at(label);
  EXPECT_EQ(of_class, (std::vector{1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981}));
  const Images images = read_images(train, 0, 2);
  EXPECT_EQ(images.channels, 3u);
  EXPECT_EQ(images.height, 32u);
  EXPECT_EQ(images.width, 32u);
  ASSERT_EQ(images.count(), 2u);
  const auto starts = [&](std::size_t plane, const std::vector<std::uint8_t>& expected) {
    EXPECT_TRUE(std::ranges::equal(images[0].subspan(plane * 1024, 4), expected)) << plane;
  };
  starts(0, {59, 43, 50, 68}), starts(1, {62, 46, 48, 54}), starts(2, {63, 45, 43, 42});
  const std::string file = test::data_file("cifar10/test_batch_2000.bin");
  EXPECT_EQ(read_labels(file, 0, 10), (std::vector<std::uint8_t>{3, 8, 8, 0, 6, 6, 1, 6, 3, 1}));
  EXPECT_EQ(read_labels(file).size(), 2000u);
}

/// Records whose bytes count from their number on, after their labels.
std::string records(int count, int labels) {
  std::string bytes;
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < labels; ++k) bytes += static_cast<char>(k == 0 ? i : 90 + i);
    for (int k = 0; k < 3072; ++k) bytes += static_cast<char>(i + k);
  }
  return bytes;
}

TEST(Cifar, BothSetsPlainAndPacked) {
  const TemporaryFolder folder;
  for (const int labels : {1, 2}) {
    const std::string bytes = records(3, labels);
    for (const auto& path : {folder.write("plain.bin", bytes), write_packed(folder, "packed.gz", bytes)}) {
      const std::uint8_t first = labels == 1 ? 0 : 90;
      EXPECT_EQ(read_labels(path),
                (std::vector<std::uint8_t>{first, std::uint8_t(first + 1), std::uint8_t(first + 2)}));
      const Images last = read_images(path, 2);
      ASSERT_EQ(last.count(), 1u);
      EXPECT_EQ(last[0][0], 2);
      EXPECT_EQ(last[0][3071], std::uint8_t(2 + 3071));
    }
  }
}

TEST(Cifar, WhatIsWrongIsTold) {
  const TemporaryFolder folder;
  const auto told = [&](const std::string& bytes, const std::string& message) {
    const std::string found = error_of([&] { read_images(folder.write("file", bytes)); });
    EXPECT_NE(found.find(message), std::string::npos) << found;
  };
  told(records(3, 1) + "x", "byte 9220: the file ends here, inside a record");
  told(records(3, 1).substr(0, 9000), "byte 9000: the file ends here");
  told(records(11, 1), "byte 30730: a label 10 that CIFAR-10 has not got");
  told(records(11, 2), "byte 30740: a label 100 that CIFAR-100 has not got");
  const std::string good = folder.write("good", records(2, 1));
  EXPECT_NE(error_of([&] { read_images(good, 1, 2); }).find("holds 2 items; 2 from number 1 on"),
            std::string::npos);
  EXPECT_NE(error_of([&] { read_labels(good, 3); }).find("holds 2 items"), std::string::npos);
  EXPECT_EQ(read_images(good, 2).count(), 0u);
}

}  // namespace
}  // namespace synfire
