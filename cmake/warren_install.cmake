# What `cmake --install build/release --prefix PREFIX` puts where. Everything finds everything else
# by where it stands itself, so the prefix is free, and may be moved.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(WARREN_INSTALL_MODULES lib/warren/modules)

function(warren_install)
  file(RELATIVE_PATH to_library /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(warren_program PROPERTIES INSTALL_RPATH "$ORIGIN/${to_library}")
  install(TARGETS warren_program RUNTIME)
  install(TARGETS warren EXPORT warren LIBRARY)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ TYPE INCLUDE)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/guide TYPE DOC)
  install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
                ${PROJECT_SOURCE_DIR}/LICENSE TYPE DOC)
  warren_install_packages()
  warren_install_units()
  warren_install_share()
endfunction()

function(warren_install_module name)
  if(NOT WARREN_INSTALL)
    return()
  endif()
  file(RELATIVE_PATH to_library /${WARREN_INSTALL_MODULES} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/${to_library}")
  install(TARGETS ${name} LIBRARY DESTINATION ${WARREN_INSTALL_MODULES})
endfunction()

# For those who build against it: find_package(warren), and pkg-config.
function(warren_install_packages)
  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/warren)
  install(EXPORT warren NAMESPACE warren:: FILE warren-config.cmake DESTINATION ${package})
  set(version ${PROJECT_BINARY_DIR}/warren-config-version.cmake)
  write_basic_package_version_file(${version} COMPATIBILITY SameMinorVersion)
  install(FILES ${version} DESTINATION ${package})

  file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  configure_file(${PROJECT_SOURCE_DIR}/packaging/warren.pc.in ${PROJECT_BINARY_DIR}/warren.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/warren.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

# Manual pages and completion, which the program writes of its own tables. One for another machine
# cannot be asked here.
function(warren_install_share)
  if(CMAKE_CROSSCOMPILING)
    return()
  endif()
  set(share ${PROJECT_BINARY_DIR}/share)
  set(written ${PROJECT_BINARY_DIR}/share.written)
  add_custom_command(OUTPUT ${written}
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${share}
    COMMAND warren_program help --share ${share}
    COMMAND ${CMAKE_COMMAND} -E touch ${written}
    DEPENDS warren_program COMMENT "Writing manual pages and completion" VERBATIM)
  add_custom_target(warren_share ALL DEPENDS ${written})
  install(DIRECTORY ${share}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(DIRECTORY ${share}/bash-completion ${share}/zsh ${share}/fish
          DESTINATION ${CMAKE_INSTALL_DATADIR})
endfunction()

# The services name the program by its whole path, as systemd wants it: that of the prefix.
function(warren_install_units)
  set(packaging ${PROJECT_SOURCE_DIR}/packaging)
  install(PROGRAMS ${packaging}/warren-status TYPE BIN)
  install(FILES ${packaging}/warren-status.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${packaging}/warren.yml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
  install(FILES ${packaging}/warren.target ${packaging}/warren.socket
          DESTINATION lib/systemd/system)
  install(FILES ${packaging}/warren.sysusers DESTINATION lib/sysusers.d RENAME warren.conf)
  warren_install_service(warren.service "Warren" "" warren
    "One server of all that the configuration says: systemctl start warren.service. For one server per\n# virtual host see warren@.service.")
  warren_install_service(warren@.service "Warren, virtual host %i" " --virtual-host-name=%I"
    warren/%i "One server per virtual host: systemctl start warren@<virtual host>.service")
  warren_install_service(warren-log-server.service "" "" "" "" warren-log-server.service.in)
endfunction()

# in  the last one: another template
function(warren_install_service name description arguments state about)
  set(template warren.service.in)
  if(ARGC GREATER 5)
    set(template ${ARGV5})
  endif()
  install(CODE "
    set(about \"${about}\")
    set(description \"${description}\")
    set(arguments \"${arguments}\")
    set(state \"${state}\")
    set(program \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/warren\")
    set(doc \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
    set(installed \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/${name}\")
    message(STATUS \"Installing: \${installed}\")
    configure_file(\"${PROJECT_SOURCE_DIR}/packaging/${template}\" \"\${installed}\" @ONLY)")
endfunction()
