#include "docs/layout.hpp"

#include "core/percent.hpp"
#include "docs/anchor.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace warren::docs {

Layout::Layout(const contract::Document& document) : document_{document} {
    const std::size_t methods = document.methods.size();
    if (methods <= methods_on_first_page_max) {
        pages_.push_back({"index.html", 0, methods});
        return;
    }
    pages_.push_back({"index.html", 0, 0});
    for (std::size_t first = 0; first < methods; first += methods_on_further_page_max) {
        pages_.push_back({fmt::format("methods-{}.html", pages_.size()), first,
                          std::min(methods_on_further_page_max, methods - first)});
    }
}

std::string Layout::link_to(std::size_t method, const Page& from) const {
    std::string anchor = "#" + core::percent_encode(method_anchor(document_.methods[method].name));
    if (method >= from.first && method < from.first + from.count) {
        return anchor;
    }
    return pages_[has_volumes() ? 1 + method / methods_on_further_page_max : 0].file + anchor;
}

}  // namespace warren::docs
