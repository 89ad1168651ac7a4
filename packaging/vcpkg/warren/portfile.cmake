# An overlay port of the tree that it stands in:
#
#   vcpkg install warren --overlay-ports=packaging/vcpkg

# Modules and the program that loads them share one library.
vcpkg_check_linkage(ONLY_DYNAMIC_LIBRARY)
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../.." ABSOLUTE)

vcpkg_find_acquire_program(PKGCONFIG)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS -DWARREN_TESTS=OFF -DWARREN_EXAMPLES=OFF -DWARREN_PYTHON=OFF -DWARREN_UNITY=ON
          "-DPKG_CONFIG_EXECUTABLE=${PKGCONFIG}")
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/warren)
vcpkg_fixup_pkgconfig()
vcpkg_copy_tools(TOOL_NAMES warren AUTO_CLEAN)

# Services and example modules are for machines that serve: the Debian packages have them.
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
foreach(prefix "${CURRENT_PACKAGES_DIR}" "${CURRENT_PACKAGES_DIR}/debug")
  file(REMOVE_RECURSE "${prefix}/lib/systemd" "${prefix}/lib/sysusers.d" "${prefix}/lib/warren")
  file(REMOVE "${prefix}/bin/warren-status")
endforeach()
foreach(bin "${CURRENT_PACKAGES_DIR}/bin" "${CURRENT_PACKAGES_DIR}/debug/bin")
  file(GLOB left "${bin}/*")
  if(NOT left)
    file(REMOVE_RECURSE "${bin}")
  endif()
endforeach()
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
