#include "docs/changes.hpp"

#include "contract/diff_words.hpp"
#include "core/percent.hpp"
#include "docs/anchor.hpp"

#include <algorithm>
#include <array>
#include <optional>
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
                 " class=\"badge warn\""},
    VerdictWords{Verdict::risky, "Risky",
                 "It may break callers, which the contract alone cannot say.",
                 " class=\"badge tag\""},
    VerdictWords{Verdict::compatible, "Compatible",
                 "All that callers send is taken, and all that they get is what they know.",
                 " class=\"badge\""},
};

/// What a method's changes come to.
struct Mark {
    Verdict worst = Verdict::compatible;
    Markup text;
};

std::optional<Mark> mark_of(const Diff& changes, std::string_view method) {
    const auto ours = std::ranges::equal_range(changes.changes, method, {}, &Change::method);
    if (ours.empty()) {
        return std::nullopt;
    }
    const Verdict worst = std::ranges::max(ours, {}, &Change::verdict).verdict;
    switch (worst) {
    case Verdict::breaking:
        return Mark{worst, "breaking change"};
    case Verdict::risky:
        return Mark{worst, "risky change"};
    case Verdict::compatible:
        break;
    }
    return std::ranges::any_of(ours, &Change::is_new) ? Mark{worst, "new"} : Mark{worst, "changed"};
}

const contract::DataType* part_of(const contract::MethodDocument& method, Direction direction) {
    switch (direction) {
    case Direction::request:
        return &method.request;
    case Direction::response:
        return &method.response;
    case Direction::part:
        return method.part ? &*method.part : nullptr;
    case Direction::method:
    case Direction::failure:
        return nullptr;
    }
    return nullptr;
}

/// The field of the method's own request, part or response that a change is in.
/// in   place: such as "request.food[]"
const contract::FieldDocument* field_at(const contract::Document& document,
                                        const contract::MethodDocument& method, Direction direction,
                                        std::string_view place) {
    const auto* const type = part_of(method, direction);
    const auto* const model = type != nullptr && type->kind == Type::Kind::model
                                  ? document.find_model(type->reference)
                                  : nullptr;
    if (model == nullptr) {
        return nullptr;
    }
    const std::string_view rest = place.substr(std::min(place.find_first_of(".["), place.size()));
    for (const contract::FieldDocument& field : model->fields) {
        const std::string step = contract::path_member(field.name);
        if (rest.starts_with(step) &&
            (rest.size() == step.size() || std::string_view{".[{("}.contains(rest[step.size()]))) {
            return &field;
        }
    }
    return nullptr;
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
        write_place(change);
        html_.text(change.what);
        if (!change.remedy.empty()) {
            html_.markup(" <strong>Instead:</strong> ").text(change.remedy);
        }
        html_.markup("</li>");
    }

    /// What the sentence is about: the field of a method, the method, or a listener.
    void write_place(const Change& change) {
        const auto* const method = document_.find_method(change.method);
        const std::string whole = "methods" + contract::path_member(change.method);
        std::string_view place = change.path;
        if (!change.method.empty() && place.starts_with(whole)) {
            place.remove_prefix(whole.size());
            place.remove_prefix(place.starts_with('.') ? 1 : 0);
        }
        const std::string link =
            method == nullptr
                ? std::string{}
                : layout_.link_to(static_cast<std::size_t>(method - document_.methods.data()),
                                  page_);
        if (!place.empty()) {
            const auto* const field =
                method == nullptr ? nullptr : field_at(document_, *method, change.direction, place);
            const std::string_view part = place.substr(0, place.find_first_of(".["));
            write_code(place, field == nullptr ? std::string{}
                                               : link + core::percent_encode(anchor_below(
                                                            "." + std::string{part}, field->name)));
            html_.markup(change.method.empty() ? Markup{": "} : Markup{" of "});
        }
        if (!change.method.empty()) {
            write_code(change.method, link);
            html_.markup(": ");
        }
    }

    /// in   link: empty: to nowhere
    void write_code(std::string_view text, const std::string& link) {
        if (!link.empty()) {
            html_.markup("<a").attribute("href", link).markup(">");
        }
        html_.markup("<code>").text(text).markup(link.empty() ? Markup{"</code>"}
                                                              : Markup{"</code></a>"});
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

void write_change_mark(Html& html, const Diff& changes, std::string_view method, MarkIs is) {
    const auto mark = mark_of(changes, method);
    if (!mark) {
        return;
    }
    const auto words = std::ranges::find(verdict_words, mark->worst, &VerdictWords::verdict);
    if (is == MarkIs::text) {
        html.markup("<strong")
            .markup(words->mark)
            .markup(">")
            .markup(mark->text)
            .markup("</strong>");
        return;
    }
    html.markup(" <a")
        .markup(words->mark)
        .attribute("href",
                   std::string{changes_file} + "#" + core::percent_encode(method_anchor(method)))
        .markup(">")
        .markup(mark->text)
        .markup("</a>");
}

}  // namespace warren::docs
