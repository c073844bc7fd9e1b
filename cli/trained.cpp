#include "cli/trained.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/files.hpp"
#include "sim/output.hpp"

namespace synfire::cli {

using namespace learning;

std::unique_ptr<Trainer> open_trained(const TrainedFile& trained, std::span<const std::string> overrides,
                                      const TrainingOptions& options) {
  auto trainer = std::make_unique<Trainer>(trained.network(overrides), options);
  trainer->load_weights(trained.record.best_weights);
  return trainer;
}
std::unique_ptr<Trainer> open_trained(const std::string& file, std::span<const std::string> overrides,
                                      unsigned threads) {
  return open_trained(read_trained(file), overrides, TrainingOptions{.threads = threads});
}

double part_of(const std::string& option, const std::string& text) {
  const auto number = [&](const std::string& digits) {
    std::size_t used = 0;
    double value = -1;
    try {
      value = std::stod(digits, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    if (used == 0 || used != digits.size() || !(value >= 0))
      throw Error(ErrorKind::usage, fmt::format("{}: '{}' is no number such as 0.03 or 8/255", option, text));
    return value;
  };
  const auto slash = text.find('/');
  if (slash == std::string::npos) return number(text);
  const double above = number(text.substr(0, slash)), below = number(text.substr(slash + 1));
  return below > 0 ? above / below : number("");
}

std::vector<double> radii_of(const std::vector<std::string>& texts) {
  std::vector<double> all;
  for (const auto& text : texts) {
    all.push_back(part_of("--eps", text));
    if (all.back() > 1)
      throw Error(
          ErrorKind::usage,
          fmt::format("--eps: {} is more than 1, the whole range of a pixel; write 8/255 for 8 of 255",
                      text));
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

void check_results(std::vector<std::string> read, std::span<const std::optional<std::string>> written,
                   bool force) {
  for (const auto& path : written)
    if (path) {
      keep_files(*path, read);
      check_output(*path, force);
      read.push_back(*path);
    }
}

}  // namespace synfire::cli
