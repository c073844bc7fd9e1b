#include "io/edge_file.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <gtest/gtest.h>

#include "io/hdf5.hpp"
#include "tests/io/files.hpp"

namespace synfire {
namespace {

using hdf5::File;
using test::error_of;
using test::TemporaryFolder;
using Ids = std::vector<std::uint64_t>;
using Reals = std::vector<double>;

EdgeList edges_in(const std::string& text) {
  const TemporaryFolder folder;
  return read_edge_file(folder.write("e.csv", text));
}

TEST(EdgeTable, ColumnsByOrderOrName) {
  for (const char* const text :
       {"0,5,0.5,1.5\n2,3,-1,2\n", "source target weight delay\n0 5 0.5 1.5\n2 3 -1 2\n",
        "delay [ms],weight,target,source\n1.5,0.5,5,0\n2,-1,3,2\n"}) {
    const EdgeList edges = edges_in(text);
    EXPECT_EQ(edges.source, (Ids{0, 2}));
    EXPECT_EQ(edges.target, (Ids{5, 3}));
    EXPECT_EQ(edges.weight, (Reals{0.5, -1}));
    EXPECT_EQ(edges.delay_ms, (Reals{1.5, 2}));
  }
  EXPECT_TRUE(edges_in("0,5\n").weight.empty());
  EXPECT_EQ(edges_in("source,target,delay\n0,5,3\n").delay_ms, (Reals{3}));
  EXPECT_TRUE(edges_in("").source.empty());
}

TEST(EdgeTable, ErrorsSayLineAndColumn) {
  const auto says = [](const char* text, const char* part) {
    const std::string message = error_of([&] { edges_in(text); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says("0\n", "e.csv:1:1");
  says("0,1,2,3,4\n", "e.csv:1:1");
  says("from,target\n0,1\n", "e.csv:1:1: no column of sources");
  says("source,to\n0,1\n", "e.csv:1:1: no column of targets");
  says("0,1\n0,-1\n", "e.csv:2:3");
  says("0,1,inf\n", "e.csv:1:5");
  says("0,1,1,-0.1\n", "e.csv:1:7: a delay must not be negative");
  const TemporaryFolder folder;
  const std::string path = folder.write("e.csv", "0,1\n");
  EXPECT_NE(error_of([&] { read_edge_file(path, "a"); }).find("'a'"), std::string::npos);
}

/// Writes edges below `group` ("" for flat datasets) and reads them back.
EdgeList edges_through(const std::string& group, const Ids& source, const Ids& target, const Reals& delay) {
  const TemporaryFolder folder;
  {
    File file = File::create(folder.file("e.h5"));
    hdf5::Group place = file.require_group(group.empty() ? "/" : group);
    place.create_dataset<std::uint64_t>(group.empty() ? "source" : "source_node_id", source);
    place.create_dataset<std::uint64_t>(group.empty() ? "target" : "target_node_id", target);
    place.create_dataset<double>("delay", delay);
    place.require_group("0").create_dataset<double>("syn_weight", Reals(source.size(), 0.25));
  }
  return read_edge_file(folder.file("e.h5"));
}

TEST(EdgeHdf5, SonataAndFlat) {
  for (const char* const group : {"", "edges/a_to_b"}) {
    const EdgeList edges = edges_through(group, {0, 4}, {3, 3}, {1, 1.5});
    EXPECT_EQ(edges.source, (Ids{0, 4}));
    EXPECT_EQ(edges.target, (Ids{3, 3}));
    EXPECT_EQ(edges.delay_ms, (Reals{1, 1.5}));
    EXPECT_EQ(edges.weight, (Reals{0.25, 0.25}));
  }
}

TEST(EdgeHdf5, ErrorsNameTheDataset) {
  const auto says = [](const std::string& message, const char* part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  says(error_of([] {
         edges_through("edges/a", {0, 4}, {3}, {1, 1});
       }),
       "/edges/a/target_node_id: has 1 values");
  says(error_of([] { edges_through("edges/a", {0, 4}, {3, 3}, {1}); }), "/edges/a/delay: has 1 values");
  says(error_of([] { edges_through("", {0}, {3}, {-1}); }), "/delay: value 0 is -1");
  says(error_of([] { edges_through("", {0}, {3}, {std::numeric_limits<double>::quiet_NaN()}); }), "/delay");
  const TemporaryFolder folder;
  { File file = File::create(folder.file("e.h5")); }
  says(error_of([&] { read_edge_file(folder.file("e.h5")); }), "neither /edges");
  { File::create(folder.file("f.h5")).require_group("edges"); }
  says(error_of([&] { read_edge_file(folder.file("f.h5")); }), "/edges: name one of its populations: none");
}

TEST(EdgeGenuine, KnownNetworks) {
  const char* const name = "sonata/300_intfire/network/v1_v1_edges.h5";
  if (!test::have(name)) GTEST_SKIP() << "no genuine data: " << name;
  const EdgeList recurrent = read_edge_file(test::data_file(name));
  EXPECT_EQ(recurrent.source.size(), 61560U);
  EXPECT_LT(*std::max_element(recurrent.target.begin(), recurrent.target.end()), 300U);
  const EdgeList input =
      read_edge_file(test::data_file("sonata/300_pointneurons/network/external_internal_edges.h5"));
  ASSERT_EQ(input.weight.size(), 20844U);
  const auto [least, most] = std::minmax_element(input.weight.begin(), input.weight.end());
  EXPECT_GE(*least, 50);
  EXPECT_LE(*most, 65);
  EXPECT_EQ(read_edge_file(test::data_file("sonata/edges/edge_index_example.h5")).source.size(), 33U);
}

}  // namespace
}  // namespace synfire
