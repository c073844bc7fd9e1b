# How everything is compiled: language, floating point, warnings, sanitizers, and what makes builds fast.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

# A run must give the same bits on every machine. So there is one baseline instead of -march=native, products and
# sums are never fused behind our back, and nothing here (unlike -ffast-math) may reorder a sum. The engine adds its
# AVX-512 variants itself, by target attributes on single functions, chosen while running.
set(SYNFIRE_FLAGS -ffp-contract=off -fno-math-errno -fno-trapping-math)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  list(PREPEND SYNFIRE_FLAGS -march=x86-64-v3)
endif()
if(SYNFIRE_SANITIZE)
  list(APPEND SYNFIRE_FLAGS -fsanitize=${SYNFIRE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options($<$<LINK_LANGUAGE:CXX>:-fsanitize=${SYNFIRE_SANITIZE}>)
endif()
if(SYNFIRE_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  list(APPEND SYNFIRE_FLAGS -D_GLIBCXX_ASSERTIONS)
endif()

# Shadowing among locals only: g++ 12 also reports an enum class's names that equal a constant's, and those collide nowhere.
set(warnings -Wall -Wextra -Wpedantic $<IF:$<CXX_COMPILER_ID:GNU>,-Wshadow=local,-Wshadow>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 raises these for std::string's own copies wherever it inlines them.
  list(APPEND warnings -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict)
endif()
if(SYNFIRE_WERROR)
  list(APPEND warnings -Werror)
endif()
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:${SYNFIRE_FLAGS};${warnings}>")

# The linker is the system's. LLVM's lld 14 lost exception tables of code that g++ 12 had optimised: exceptions then
# ended the program instead of being caught.

find_program(SYNFIRE_CCACHE ccache)
if(SYNFIRE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache caches with a precompiled header only when told that its macros and times may be trusted. What one clone
  # compiled serves another: paths count from the source folder, not from the root.
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_NOHASHDIR=1
               CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${SYNFIRE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${launcher})
endif()

# synfire_precompile(NAME LIBRARIES target... HEADERS header...) makes a precompiled header that other targets
# share by target_precompile_headers(target REUSE_FROM NAME).
function(synfire_precompile name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;HEADERS")
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/${name}.cpp CONTENT "")
  add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/generated/${name}.cpp)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
  if(SYNFIRE_CCACHE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${name} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# The headers that most files include anyhow. A file still includes what it uses: headers are checked alone.
set(SYNFIRE_COMMON_HEADERS
    <algorithm> <array> <bit> <cmath> <concepts> <cstddef> <cstdint> <cstring> <filesystem> <functional> <limits>
    <map> <memory> <optional> <span> <stdexcept> <string> <string_view> <tuple> <type_traits> <unordered_map>
    <utility> <variant> <vector> <fmt/format.h>)
if(SYNFIRE_PCH)
  synfire_precompile(synfire_pch LIBRARIES fmt::fmt HEADERS ${SYNFIRE_COMMON_HEADERS})
endif()
