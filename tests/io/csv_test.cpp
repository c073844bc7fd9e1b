#include "io/csv.hpp"

#include <gtest/gtest.h>

#include "tests/io/files.hpp"

namespace synfire {
namespace {

using test::error_of;
using test::TemporaryFolder;
using Rows = std::vector<std::vector<double>>;

Rows rows_of(CsvReader& csv) {
  Rows rows;
  while (csv.next()) {
    rows.emplace_back();
    for (std::size_t k = 0; k < csv.columns(); ++k) rows.back().push_back(csv.number(k));
  }
  return rows;
}

Rows rows_in(const std::string& text) {
  const TemporaryFolder folder;
  CsvReader csv(folder.write("t.csv", text));
  return rows_of(csv);
}

class CsvLayouts : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Texts, CsvLayouts,
                         testing::Values("1,2.5\n3,-4e2\n", "1;2.5\r\n3;-4e2\r\n", "1\t2.5\n\n3\t-4e2",
                                         "  1   2.5\n3 \t -4e2 # tail\n",
                                         "# head\na,b\n1, 2.5\n# x\n3 ,-4e2\n",
                                         "\"a\" \"b\"\n\"1\" 2.5\n+3 -400\n",
                                         "\xef\xbb\xbf"
                                         "1,2.5\n3,-400.0"));

TEST_P(CsvLayouts, GiveTheSameRows) { EXPECT_EQ(rows_in(GetParam()), (Rows{{1, 2.5}, {3, -400}})); }

TEST(Csv, HeaderIsFoundByName) {
  const TemporaryFolder folder;
  CsvReader csv(folder.write("t.csv", "Time [ms],Node_ID\n0.5,18446744073709551615\n"));
  EXPECT_EQ(csv.header(), (std::vector<std::string>{"Time [ms]", "Node_ID"}));
  EXPECT_EQ(csv.find({"t", "time"}), 0U);
  EXPECT_EQ(csv.find({"node_id"}), 1U);
  EXPECT_EQ(csv.find({"weight"}), std::nullopt);
  ASSERT_TRUE(csv.next());
  EXPECT_EQ(csv.whole(1), ~std::uint64_t{0});
}

TEST(Csv, EmptyFilesHaveNoRows) {
  EXPECT_TRUE(rows_in("").empty());
  EXPECT_TRUE(rows_in("# only\n\n \t\n").empty());
  EXPECT_TRUE(rows_in("a,b\n").empty());
}

struct BadCase {
  const char* text;
  const char* says;
};
class CsvErrors : public testing::TestWithParam<BadCase> {};
INSTANTIATE_TEST_SUITE_P(Texts, CsvErrors,
                         testing::Values(BadCase{"1,2\n3,x\n", "t.csv:2:3: 'x' is not a number"},
                                         BadCase{"# c\n1,2\n  3,  4x\n", "t.csv:3:7: '4x' is not a number"},
                                         BadCase{"1,2\n3,nan\n", "t.csv:2:3: 'nan' is not finite"},
                                         BadCase{"1,2\n-inf,3\n", "t.csv:2:1: '-inf' is not finite"},
                                         BadCase{"1,2\n1e999,3\n", "t.csv:2:1: '1e999' is not a number"},
                                         BadCase{"1,2\n3\n", "t.csv:2:1: the row has 1 fields where 2"},
                                         BadCase{"1,2\n3,4,5\n", "t.csv:2:3: the row has 3 fields where 2"},
                                         BadCase{"1,2\n,4\n", "t.csv:2:1: '' is not a number"},
                                         BadCase{"a,1\n", "t.csv:1:1: 'a' is not a number"},
                                         BadCase{"1,2\n\x01,4\n", "t.csv:2:1: '?' is not a number"}));

TEST_P(CsvErrors, SayFileLineColumn) {
  const std::string message = error_of([] { rows_in(GetParam().text); });
  EXPECT_NE(message.find(GetParam().says), std::string::npos) << message;
}

TEST(Csv, WholeNumbersAreExact) {
  const TemporaryFolder folder;
  for (const char* const text : {"-1", "1.0", "1e3", "18446744073709551616", "0x10"}) {
    CsvReader csv(folder.write("t.csv", std::string("7\n") + text + "\n"));
    csv.next();
    csv.next();
    EXPECT_NE(error_of([&] { csv.whole(0); }).find("t.csv:2:1"), std::string::npos) << text;
  }
}

TEST(Csv, BinaryAndEndlessLinesAreRefused) {
  EXPECT_NE(error_of([] { rows_in(std::string("1,2\n3,\0", 7)); }).find("t.csv:2:3: a zero byte"),
            std::string::npos);
  EXPECT_NE(
      error_of([] { rows_in("1\n" + std::string(CsvReader::longest_line + 1, '1')); }).find("t.csv:2:1"),
      std::string::npos);
  EXPECT_EQ(error_of([] { rows_in("1\n2" + std::string(CsvReader::longest_line - 1, ' ')); }), "");
  const TemporaryFolder folder;
  EXPECT_NE(error_of([&] { CsvReader csv(folder.file("none.csv")); }).find("No such file"),
            std::string::npos);
  EXPECT_NE(error_of([&] { CsvReader csv(folder.path().string()); }).find("cannot read"), std::string::npos);
}

}  // namespace
}  // namespace synfire
