// The engine among other ranks: one plan for all, one end for all.
#include <limits>

#include <fmt/format.h>

#include "sim/cpu/engine.hpp"

namespace synfire {

unsigned CpuEngine::threads_to_use() const {
  if (options_.threads > 0) return options_.threads;
  if (options_.ranks == nullptr) return std::max(1u, std::thread::hardware_concurrency());
  return static_cast<unsigned>(smallest(*options_.ranks, options_.ranks->processors()));
}

// The same on all ranks. Memory is looked at before any of them takes some.
Plan CpuEngine::plan_for_ranks() {
  Plan plan;
  together(options_.ranks, [&] {
    const unsigned ranks = options_.ranks != nullptr ? options_.ranks->size() : 1;
    const unsigned here = options_.ranks != nullptr ? options_.ranks->on_this_machine() : 1;
    plan = make_plan(context_, threads_, options_.shards, ranks);
    const double bytes = plan.expected_bytes * here / ranks;
    context_.tell(
        fmt::format("building {:.4g} synapses, about {:.1f} MB", plan.expected_synapses, bytes * 1e-6));
    check_memory(bytes, plan.expected_synapses);
    if (options_.ranks != nullptr && threads_ > options_.ranks->processors())
      context_.tell(
          fmt::format("{} threads share the {} processors of a rank; give each rank more of them, such as "
                      "by `mpirun --bind-to none`",
                      threads_, options_.ranks->processors()));
  });
  return plan;
}

void CpuEngine::agree_on_ages(ReadingAges& ages) const {
  std::vector<std::int64_t> values = {ages.least_remote};
  for (const Step oldest : ages.oldest) values.push_back(-oldest);
  agree_on_smallest(options_.ranks, values);
  ages.least_remote = values.front();
  for (std::size_t p = 0; p < ages.oldest.size(); ++p) ages.oldest[p] = -values[p + 1];
}

// Of each projection with short-term plasticity, over all its parts.
void CpuEngine::agree_on_delays() {
  constexpr Step none = std::numeric_limits<Step>::max();
  const std::size_t projections = context_.network.projections.size();
  std::vector<std::int64_t> values(2 * projections, none);  // the smallest, and -1 times the largest
  const auto for_each = [this](const auto& visit) {
    for (const auto& shard : shards_) shard->for_each_projection(context_.network, visit);
  };
  for_each([&](const Inlet& inlet, std::size_t p) {
    const auto delays = inlet.stateful_delays();
    if (!delays) return;
    values[2 * p] = std::min(values[2 * p], delays->least);
    values[2 * p + 1] = std::min(values[2 * p + 1], -delays->most);
  });
  agree_on_smallest(options_.ranks, values);
  together(options_.ranks, [&] {
    for_each([&](Inlet& inlet, std::size_t p) {
      if (values[2 * p] != none) inlet.widen({values[2 * p], -values[2 * p + 1]});
    });
  });
}

// A rule refers to the structure of another projection, which must be known at once.
void CpuEngine::refuse_remote_next(const ProjectionDescription& rule,
                                   const ProjectionDescription& next) const {
  for (const Part& part : parts_)
    if (part.population == next.to && part.shard == nullptr)
      throw Error(
          ErrorKind::input, rule.where,
          fmt::format("projection '{}': its structural rule refers to '{}', whose targets are spread over "
                      "several ranks; run this network on one rank, with threads",
                      rule.name, next.name));
}

// What went wrong while working, for all ranks to hear; a run that is broken already is thrown.
std::optional<Error> CpuEngine::try_work(Step steps) {
  try {
    work_until(steps);
    if (recorder_ && recorder_->failed()) recorder_->finish();
  } catch (const BrokenRun&) {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return Error(ErrorKind::resource, "out of memory while running; run on more machines");
  } catch (const std::exception& error) {
    return Error(ErrorKind::internal, error.what());
  }
  return std::nullopt;
}

// As `advance`, where the one end of a run is agreed on by all ranks.
bool CpuEngine::advance_together(Step until) {
  remote_->start_waiting();
  const auto* const stop = options_.stop;
  Step target = until;
  while (true) {
    const auto failure = try_work(target);
    const auto [least, most] = remote_->settle(completed(), furthest(), failure ? &*failure : nullptr);
    if (least >= target) {
      if (target == until) options_.stop = stop;  // it came too late for this part of the run
      return target == until;
    }
    target = most;
    options_.stop = nullptr;
  }
}

}  // namespace synfire
