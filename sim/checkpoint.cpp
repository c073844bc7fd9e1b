#include "sim/checkpoint.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "core/version.hpp"
#include "io/hdf5.hpp"
#include "io/hdf5_whole.hpp"
#include "io/yaml.hpp"
#include "networks/keys.hpp"
#include "networks/parse.hpp"

namespace synfire {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t format_number = 1;

void collect(const hdf5::Group& group, const std::string& path, State& state) {
  for (const auto& name : group.children()) {
    const std::string place = path.empty() ? name : fmt::format("{}/{}", path, name);
    if (group.has_group(name)) {
      collect(group.group(name), place, state);
      continue;
    }
    const hdf5::Dataset dataset = group.dataset(name);
    switch (dataset.type()) {
      case hdf5::Type::float32:
        state.insert(place, dataset.read<float>());
        break;
      case hdf5::Type::float64:
        state.insert(place, dataset.read<double>());
        break;
      case hdf5::Type::uint32:
        state.insert(place, dataset.read<std::uint32_t>());
        break;
      case hdf5::Type::uint64:
        state.insert(place, dataset.read<std::uint64_t>());
        break;
      case hdf5::Type::int64:
        state.insert(place, dataset.read<std::int64_t>());
        break;
      default:
        State::refuse(place, "is of another type");
    }
  }
}

void write_arrays(hdf5::File& file, const State& state) {
  for (const auto& [name, values] : state.arrays()) {
    const fs::path place = fs::path("state") / name;
    hdf5::Group group = file.require_group(place.parent_path().string());
    std::visit(
        [&]<class T>(const std::vector<T>& array) {
          group.create_dataset(place.filename().string(), std::span<const T>(array));
        },
        values);
  }
}

Checkpoint read_whole(const std::string& path) {
  const hdf5::File file = hdf5::File::open(path);
  const auto format = file.unsigned_attribute("synfire_checkpoint");
  if (!format) throw Error(ErrorKind::input, fmt::format("'{}' is not a checkpoint", path));
  if (*format != format_number)
    throw Error(ErrorKind::input, fmt::format("'{}' is a checkpoint of format {}; this program reads {}",
                                              path, *format, format_number));
  Checkpoint checkpoint;
  checkpoint.source_text = file.dataset("network").read_text();
  checkpoint.source_file = file.text_attribute("network_file").value_or("");
  collect(file.group("state"), "", checkpoint.state);
  checkpoint.step = checkpoint.state.get<std::int64_t>("run/steps", 1).front();
  return checkpoint;
}

void write_whole(const std::string& path, const NetworkDescription& network, const State& state) {
  const Step step = state.get<std::int64_t>("run/steps", 1).front();
  hdf5::write_whole(path, [&](hdf5::File& file) {
    file.set_attribute("synfire_checkpoint", format_number);
    file.set_attribute("version", std::string_view(version::number));
    file.set_attribute("network_file", std::string_view(network.source_file));
    file.set_attribute("time_ms", Grid(network.simulation.dt).time_ms(step));
    file.create_text("network", network.source_text);
    write_arrays(file, state);
  });
}

}  // namespace

NetworkDescription Checkpoint::network() const {
  NetworkDescription network = parse_network(parse_yaml(source_text, source_file));
  network.source_text = source_text;
  network.source_file = source_file;
  return network;
}

std::string checkpoint_path(const std::string& result_path) { return result_path + ".checkpoint"; }

Checkpoint read_checkpoint(const std::string& path, Ranks* ranks) {
  Checkpoint checkpoint;
  together(ranks, [&] {
    if (ranks == nullptr || ranks->rank() == 0) checkpoint = read_whole(path);
  });
  if (ranks == nullptr) return checkpoint;
  Bytes bytes;
  BytesWriter writer(bytes);
  writer.put(checkpoint.step);
  writer.put_text(checkpoint.source_text);
  writer.put_text(checkpoint.source_file);
  bytes = share(*ranks, bytes);
  BytesReader reader(bytes);
  checkpoint.step = reader.take<Step>();
  checkpoint.source_text = reader.take_text();
  checkpoint.source_file = reader.take_text();
  return checkpoint;
}

bool write_checkpoint(const std::string& path, const NetworkDescription& network, Engine& engine,
                      Ranks* ranks) {
  engine.sync();
  State state;
  if (!engine.save(state)) return false;
  together(ranks, [&] {
    if (ranks == nullptr || ranks->rank() == 0) write_whole(path, network, state);
  });
  return true;
}

void check_checkpoints(const NetworkDescription& network) {
  if (network.task)
    throw Error(ErrorKind::input, network.task->where,
                "a run with a task keeps no checkpoints; leave --checkpoint out");
  if (network.simulation.engine == keys::event_engine)
    throw Error(ErrorKind::input,
                "engine event keeps no checkpoints; use engine batched, or leave --checkpoint out");
  if (network.simulation.backend == "reference")
    throw Error(ErrorKind::input,
                "backend reference keeps no checkpoints; use backend cpu, or leave --checkpoint out");
}

void advance_with_checkpoints(Engine& engine, const NetworkDescription& network, const std::string& path,
                              Step from, Step every, Ranks* ranks) {
  const Step steps = Grid(network.simulation.dt).nearest(network.simulation.duration);
  Step reached = from;
  bool goes_on = true;
  while (goes_on && reached < steps) {
    const Step next = every > 0 ? std::min(steps, (reached / every + 1) * every) : steps;
    goes_on = engine.advance(next);
    reached = next;
    if (!goes_on || next < steps) write_checkpoint(path, network, engine, ranks);
  }
  std::error_code ignored;
  if (goes_on && (ranks == nullptr || ranks->rank() == 0)) fs::remove(path, ignored);
}

}  // namespace synfire
