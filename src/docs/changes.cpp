#include "docs/changes.hpp"

#include "core/percent.hpp"
#include "docs/anchor.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

namespace warren::docs {
namespace {

using contract::Change;
using contract::Diff;
using contract::Direction;
using contract::Verdict;

struct VerdictWords {
    Verdict verdict;
    Markup title;
    Markup meaning;
    Markup mark;  // at a method
};

constexpr std::array verdict_words{
    VerdictWords{Verdict::breaking, "Breaking",
                 "Something that callers may send is refused, or that they may get is not known to "
                 "them.",
                 " <a class=\"badge warn\""},
    VerdictWords{Verdict::risky, "Risky",
                 "It may break callers, which the contract alone cannot say.",
                 " <a class=\"badge tag\""},
    VerdictWords{Verdict::compatible, "Compatible",
                 "All that callers send is taken, and all that they get is what they know.",
                 " <a class=\"badge\""},
};

Markup mark_text(Verdict verdict) {
    switch (verdict) {
    case Verdict::breaking:
        return ">breaking change</a>";
    case Verdict::risky:
        return ">risky change</a>";
    case Verdict::compatible:
        return ">changed</a>";
    }
    return "></a>";
}

struct DirectionTitle {
    Direction direction;
    Markup title;
};

constexpr std::array direction_titles{
    DirectionTitle{Direction::method, "Methods and listeners"},
    DirectionTitle{Direction::request, "Requests"},
    DirectionTitle{Direction::part, "Parts"},
    DirectionTitle{Direction::response, "Responses"},
    DirectionTitle{Direction::failure, "Failures"},
};

void write_counts(Html& html, const Diff& changes) {
    html.number(changes.breaking)
        .markup(" breaking, ")
        .number(changes.risky)
        .markup(" risky, ")
        .number(changes.compatible)
        .markup(" compatible");
}

/// Of this comparison's page.
class ChangeList {
public:
    ChangeList(Html& html, const contract::Document& document, const Layout& layout,
               const Layout::Page& page)
        : html_{html}, document_{document}, layout_{layout}, page_{page} {}

    void write(const std::vector<const Change*>& changes) {
        html_.markup("<ul class=\"failures\">");
        for (const Change* const change : changes) {
            write(*change);
        }
        html_.markup("</ul>");
    }

private:
    void write(const Change& change) {
        html_.markup("<li");
        if (!change.method.empty() && linked_.insert(change.method).second) {
            html_.attribute("id", method_anchor(change.method)).markup(" tabindex=\"-1\"");
        }
        html_.markup(">");
        const auto* const method = document_.find_method(change.method);
        if (method != nullptr) {
            html_.markup("<a")
                .attribute("href",
                           layout_.link_to(
                               static_cast<std::size_t>(method - document_.methods.data()), page_))
                .markup("><code>")
                .text(change.method)
                .markup("</code></a>: ");
        } else if (!change.method.empty()) {
            html_.markup("<code>").text(change.method).markup("</code>: ");
        }
        html_.text(change.what);
        if (!change.remedy.empty()) {
            html_.markup(" <strong>Instead:</strong> ").text(change.remedy);
        }
        html_.markup("<p class=\"note\"><code>").text(change.path).markup("</code></p></li>");
    }

    Html& html_;
    const contract::Document& document_;
    const Layout& layout_;
    const Layout::Page& page_;
    std::set<std::string_view> linked_;  // methods that a mark leads to
};

}  // namespace

void write_changes(Html& html, const contract::Document& document, const Layout& layout,
                   const Layout::Page& page, const Diff& changes) {
    html.markup(
        "<section class=\"intro\" id=\"page:top\" tabindex=\"-1\"><h1>Changes</h1>"
        "<p class=\"lead\">");
    write_counts(html, changes);
    html.markup(", to callers who were built from the contract before.</p>");
    if (changes.not_listed != 0) {
        html.markup("<p class=\"note\">")
            .number(changes.not_listed)
            .markup(" more changes are not listed.</p>");
    }
    html.markup("</section>");
    ChangeList list{html, document, layout, page};
    for (const VerdictWords& words : verdict_words) {
        bool is_first = true;
        for (const DirectionTitle& each : direction_titles) {
            std::vector<const Change*> found;
            for (const Change& change : changes.changes) {
                if (change.verdict == words.verdict && change.direction == each.direction) {
                    found.push_back(&change);
                }
            }
            if (found.empty()) {
                continue;
            }
            if (is_first) {
                html.markup("<section class=\"method\"><h2>")
                    .markup(words.title)
                    .markup("</h2><p>")
                    .markup(words.meaning)
                    .markup("</p>");
                is_first = false;
            }
            html.markup("<h3>").markup(each.title).markup("</h3>");
            list.write(found);
        }
        html.markup(is_first ? Markup{""} : Markup{"</section>"});
    }
}

void write_changes_summary(Html& html, const Diff& changes) {
    html.markup("<h2>Changes</h2><p><a").attribute("href", changes_file).markup(">");
    write_counts(html, changes);
    html.markup("</a>, to callers who were built from the contract before.</p>");
}

void write_change_mark(Html& html, const Diff& changes, std::string_view method) {
    const auto ours = std::ranges::equal_range(changes.changes, method, {}, &Change::method);
    if (ours.empty()) {
        return;
    }
    const Verdict worst = std::ranges::max(ours, {}, &Change::verdict).verdict;
    const auto words = std::ranges::find(verdict_words, worst, &VerdictWords::verdict);
    html.markup(words->mark)
        .attribute("href",
                   std::string{changes_file} + "#" + core::percent_encode(method_anchor(method)))
        .markup(mark_text(worst));
}

}  // namespace warren::docs
