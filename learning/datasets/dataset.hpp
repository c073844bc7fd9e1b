// Labelled sets of images or recordings, one interface for all kinds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/events/event_reader.hpp"

namespace synfire {

/// One thing to be learned.
struct DataItem {
  std::uint32_t label = 0;  ///< number of its class, among DataSet::classes
  std::vector<std::uint8_t>
      pixels;                 ///< of an image: 0 to 255, in the order of neurons [height, width, channels]
  std::vector<Event> events;  ///< of a recording

  /// Roughly, for caches.
  std::size_t bytes() const { return sizeof(*this) + pixels.size() + events.size() * sizeof(Event); }
};

/// What the items of a set have in common.
struct ItemShape {
  bool images = false;  ///< else events
  bool audio = false;   ///< events of a cochlea: width channels, height 1
  std::uint32_t width = 0, height = 0;
  std::uint32_t channels = 1;  ///< of an image: 1 or 3; of events 2, the polarities, or 1 of a cochlea

  std::uint64_t neurons() const { return std::uint64_t(width) * height * channels; }
};

enum class Part : std::uint8_t { train, test };

/// Items by number. What can be known without decoding items is known at once; `item` reads from disk and may
/// be called from several threads.
class DataSet {
 public:
  virtual ~DataSet() = default;

  /// "idx", "cifar10", "cifar100", "listed", "shd", "dvs_gesture", "folders", "spoken_digits".
  virtual std::string_view kind() const = 0;
  virtual const ItemShape& shape() const = 0;
  /// Names of the classes; a label is an index into them.
  virtual const std::vector<std::string>& classes() const = 0;
  virtual std::size_t size() const = 0;
  virtual std::uint32_t label(std::size_t item) const = 0;
  /// The part that the makers of the set put it in.
  virtual Part part(std::size_t item) const = 0;
  /// Who speaks, where the set says so; "" where it does not. In SHD, a number.
  virtual std::string speaker(std::size_t) const { return {}; }
  /// The file that holds the item.
  virtual std::string source(std::size_t item) const = 0;
  /// All files that it reads, each once: those of the items, and what says their labels.
  virtual std::vector<std::string> files() const;
  /// Errors (input): the file is gone or damaged. Times of events begin at 0.
  virtual DataItem item(std::size_t item) const = 0;
};

/// Opens the set that lies at a path; its kind is found by content (docs/events.md lists them). Errors
/// (input): nothing there, no set of a known kind, damage in what describes the set.
std::unique_ptr<DataSet> open_dataset(const std::string& path);

}  // namespace synfire
