// What holds for every rule, the rules without chance, and what is refused.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/model_list.hpp"
#include "tests/networks/connect/support.hpp"

namespace synfire::testing {
namespace {

struct Case {
  std::string rule;
  std::map<std::string, double> parameters;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{{"all_to_all", {}},
                                     {"one_to_one", {}},
                                     {"fixed_probability", {{"p", 0.3}}},
                                     {"fixed_indegree", {{"indegree", 20}}},
                                     {"fixed_indegree", {{"indegree", 20}, {"allow_multapses", 0}}},
                                     {"fixed_outdegree", {{"outdegree", 20}}},
                                     {"fixed_total_number", {{"N", 999}}},
                                     {"fixed_total_number", {{"N", 999}, {"allow_multapses", 0}}},
                                     {"pair_probability", {{"p", 0.1}}},
                                     {"small_world", {{"k", 6}, {"p", 0.2}}},
                                     {"scale_free", {{"alpha", 0.8}, {"beta", 60}}},
                                     {"erdos_renyi", {{"p", 0.3}}},
                                     {"kernel_2d", {{"height", 3}, {"width", 3}, {"pad_y", 1}, {"pad_x", 1}}},
                                     {"neighbourhood_2d", {{"radius", 2}}}};
  return all;
}

TEST(EveryRule, AnswersTheSameInAnyOrderAndAppends) {
  const auto context = within({8, 10});
  for (const auto& [rule, parameters] : cases()) {
    const auto connector = make_connector(described(rule, parameters), context);
    const auto rows = all_rows(*connector, context);
    for (std::uint32_t target = context.targets; target-- > 0;) {
      std::vector<std::uint32_t> found{123};
      connector->sources_of(target, found);
      ASSERT_EQ(found.front(), 123u) << rule;
      found.erase(found.begin());
      ASSERT_EQ(found, rows[target]) << rule;
    }
    EXPECT_EQ(all_rows(*make_connector(described(rule, parameters), context), context), rows) << rule;
    EXPECT_EQ(connector->is_identity(), rule == "one_to_one");
  }
}

TEST(EveryRule, ChanceComesFromTheKey) {
  for (const auto& [rule, parameters] : cases()) {
    const bool random = rule.starts_with("fixed_") || rule == "pair_probability" || rule == "small_world" ||
                        rule == "scale_free" || rule == "erdos_renyi";
    EXPECT_EQ(rows_of(rule, parameters, within({8, 10}, 1)) != rows_of(rule, parameters, within({8, 10}, 2)),
              random)
        << rule;
  }
}

TEST(EveryRule, ExpectationIsTheNumberOfSynapsesWhereItIsFixed) {
  const auto context = within({8, 10});
  for (const auto& [rule, parameters] : cases()) {
    const auto connector = make_connector(described(rule, parameters), context);
    const auto synapses = static_cast<double>(total(all_rows(*connector, context)));
    EXPECT_DOUBLE_EQ(connector->expected_synapses(), rule == "fixed_probability" ? 0.3 * 6400 : synapses)
        << rule;
  }
}

TEST(EveryRule, IsDescribedAndCovered) {
  for (const auto& info : connection_rules()) {
    EXPECT_FALSE(info.summary.empty()) << info.name;
    EXPECT_FALSE(info.source.empty()) << info.name;
    const bool covered =
        info.name == "list" ||
        std::any_of(cases().begin(), cases().end(), [&](const Case& c) { return c.rule == info.name; });
    EXPECT_TRUE(covered) << info.name;
  }
}

TEST(EveryRule, RefusesValuesBeyondEachBound) {
  const auto context = within({8, 10});
  for (const auto& [rule, parameters] : cases())
    for (const auto& parameter : find_model(connection_rules(), rule)->parameters)
      for (const double bad :
           {parameter.bounds.low - 1, parameter.bounds.high * 2 + 1, std::numeric_limits<double>::quiet_NaN(),
            parameter.bounds.whole ? 0.5 : -1.0}) {
        auto wrong = parameters;
        wrong[parameter.name] = bad;
        EXPECT_THROW(make_connector(described(rule, wrong), context), Error)
            << rule << ' ' << parameter.name << ' ' << bad;
      }
}

TEST(AllToAll, WithAndWithoutAutapses) {
  EXPECT_EQ(rows_of("all_to_all", {}, between({3}, {2})), (Rows{{0, 1, 2}, {0, 1, 2}}));
  EXPECT_EQ(rows_of("all_to_all", {{"allow_autapses", 0}}, within({3})), (Rows{{1, 2}, {0, 2}, {0, 1}}));
  EXPECT_EQ(rows_of("all_to_all", {{"allow_autapses", 0}}, between({2}, {2})), (Rows{{0, 1}, {0, 1}}));
}

TEST(AllToAll, WithoutEqualIndices) {
  const std::map<std::string, double> others{{"allow_equal_indices", 0}};
  const auto wide = between({3}, {2}), tall = between({2}, {3});
  EXPECT_EQ(rows_of("all_to_all", others, wide), (Rows{{1, 2}, {0, 2}}));
  EXPECT_EQ(rows_of("all_to_all", others, tall), (Rows{{1}, {0}, {0, 1}}));
  EXPECT_EQ(rows_of("all_to_all", others, within({3})), (Rows{{1, 2}, {0, 2}, {0, 1}}));
  EXPECT_EQ(make_connector(described("all_to_all", others), wide)->expected_synapses(), 4);
  EXPECT_EQ(make_connector(described("all_to_all", others), tall)->expected_synapses(), 4);
}

TEST(OneToOne, JoinsEqualIndices) {
  EXPECT_EQ(rows_of("one_to_one", {}, between({3}, {3})), (Rows{{0}, {1}, {2}}));
}

class ListFile : public ::testing::Test {
 protected:
  ConnectDescription listed(const std::string& text) const {
    std::ofstream(path_) << text;
    auto connect = described("list");
    connect.file = path_.string();
    return connect;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() /
      ("synfire_edges_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()) +
       ".csv");
};

TEST_F(ListFile, KeepsWeightsAndDelaysBesideTheirSources) {
  const auto connect =
      listed("source,target,weight,delay\n4,1,0.5,1.5\n0,0,2,1\n2,1,-3,2\n2,1,7,0.1\n0,2,1,1\n3,0,9,4\n");
  const auto connector = make_connector(connect, between({5}, {4}));
  EXPECT_EQ(all_rows(*connector, between({5}, {4})), (Rows{{0, 3}, {2, 2, 4}, {0}, {}}));
  const auto values = [](std::span<const float> row) { return std::vector<float>(row.begin(), row.end()); };
  EXPECT_EQ(values(connector->weights_of(0)), (std::vector<float>{2, 9}));
  EXPECT_EQ(values(connector->weights_of(1)), (std::vector<float>{-3, 7, 0.5f}));
  EXPECT_EQ(values(connector->delays_of(1)), (std::vector<float>{2, 0.1f, 1.5f}));
  EXPECT_TRUE(connector->weights_of(3).empty());
  EXPECT_TRUE(connector->has_weights());
  EXPECT_TRUE(connector->has_delays());
  EXPECT_EQ(connector->expected_synapses(), 6);
}

TEST_F(ListFile, WithoutColumnsThereAreNoWeights) {
  const auto connector = make_connector(listed("source,target\n1,0\n0,1\n"), between({2}, {2}));
  EXPECT_FALSE(connector->has_weights());
  EXPECT_FALSE(connector->has_delays());
  EXPECT_TRUE(connector->weights_of(0).empty());
  EXPECT_TRUE(connector->delays_of(1).empty());
}

void expect_error(const ConnectDescription& connect, const ConnectContext& context, const std::string& part,
                  ErrorKind kind = ErrorKind::input) {
  try {
    make_connector(connect, context);
    ADD_FAILURE() << connect.rule << " was accepted; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("net.yaml:7:3"), std::string::npos) << error.what();
  }
}

TEST_F(ListFile, RefusesIdsBeyondThePopulations) {
  expect_error(listed("source,target\n0,0\n2,0\n"), between({2}, {2}), "source 2");
  expect_error(listed("source,target\n0,5\n"), between({2}, {2}), "target 5");
  expect_error(listed("source,target\n0,4294967296\n"), between({2}, {2}), "target 4294967296");
  expect_error(listed("source,target,weight\n0,0,1e300\n"), between({2}, {2}), "too large");
}

TEST(Refused, EachWithItsReason) {
  struct Wrong {
    ConnectDescription connect;
    ConnectContext context;
    std::string part;
  };
  const auto ten = within({10}), sheet = between({5, 5}, {5, 5});
  const std::vector<Wrong> table{
      {described("fixed_indegre"), ten, "did you mean 'fixed_indegree'?"},
      {described("fixed_probability"), ten, "rule fixed_probability needs p"},
      {described("fixed_probability", {{"q", 0.1}}), ten, "has no parameter 'q'"},
      {described("fixed_indegree", {{"indegre", 1}}), ten, "did you mean 'indegree'?"},
      {described("one_to_one", {{"p", 0.1}}), ten, "has no parameter 'p'"},
      {described("fixed_probability", {{"p", 1.5}}), ten, "p of rule fixed_probability is 1.5"},
      {described("fixed_indegree", {{"indegree", 2.5}}), ten, "whole number"},
      {described("one_to_one"), between({3}, {4}), "same size"},
      {described("fixed_indegree", {{"indegree", 11}, {"allow_multapses", 0}}), ten, "only 10 sources"},
      {described("fixed_indegree", {{"indegree", 10}, {"allow_multapses", 0}, {"allow_autapses", 0}}), ten,
       "only 9 sources"},
      {described("fixed_indegree", {{"indegree", 1}, {"allow_autapses", 0}}), within({1}), "only 0 sources"},
      {described("fixed_outdegree", {{"outdegree", 11}, {"allow_multapses", 0}}), ten, "only 10 targets"},
      {described("fixed_outdegree", {{"outdegree", 1}, {"allow_autapses", 0}}), within({1}),
       "only 0 targets"},
      {described("fixed_total_number", {{"N", 101}, {"allow_multapses", 0}}), ten,
       "only 100 different pairs"},
      {described("fixed_total_number", {{"N", 1}, {"allow_autapses", 0}}), within({1}),
       "only 0 different pairs"},
      {described("list"), ten, "needs a file"},
      {described("small_world", {{"k", 3}, {"p", 0}}), ten, "even"},
      {described("small_world", {{"k", 10}, {"p", 0}}), ten, "at most 8"},
      {described("small_world", {{"k", 2}, {"p", 0}}), within({2}), "at most 0"},
      {described("small_world", {{"k", 2}, {"p", 0}}), between({8}, {9}), "same size"},
      {described("scale_free", {{"alpha", 1}, {"beta", 2}}), between({9}, {9}), "onto itself"},
      {described("scale_free", {{"alpha", 1}, {"beta", 2}}), within({1}), "at least 2"},
      {described("erdos_renyi", {{"p", 0.1}}), between({8}, {9}), "same size"},
      {described("kernel_2d", {{"height", 2}, {"width", 2}}), sheet, "must be [4, 4]"},
      {described("kernel_2d", {{"height", 6}, {"width", 2}}), sheet, "larger than the source"},
      {described("kernel_2d", {{"height", 1}, {"width", 1}}), between({25}, {5, 5}), "[height, width]"},
      {described("kernel_2d", {{"height", 1}, {"width", 1}, {"same_channel", 1}}), between({5, 5, 2}, {5, 5}),
       "same_channel"},
      {described("neighbourhood_2d", {{"radius", 1}}), between({5, 5}, {5, 4}), "same extent"},
      {described("neighbourhood_2d", {{"radius", 1}}), between({5, 5, 0}, {5, 5}), "no neurons"},
  };
  for (const auto& [connect, context, part] : table) expect_error(connect, context, part);
  auto with_file = described("one_to_one");
  with_file.file = "edges.csv";
  expect_error(with_file, ten, "takes no file");
}

TEST(Refused, MoreThanAMachineCanHold) {
  const auto huge = between({4000000000u}, {4000000000u});
  const auto resource = ErrorKind::resource;
  expect_error(described("all_to_all"), huge, "1.6e+19 synapses", resource);
  expect_error(described("fixed_probability", {{"p", 0.01}}), huge, "1.6e+17 synapses", resource);
  expect_error(described("fixed_indegree", {{"indegree", 10000}}), huge, "4e+13 synapses", resource);
  expect_error(described("fixed_outdegree", {{"outdegree", 10000}}), huge, "4e+13 synapses", resource);
  expect_error(described("fixed_total_number", {{"N", 2e12}}), huge, "2e+12 synapses", resource);
  expect_error(described("small_world", {{"k", 1000}, {"p", 0}}), huge, "4e+12 synapses", resource);
  expect_error(described("erdos_renyi", {{"p", 0.5}}), huge, "8e+18 synapses", resource);
  expect_error(described("fixed_outdegree", {{"outdegree", 250}}), huge, "GB of memory", resource);
  expect_error(described("fixed_total_number", {{"N", 1}}), between({5}, {4294967295u}), "keeps 34.4 GB",
               resource);
}

TEST(Refused, EmptyPopulationsAreNotACrash) {
  const auto none = between({0}, {0}), no_targets = between({5}, {0}), no_sources = between({0}, {5});
  for (const auto& [rule, parameters] : cases())
    for (const auto& context : {none, no_targets, no_sources}) {
      try {
        EXPECT_EQ(total(rows_of(rule, parameters, context)), 0u) << rule;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
      }
    }
}

}  // namespace
}  // namespace synfire::testing
