#pragma once

#include "contract/document.hpp"
#include "docs/page.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace warren::docs {

/// One file of the documentation.
struct SiteFile {
    std::string path;  // from the site's root, such as "schemas/dx_example.json"
    std::string_view content_type;
    std::string content;
};

/// All files of the documentation, by path: pages, and documents and schemas for programs. The same
/// document always gives the same bytes, and no file refers to anything outside of the site.
/// err  throws Error, as `contract::to_json`
std::vector<SiteFile> site(const contract::Document& document, const PageOptions& options);

/// The file that is at an address; those of the original documentation server are among them.
/// in   path: of an address, percent-encoded, such as "/schemas"
/// out  its path in the site
std::string site_path_of(std::string_view path);

}  // namespace warren::docs
