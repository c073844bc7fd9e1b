// The kinds of data sets; each looks at a path and opens it, or returns null when it is not of its kind.
// Inside learning/datasets only.
#pragma once

#include "learning/datasets/dataset.hpp"

namespace synfire::datasets {

/// A folder with files of MNIST by their names, or one such file of images.
std::unique_ptr<DataSet> open_idx(const std::string& path);
/// A folder with the binary files of CIFAR-10 or CIFAR-100 by their names, or one of them.
std::unique_ptr<DataSet> open_cifar(const std::string& path);
/// A file with many recordings that have labels, or a folder with such files: *train*, *test*.
std::unique_ptr<DataSet> open_packed(const std::string& path);
/// A folder with labels.csv (file, label) of recordings.
std::unique_ptr<DataSet> open_listed(const std::string& path);
/// A folder with a folder for each class, perhaps below train and test.
std::unique_ptr<DataSet> open_folders(const std::string& path);
/// A folder with wav files named as those of the Free Spoken Digit Dataset, perhaps in `recordings`.
std::unique_ptr<DataSet> open_spoken_digits(const std::string& path);
/// DVS128 Gesture: *.aedat with *_labels.csv, and trials_to_train.txt, trials_to_test.txt.
std::unique_ptr<DataSet> open_gestures(const std::string& path);

}  // namespace synfire::datasets
