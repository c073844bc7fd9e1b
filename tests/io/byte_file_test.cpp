// Bytes of plain and packed files, and files that appear only when they are whole.
#include "io/byte_file.hpp"

#include <numeric>

#include <zlib.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;

/// Bytes that zlib cannot shrink much.
std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::string packed(const TemporaryFolder& folder, const std::string& name, const std::string& bytes) {
  const std::string path = folder.file(name);
  gzFile file = gzopen(path.c_str(), "wb1");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  return path;
}

std::string rest_of(ByteFile& file, std::size_t least) {
  std::string all;
  for (auto ahead = file.peek(least); !ahead.empty(); ahead = file.peek(least)) {
    all.append(ahead.begin(), ahead.end());
    file.skip(ahead.size());
  }
  return all;
}

class PlainOrPacked : public testing::TestWithParam<bool> {
 public:
  std::string put(const std::string& bytes) const {
    return GetParam() ? packed(folder, "file.gz", bytes) : folder.write("file", bytes);
  }
  TemporaryFolder folder;
};
INSTANTIATE_TEST_SUITE_P(Forms, PlainOrPacked, testing::Bool());

TEST_P(PlainOrPacked, GivesTheSameBytes) {
  const std::string bytes = noise((5 << 19) + 3);
  const std::string path = put(bytes);
  for (const std::size_t least :
       {std::size_t{1}, std::size_t{4096}, std::size_t{2} << 20, std::size_t{1} << 50}) {
    ByteFile file(path);
    EXPECT_EQ(file.gzip(), GetParam());
    EXPECT_TRUE(rest_of(file, least) == bytes) << least;
    EXPECT_EQ(file.offset(), bytes.size());
    EXPECT_TRUE(file.peek().empty());
  }
}

TEST_P(PlainOrPacked, AWindowHoldsWhatIsAskedFor) {
  const std::string bytes = noise(3 << 20);
  ByteFile file(put(bytes));
  file.peek(10);
  file.skip(7);
  const auto ahead = file.peek(2 << 20);
  ASSERT_GE(ahead.size(), std::size_t{2} << 20);
  EXPECT_TRUE(
      std::equal(ahead.begin(), ahead.end(), reinterpret_cast<const std::uint8_t*>(bytes.data()) + 7));
  EXPECT_EQ(file.offset(), 7U);
}

TEST_P(PlainOrPacked, GoesToAnyByte) {
  const std::string bytes = noise(3 << 20);
  ByteFile file(put(bytes));
  for (const std::uint64_t place : {2000000, 5, 6, 1048576, 3145727, 0}) {
    file.seek(place);
    EXPECT_EQ(file.offset(), place);
    ASSERT_FALSE(file.peek().empty()) << place;
    EXPECT_EQ(file.peek()[0], static_cast<std::uint8_t>(bytes[place])) << place;
  }
  file.seek(bytes.size());
  EXPECT_TRUE(file.peek().empty());
  file.seek(bytes.size() + 1000);
  EXPECT_TRUE(file.peek().empty());
  file.seek(1);
  EXPECT_EQ(file.peek()[0], static_cast<std::uint8_t>(bytes[1]));
}

TEST_P(PlainOrPacked, LinesEndInEitherWay) {
  ByteFile file(put("% one\n% two\r\n%three\n" + std::string(400, '%') + "\n%last"));
  std::string line;
  ASSERT_TRUE(file.line(line, "% "));
  EXPECT_EQ(line, "% one");
  ASSERT_TRUE(file.line(line, "% "));
  EXPECT_EQ(line, "% two");
  EXPECT_FALSE(file.line(line, "% "));
  EXPECT_EQ(file.offset(), 13U);
  ASSERT_TRUE(file.line(line, "%"));
  EXPECT_FALSE(file.line(line, "%", 399));
  ASSERT_TRUE(file.line(line, "%", 400));
  EXPECT_EQ(line, std::string(400, '%'));
  ASSERT_TRUE(file.line(line, "%"));
  EXPECT_EQ(line, "%last");
  EXPECT_FALSE(file.line(line, ""));
}

TEST(ByteFile, EmptyAndShortFiles) {
  const TemporaryFolder folder;
  for (const char* const content : {"", "a", "\x1f"}) {
    ByteFile file(folder.write("f", content));
    EXPECT_FALSE(file.gzip());
    EXPECT_EQ(rest_of(file, 100), content);
  }
  EXPECT_NE(error_of([&] { ByteFile file(folder.file("none")); }).find("No such file"), std::string::npos);
  EXPECT_NE(error_of([&] { ByteFile file(folder.path().string()); }).find("directory"), std::string::npos);
}

TEST(ByteFile, DamagedGzipIsAnErrorWithItsByte) {
  const TemporaryFolder folder;
  const std::string bytes = noise(400000);
  const std::string whole = test::content_of(packed(folder, "whole.gz", bytes));
  for (std::size_t length = 2; length < whole.size();
       length += length < 40 || length > whole.size() - 20 ? 1 : 9973) {
    const std::string path = folder.write("part.gz", whole.substr(0, length));
    const std::string error = error_of([&] {
      ByteFile file(path);
      EXPECT_TRUE(bytes.starts_with(rest_of(file, 1)));
    });
    EXPECT_NE(error.find("part.gz: byte "), std::string::npos) << length << ": " << error;
  }
  for (const std::size_t at : {whole.size() / 2, whole.size() - 6}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    const std::string path = folder.write("damaged.gz", damaged);
    const std::string error = error_of([&] {
      ByteFile file(path);
      rest_of(file, 1);
    });
    EXPECT_NE(error.find("damaged gzip data"), std::string::npos) << at << ": " << error;
  }
}

TEST(NewFile, AppearsOnlyWhenFinished) {
  const TemporaryFolder folder;
  const std::string path = folder.file("new");
  {
    NewFile file(path);
    file.put("half");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  NewFile file(path);
  file.put("text ");
  const std::array<std::uint8_t, 3> bytes{1, 0, 255};
  file.put(bytes);
  EXPECT_EQ(file.offset(), 8U);
  EXPECT_FALSE(std::filesystem::exists(path));
  file.finish();
  EXPECT_EQ(test::content_of(path), std::string("text \1\0\xff", 8));
  EXPECT_FALSE(std::filesystem::exists(path + ".unfinished"));
  EXPECT_NE(error_of([&] { file.put("more"); }), "");
  EXPECT_NE(error_of([&] { NewFile other(folder.file("no/file")); }).find("cannot create"),
            std::string::npos);
}

TEST(Numbers, AsTheyLieInFiles) {
  const std::array<std::uint8_t, 8> bytes{0x01, 0x80, 0xff, 0x10, 0x20, 0x30, 0x40, 0x85};
  EXPECT_EQ(little_endian<std::uint16_t>(bytes.data()), 0x8001);
  EXPECT_EQ(big_endian<std::uint16_t>(bytes.data()), 0x0180);
  EXPECT_EQ(little_endian<std::int16_t>(bytes.data()), -32767);
  EXPECT_EQ(big_endian<std::uint32_t>(bytes.data()), 0x0180ff10U);
  EXPECT_EQ(little_endian<std::int64_t>(bytes.data()), static_cast<std::int64_t>(0x8540302010ff8001U));
  std::vector<std::uint8_t> back;
  put_little_endian(little_endian<std::int64_t>(bytes.data()), back);
  EXPECT_TRUE(std::ranges::equal(back, bytes));
}

}  // namespace
}  // namespace synfire
