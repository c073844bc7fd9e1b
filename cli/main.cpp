#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "core/error.hpp"
#include "core/spelling.hpp"
#include "core/version.hpp"
#include "sim/ranks.hpp"

namespace {

std::string version_line() {
  using namespace synfire::version;
  return revision.empty() ? fmt::format("synfire {}", number)
                          : fmt::format("synfire {} ({})", number, revision);
}

// Whatever names and values a message quotes, it stays one line.
int fail(std::string_view message, int code) {
  std::string line(message);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  fmt::print(stderr, "synfire: {}\n", line);
  return code;
}

// What can be said before a launcher's processes know each other is said by the first of them. The others
// leave after it: a launcher may kill all as soon as one has failed.
void leave_to_first_process(int code) {
  if (synfire::launched_as() == 0) return;
  std::this_thread::sleep_for(std::chrono::seconds(code == 0 ? 0 : 1));
  std::exit(code);
}

// CLI11 would only say that a command is missing.
void refuse_unknown_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  std::vector<std::string> names;
  for (const auto* command : commands) names.push_back(command->get_name());
  const std::vector<std::string_view> valid(names.begin(), names.end());
  if (std::find(valid.begin(), valid.end(), argv[1]) != valid.end()) return;
  leave_to_first_process(static_cast<int>(synfire::ErrorKind::usage));
  throw synfire::Error(synfire::ErrorKind::usage,
                       fmt::format("no command '{}'{}", argv[1], synfire::did_you_mean(argv[1], valid)));
}

int fail_usage(const CLI::App& app, const CLI::ParseError& error) {
  constexpr int code = static_cast<int>(synfire::ErrorKind::usage);
  leave_to_first_process(code);
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "" : chosen.front()->get_name() + " ";
  return fail(fmt::format("{}; `synfire {}--help` shows what can be written", error.what(), command), code);
}

// What was printed may still lie in a buffer, and the disk behind it be full.
void flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw synfire::Error(synfire::ErrorKind::resource,
                       "standard output: cannot be written to; is the disk full?");
}

int run(int argc, char** argv) {
  CLI::App app{"Synfire simulates spiking networks described in YAML and writes their spikes to HDF5."};
  app.set_version_flag("--version", version_line());
  app.require_subcommand(1);
  app.footer("Example: synfire run examples/brunel.yaml && synfire inspect brunel.h5 --plot raster.png");
  synfire::cli::add_run(app);
  synfire::cli::add_resume(app);
  synfire::cli::add_train(app);
  synfire::cli::add_eval(app);
  synfire::cli::add_predict(app);
  synfire::cli::add_attack(app);
  synfire::cli::add_certify(app);
  synfire::cli::add_landscape(app);
  synfire::cli::add_convert_steps(app);
  synfire::cli::add_fit_neurons(app);
  synfire::cli::add_inspect(app);
  synfire::cli::add_events(app);
  synfire::cli::add_convert(app);
  synfire::cli::add_dataset(app);
  synfire::cli::add_digits(app);
  synfire::cli::add_validate(app);
  synfire::cli::add_graph(app);
  synfire::cli::add_models(app);
  synfire::cli::add_schema(app);
  synfire::cli::add_info(app);
  refuse_unknown_command(app, argc, argv);
  int code = 0;
  try {
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& ended) {
    code = ended.get_exit_code();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return fail_usage(app, error);
    leave_to_first_process(0);
    app.exit(error);  // prints the help or the version
  }
  flush_output();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is then an error of writing, and is reported
  try {
    return run(argc, argv);
  } catch (const synfire::Error& error) {
    return fail(error.what(), error.exit_code());
  } catch (const std::system_error& error) {  // of printing
    return fail(fmt::format("standard output: {}", error.what()),
                static_cast<int>(synfire::ErrorKind::resource));
  } catch (const std::bad_alloc&) {
    return fail("out of memory; make the network smaller or the machine larger",
                static_cast<int>(synfire::ErrorKind::resource));
  } catch (const std::exception& error) {
    return fail(fmt::format("internal error: {}; please report it with the network file", error.what()),
                static_cast<int>(synfire::ErrorKind::internal));
  }
}
