# What the documentation's pages are made with, as constants of C++: a program needs no file beside
# itself. It is written when the build is configured, which an edit of an asset does again.

function(warren_assets target)
  set(assets ${PROJECT_SOURCE_DIR}/src/docs/assets)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
               ${assets}/warren-docs.css ${assets}/warren-docs.js)
  file(READ ${assets}/warren-docs.css stylesheet)
  file(READ ${assets}/warren-docs.js script)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${assets} ${assets}/warren-try*)
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${assets}/${file})
    file(READ ${assets}/${file} content)
    string(APPEND try_assets "    {\"${file}\", R\"WARREN(${content})WARREN\"},\n")
  endforeach()
  set(source ${PROJECT_BINARY_DIR}/docs_assets.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
#include "docs/assets.hpp"

namespace warren::docs {

constinit const std::string_view stylesheet = R"WARREN(@stylesheet@)WARREN";
constinit const std::string_view script = R"WARREN(@script@)WARREN";

static constexpr Asset all_try_assets[] = {
@try_assets@};
constinit const std::span<const Asset> try_assets{all_try_assets};

}  // namespace warren::docs
]])
  target_sources(${target} PRIVATE ${source})
endfunction()
