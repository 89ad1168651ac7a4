#pragma once

#include "docs/site.hpp"

#include <expected>
#include <stop_token>
#include <string>
#include <vector>

namespace warren::app {

/// Write a documentation into a directory: all of it, or nothing that anybody sees. It is written
/// beside, and takes the directory's place when it is whole. A directory that is there is replaced
/// when it is empty, or holds what this wrote and nothing else.
/// in   stop: given up when it is requested; then there is no error, and nothing was written
/// err  what to tell the user
std::expected<void, std::string> write_site(const std::string& directory,
                                            const std::vector<docs::SiteFile>& files,
                                            const std::stop_token& stop);

}  // namespace warren::app
