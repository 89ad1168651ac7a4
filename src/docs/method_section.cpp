#include "docs/method_section.hpp"

#include "core/percent.hpp"
#include "docs/anchor.hpp"
#include "docs/call_section.hpp"
#include "docs/changes.hpp"
#include "docs/fields.hpp"
#include "docs/prose.hpp"
#include "docs/quoting.hpp"
#include "docs/schema_name.hpp"
#include "docs/try_section.hpp"

#include <string>

namespace warren::docs {
namespace {

using contract::Document;
using contract::MethodDocument;

void write_heading(Html& html, const MethodDocument& method, const std::string& anchor,
                   const contract::Diff* changes) {
    html.markup("<h2><a")
        .attribute("href", "#" + core::percent_encode(anchor))
        .markup("><code>")
        .text(method.name)
        .markup("</code></a>");
    if (method.deprecated) {
        html.markup(" <span class=\"badge warn\">deprecated</span>");
    }
    if (method.is_idempotent) {
        html.markup(" <span class=\"badge\">idempotent</span>");
    }
    for (const std::string& tag : method.tags) {
        html.markup(" <span class=\"badge tag\">").text(tag).markup("</span>");
    }
    if (changes != nullptr) {
        write_change_mark(html, *changes, method.name);
    }
    html.markup("</h2>");
    if (method.deprecated) {
        html.markup("<p class=\"warning\"><strong>Deprecated.</strong> ");
        write_prose_line(html, *method.deprecated);
        html.markup("</p>");
    }
    write_prose(html, method.description);
}

/// One line of what is to be known beside the models.
class Facts {
public:
    explicit Facts(Html& html) : html_{html} { html_.markup("<dl class=\"facts\">"); }
    ~Facts() { html_.markup("</dl>"); }
    Facts(const Facts&) = delete;
    Facts& operator=(const Facts&) = delete;

    Html& begin(Markup name) { return html_.markup("<div><dt>").markup(name).markup("</dt><dd>"); }
    void end() { html_.markup("</dd></div>"); }

private:
    Html& html_;
};

void write_lock(Facts& facts, const MethodDocument& method) {
    if (!method.runs_alone && method.lock_field.empty()) {
        return;
    }
    Html& html = facts.begin("Lock");
    if (method.runs_alone) {
        html.markup("All calls wait for each other");
    } else {
        html.markup("Calls with the same <code>")
            .text(method.lock_field)
            .markup("</code> wait for each other");
    }
    if (!method.lock_name.empty()) {
        html.markup(", and for those of other methods that ")
            .markup(method.runs_alone ? Markup{"run alone"} : Markup{"lock on an equal value"})
            .markup(" under <code>")
            .text(method.lock_name)
            .markup("</code>");
    }
    html.markup(".");
    facts.end();
}

void write_facts(Html& html, const MethodDocument& method) {
    Facts facts{html};
    write_lock(facts, method);
    facts.begin("Again").markup(method.is_idempotent
                                    ? Markup{"A call that is made again does no harm."}
                                    : Markup{"A call that is made again may take effect twice."});
    facts.end();
    facts.begin("Runs").markup(method.runs_on_io_thread
                                   ? Markup{"At once, on the thread that read the request."}
                                   : Markup{"On a worker."});
    facts.end();
    if (!method.since.empty()) {
        facts.begin("Since").text(method.since);
        facts.end();
    }
    if (!method.module.empty()) {
        facts.begin("Module").markup("<code>").text(method.module).markup("</code>");
        facts.end();
    }
    facts.begin("Schema")
        .markup("<a")
        .attribute("href", "schemas/" + schema_reference(method.name))
        .markup(">")
        .text(schema_file(method.name))
        .markup("</a>");
    facts.end();
    if (!method.fingerprint.empty()) {
        facts.begin("Fingerprint")
            .markup("<code")
            .attribute("title", method.fingerprint)
            .markup(">")
            .text(std::string_view{method.fingerprint}.substr(0, 12))
            .markup("</code>");
        facts.end();
    }
}

void write_part(Html& html, Markup title, const Document& document, const contract::DataType& type,
                const std::string& anchor) {
    html.markup("<h3")
        .attribute("id", anchor)
        .markup(" tabindex=\"-1\">")
        .markup(title)
        .markup("</h3>");
    write_contents(html, document, type, anchor);
}

bool may_come_by_position(const Document& document, const MethodDocument& method) {
    const auto* const model = method.request.kind == Type::Kind::model
                                  ? document.find_model(method.request.reference)
                                  : nullptr;
    return model != nullptr && model->is_parameters;
}

void write_failures(Html& html, const Document& document, const MethodDocument& method,
                    const std::string& anchor) {
    html.markup("<h3").attribute("id", anchor).markup(" tabindex=\"-1\">Failures</h3>");
    if (!method.failures.empty()) {
        html.markup("<ul class=\"failures\">");
        for (std::size_t at = 0; at < method.failures.size(); ++at) {
            const contract::FailureDocument& failure = method.failures[at];
            html.markup("<li><code>").text(name_of(failure.code)).markup("</code>");
            write_prose(html, failure.description);
            if (failure.data) {
                html.markup("<p class=\"note\">With it comes:</p>");
                write_contents(html, document, *failure.data,
                               anchor_below(anchor, std::to_string(at)));
            }
            html.markup("</li>");
        }
        html.markup("</ul>");
    }
    html.markup(
        "<p class=\"note\"><a href=\"index.html#page%3Afailures\">What every method "
        "may fail with</a></p>");
}

void write_examples(Html& html, const MethodDocument& method, const std::string& anchor) {
    if (method.examples.empty()) {
        return;
    }
    html.markup("<h3").attribute("id", anchor).markup(" tabindex=\"-1\">Examples</h3>");
    for (const contract::ExampleDocument& example : method.examples) {
        html.markup("<figure class=\"example\"><figcaption>")
            .text(example.name)
            .markup("</figcaption><pre tabindex=\"0\"><code>")
            .text(json_text(example.request.value()))
            .markup("</code></pre>");
        if (example.response) {
            html.markup("<p class=\"arrow\">answers</p><pre tabindex=\"0\"><code>")
                .text(json_text(example.response->value()))
                .markup("</code></pre>");
        }
        html.markup("</figure>");
    }
}

}  // namespace

void write_method(Html& html, const Document& document, const CppNames& names,
                  const MethodDocument& method, const PageOptions& options) {
    const std::string anchor = method_anchor(method.name);
    html.markup("<section class=\"method\" tabindex=\"-1\"").attribute("id", anchor).markup(">");
    write_heading(html, method, anchor, options.changes);
    write_facts(html, method);
    write_part(html, "Request", document, method.request, anchor + ".request");
    if (may_come_by_position(document, method)) {
        html.markup("<p class=\"note\">Also by position, in this order.</p>");
    }
    if (method.part) {
        write_part(html, "Parts, before the response", document, *method.part, anchor + ".part");
    }
    write_part(html, "Response", document, method.response, anchor + ".response");
    write_failures(html, document, method, anchor + ".failures");
    write_examples(html, method, anchor + ".examples");
    write_calls(html, document, names, method, anchor + ".call");
    if (options.try_it) {
        write_try(html, document, method, *options.try_it, anchor + ".try");
    }
    html.markup("</section>");
}

}  // namespace warren::docs
