#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace warren::docs {

/// A piece of HTML as it stands in the source. Nothing that is known at run time can become one.
class Markup {
public:
    consteval Markup(const char* literal) : text_{literal} {}
    constexpr std::string_view text() const noexcept { return text_; }

private:
    std::string_view text_;
};

/// Writes HTML: what is said by others goes in as a text or as an attribute's value, and cannot be
/// anything else.
class Html {
public:
    Html& markup(Markup piece) {
        out_ += piece.text();
        return *this;
    }
    /// Between tags. Control characters, and those that turn the direction of writing, are shown as
    /// \u202e and the like.
    Html& text(std::string_view said);
    Html& number(std::size_t count);
    /// ` name="value"`, inside of a tag.
    Html& attribute(Markup name, std::string_view value);

    /// What was written by another one.
    Html& append(const Html& other) {
        out_ += other.out_;
        return *this;
    }
    const std::string& str() const& noexcept { return out_; }
    std::string str() && noexcept { return std::move(out_); }

private:
    std::string out_;
};

/// A text as people can read all of it: what would be invisible, or turn the direction of writing,
/// is an escape such as \u202e; line ends and tabs stay, malformed bytes become U+FFFD.
std::string visible(std::string_view text);
/// Whether a text is as `visible` would have it.
bool is_visible(std::string_view text);

}  // namespace warren::docs
