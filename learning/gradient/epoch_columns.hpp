// What is kept of each epoch: all that reads, writes or prints epochs walks over these columns.
#pragma once

#include <array>
#include <string_view>

#include "learning/gradient/trainer.hpp"

namespace synfire::learning {

/// One number of each epoch: its name, unit and meaning, and where it stands.
struct EpochColumn {
  std::string_view name, units, meaning;
  double (*get)(const EpochRecord&);
  void (*set)(EpochRecord&, double);
};

inline constexpr std::array epoch_columns = {
    EpochColumn{"train_loss", "1", "mean over the samples while they were learned",
                [](const EpochRecord& e) { return e.train.loss; },
                [](EpochRecord& e, double v) { e.train.loss = v; }},
    EpochColumn{"train_accuracy", "1", "of the same", [](const EpochRecord& e) { return e.train.accuracy; },
                [](EpochRecord& e, double v) { e.train.accuracy = v; }},
    EpochColumn{"validation_loss", "1", "NaN: there are no such samples",
                [](const EpochRecord& e) { return e.validation.loss; },
                [](EpochRecord& e, double v) { e.validation.loss = v; }},
    EpochColumn{"validation_accuracy", "1", "NaN: there are no such samples",
                [](const EpochRecord& e) { return e.validation.accuracy; },
                [](EpochRecord& e, double v) { e.validation.accuracy = v; }},
    EpochColumn{"test_loss", "1", "after the epoch", [](const EpochRecord& e) { return e.test.loss; },
                [](EpochRecord& e, double v) { e.test.loss = v; }},
    EpochColumn{"test_accuracy", "1", "after the epoch; never chooses an epoch",
                [](const EpochRecord& e) { return e.test.accuracy; },
                [](EpochRecord& e, double v) { e.test.accuracy = v; }},
    EpochColumn{"learning_rate", "1", "in the first batch",
                [](const EpochRecord& e) { return e.learning_rate; },
                [](EpochRecord& e, double v) { e.learning_rate = v; }},
    EpochColumn{"gradient_norm", "1", "mean over the batches, before clipping",
                [](const EpochRecord& e) { return e.gradient_norm; },
                [](EpochRecord& e, double v) { e.gradient_norm = v; }},
    EpochColumn{"seconds", "s", "wall time of learning", [](const EpochRecord& e) { return e.seconds; },
                [](EpochRecord& e, double v) { e.seconds = v; }},
    EpochColumn{"images_per_s", "1/s", "samples learned", [](const EpochRecord& e) { return e.images_per_s; },
                [](EpochRecord& e, double v) { e.images_per_s = v; }},
    EpochColumn{"peak_bytes", "B", "most memory of the process so far",
                [](const EpochRecord& e) { return double(e.peak_bytes); },
                [](EpochRecord& e, double v) {
                  e.peak_bytes = v >= 0 && v < 0x1p63 ? static_cast<std::uint64_t>(v) : 0;
                }},
};

}  // namespace synfire::learning
