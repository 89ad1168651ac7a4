#include "docs/page.hpp"

#include "core/base64.hpp"
#include "docs/assets.hpp"
#include "docs/changes.hpp"
#include "docs/digest.hpp"
#include "docs/html.hpp"
#include "docs/index_list.hpp"
#include "docs/intro.hpp"
#include "docs/method_section.hpp"

namespace warren::docs {
namespace {

std::string hash_source(std::string_view content) {
    return "'sha256-" + core::base64_encode(sha256(content)) + "'";
}

/// The same for all pages, so their hashes are made once.
const std::string& embedded_policy() {
    static const std::string policy = "default-src 'none'; style-src " + hash_source(stylesheet) +
                                      "; script-src " + hash_source(script) +
                                      "; img-src data:; form-action 'none'; base-uri 'none'";
    return policy;
}

/// Ours, as they are: HTML has no escapes in there.
std::string with_assets(std::string html) {
    const auto replace = [&html](std::string_view mark, std::string_view element,
                                 std::string_view content) {
        const std::size_t at = html.find(mark);
        std::string whole{"<"};
        whole.append(element).append(">").append(content).append("</").append(element).append(">");
        html.replace(at, mark.size(), whole);
    };
    replace("<link rel=\"stylesheet\">", "style", stylesheet);
    replace("<script></script>", "script", script);
    return html;
}

void write_head(Html& html, const contract::Document& document, const PageOptions& options) {
    html.markup(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta name=\"referrer\" content=\"no-referrer\">"
        "<meta name=\"color-scheme\" content=\"light dark\">");
    if (options.assets == PageAssets::embedded) {
        html.markup("<meta http-equiv=\"Content-Security-Policy\"")
            .attribute("content", embedded_policy())
            .markup(">");
    }
    html.markup("<meta name=\"generator\"")
        .attribute("content", "Warren " + document.warren_version)
        .markup("><title>")
        .text(options.title)
        .markup("</title><link rel=\"icon\" href=\"data:,\">");
    if (options.assets == PageAssets::embedded) {
        html.markup("<link rel=\"stylesheet\">");
    } else {
        html.markup("<link rel=\"stylesheet\"").attribute("href", stylesheet_file).markup(">");
    }
    if (options.try_it) {
        html.markup("<link rel=\"stylesheet\"").attribute("href", try_stylesheet_file).markup(">");
    }
    html.markup("</head>");
}

/// What only a script can do is hidden until there is one.
void write_bar(Html& html, const PageOptions& options) {
    html.markup(
            "<body><a class=\"skip\" href=\"#page:content\">Skip to the content</a>"
            "<header class=\"bar\"><a class=\"brand\" href=\"index.html\">")
        .text(options.title)
        .markup(
            "</a><div class=\"search\" role=\"search\" hidden>"
            "<input id=\"page:search\" type=\"search\" autocomplete=\"off\" "
            "spellcheck=\"false\" aria-label=\"Search methods and fields\" "
            "placeholder=\"Search methods and fields\"><kbd aria-hidden=\"true\">/</kbd></div>"
            "<button type=\"button\" class=\"theme\" hidden>Theme</button></header>");
}

/// A page with what a function writes in its middle.
template <typename Write>
std::string framed(const contract::Document& document, const Layout& layout,
                   const Layout::Page& page, const PageOptions& options, const Write& write) {
    Html html;
    write_head(html, document, options);
    write_bar(html, options);
    html.markup("<div class=\"columns\">");
    write_index(html, document, layout, page, options.changes);
    html.markup("<main id=\"page:content\" tabindex=\"-1\">");
    write(html);
    html.markup("</main></div>");
    if (options.assets == PageAssets::embedded) {
        html.markup("<script></script>");
    } else {
        html.markup("<script").attribute("src", script_file).markup("></script>");
    }
    if (options.try_it) {
        html.markup("<script type=\"module\"")
            .attribute("src", try_script_file)
            .markup("></script>");
    }
    html.markup("</body></html>\n");
    return options.assets == PageAssets::embedded ? with_assets(std::move(html).str())
                                                  : std::move(html).str();
}

}  // namespace

std::string page_html(const contract::Document& document, const CppNames& names,
                      const Layout& layout, const Layout::Page& page, const PageOptions& options,
                      std::span<const std::string> documents) {
    return framed(document, layout, page, options, [&](Html& html) {
        if (&page == &layout.pages().front()) {
            write_intro(html, document, options, documents);
        } else {
            html.markup("<h1 class=\"unseen\">").text(options.title).markup("</h1>");
        }
        for (std::size_t at = page.first; at < page.first + page.count; ++at) {
            write_method(html, document, names, document.methods[at], options);
        }
    });
}

std::string changes_html(const contract::Document& document, const Layout& layout,
                         const PageOptions& options) {
    const Layout::Page page{std::string{changes_file}};
    return framed(document, layout, page, options, [&](Html& html) {
        write_changes(html, document, layout, page, *options.changes);
    });
}

}  // namespace warren::docs
