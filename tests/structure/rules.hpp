// The rules of the project's layout, as functions over the text of its files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace synfire::structure {

/// A file of the project; the path is relative to the repository's root and written with slashes.
struct SourceFile {
  std::string path;
  std::string text;
};

/// What is wrong, one line each; empty when nothing is.
using Complaints = std::vector<std::string>;

/// Every C++ and CUDA file in the project's folders. Throws std::runtime_error when the root has none.
std::vector<SourceFile> project_files(const std::filesystem::path& root);

/// Includes name "folder/file" and point down only.
Complaints check_includes(const SourceFile&);

/// Only io/hdf5.* and its parts io/hdf5_* include the HDF5 library; tests may.
Complaints check_hdf5(const SourceFile&);

/// Only core/host_device.hpp asks which compiler runs; tests may.
Complaints check_compiler_questions(const SourceFile&);

/// No file has more than 600 lines.
Complaints check_length(const SourceFile&);

/// The models listed in the text of neurons/models.hpp, as named in files and as C++ types.
std::vector<std::string> model_names(std::string_view models_hpp);

/// The engine, learning and the program do not know a model by name; sim/catalogue.* may.
Complaints check_model_names(const SourceFile&, const std::vector<std::string>& models);

}  // namespace synfire::structure
