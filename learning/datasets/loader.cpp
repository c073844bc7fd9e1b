#include "learning/datasets/loader.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/spelling.hpp"

namespace synfire {

namespace {

/// Fisher and Yates, with random numbers of their own for each pass.
void shuffle_items(std::vector<std::size_t>& items, std::uint64_t seed, std::uint64_t pass) {
  RandomStream random(RandomKey(seed, "dataset/order"), pass);
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

}  // namespace

// --- choosing

ChosenItems::ChosenItems(const DatasetDescription& description)
    : ChosenItems(open_dataset(description.path), description) {}

ChosenItems::ChosenItems(std::shared_ptr<const DataSet> set, const DatasetDescription& description)
    : set_(std::move(set)) {
  try {
    choose_classes(description.classes);
  } catch (const Error& error) {
    throw Error(error.kind(), description.where, error.what());
  }
  for (std::size_t i = 0; i < set_->size(); ++i)
    if (labels_[set_->label(i)]) (set_->part(i) == Part::train ? train_ : test_).push_back(i);
  if (description.split) split(*description.split, description.shuffle.value_or(0));
  if (description.test_speakers.empty()) return;
  try {
    hold_out(description.test_speakers);
  } catch (const Error& error) {
    throw Error(error.kind(), description.where, error.what());
  }
}

void ChosenItems::choose_classes(const std::vector<std::string>& names) {
  const auto& all = set_->classes();
  labels_.resize(all.size());
  classes_ = names.empty() ? all : names;
  for (std::size_t k = 0; k < classes_.size(); ++k) {
    const auto at = std::find(all.begin(), all.end(), classes_[k]);
    if (at == all.end()) {
      const std::vector<std::string_view> valid(all.begin(), all.end());
      throw Error(ErrorKind::input, fmt::format("classes of dataset: there is no class '{}'{}", classes_[k],
                                                did_you_mean(classes_[k], valid)));
    }
    labels_[static_cast<std::size_t>(at - all.begin())] = static_cast<std::uint32_t>(k);
  }
}

/// Draws a number for each item and takes those with the smallest of each class for training.
void ChosenItems::split(double share, std::uint64_t seed) {
  const RandomKey key(seed, "dataset/split");
  std::vector<std::vector<std::pair<double, std::size_t>>> drawn(classes_.size());
  for (const auto* part : {&train_, &test_})
    for (const std::size_t item : *part)
      drawn[label(item)].emplace_back(RandomStream(key, item).uniform(), item);
  train_.clear();
  test_.clear();
  for (auto& of_class : drawn) {
    std::sort(of_class.begin(), of_class.end());
    const auto count = static_cast<std::size_t>(std::llround(share * double(of_class.size())));
    for (std::size_t k = 0; k < of_class.size(); ++k)
      (k < count ? train_ : test_).push_back(of_class[k].second);
  }
  std::sort(train_.begin(), train_.end());
  std::sort(test_.begin(), test_.end());
}

/// Parts the items by who speaks.
void ChosenItems::hold_out(const std::vector<std::string>& speakers) {
  std::vector<std::size_t> all = train_;
  all.insert(all.end(), test_.begin(), test_.end());
  std::sort(all.begin(), all.end());
  std::set<std::string> known;
  train_.clear();
  test_.clear();
  for (const std::size_t item : all) {
    const std::string speaker = set_->speaker(item);
    if (speaker.empty())
      throw Error(ErrorKind::input,
                  fmt::format("test_speakers of dataset: '{}' does not say who speaks", set_->source(item)));
    known.insert(speaker);
    (std::ranges::find(speakers, speaker) == speakers.end() ? train_ : test_).push_back(item);
  }
  for (const std::string& speaker : speakers) {
    if (known.contains(speaker)) continue;
    const std::vector<std::string_view> valid(known.begin(), known.end());
    throw Error(ErrorKind::input, fmt::format("test_speakers of dataset: nobody is called '{}'{}", speaker,
                                              did_you_mean(speaker, valid)));
  }
}

void ChosenItems::keep(Part part, std::size_t count, std::optional<std::uint64_t> shuffle) {
  auto& items = part == Part::train ? train_ : test_;
  if (shuffle) shuffle_items(items, *shuffle, 0);
  items.resize(std::min(count, items.size()));
  std::sort(items.begin(), items.end());
}

std::vector<std::size_t> ChosenItems::counts(Part part) const {
  std::vector<std::size_t> counts(classes_.size());
  for (const std::size_t item : items(part)) ++counts[label(item)];
  return counts;
}

DataItem ChosenItems::read(std::size_t item) const {
  DataItem read = set_->item(item);
  read.label = label(item);
  return read;
}

LoaderOptions loader_options(const DatasetDescription& description, Part part) {
  return {.shuffle = part == Part::train ? description.shuffle : std::nullopt,
          .batch = description.batch,
          .prefetch = description.prefetch,
          .cache_bytes = description.cache_bytes};
}

// --- loading

namespace {

/// One item that is to be read, by whoever comes first.
struct Job {
  explicit Job(std::size_t number) : item(number) {}

  std::size_t item;
  std::atomic<bool> taken = false, done = false;
  std::shared_ptr<const DataItem> result;
  std::exception_ptr error;
};

/// Items kept since they were first read, up to a size.
class ItemCache {
 public:
  explicit ItemCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  std::shared_ptr<const DataItem> find(std::size_t item) const {
    const std::lock_guard lock(mutex_);
    const auto at = items_.find(item);
    return at == items_.end() ? nullptr : at->second;
  }
  void keep(std::size_t item, const std::shared_ptr<const DataItem>& data) {
    const std::lock_guard lock(mutex_);
    if (data->bytes() > most_bytes_ - bytes_ || !items_.emplace(item, data).second) return;
    bytes_ += data->bytes();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::size_t, std::shared_ptr<const DataItem>> items_;
  std::size_t most_bytes_, bytes_ = 0;
};

}  // namespace

struct DataLoader::State {
  State(std::shared_ptr<const ChosenItems> chosen, std::vector<std::size_t> wanted, const LoaderOptions& how)
      : items(std::move(chosen)), numbers(std::move(wanted)), options(how), cache(how.cache_bytes) {}

  std::shared_ptr<const ChosenItems> items;
  std::vector<std::size_t> numbers;
  LoaderOptions options;
  ItemCache cache;
  std::size_t given = 0;                  // of the present pass
  std::uint64_t ahead_pass = 0;           // which is being asked for,
  std::size_t ahead = 0;                  // up to here,
  std::vector<std::size_t> ahead_order;   // in this order
  std::deque<std::shared_ptr<Job>> jobs;  // asked for, not given out
  bool between_passes = false;
  tbb::task_group tasks;

  void read(Job& job) {
    if (job.taken.exchange(true)) return;
    try {
      job.result = cache.find(job.item);
      if (job.result == nullptr) {
        // A thread that waits inside must not take up another item.
        tbb::this_task_arena::isolate(
            [&] { job.result = std::make_shared<const DataItem>(items->read(job.item)); });
        cache.keep(job.item, job.result);
      }
    } catch (...) {
      job.error = std::current_exception();
    }
    job.done = true;
    job.done.notify_all();
  }
};

DataLoader::DataLoader(const std::shared_ptr<const ChosenItems>& items, Part part,
                       const LoaderOptions& options)
    : DataLoader(items, items->items(part), options) {}

DataLoader::DataLoader(std::shared_ptr<const ChosenItems> items, std::vector<std::size_t> numbers,
                       const LoaderOptions& options)
    : state_(std::make_unique<State>(std::move(items), std::move(numbers), options)) {
  state_->ahead_order = order(0);
}

DataLoader::~DataLoader() {
  for (const auto& job : state_->jobs) job->taken = true;  // those not begun yet need not be
  state_->tasks.wait();
}

std::size_t DataLoader::size() const { return state_->numbers.size(); }

std::vector<std::size_t> DataLoader::order(std::uint64_t pass) const {
  std::vector<std::size_t> order = state_->numbers;
  if (state_->options.shuffle) shuffle_items(order, *state_->options.shuffle, pass);
  return order;
}

std::shared_ptr<const DataItem> DataLoader::next() {
  State& s = *state_;
  if (size() == 0) throw Error(ErrorKind::input, "the data set has no items for this part");
  while (s.jobs.size() < s.options.prefetch + 1) {
    if (s.ahead == size()) {
      s.ahead_order = order(++s.ahead_pass);
      s.ahead = 0;
    }
    s.jobs.push_back(std::make_shared<Job>(s.ahead_order[s.ahead++]));
    if (s.options.prefetch > 0) s.tasks.run([&s, job = s.jobs.back()] { s.read(*job); });
  }
  const std::shared_ptr<Job> job = s.jobs.front();
  s.jobs.pop_front();
  s.read(*job);
  job->done.wait(false);
  if (++s.given == size()) s.given = 0;
  if (job->error) std::rethrow_exception(job->error);
  return job->result;
}

std::vector<std::shared_ptr<const DataItem>> DataLoader::next_batch() {
  State& s = *state_;
  if (s.between_passes) {
    s.between_passes = false;
    return {};
  }
  std::vector<std::shared_ptr<const DataItem>> batch;
  while (batch.size() < s.options.batch && !s.between_passes && size() > 0) {
    batch.push_back(next());
    s.between_passes = s.given == 0;
  }
  return batch;
}

}  // namespace synfire
