#include "app/paint.hpp"

#include <utility>

namespace warren::app {
namespace {

std::string_view code_of(Tone tone) noexcept {
    switch (tone) {
    case Tone::plain:
        return {};
    case Tone::heading:
        return "1";
    case Tone::good:
        return "32";
    case Tone::warning:
        return "33";
    case Tone::bad:
        return "31";
    case Tone::faint:
        return "2";
    }
    std::unreachable();
}

}  // namespace

std::string painted(std::string_view text, Tone tone, bool has_color) {
    const std::string_view code = code_of(tone);
    std::string out{text};
    if (has_color && !code.empty() && !text.empty()) {
        out.insert(0, "\x1b[" + std::string{code} + 'm').append("\x1b[0m");
    }
    return out;
}

}  // namespace warren::app
