#include "io/yaml.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/random.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;

// Equal but for places.
bool same(const Tree& a, const Tree& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_scalar()) return a.text() == b.text();
  if (a.items().size() != b.items().size() || a.members().size() != b.members().size()) return false;
  for (std::size_t i = 0; i < a.items().size(); ++i)
    if (!same(a.items()[i], b.items()[i])) return false;
  for (std::size_t i = 0; i < a.members().size(); ++i)
    if (a.members()[i].first != b.members()[i].first || !same(a.members()[i].second, b.members()[i].second))
      return false;
  return true;
}

Tree random_tree(RandomStream& stream, int depth) {
  static const char* const texts[] = {"20 ms", "a: b",   "",      "null", "~",    "true", "- x",
                                      "# y",   "[1, 2]", "\"q\"", "é µs", "a\nb", "  s",  "0:10",
                                      "&a",    "*a",     "!t",    "-",    "1e-3", "'"};
  const std::uint64_t kind = stream.below(depth > 0 ? 4 : 2);
  const Position where;
  if (kind == 0) return Tree();
  if (kind == 1) return Tree::scalar(texts[stream.below(std::size(texts))], where, true);
  Tree tree = kind == 2 ? Tree::list(where) : Tree::map(where);
  const std::uint64_t entries = stream.below(5);
  for (std::uint64_t i = 0; i < entries; ++i) {
    if (kind == 2) tree.items().push_back(random_tree(stream, depth - 1));
    if (kind == 3)
      tree.set(fmt::format("{}{}", texts[stream.below(std::size(texts))], i), random_tree(stream, depth - 1));
  }
  return tree;
}

TEST(Yaml, what_is_written_reads_back_the_same) {
  for (std::uint64_t i = 0; i < 2000; ++i) {
    RandomStream stream(RandomKey(1, "tree"), i);
    const Tree tree = random_tree(stream, 5);
    const std::string text = write_yaml(tree);
    EXPECT_TRUE(same(parse_yaml(text, "x.yaml"), tree)) << text;
  }
}

TEST(Yaml, every_value_knows_its_file_line_and_column) {
  const Tree tree = parse_yaml(
      "synfire: 1\npopulations:\n  exc: {size: 10,\n        model: x}\nlist:\n- a\n- [b]\n", "net.yaml");
  const Tree& exc = *tree.find("populations")->find("exc");
  EXPECT_EQ(exc.where(), (Position{"net.yaml", 3, 8}));
  EXPECT_EQ(exc.key_where(), (Position{"net.yaml", 3, 3}));
  EXPECT_EQ(exc.find("size")->where(), (Position{"net.yaml", 3, 15}));
  EXPECT_EQ(exc.find("model")->where(), (Position{"net.yaml", 4, 16}));
  EXPECT_EQ(tree.find("list")->items()[1].items()[0].where(), (Position{"net.yaml", 7, 4}));
}

TEST(Yaml, texts_stay_as_written_and_quotes_are_remembered) {
  const Tree tree = parse_yaml("a: 1.50\nb: '1.50'\nc: null\nd:\ne: \"~\"\nf: yes\n", "x");
  EXPECT_EQ(tree.find("a")->text(), "1.50");
  EXPECT_FALSE(tree.find("a")->is_quoted());
  EXPECT_TRUE(tree.find("b")->is_quoted());
  EXPECT_TRUE(tree.find("c")->is_null());
  EXPECT_TRUE(tree.find("d")->is_null());
  EXPECT_EQ(tree.find("e")->text(), "~");
  EXPECT_EQ(tree.find("f")->text(), "yes");
}

TEST(Yaml, aliases_are_written_out) {
  const Tree tree = parse_yaml("a: &p {x: 1, y: [2, 3]}\nb: *p\n", "x");
  EXPECT_TRUE(same(*tree.find("a"), *tree.find("b")));
}

TEST(Yaml, depth_up_to_the_limit_is_read) {
  const std::string deep = std::string(99, '[') + std::string(99, ']');
  EXPECT_NO_THROW(parse_yaml("a: " + deep, "x"));
  EXPECT_THROW(parse_yaml("a: [" + deep + "]", "x"), Error);
}

TEST(Yaml, a_large_list_is_read) {
  std::string text = "a: [0";
  for (int i = 1; i < 300000; ++i) text += fmt::format(", {}", i);
  const Tree tree = parse_yaml(text + "]\n", "x");
  ASSERT_EQ(tree.find("a")->items().size(), 300000u);
  EXPECT_EQ(tree.find("a")->items()[299999].text(), "299999");
}

class Includes : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("synfire-yaml-{}", ::getpid());
    fs::create_directories(folder_ / "parts");
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  fs::path folder_;
};

TEST_F(Includes, maps_are_merged_deeply_and_the_including_file_wins) {
  write("parts/base.yaml", "seed: 1\nsimulation: {duration: 1 s, dt: 0.1 ms}\nlist: [1, 2]\n");
  const Tree tree =
      read_yaml(write("net.yaml", "include: parts/base.yaml\nsimulation: {dt: 1 ms}\nlist: [3]\nnew: 5\n"));
  EXPECT_TRUE(
      same(tree, parse_yaml("seed: 1\nsimulation: {duration: 1 s, dt: 1 ms}\nlist: [3]\nnew: 5\n", "x")))
      << write_yaml(tree);
}

TEST_F(Includes, of_several_files_the_later_wins) {
  write("a.yaml", "seed: 1\nx: a\n");
  write("b.yaml", "seed: 2\n");
  const Tree tree = read_yaml(write("net.yaml", "include: [a.yaml, b.yaml]\n"));
  EXPECT_EQ(tree.find("seed")->text(), "2");
  EXPECT_EQ(tree.find("x")->text(), "a");
}

TEST_F(Includes, paths_are_relative_to_the_including_file) {
  write("parts/inner.yaml", "seed: 7\n");
  write("parts/outer.yaml", "include: inner.yaml\n");
  const Tree tree = read_yaml(write("net.yaml", "include: parts/outer.yaml\n"));
  EXPECT_EQ(tree.find("seed")->text(), "7");
  EXPECT_EQ(fs::path(tree.find("seed")->where().file).filename(), "inner.yaml");
}

TEST_F(Includes, a_file_may_come_in_by_two_ways) {
  write("common.yaml", "seed: 7\n");
  write("a.yaml", "include: common.yaml\n");
  write("b.yaml", "include: common.yaml\n");
  EXPECT_NO_THROW(read_yaml(write("net.yaml", "include: [a.yaml, b.yaml]\n")));
}

Tree with(std::string_view text, std::string_view assignment) {
  Tree tree = parse_yaml(text, "net.yaml");
  apply_set(tree, assignment);
  return tree;
}

TEST(Set, replaces_adds_and_reaches_into_lists) {
  constexpr std::string_view text = "a: {b: 1}\nl: [{w: 1}, {w: 2}]\nn:\n";
  EXPECT_EQ(with(text, "a.b=2 ms").find("a")->find("b")->text(), "2 ms");
  EXPECT_EQ(with(text, "a.c.d=3").find("a")->find("c")->find("d")->text(), "3");
  EXPECT_EQ(with(text, "n.x=3").find("n")->find("x")->text(), "3");
  EXPECT_EQ(with(text, "l[1].w=5").find("l")->items()[1].find("w")->text(), "5");
  EXPECT_TRUE(with(text, "a={x: [1, 2]}").find("a")->find("x")->is_list());
  EXPECT_EQ(with(text, "a.b=x=y").find("a")->find("b")->text(), "x=y");
  EXPECT_TRUE(with(text, "a.b=").find("a")->find("b")->is_null());
}

TEST(Set, values_are_placed_at_the_option) {
  const Tree tree = with("a: {b: 1}\n", "a.b={c: 2}");
  EXPECT_EQ(to_string(tree.find("a")->find("b")->find("c")->where()), "--set a.b={c: 2}");
}

TEST(Set, paths_that_lead_nowhere_are_usage_errors_that_name_the_option) {
  for (const auto& [assignment, piece] : std::initializer_list<std::pair<const char*, const char*>>{
           {"a.b", "write path=value"},
           {"=3", "write path=value"},
           {"a..b=3", "a name is missing"},
           {"[0]=3", "a name is missing"},
           {"a.b.c=3", "'c' needs a map, but there is '1'"},
           {"a[0]=3", "[0] needs a list, but there is a map"},
           {"l[2]=3", "[2] is beyond the list, which has 2 entries"},
           {"l[x]=3", "is not an index"},
           {"l[-1]=3", "is not an index"},
           {"l[=3", "is not an index"},
           {"l[0]x=3", "is not an index"}}) {
    try {
      with("a: {b: 1}\nl: [1, 2]\n", assignment);
      ADD_FAILURE() << assignment;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << error.what();
      EXPECT_TRUE(std::string(error.what()).starts_with("--set ")) << error.what();
      EXPECT_NE(std::string(error.what()).find(piece), std::string::npos) << error.what();
    }
  }
}

TEST(Set, a_value_that_is_not_YAML_names_the_option) {
  try {
    with("a: 1\n", "a=[1, 2");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_TRUE(std::string(error.what()).starts_with("--set a=[1, 2")) << error.what();
  }
}

TEST(Set, depth_stays_within_what_can_be_read_back) {
  std::string path = "a";
  for (int i = 0; i < 120; ++i) path += ".a";
  Tree tree = parse_yaml("a: {}\n", "x");
  EXPECT_THROW(apply_set(tree, path + "=1"), Error);
  EXPECT_TRUE(same(tree, parse_yaml("a: {}\n", "x")));
}

}  // namespace
TEST(Yaml, MergeKeyAddsWhatTheMapDoesNotHave) {
  const Tree tree =
      parse_yaml("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: *a, y: 5}\nd:\n  <<: [*a, *b]\n", "t.yaml");
  const Tree& c = *tree.find("c");
  EXPECT_EQ(c.members().size(), 2u);
  EXPECT_EQ(c.find("x")->text(), "1");
  EXPECT_EQ(c.find("y")->text(), "5");
  const Tree& d = *tree.find("d");
  EXPECT_EQ(d.members().size(), 3u);
  EXPECT_EQ(d.find("y")->text(), "2");  // the earlier map wins
  EXPECT_EQ(d.find("z")->text(), "4");
  EXPECT_THROW(parse_yaml("a: {<<: 3}", "t.yaml"), Error);
}

}  // namespace synfire
