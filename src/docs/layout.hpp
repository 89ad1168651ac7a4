#pragma once

#include "contract/document.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace warren::docs {

/// Which methods stand on which page: all on one, so that a browser finds and prints all of them;
/// of more than it handles with ease, some on each, and the first page lists them.
class Layout {
public:
    struct Page {
        std::string file;       // such as "index.html"
        std::size_t first = 0;  // method
        std::size_t count = 0;
    };
    static constexpr std::size_t methods_on_first_page_max = 250;
    static constexpr std::size_t methods_on_further_page_max = 100;

    explicit Layout(const contract::Document& document);

    const std::vector<Page>& pages() const noexcept { return pages_; }
    /// Whether there is more than the first page, which then has no methods.
    bool has_volumes() const noexcept { return pages_.size() > 1; }
    /// The address of a method, from a page.
    std::string link_to(std::size_t method, const Page& from) const;

private:
    const contract::Document& document_;
    std::vector<Page> pages_;
};

}  // namespace warren::docs
