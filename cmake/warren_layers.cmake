# A layer is a folder of src/ and one object library, warren_layer_<name>. Its files may be compiled
# as one (WARREN_UNITY), so no two of them name things of their own alike.

# in  COLD: no call goes through it, and it is quicker built than it runs
function(warren_layer name)
  cmake_parse_arguments(LAYER "COLD" "" "USES;LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(NOT sources)
    # A layer of headers only is still a target that others link.
    set(sources ${PROJECT_BINARY_DIR}/no_sources.cpp)
    file(CONFIGURE OUTPUT ${sources} CONTENT "")
  endif()
  add_library(warren_layer_${name} OBJECT ${sources})
  warren_unity(warren_layer_${name} 16)
  if(LAYER_COLD)
    warren_cold(warren_layer_${name})
  endif()
  target_include_directories(warren_layer_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
                             ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(warren_layer_${name} PUBLIC BOOST_ASIO_NO_DEPRECATED
                             BOOST_ASIO_SEPARATE_COMPILATION)
  target_link_libraries(warren_layer_${name} PUBLIC ${LAYER_LINKS})
  foreach(used IN LISTS LAYER_USES)
    get_target_property(links warren_layer_${used} LINK_LIBRARIES)
    if(links)
      target_link_libraries(warren_layer_${name} PUBLIC ${links})
    endif()
  endforeach()
endfunction()

# in  how many files make one at the most
function(warren_unity target files)
  if(NOT WARREN_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${files})
  # Many files are no reason for g++ to inline less than in one.
  target_compile_options(${target} PRIVATE
                         $<$<CXX_COMPILER_ID:GNU>:--param=large-unit-insns=100000>)
endfunction()

# What is built for a release with little optimization.
function(warren_cold target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

function(warren_library)
  add_library(warren SHARED)
  # The name that it has where it is installed.
  add_library(warren::warren ALIAS warren)
  set_target_properties(warren PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
                        SOVERSION ${PROJECT_VERSION_MAJOR} VERSION ${PROJECT_VERSION})
  target_include_directories(warren PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(warren INTERFACE cxx_std_23)
  target_compile_definitions(warren PUBLIC BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION)
  target_link_options(warren PRIVATE -Wl,-Bsymbolic-functions)
  foreach(layer IN LISTS ARGN)
    target_sources(warren PRIVATE $<TARGET_OBJECTS:warren_layer_${layer}>)
    get_target_property(links warren_layer_${layer} LINK_LIBRARIES)
    if(links)
      # Who links an installed Warren needs none of what it is made of.
      target_link_libraries(warren PUBLIC "$<BUILD_INTERFACE:${links}>")
    endif()
  endforeach()
endfunction()

function(warren_program)
  cmake_parse_arguments(PROGRAM "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/app/*.cpp)
  if(NOT EXISTS ${PROJECT_SOURCE_DIR}/src/app/main.cpp)
    return()
  endif()
  # All but `main`, so that tests can link it.
  list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/src/app/main.cpp)
  add_library(warren_app STATIC ${sources})
  warren_unity(warren_app 16)
  warren_cold(warren_app)
  target_include_directories(warren_app PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(warren_app PUBLIC warren ${PROGRAM_LINKS})
  add_executable(warren_program ${PROJECT_SOURCE_DIR}/src/app/main.cpp)
  warren_cold(warren_program)
  set_target_properties(warren_program PROPERTIES OUTPUT_NAME warren
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} BUILD_RPATH "$ORIGIN")
  target_link_libraries(warren_program PRIVATE warren_app)
endfunction()

# A shared object of methods, as `warren serve` loads it. Its types are hidden, so that two modules
# may each have a type of one name.
function(warren_module name)
  add_library(${name} MODULE ${ARGN})
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY
                        ${PROJECT_BINARY_DIR}/modules BUILD_RPATH "$ORIGIN/.."
                        CXX_VISIBILITY_PRESET hidden)
  target_link_libraries(${name} PRIVATE warren)
endfunction()
