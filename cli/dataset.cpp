#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "io/text.hpp"
#include "io/yaml.hpp"
#include "learning/datasets/sheet.hpp"
#include "networks/parse.hpp"

namespace synfire::cli {
namespace {

struct DatasetArguments {
  std::string path, plot;
  std::size_t columns = 8;
  bool json = false, force = false;
};

DatasetDescription description_of(const std::string& path) {
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return parse_dataset(read_yaml(path));
  DatasetDescription description;
  description.path = path;
  return description;
}

std::string shape_text(const ItemShape& shape) {
  if (shape.audio) return fmt::format("spikes of {} channels", shape.width);
  const std::string size = fmt::format("{} × {}", shape.width, shape.height);
  if (!shape.images) return "events of " + size + " pixels";
  return shape.channels == 1 ? "images of " + size
                             : fmt::format("images of {} in {} colours", size, shape.channels);
}

nlohmann::ordered_json dataset_json(const ChosenItems& items, const DatasetDescription& description) {
  const ItemShape& shape = items.set().shape();
  nlohmann::ordered_json json = {{"path", description.path},
                                 {"kind", items.set().kind()},
                                 {"items", items.items(Part::train).size() + items.items(Part::test).size()},
                                 {"holds", shape.images  ? "images"
                                           : shape.audio ? "spikes"
                                                         : "events"},
                                 {"width", shape.width},
                                 {"height", shape.height},
                                 {"channels", shape.channels},
                                 {"classes", items.classes()},
                                 {"train", items.counts(Part::train)},
                                 {"test", items.counts(Part::test)}};
  return json;
}

std::size_t batches(std::size_t items, std::size_t batch) { return (items + batch - 1) / batch; }

std::string dataset_text(const ChosenItems& items, const DatasetDescription& description) {
  const std::size_t train = items.items(Part::train).size(), test = items.items(Part::test).size();
  std::string text = fmt::format("{}\n{}: {} items, {}\n", printable(description.path), items.set().kind(),
                                 train + test, shape_text(items.set().shape()));
  if (description.batch > 1)
    text += fmt::format("batches of {}: {} to train on, {} to test\n", description.batch,
                        batches(train, description.batch), batches(test, description.batch));
  std::size_t width = 5;
  for (const std::string& name : items.classes()) width = std::max(width, name.size());
  text += fmt::format("\n{:<{}} {:>8} {:>8}\n", "class", width, "train", "test");
  const auto of_train = items.counts(Part::train), of_test = items.counts(Part::test);
  for (std::size_t k = 0; k < items.classes().size(); ++k)
    text +=
        fmt::format("{:<{}} {:>8} {:>8}\n", printable(items.classes()[k]), width, of_train[k], of_test[k]);
  return text + fmt::format("{:<{}} {:>8} {:>8}\n", "all", width, train, test);
}

void show_dataset(const DatasetArguments& arguments) {
  if (!arguments.plot.empty()) plot::check_new_picture(arguments.plot, arguments.force);
  const DatasetDescription description = description_of(arguments.path);
  const ChosenItems items(description);
  if (!arguments.plot.empty()) draw_sheet(arguments.plot, items, arguments.columns, arguments.force);
  if (arguments.json) {
    using Json = nlohmann::ordered_json;
    fmt::print("{}\n", dataset_json(items, description).dump(2, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", dataset_text(items, description));
  }
}

}  // namespace

void add_dataset(CLI::App& app) {
  auto arguments = std::make_shared<DatasetArguments>();
  CLI::App* command = app.add_subcommand("dataset", "show what a set of labelled images or recordings holds");
  command
      ->add_option("path", arguments->path,
                   "file or folder of the set, or a YAML file that describes it as `dataset`")
      ->required()
      ->type_name("PATH");
  command->add_flag("--json", arguments->json, "print JSON");
  command
      ->add_option("--plot", arguments->plot,
                   "draw the first items of each class; the ending is png, svg or pdf")
      ->type_name("FILE.png");
  command->add_option("--columns", arguments->columns, "how many of each")->check(CLI::Range(1, 100));
  command->add_flag("-f,--force", arguments->force, "replace an existing picture");
  command->footer("Example: synfire dataset /usr/share/datasets/fashion-mnist --plot sheet.png");
  command->callback([arguments] { show_dataset(*arguments); });
}

}  // namespace synfire::cli
