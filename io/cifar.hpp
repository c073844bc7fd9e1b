// The binary files of CIFAR-10 and CIFAR-100; read through io/images.hpp.
#pragma once

#include "io/images.hpp"

namespace synfire {

/// True for a file that does not begin as IDX does and has the length of a record at least.
bool looks_like_cifar(const std::string& path);

Images read_cifar_images(const std::string& path, std::uint32_t first, std::uint32_t count);
std::vector<std::uint8_t> read_cifar_labels(const std::string& path, std::uint32_t first,
                                            std::uint32_t count);

}  // namespace synfire
