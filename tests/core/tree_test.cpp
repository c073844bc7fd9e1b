#include "core/tree.hpp"

#include <gtest/gtest.h>

namespace synfire {
namespace {

const Position place{"net.yaml", 4, 2};

template <class Read> std::string message_of(Read read) {
  try {
    read();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(Tree, maps_keep_their_order_and_replace_by_key) {
  Tree map = Tree::map(place);
  map.set("b", Tree::scalar("1", place));
  map.set("a", Tree::scalar("2", place));
  map.set("b", Tree::scalar("3", place));
  ASSERT_EQ(map.members().size(), 2u);
  EXPECT_EQ(map.members()[0].first, "b");
  EXPECT_EQ(map.find("b")->text(), "3");
  EXPECT_EQ(map.find("c"), nullptr);
}

TEST(Tree, whole_numbers_are_read_exactly_within_their_bounds) {
  const auto integer = [](const char* text) {
    return Tree::scalar(text, place).as_integer("size", -5, INT64_MAX);
  };
  EXPECT_EQ(integer("10_000"), 10000);
  EXPECT_EQ(integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer("-5"), -5);
  for (const char* bad : {"9223372036854775808", "-6", "99999999999999999999999"})
    EXPECT_NE(message_of([&] { integer(bad); }).find("out of range"), std::string::npos) << bad;
  for (const char* bad : {"1.0", "", "ten", "1e3", "0x10", "_", "5 "})
    EXPECT_NE(message_of([&] { integer(bad); }).find("expected a whole number"), std::string::npos) << bad;
}

TEST(Tree, truth_is_written_plainly) {
  EXPECT_TRUE(Tree::scalar("true", place).as_bool("x"));
  EXPECT_FALSE(Tree::scalar("off", place).as_bool("x"));
  EXPECT_THROW(Tree::scalar("true", place, true).as_bool("x"), Error);
  EXPECT_THROW(Tree::scalar("1", place).as_bool("x"), Error);
}

TEST(Tree, wrong_kinds_are_named_with_their_place) {
  const Tree list = Tree::list(place), map = Tree::map(place), text = Tree::scalar("abc", place);
  EXPECT_EQ(message_of([&] { list.as_text("file"); }), "net.yaml:4:2: file: expected a text, got a list");
  EXPECT_EQ(message_of([&] { map.as_quantity(Unit::ms, "dt"); }),
            "net.yaml:4:2: dt: expected a time, got a map");
  EXPECT_EQ(message_of([&] { text.as_list("layers"); }), "net.yaml:4:2: layers: expected a list, got 'abc'");
  EXPECT_EQ(message_of([&] { text.as_map("params"); }),
            "net.yaml:4:2: params: expected a map (key: value), got 'abc'");
  EXPECT_NE(message_of([&] { Tree().as_number("x"); }).find("got nothing"), std::string::npos);
}

TEST(Tree, long_texts_are_shortened_in_messages) {
  EXPECT_LT(describe_kind(Tree::scalar(std::string(10000, 'x'), place)).size(), 80u);
}

TEST(Tree, the_place_of_a_key_is_remembered_beside_that_of_its_value) {
  Tree value = Tree::scalar("5", {"net.yaml", 4, 9});
  EXPECT_EQ(value.key_where(), (Position{"net.yaml", 4, 9}));
  value.set_key_where(4, 3);
  EXPECT_EQ(value.key_where(), (Position{"net.yaml", 4, 3}));
  EXPECT_EQ(value.where(), (Position{"net.yaml", 4, 9}));
}

}  // namespace
}  // namespace synfire
