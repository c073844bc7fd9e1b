// The subcommands of the program; each adds itself with its options and runs when it is chosen.
#pragma once

namespace CLI {
class App;
}

namespace synfire::cli {

void add_run(CLI::App& app);
void add_resume(CLI::App& app);
void add_train(CLI::App& app);
void add_eval(CLI::App& app);
void add_predict(CLI::App& app);
void add_attack(CLI::App& app);
void add_certify(CLI::App& app);
void add_landscape(CLI::App& app);
void add_inspect(CLI::App& app);
void add_events(CLI::App& app);
void add_convert(CLI::App& app);
void add_convert_steps(CLI::App& app);
void add_fit_neurons(CLI::App& app);
void add_dataset(CLI::App& app);
void add_digits(CLI::App& app);
void add_validate(CLI::App& app);
void add_graph(CLI::App& app);
void add_models(CLI::App& app);
void add_schema(CLI::App& app);
void add_info(CLI::App& app);

}  // namespace synfire::cli
