#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "core/error.hpp"
#include "core/version.hpp"

namespace {

std::string version_line() {
  using namespace synfire::version;
  return revision.empty() ? fmt::format("synfire {}", number)
                          : fmt::format("synfire {} ({})", number, revision);
}

int run(int argc, char** argv) {
  CLI::App app{"Synfire simulates spiking networks described in YAML and writes their spikes to HDF5."};
  app.set_version_flag("--version", version_line());
  app.require_subcommand(1);
  app.footer("Example: synfire run examples/brunel.yaml && synfire inspect brunel.h5 --plot raster.png");
  synfire::cli::add_run(app);
  // synfire::cli::add_inspect(app);
  synfire::cli::add_validate(app);
  synfire::cli::add_graph(app);
  synfire::cli::add_models(app);
  synfire::cli::add_schema(app);
  synfire::cli::add_info(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : static_cast<int>(synfire::ErrorKind::usage);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const synfire::Error& error) {
    fmt::print(stderr, "synfire: {}\n", error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "synfire: out of memory; make the network smaller or the machine larger\n");
    return static_cast<int>(synfire::ErrorKind::resource);
  } catch (const std::exception& error) {
    fmt::print(stderr, "synfire: internal error: {}; please report it with the network file\n", error.what());
    return static_cast<int>(synfire::ErrorKind::internal);
  }
}
