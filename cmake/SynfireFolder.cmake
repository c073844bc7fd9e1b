# synfire_folder(NAME [SOURCES file...] [DEPENDS folder...] [LIBRARIES target...])
# A floor of the project: the target synfire_NAME, called synfire::NAME here and after installation. A folder without
# sources is its headers. Includes are written "folder/file.hpp", from the repository's root or the installed include/synfire.
function(synfire_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS;LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "synfire_folder(${name}): not understood: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  set(target synfire_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    set(scope PUBLIC)
    synfire_share_headers(${target} synfire_pch)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  list(TRANSFORM arg_DEPENDS PREPEND synfire::)
  target_link_libraries(${target} ${scope} ${arg_DEPENDS} ${arg_LIBRARIES})
  synfire_publish(${target} ${name} ${scope})
  install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/synfire/${name}
          FILES_MATCHING PATTERN "*.hpp" PATTERN "*.cuh")
endfunction()

# synfire_publish(TARGET NAME SCOPE): include folders, the name synfire::NAME, installation.
function(synfire_publish target name scope)
  add_library(synfire::${name} ALIAS ${target})
  target_include_directories(
    ${target} ${scope} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>
              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/synfire>)
  target_compile_features(${target} ${scope} cxx_std_20)
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ${target} EXPORT synfireTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# synfire_share_headers(TARGET PCH): the target uses the precompiled header PCH, where precompiling is on.
function(synfire_share_headers target pch)
  if(SYNFIRE_PCH)
    target_precompile_headers(${target} REUSE_FROM ${pch})
    if(SYNFIRE_CCACHE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
    endif()
  endif()
endfunction()
