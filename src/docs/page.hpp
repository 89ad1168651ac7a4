#pragma once

#include "contract/diff.hpp"
#include "contract/document.hpp"
#include "docs/cpp_names.hpp"
#include "docs/layout.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace warren::docs {

/// How a page has its stylesheet and its script.
enum class PageAssets : std::uint8_t {
    /// Inside of it: a browser that opens a file trusts nothing beside it. The page itself says
    /// what it may do: what is inside, by its hash, and nothing else.
    embedded,
    /// Beside it; whoever serves it says what it may do (`served_policy`).
    linked,
};

/// What a page that is served may do.          [Content Security Policy Level 3]
inline constexpr std::string_view served_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src "
    "'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

inline constexpr std::string_view stylesheet_file = "warren-docs.css";
inline constexpr std::string_view script_file = "warren-docs.js";
inline constexpr std::string_view try_stylesheet_file = "warren-try.css";
inline constexpr std::string_view try_script_file = "warren-try.js";

/// Of pages from which methods can be called, through who serves them.
struct TryPage {
    bool is_mock = false;   // no handler runs
    std::string address{};  // where calls go, without credentials; empty: it depends
};

struct PageOptions {
    std::string title = "Methods";
    PageAssets assets = PageAssets::embedded;
    std::optional<TryPage> try_it{};  // of linked assets
    /// Against the contract before; null: changes are not told.
    const contract::Diff* changes = nullptr;
};

/// One page of HTML.
/// in  names: of the document; documents: addresses of what programs read, from the page
std::string page_html(const contract::Document& document, const CppNames& names,
                      const Layout& layout, const Layout::Page& page, const PageOptions& options,
                      std::span<const std::string> documents);

/// The page of what changed.
/// in  options: with changes
std::string changes_html(const contract::Document& document, const Layout& layout,
                         const PageOptions& options);

}  // namespace warren::docs
