#include "docs/index_list.hpp"

#include "docs/anchor.hpp"
#include "docs/changes.hpp"
#include "docs/prose.hpp"

#include <string>

namespace warren::docs {
namespace {

using contract::Document;
using contract::MethodDocument;

// Further ones are found on their page.
constexpr std::size_t fields_listed_max = 60;

/// "request.favourite_food response.tolerable": what follows the method's anchor in theirs.
std::string field_anchors(const Document& document, const MethodDocument& method) {
    std::string anchors;
    std::size_t count = 0;
    const auto add = [&](std::string_view part, const contract::DataType& type) {
        const auto* const model =
            type.kind == Type::Kind::model ? document.find_model(type.reference) : nullptr;
        for (std::size_t at = 0; model != nullptr && at < model->fields.size(); ++at) {
            if (++count > fields_listed_max) {
                return;
            }
            anchors += (anchors.empty() ? "" : " ") + anchor_below(part, model->fields[at].name);
        }
    };
    add("request", method.request);
    if (method.part) {
        add("part", *method.part);
    }
    add("response", method.response);
    return anchors;
}

void write_entry(Html& html, const Document& document, const Layout& layout,
                 const Layout::Page& page, std::size_t at, const contract::Diff* changes) {
    const MethodDocument& method = document.methods[at];
    std::string words = method.module;
    for (const std::string& tag : method.tags) {
        words += ' ' + tag;
    }
    html.markup("<li><a")
        .attribute("href", layout.link_to(at, page))
        .attribute("data-fields", field_anchors(document, method))
        .attribute("data-words", words)
        .markup("><code>");
    if (method.deprecated) {
        html.markup("<s>").text(method.name).markup("</s>");
    } else {
        html.text(method.name);
    }
    html.markup("</code><span>").text(summary_of(method.description)).markup("</span>");
    if (changes != nullptr) {
        write_change_mark(html, *changes, method.name, MarkIs::text);
    }
    html.markup("</a></li>");
}

}  // namespace

void write_index(Html& html, const Document& document, const Layout& layout,
                 const Layout::Page& page, const contract::Diff* changes) {
    const bool lists_all = page.count == 0;
    const std::size_t first = lists_all ? 0 : page.first;
    const std::size_t count = lists_all ? document.methods.size() : page.count;
    html.markup("<nav aria-label=\"Methods\">");
    if (layout.has_volumes() && !lists_all) {
        html.markup("<p><a href=\"index.html\">All ")
            .number(document.methods.size())
            .markup(" methods</a></p>");
    }
    html.markup("<details class=\"menu\" open><summary><span class=\"count\" role=\"status\">")
        .number(count)
        .markup(count == 1 ? Markup{" method"} : Markup{" methods"})
        .markup("</span></summary><ul class=\"index\">");
    for (std::size_t at = first; at < first + count; ++at) {
        write_entry(html, document, layout, page, at, changes);
    }
    html.markup("</ul></details></nav>");
}

}  // namespace warren::docs
