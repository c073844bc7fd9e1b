// The layout of the project holds; and each rule notices when it does not.
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/source_dir.hpp"
#include "tests/structure/rules.hpp"

namespace synfire::structure {
namespace {

const std::vector<SourceFile>& files() {
  static const std::vector<SourceFile> all = project_files(test::source_dir());
  return all;
}

template <class Rule> void expect_holds(Rule rule) {
  for (const SourceFile& file : files()) {
    for (const std::string& complaint : rule(file)) ADD_FAILURE() << complaint;
  }
}

std::size_t include_complaints(const std::string& path, const std::string& text) {
  return check_includes({path, text}).size();
}

TEST(Project, FilesAreFound) {
  const auto has = [](std::string_view path) {
    return std::any_of(files().begin(), files().end(), [&](const SourceFile& f) { return f.path == path; });
  };
  EXPECT_TRUE(has("core/error.cpp"));
  EXPECT_TRUE(has("tests/structure/structure_test.cpp"));
}

TEST(Project, IncludesPointDown) { expect_holds(check_includes); }
TEST(Project, OnlyOneDoorToHdf5) { expect_holds(check_hdf5); }
TEST(Project, OnlyOneFileAsksForTheCompiler) { expect_holds(check_compiler_questions); }
TEST(Project, FilesAreShort) { expect_holds(check_length); }

TEST(Project, NoModelNamesUpstairs) {
  std::vector<std::string> models;
  for (const SourceFile& file : files()) {
    if (file.path == "neurons/models.hpp") models = model_names(file.text);
  }
  expect_holds([&](const SourceFile& file) { return check_model_names(file, models); });
}

TEST(IncludeRule, AcceptsDownwardAndOwn) {
  EXPECT_EQ(include_complaints("core/a.hpp", "#include <vector>\n#include \"core/b.hpp\"\n"), 0u);
  EXPECT_EQ(include_complaints("io/yaml.cpp", "#include \"core/tree.hpp\"\n"), 0u);
  EXPECT_EQ(include_complaints("networks/schema.cpp", "#include \"neurons/models.hpp\"\n"), 0u);
  EXPECT_EQ(include_complaints("sim/catalogue.cpp", "#include \"neurons/iaf_psc_exp.hpp\"\n"), 0u);
  EXPECT_EQ(
      include_complaints("cli/run.cpp", "#include \"sim/simulation.hpp\"\n#include \"io/sonata.hpp\"\n"), 0u);
}

TEST(IncludeRule, RefusesUpward) {
  EXPECT_EQ(include_complaints("core/a.hpp", "#include \"io/yaml.hpp\"\n"), 1u);
  EXPECT_EQ(include_complaints("io/a.cpp", "  #  include \"networks/description.hpp\"\n"), 1u);
  EXPECT_EQ(include_complaints("networks/a.cpp", "#include \"sim/plan.hpp\"\n#include \"cli/run.hpp\"\n"),
            2u);
  EXPECT_EQ(include_complaints("sim/a.cpp", "#include \"learning/bptt.hpp\"\n"), 1u);
}

TEST(IncludeRule, ShelvesKnowCoreOnly) {
  for (const char* shelf : {"neurons", "synapses", "plasticity", "encoders"}) {
    const std::string path = std::string(shelf) + "/a.hpp";
    EXPECT_EQ(include_complaints(path, "#include \"core/math.hpp\"\n"), 0u) << shelf;
    EXPECT_EQ(include_complaints(path, "#include \"io/hdf5.hpp\"\n"), 1u) << shelf;
    const char* other = path.starts_with("neurons") ? "encoders" : "neurons";
    EXPECT_EQ(include_complaints(path, std::string("#include \"") + other + "/b.hpp\"\n"), 1u) << shelf;
  }
}

TEST(IncludeRule, ConcreteModelsThroughTheDoorOnly) {
  EXPECT_EQ(include_complaints("sim/simulation.cpp", "#include \"neurons/lif.hpp\"\n"), 1u);
  EXPECT_EQ(include_complaints("sim/cuda/catalogue.cu", "#include \"neurons/lif.hpp\"\n"), 1u);
  EXPECT_EQ(include_complaints("networks/parse.cpp", "#include \"neurons/lif.hpp\"\n"), 1u);
}

TEST(IncludeRule, NothingSeesTests) {
  EXPECT_EQ(include_complaints("sim/a.cpp", "#include \"tests/structure/rules.hpp\"\n"), 1u);
  EXPECT_EQ(include_complaints("cli/a.cpp", "#include \"bench/networks.hpp\"\n"), 1u);
}

TEST(IncludeRule, WantsFullNamesInQuotes) {
  EXPECT_EQ(include_complaints("core/a.cpp", "#include \"error.hpp\"\n"), 1u);
  EXPECT_EQ(include_complaints("core/a.cpp", "#include \"../core/error.hpp\"\n"), 1u);
  EXPECT_EQ(include_complaints("core/a.cpp", "#include <core/error.hpp>\n"), 1u);
  EXPECT_EQ(include_complaints("elsewhere/a.cpp", ""), 1u);
}

TEST(Hdf5Rule, NoticesTheLibrary) {
  EXPECT_EQ(check_hdf5({"io/sonata.cpp", "#include <hdf5.h>\n"}).size(), 1u);
  EXPECT_EQ(check_hdf5({"sim/a.cpp", "#include <hdf5/serial/hdf5.h>\n"}).size(), 1u);
  EXPECT_EQ(check_hdf5({"io/hdf5.cpp", "#include <hdf5.h>\n"}).size(), 0u);
  EXPECT_EQ(check_hdf5({"io/hdf5_file.cpp", "#include <hdf5.h>\n"}).size(), 0u);
  EXPECT_EQ(check_hdf5({"io/events/hdf5_ecf.cpp", "#include <hdf5.h>\n"}).size(), 1u);
  EXPECT_EQ(check_hdf5({"io/sonata.cpp", "#include \"io/hdf5.hpp\"\n"}).size(), 0u);
}

TEST(CompilerRule, NoticesQuestions) {
  EXPECT_EQ(check_compiler_questions({"core/math.hpp", "#ifdef __CUDACC__\n#endif\n"}).size(), 1u);
  EXPECT_EQ(check_compiler_questions({"sim/cuda/a.cu", "#if defined(__CUDA_ARCH__)\n"}).size(), 1u);
  EXPECT_EQ(check_compiler_questions({"core/host_device.hpp", "#ifdef __CUDACC__\n"}).size(), 0u);
  EXPECT_EQ(check_compiler_questions({"core/math.hpp", "int not__CUDACC__here;\n"}).size(), 0u);
}

TEST(LengthRule, NoticesLongFiles) {
  std::string text;
  for (int i = 0; i < 600; ++i) text += "\n";
  EXPECT_EQ(check_length({"core/a.hpp", text}).size(), 0u);
  EXPECT_EQ(check_length({"core/a.hpp", text + "last, without an end"}).size(), 1u);
}

TEST(ModelNameRule, NoticesNames) {
  const std::vector<std::string> models =
      model_names("#include \"core/model_list.hpp\"\n#include \"neurons/iaf_psc_exp.hpp\"\n");
  EXPECT_EQ(models, (std::vector<std::string>{"iaf_psc_exp", "IafPscExp"}));
  EXPECT_EQ(check_model_names({"sim/plan.cpp", "if (name == \"iaf_psc_exp\")\n"}, models).size(), 1u);
  EXPECT_EQ(
      check_model_names({"cli/run.cpp", "IafPscExp<float> a;\n\nIafPscExp<double> b;\n"}, models).size(), 2u);
  EXPECT_EQ(check_model_names({"sim/plan.cpp", "int iaf_psc_exp2;\n"}, models).size(), 0u);
  EXPECT_EQ(check_model_names({"sim/catalogue.cpp", "IafPscExp\n"}, models).size(), 0u);
  EXPECT_EQ(check_model_names({"tests/sim/a_test.cpp", "IafPscExp\n"}, models).size(), 0u);
}

}  // namespace
}  // namespace synfire::structure
