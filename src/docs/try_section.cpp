#include "docs/try_section.hpp"

#include "core/percent.hpp"
#include "docs/quoting.hpp"
#include "docs/sample.hpp"

namespace warren::docs {

void write_try(Html& html, const contract::Document& document,
               const contract::MethodDocument& method, const TryPage& page,
               const std::string& anchor) {
    html.markup("<div class=\"try\" hidden")
        .attribute("data-method", core::percent_encode(method.name))
        .attribute("data-sample", json_line(sample_request(document, method).value()))
        .markup("><h3")
        .attribute("id", anchor)
        .markup(" tabindex=\"-1\">Try it</h3>");
    if (page.is_mock) {
        html.markup(
            "<p class=\"note\"><span class=\"badge warn\">mock</span> The request is checked as "
            "the "
            "server does; no handler runs, and the answer is an example's, or generated from the "
            "contract.</p>");
    } else {
        html.markup(
            "<p class=\"note\"><span class=\"badge warn\">for real</span> The handler runs");
        if (!page.address.empty()) {
            html.markup(", at <code>").text(page.address).markup("</code>");
        }
        html.markup(".</p>");
    }
    html.markup("<button type=\"button\" class=\"try-open\">Fill in a request</button></div>");
}

}  // namespace warren::docs
