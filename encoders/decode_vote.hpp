// From spike counts to classes: which class each output neuron stands for, and what they vote for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace synfire {

/// Spikes of each neuron to each class, and how often the class was shown.
class ClassResponses {
 public:
  ClassResponses(std::size_t classes, std::size_t neurons)
      : neurons_(neurons), shown_(classes), spikes_(classes * neurons) {}

  std::size_t classes() const { return shown_.size(); }
  std::size_t neurons() const { return neurons_; }
  void add(std::size_t shown_class, std::span<const std::uint32_t> counts) {
    ++shown_[shown_class];
    for (std::size_t i = 0; i < neurons_; ++i) spikes_[shown_class * neurons_ + i] += counts[i];
  }
  /// Takes back what was added.
  void remove(std::size_t shown_class, std::span<const std::uint32_t> counts) {
    --shown_[shown_class];
    for (std::size_t i = 0; i < neurons_; ++i) spikes_[shown_class * neurons_ + i] -= counts[i];
  }
  /// Mean spikes of a neuron to a sample of a class; 0 for a class never shown.
  double mean(std::size_t of_class, std::size_t neuron) const {
    if (shown_[of_class] == 0) return 0;
    return double(spikes_[of_class * neurons_ + neuron]) / double(shown_[of_class]);
  }

 private:
  std::size_t neurons_;
  std::vector<std::uint64_t> shown_, spikes_;
};

inline constexpr std::int32_t no_class = -1;

/// The class to which each neuron fired most, averaged over the samples of the class; the first of equals,
/// and no_class for a neuron that never fired.
inline std::vector<std::int32_t> assign_classes(const ClassResponses& responses) {
  std::vector<std::int32_t> assignment(responses.neurons(), no_class);
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    double most = 0;
    for (std::size_t c = 0; c < responses.classes(); ++c) {
      if (responses.mean(c, i) <= most) continue;
      most = responses.mean(c, i);
      assignment[i] = static_cast<std::int32_t>(c);
    }
  }
  return assignment;
}

/// The class whose neurons fired most on average; the first of equals, no_class when no assigned neuron
/// fired.
inline std::int32_t vote(std::span<const std::int32_t> assignment, std::span<const std::uint32_t> counts,
                         std::size_t classes) {
  std::vector<double> spikes(classes), voters(classes);
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    if (assignment[i] == no_class) continue;
    spikes[static_cast<std::size_t>(assignment[i])] += counts[i];
    ++voters[static_cast<std::size_t>(assignment[i])];
  }
  std::int32_t winner = no_class;
  double most = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    if (voters[c] == 0 || spikes[c] / voters[c] <= most) continue;
    most = spikes[c] / voters[c];
    winner = static_cast<std::int32_t>(c);
  }
  return winner;
}

/// How often each class was taken for which: rows are true classes; the last column counts samples without a
/// vote.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::size_t classes) : classes_(classes), cells_(classes * (classes + 1)) {}

  void add(std::size_t true_class, std::int32_t voted) {
    const std::size_t column = voted == no_class ? classes_ : static_cast<std::size_t>(voted);
    ++cells_[true_class * columns() + column];
    ++total_;
    right_ += column == true_class;
  }
  std::size_t classes() const { return classes_; }
  std::size_t columns() const { return classes_ + 1; }
  std::uint64_t at(std::size_t row, std::size_t column) const { return cells_[row * columns() + column]; }
  std::span<const std::uint64_t> row(std::size_t r) const {
    return std::span(cells_).subspan(r * columns(), columns());
  }
  std::uint64_t total() const { return total_; }
  std::uint64_t right() const { return right_; }
  /// Right votes among all samples; 0 when there were none.
  double accuracy() const { return total_ == 0 ? 0 : double(right_) / double(total_); }

 private:
  std::size_t classes_;
  std::vector<std::uint64_t> cells_;
  std::uint64_t total_ = 0, right_ = 0;
};

}  // namespace synfire
