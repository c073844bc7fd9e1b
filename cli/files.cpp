#include "cli/files.hpp"

#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "learning/task_file.hpp"
#include "sim/checkpoint.hpp"
#include "sim/output.hpp"

namespace synfire::cli {
namespace {

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code unknown;
  if (std::filesystem::equivalent(a, b, unknown)) return true;
  const auto whole = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, unknown), unknown);
  };
  return whole(a) == whole(b);
}

}  // namespace

void keep_files(const std::string& written, const std::vector<std::string>& read) {
  for (const auto& input : read)
    if (!input.empty() && is_same_file(written, input))
      throw Error(ErrorKind::usage,
                  fmt::format("'{}' is an input of this run; write to another file", written));
}

void keep_inputs(const std::string& written, const std::string& network_file,
                 const NetworkDescription& network) {
  std::vector<std::string> inputs = {network_file};
  for (const auto& population : network.populations) inputs.push_back(population.file);
  for (const auto& projection : network.projections) inputs.push_back(projection.connect.file);
  if (network.dataset) inputs.push_back(network.dataset->path);
  if (network.task)
    for (const auto& file : task_files(*network.task)) inputs.push_back(file);
  keep_files(written, inputs);
}

void check_report(const std::string& report, const std::string& output, bool force,
                  const std::string& network_file, const NetworkDescription& network) {
  if (is_same_file(report, output))
    throw Error(ErrorKind::usage, fmt::format("output and report are the same file '{}'", output));
  if (is_same_file(report, checkpoint_path(output)))
    throw Error(ErrorKind::usage, fmt::format("report '{}' is the checkpoint of this run", report));
  keep_inputs(report, network_file, network);
  check_output(report, force);
}

}  // namespace synfire::cli
