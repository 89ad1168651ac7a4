#include "docs/fields.hpp"

#include "core/percent.hpp"
#include "docs/anchor.hpp"
#include "docs/prose.hpp"
#include "docs/quoting.hpp"
#include "docs/type_words.hpp"

#include <deque>
#include <map>
#include <string_view>
#include <utility>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::EnumerationDocument;
using contract::FieldDocument;
using contract::ModelDocument;
using Kind = Type::Kind;

void write_code_list(Html& html, Markup title, std::span<const Dynamic> values) {
    if (values.empty()) {
        return;
    }
    html.markup("<div class=\"value\"><span>").markup(title).markup("</span> ");
    for (const Dynamic& value : values) {
        html.markup("<code>").text(json_line(value.value())).markup("</code> ");
    }
    html.markup("</div>");
}

void write_demands(Html& html, const FieldDocument& field) {
    const std::vector<std::string> words = demand_words(field.type, field.demands);
    if (words.empty() && field.demands.pattern.empty() && field.demands.checks.empty() &&
        !field.is_secret) {
        return;
    }
    html.markup("<ul class=\"demands\">");
    if (field.is_secret) {
        html.markup("<li class=\"secret\">secret: sent encrypted, shown nowhere</li>");
    }
    for (const std::string& word : words) {
        html.markup("<li>").text(word).markup("</li>");
    }
    if (!field.demands.pattern.empty()) {
        html.markup("<li>matches <code>").text(field.demands.pattern).markup("</code></li>");
    }
    for (const std::string& check : field.demands.checks) {
        html.markup("<li>").text(check).markup("</li>");
    }
    html.markup("</ul>");
}

class ContentsWriter {
public:
    ContentsWriter(Html& html, const contract::Document& document, const std::string& anchor)
        : html_{html}, document_{document}, anchor_{anchor} {}

    void write(const DataType& type) {
        const auto* const model =
            type.kind == Kind::model ? document_.find_model(type.reference) : nullptr;
        if (model != nullptr) {
            told_.emplace(model->id, anchor_);
            write_model(*model, anchor_, 0);
        } else {
            write_bare(type);
        }
        // Writing one may find others.
        while (!later_.empty()) {
            const Later next = std::move(later_.front());
            later_.pop_front();
            html_.markup("<div class=\"later\"")
                .attribute("id", next.anchor + ":model")
                .markup("><h5><code>")
                .text(next.model->name)
                .markup("</code></h5>");
            write_model(*next.model, next.anchor, 0);
            html_.markup("</div>");
        }
    }

private:
    // What is nested deeper stands below all the rest: nobody opens more boxes in boxes.
    static constexpr std::size_t nested_max = 4;
    static constexpr std::size_t anchor_bytes_max = 400;

    struct Later {
        const ModelDocument* model;
        std::string anchor;
    };

    /// Of what is no model: a list, a number, nothing.
    void write_bare(const DataType& type) {
        html_.markup("<p class=\"bare\"><span class=\"type\">");
        write_type(type);
        html_.markup("</span></p>");
        if (const auto words = demand_words(type, {}); !words.empty()) {
            html_.markup("<ul class=\"demands\">");
            for (const std::string& word : words) {
                html_.markup("<li>").text(word).markup("</li>");
            }
            html_.markup("</ul>");
        }
        write_nested(type, anchor_, 0);
    }

    void write_type(const DataType& type) {
        write_type_words(html_, document_, type,
                         [this](Html& html, std::string_view id, std::string_view name) {
                             const auto place = told_.find(id);
                             if (place == told_.end()) {
                                 html.markup("<b>").text(name).markup("</b>");
                                 return;
                             }
                             html.markup("<a")
                                 .attribute("href", "#" + core::percent_encode(place->second))
                                 .markup(">")
                                 .text(name)
                                 .markup("</a>");
                         });
    }

    void write_model(const ModelDocument& model, const std::string& anchor, std::size_t level) {
        write_prose(html_, model.description);
        if (model.fields.empty()) {
            html_.markup("<p class=\"none\">No fields.</p>");
        } else {
            html_.markup("<ul class=\"fields\">");
            for (const FieldDocument& field : model.fields) {
                write_field(field, anchor_below(anchor, field.name), level);
            }
            html_.markup("</ul>");
        }
        if (model.forbids_extra) {
            html_.markup("<p class=\"note\">Other fields are refused.</p>");
        }
        for (const std::string& check : model.checks) {
            html_.markup("<p class=\"note\">").text(check).markup("</p>");
        }
    }

    void write_field(const FieldDocument& field, const std::string& anchor, std::size_t level) {
        html_.markup("<li class=\"field\" tabindex=\"-1\"")
            .attribute("id", anchor)
            .markup("><div class=\"field-head\"><a class=\"name\"")
            .attribute("href", "#" + core::percent_encode(anchor))
            .markup("><code>")
            .text(field.name)
            .markup("</code></a> <span class=\"type\">");
        write_type(field.type);
        html_.markup("</span> ");
        if (field.required) {
            html_.markup("<span class=\"must\">required</span>");
        } else {
            html_.markup("<span class=\"may\">optional</span>");
        }
        html_.markup("</div>");
        write_prose(html_, field.description);
        write_demands(html_, field);
        if (!field.is_secret) {
            if (field.default_value) {
                write_code_list(html_, "Default", {&*field.default_value, 1});
            }
            write_code_list(html_,
                            field.examples.size() == 1 ? Markup{"Example"} : Markup{"Examples"},
                            field.examples);
        }
        write_nested(field.type, anchor, level);
        html_.markup("</li>");
    }

    /// The models and enumerations that a type names and nobody told of before.
    void write_nested(const DataType& type, const std::string& anchor, std::size_t level) {
        for (const DataType* const reference : references_in(type)) {
            if (told_.contains(reference->reference)) {
                continue;
            }
            if (reference->kind == Kind::enumeration) {
                if (const auto* found = document_.find_enumeration(reference->reference)) {
                    told_.emplace(found->id, anchor);
                    write_enumeration(*found);
                }
                continue;
            }
            if (const auto* found = document_.find_model(reference->reference)) {
                nest(*found, below_of(anchor, *found, references_in(type).size()), level);
            }
        }
    }

    /// Of several models at one place each has a step of its own, as their fields may be alike.
    std::string below_of(const std::string& anchor, const ModelDocument& model,
                         std::size_t models) const {
        if (anchor.size() > anchor_bytes_max) {
            return anchor_ + ":" + core::percent_encode(model.id);
        }
        return models == 1 ? anchor : anchor_below(anchor, model.id);
    }

    void nest(const ModelDocument& model, const std::string& anchor, std::size_t level) {
        if (level == nested_max) {
            html_.markup("<p class=\"note\"><a")
                .attribute("href", "#" + core::percent_encode(anchor + ":model"))
                .markup(">")
                .text(model.name)
                .markup("</a> is told of below.</p>");
            told_.emplace(model.id, anchor + ":model");
            later_.push_back({&model, anchor});
            return;
        }
        told_.emplace(model.id, anchor);
        html_.markup("<details class=\"nested\"><summary><code>")
            .text(model.name)
            .markup("</code> <span>")
            .number(model.fields.size())
            .markup(model.fields.size() == 1 ? Markup{" field"} : Markup{" fields"})
            .markup("</span></summary>");
        write_model(model, anchor, level + 1);
        html_.markup("</details>");
    }

    void write_enumeration(const EnumerationDocument& enumeration) {
        write_prose(html_, enumeration.description);
        html_.markup("<ul class=\"values\">");
        for (const contract::EnumeratorDocument& each : enumeration.enumerators) {
            html_.markup("<li><code>").text(each.name).markup("</code>");
            if (!each.description.empty()) {
                html_.markup(" <span>");
                write_prose_line(html_, each.description);
                html_.markup("</span>");
            }
            html_.markup("</li>");
        }
        html_.markup("</ul>");
    }

    Html& html_;
    const contract::Document& document_;
    const std::string anchor_;
    std::map<std::string, std::string, std::less<>> told_;  // where, by id
    std::deque<Later> later_;
};

}  // namespace

void write_contents(Html& html, const contract::Document& document, const DataType& type,
                    const std::string& anchor) {
    ContentsWriter{html, document, anchor}.write(type);
}

}  // namespace warren::docs
