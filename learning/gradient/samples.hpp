// The samples that a network of layers is trained on, as batches of numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "learning/datasets/loader.hpp"
#include "learning/gradient/network.hpp"
#include "networks/training.hpp"

namespace synfire::learning {

/// Which samples.
enum class Share : std::uint8_t { train, validation, test };

/// The samples of a batch before they are spread over the steps: of recordings, where each event counts, so
/// that a window of the steps takes no more memory than it has.
struct ChosenSamples {
  struct Count {
    std::uint32_t step, element;
  };
  std::vector<std::shared_ptr<const DataItem>> items;  ///< null pointers where another rank computes them
  std::vector<std::vector<Count>> counts;              ///< of recordings; steps ascend
  std::vector<std::size_t> numbers;                    ///< of the items in the set
  std::vector<std::uint32_t> labels;
  bool augment = false;
  std::uint64_t epoch = 0;
  SampleRange range;
};

/// A data set with its three shares. Items are read once and kept as far as the cache of the data set
/// reaches.
class Samples {
 public:
  /// Opens the data set. `input` is the first layer. Throws Error(input) where the set cannot be read, the
  /// input layer or the augmentation does not fit it, or a share would be empty.
  Samples(const DatasetDescription& dataset, const TrainingDescription& training,
          const LayerDescription& input, std::uint64_t seed);

  const SignalShape& shape() const { return shape_; }  ///< of a sample as the network sees it
  const std::vector<std::string>& classes() const { return items_->classes(); }
  const std::vector<std::size_t>& share(Share share) const {
    return shares_[static_cast<std::size_t>(share)];
  }
  const DataSet& set() const { return items_->set(); }

  /// The items of training in the order of an epoch, which differs from epoch to epoch.
  std::vector<std::size_t> order(std::uint64_t epoch) const;
  /// Those items, of which only those in `range` are read; augmented when they are for training. What is
  /// drawn depends on (seed, epoch, item).
  void choose(std::span<const std::size_t> items, bool augment, std::uint64_t epoch, SampleRange range,
              ChosenSamples& chosen);
  /// A window of their steps as a batch.
  template <class Real>
  void spread(const ChosenSamples& chosen, SequenceWindow window, Batch<Real>& batch) const;
  /// Both, for all steps.
  template <class Real>
  void fill(std::span<const std::size_t> items, bool augment, std::uint64_t epoch, SampleRange range,
            Batch<Real>& batch);
  /// How many samples of the training part each class has.
  std::vector<std::uint64_t> class_counts() const { return items_->counts(Part::train); }

 private:
  std::shared_ptr<const DataItem> item(std::size_t number);
  /// How far a sample is moved while learning; `crop` of both: not at all.
  struct Move {
    std::size_t y, x;
    bool flip;
  };
  Move move_of(std::size_t number, bool augment, std::uint64_t epoch) const;
  template <class Real> void write_image(const DataItem& item, const Move& move, Real* to) const;
  void count_events(std::span<const Event> events, const Move& move,
                    std::vector<ChosenSamples::Count>& counts) const;
  /// The events of an item as an epoch of training has them.
  std::vector<Event> changed(std::size_t number, const DataItem& item, std::uint64_t epoch);
  /// Another training sample of the same class; nothing where there is none.
  std::optional<std::size_t> other_of_class(std::size_t number, RandomStream& random) const;
  void check_normalisation() const;
  void check_changes() const;

  std::shared_ptr<const ChosenItems> items_;
  TrainingDescription how_;
  std::uint64_t seed_;
  SignalShape shape_;
  std::int64_t span_us_ = 0;        ///< that the steps take together; 0: a recording's own length
  std::size_t top_ = 0, left_ = 0;  ///< zeros that pad a sample
  std::vector<std::size_t> shares_[3];
  std::vector<std::vector<std::size_t>>
      of_class_;          ///< items to learn from, ascending; only where they are blended
  ChosenSamples filled_;  ///< by the last `fill`
  std::vector<std::shared_ptr<const DataItem>> kept_;  ///< by number in the set
  std::size_t kept_bytes_ = 0, most_bytes_;
};

}  // namespace synfire::learning
