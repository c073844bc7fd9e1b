#include "learning/datasets/dataset.hpp"

#include <array>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "core/error.hpp"
#include "learning/datasets/kinds.hpp"

namespace synfire {

std::vector<std::string> DataSet::files() const {
  std::set<std::string> all;
  for (std::size_t k = 0; k < size(); ++k) all.insert(source(k));
  return {all.begin(), all.end()};
}

std::unique_ptr<DataSet> open_dataset(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    throw Error(ErrorKind::input, fmt::format("{}: there is no such file or folder", path));
  using namespace datasets;
  // Those with a mark of their own first.
  constexpr std::array kinds{open_idx,   open_packed,        open_listed, open_gestures,
                             open_cifar, open_spoken_digits, open_folders};
  for (const auto open : kinds)
    if (auto set = open(path)) return set;
  throw Error(
      ErrorKind::input,
      fmt::format(
          "{}: not a data set of a known kind: the files of MNIST or CIFAR-10, spikes with labels "
          "(SHD), a folder with labels.csv, with trials_to_train.txt, with a folder for each class, or "
          "with spoken digits; `synfire events` shows a single recording",
          path));
}

}  // namespace synfire
