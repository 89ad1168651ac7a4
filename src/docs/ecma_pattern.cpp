#include "docs/ecma_pattern.hpp"

#include <cstddef>

namespace warren::docs {
namespace {

constexpr bool is_digit(char letter) noexcept {
    return letter >= '0' && letter <= '9';
}

constexpr bool is_hex(char letter) noexcept {
    return is_digit(letter) || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}

/// Reads an expression once, from its begin to its end.
class EcmaScan {
public:
    explicit EcmaScan(std::string_view expression) noexcept : rest_{expression} {}

    bool run() noexcept {
        while (!rest_.empty()) {
            if (!step()) {
                return false;
            }
        }
        return depth_ == 0;
    }

private:
    bool step() noexcept {
        const char letter = take();
        switch (letter) {
        case '\\':
            can_repeat_ = true;
            return escape(is_boundary_or_other);
        case '[':
            can_repeat_ = true;
            return letters();
        case '(':
            can_repeat_ = false;
            ++depth_;
            return !rest_.starts_with('?') || skip("?:");
        case ')':
            can_repeat_ = true;
            return depth_-- != 0;
        case '*':
        case '+':
        case '?':
            return repeated();
        case '{':
            return counted() && repeated();
        case '}':
        case ']':
            return false;
        case '|':
        case '^':
        case '$':
            can_repeat_ = false;
            return true;
        default:
            can_repeat_ = true;
            return true;
        }
    }

    static constexpr std::string_view is_boundary_or_other = "bB^$\\.*+?()[]{}|/";
    static constexpr std::string_view in_letters = "b^$\\.*+?()[]{}|/-";

    char take() noexcept {
        const char letter = rest_.front();
        rest_.remove_prefix(1);
        return letter;
    }
    bool skip(std::string_view text) noexcept {
        const bool is_there = rest_.starts_with(text);
        rest_.remove_prefix(is_there ? text.size() : 0);
        return is_there;
    }

    /// Behind a quantifier; one more would be an error, but for the '?' that makes it lazy.
    bool repeated() noexcept {
        if (!can_repeat_) {
            return false;
        }
        can_repeat_ = false;
        (void)skip("?");
        return true;
    }

    /// "2}", "2,}" or "2,5}".
    bool counted() noexcept {
        std::size_t digits = 0;
        while (!rest_.empty() && is_digit(rest_.front())) {
            (void)take();
            ++digits;
        }
        if (digits != 0 && skip(",")) {
            while (!rest_.empty() && is_digit(rest_.front())) {
                (void)take();
            }
        }
        return digits != 0 && skip("}");
    }

    /// Behind a backslash. `\s` is a little more in ECMA-262, and close enough.
    bool escape(std::string_view itself) noexcept {
        if (rest_.empty()) {
            return false;
        }
        const char letter = take();
        if (letter == 'x') {
            const bool is_octet = rest_.size() >= 2 && is_hex(rest_[0]) && is_hex(rest_[1]);
            rest_.remove_prefix(is_octet ? 2 : 0);
            return is_octet;
        }
        constexpr std::string_view both = "dDwWsStnrfv";
        return both.contains(letter) || itself.contains(letter);
    }

    /// Behind a '['.
    bool letters() noexcept {
        (void)skip("^");
        if (rest_.starts_with(']')) {
            return false;  // one that is meant itself there, which is empty letters to ECMA-262
        }
        while (!rest_.empty()) {
            const char letter = take();
            if (letter == ']') {
                return true;
            }
            if (letter == '[' && rest_.starts_with(':')) {
                return false;
            }
            if (letter == '\\' && !escape(in_letters)) {
                return false;
            }
        }
        return false;
    }

    std::string_view rest_;
    std::size_t depth_ = 0;
    bool can_repeat_ = false;
};

}  // namespace

bool is_ecma_pattern(std::string_view expression) noexcept {
    return EcmaScan{expression}.run();
}

}  // namespace warren::docs
