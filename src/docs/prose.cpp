#include "docs/prose.hpp"

#include <algorithm>

namespace warren::docs {
namespace {

constexpr std::size_t summary_bytes_max = 120;

}  // namespace

void write_prose_line(Html& html, std::string_view text) {
    for (;;) {
        const std::size_t open = text.find('`');
        const std::size_t close =
            open == std::string_view::npos ? open : text.find_first_of("`\n", open + 1);
        if (close == std::string_view::npos) {
            html.text(text);
            return;
        }
        html.text(text.substr(0, open));
        const std::string_view between = text.substr(open + 1, close - open - 1);
        if (text[close] == '`' && !between.empty()) {
            html.markup("<code>").text(between).markup("</code>");
        } else {
            html.text(text.substr(open, close - open + 1));
        }
        text.remove_prefix(close + 1);
    }
}

void write_prose(Html& html, std::string_view text) {
    if (text.empty()) {
        return;
    }
    html.markup("<p class=\"prose\">");
    write_prose_line(html, text);
    html.markup("</p>");
}

std::string_view summary_of(std::string_view text) {
    std::string_view line = text.substr(0, text.find('\n'));
    if (const std::size_t end = line.find(". "); end != std::string_view::npos) {
        line = line.substr(0, end);
    }
    if (line.size() > summary_bytes_max) {
        const std::size_t blank = line.rfind(' ', summary_bytes_max);
        line = line.substr(0, blank == std::string_view::npos ? summary_bytes_max : blank);
        // Not in the middle of a character.
        while (!line.empty() && text.size() > line.size() && (text[line.size()] & 0xC0) == 0x80) {
            line.remove_suffix(1);
        }
    }
    return line.ends_with('.') ? line.substr(0, line.size() - 1) : line;
}

}  // namespace warren::docs
