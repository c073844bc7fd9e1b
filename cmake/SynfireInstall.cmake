# What is installed besides programs, libraries and headers, and the Debian package that holds it all.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/synfire)
configure_package_config_file(cmake/synfireConfig.cmake.in ${PROJECT_BINARY_DIR}/synfireConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/synfireConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/synfireConfig.cmake ${PROJECT_BINARY_DIR}/synfireConfigVersion.cmake
              cmake/FindOrExplain.cmake cmake/Dependencies.cmake
        DESTINATION ${package_dir})
install(EXPORT synfireTargets NAMESPACE synfire:: DESTINATION ${package_dir})
install(FILES ${PROJECT_BINARY_DIR}/generated/core/version.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/synfire/core)
install(DIRECTORY examples/ DESTINATION ${CMAKE_INSTALL_DATADIR}/synfire/examples
        PATTERN "CMakeLists.txt" EXCLUDE PATTERN "*.cpp" EXCLUDE)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME synfire)
set(CPACK_PACKAGE_CONTACT "The Synfire developers <synfire@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Needed only by who compiles against the installed libraries.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS
    "libboost-graph-dev, libcairo2-dev, libcli11-dev, libdnnl-dev, libeigen3-dev, libfmt-dev, libhdf5-dev, libkissfft-dev, liblz4-dev, liblzf-dev, "
    "librandom123-dev, libsndfile1-dev, libsoxr-dev, libtbb-dev, libyaml-cpp-dev, libzip-dev, libzstd-dev, "
    "nlohmann-json3-dev, ocl-icd-opencl-dev, zlib1g-dev")
string(CONCAT CPACK_DEBIAN_PACKAGE_SUGGESTS ${CPACK_DEBIAN_PACKAGE_SUGGESTS})
include(CPack)
