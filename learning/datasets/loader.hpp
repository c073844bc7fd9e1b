// Items of a data set in the order in which they are used: chosen, split, shuffled, read ahead, and kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learning/datasets/dataset.hpp"
#include "networks/description.hpp"

namespace synfire {

/// A data set as a description wants it: only some classes, parted anew.
class ChosenItems {
 public:
  /// Opens the set. Errors (input): as open_dataset; a class or a speaker that the set does not
  /// have.
  explicit ChosenItems(const DatasetDescription& description);
  /// Chooses from a set that is open already.
  ChosenItems(std::shared_ptr<const DataSet> set, const DatasetDescription& description);

  const DataSet& set() const { return *set_; }
  /// Names of the chosen classes; the labels of items count along them.
  const std::vector<std::string>& classes() const { return classes_; }
  /// Numbers in the set of the items of a part, in the order of the set.
  const std::vector<std::size_t>& items(Part part) const { return part == Part::train ? train_ : test_; }
  std::uint32_t label(std::size_t item) const { return labels_[set_->label(item)].value(); }
  /// Of each class.
  std::vector<std::size_t> counts(Part part) const;
  /// Keeps so many items of a part: the first in the order of the set, or, drawn by the seed `shuffle`, any.
  void keep(Part part, std::size_t count, std::optional<std::uint64_t> shuffle);
  /// Reads an item; its label counts along the chosen classes.
  DataItem read(std::size_t item) const;

 private:
  void choose_classes(const std::vector<std::string>& names);
  void split(double share, std::uint64_t seed);
  void hold_out(const std::vector<std::string>& speakers);

  std::shared_ptr<const DataSet> set_;
  std::vector<std::string> classes_;
  std::vector<std::optional<std::uint32_t>> labels_;  ///< of each class of the set
  std::vector<std::size_t> train_, test_;
};

/// How a loader works through a part.
struct LoaderOptions {
  std::optional<std::uint64_t> shuffle = {};  ///< seed
  std::size_t batch = 1;
  std::size_t prefetch = 8;  ///< items read ahead by other threads; 0: none
  std::size_t cache_bytes = std::size_t(256) << 20;
};
/// Those of a description, for a part: test items are never shuffled.
LoaderOptions loader_options(const DatasetDescription& description, Part part);

/// Gives out the items of a part, pass after pass. What comes, and in which order, depends on neither
/// prefetch nor cache. A cache keeps the items that came first, up to its size: what comes round again and
/// again is then found there, as far as it reaches.
class DataLoader {
 public:
  DataLoader(const std::shared_ptr<const ChosenItems>& items, Part part, const LoaderOptions& options);
  /// The items with these numbers in the set.
  DataLoader(std::shared_ptr<const ChosenItems> items, std::vector<std::size_t> numbers,
             const LoaderOptions& options);
  DataLoader(const DataLoader&) = delete;
  DataLoader& operator=(const DataLoader&) = delete;
  ~DataLoader();

  /// Items of a pass.
  std::size_t size() const;
  /// Items of the set in the order of a pass, from 0 on.
  std::vector<std::size_t> order(std::uint64_t pass) const;
  /// The next item; after the last one of a pass, the first of the next. Errors: as DataSet::item; there are
  /// none.
  std::shared_ptr<const DataItem> next();
  /// The next items of this pass, as many as a batch; fewer at its end, none once between two passes.
  std::vector<std::shared_ptr<const DataItem>> next_batch();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace synfire
