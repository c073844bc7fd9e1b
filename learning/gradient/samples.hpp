// The samples that a network of layers is trained on, as batches of numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "learning/datasets/loader.hpp"
#include "learning/gradient/network.hpp"
#include "networks/training.hpp"

namespace synfire::learning {

/// Which samples.
enum class Share : std::uint8_t { train, validation, test };

/// A data set with its three shares. Items are read once and kept as far as the cache of the data set
/// reaches.
class Samples {
 public:
  /// Opens the data set. `input` is the first layer. Throws Error(input) where the set cannot be read, the
  /// input layer does not fit it, or a share would be empty.
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
  /// Those items as a batch, of which only those in `range` are filled in; augmented when they are for
  /// training. What is drawn depends on (seed, epoch, item).
  template <class Real>
  void fill(std::span<const std::size_t> items, bool augment, std::uint64_t epoch, SampleRange range,
            Batch<Real>& batch);

 private:
  std::shared_ptr<const DataItem> item(std::size_t number);
  template <class Real>
  void write(const DataItem& item, std::size_t number, bool augment, std::uint64_t epoch, std::size_t samples,
             Real* to) const;
  template <class Real>
  void write_image(const DataItem& item, std::size_t shift_y, std::size_t shift_x, bool flip, Real* to) const;
  template <class Real>
  void write_events(const DataItem& item, std::size_t shift_y, std::size_t shift_x, bool flip,
                    std::size_t samples, Real* to) const;
  void check_normalisation() const;

  std::shared_ptr<const ChosenItems> items_;
  TrainingDescription how_;
  std::uint64_t seed_;
  SignalShape shape_;
  std::int64_t span_us_ = 0;        ///< that the steps take together; 0: a recording's own length
  std::size_t top_ = 0, left_ = 0;  ///< zeros that pad a sample
  std::vector<std::size_t> shares_[3];
  std::vector<std::shared_ptr<const DataItem>> kept_;  ///< by number in the set
  std::size_t kept_bytes_ = 0, most_bytes_;
};

}  // namespace synfire::learning
