// Uses the installed headers and library the way another project would.
#include <iostream>

#include "core/error.hpp"
#include "core/version.hpp"

int main() {
  const synfire::Error error(synfire::ErrorKind::input, {"net.yaml", 3, 7}, "wrong unit");
  std::cout << synfire::version::number << '\n' << error.what() << '\n';
  return error.exit_code() == 3 ? 0 : 1;
}
