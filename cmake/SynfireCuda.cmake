# Finds nvcc (PATH, CUDA_PATH, or the toolkit's usual place) and turns CUDA on; SYNFIRE_CUDA_FOUND tells.
set(SYNFIRE_CUDA_FOUND FALSE)
if(SYNFIRE_CUDA STREQUAL "OFF")
  return()
endif()
find_program(SYNFIRE_NVCC nvcc HINTS ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
if(NOT SYNFIRE_NVCC)
  if(SYNFIRE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "SYNFIRE_CUDA is ON but nvcc was not found. Install the CUDA Toolkit and put nvcc on PATH, "
                        "or set CUDA_PATH to the toolkit's folder.")
  endif()
  message(STATUS "nvcc was not found: the GPU code is not built")
  return()
endif()

set(SYNFIRE_CUDA_FOUND TRUE)
set(CMAKE_CUDA_COMPILER ${SYNFIRE_NVCC})
set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
set(CMAKE_CUDA_ARCHITECTURES 80 90)
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION) # CMake 3.25 does not know that nvcc has C++20
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
# No fused multiply-add, as on the CPU; constexpr functions of the shared headers run on the device as they are.
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-fmad=false;--expt-relaxed-constexpr>")
