#include "core/utf8.hpp"
#include "format/json/json.hpp"
#include "format/json/json_keys.hpp"
#include "format/json/json_words.hpp"

#include <boost/container/small_vector.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

namespace warren::format {
namespace {

namespace json = boost::json;
using json::error_code;

constexpr std::size_t shown_bytes_max = 64;

/// Builds a `Value` from the parser's events. What is not in its list or object yet waits on one
/// stack, keys among the values, and moves to the arena when the container ends.
class Builder {
public:
    // The counts are held by `JsonLimits`; the parser's own limits stay out of the way.
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();

    Builder(std::string_view text, Arena& arena, const JsonLimits& limits,
            std::span<const JsonWord> words)
        : text_{text}, arena_{arena}, limits_{limits}, words_{words} {}

    Value result() const { return pending_.front(); }
    DecodeError& error() { return error_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

    bool on_array_begin(error_code& ec) { return begin(ec); }
    bool on_object_begin(error_code& ec) { return begin(ec); }

    bool on_array_end(std::size_t count, error_code&) {
        const std::span<const Value> items{pending_.data() + pending_.size() - count, count};
        replace(count, Value::list(arena_.copy(items)));
        return true;
    }

    bool on_object_end(std::size_t count, error_code& ec) {
        const Value* from = pending_.data() + pending_.size() - 2 * count;
        const std::span<Member> members = arena_.array<Member>(count);
        for (Member& member : members) {
            member = {from[0], from[1]};
            from += 2;
        }
        if (const Value* twice = key_twice(members)) {
            const std::string_view key = twice->as_text();
            return refuse(ec, "key_twice", is_input(key) ? offset_of(key.data()) : no_offset,
                          fmt::format("the key \"{}\" stands twice in one object",
                                      core::text_for_display(key, shown_bytes_max)));
        }
        replace(2 * count, Value::map(members));
        return true;
    }

    bool on_key_part(json::string_view part, std::size_t, error_code&) { return text_part(part); }
    bool on_string_part(json::string_view part, std::size_t, error_code&) {
        return text_part(part);
    }
    bool on_key(json::string_view last, std::size_t, error_code&) {
        pending_.push_back(Value::text(text_end(last)));
        return true;
    }
    bool on_string(json::string_view last, std::size_t, error_code& ec) {
        return push(Value::text(text_end(last)), ec);
    }

    bool on_number_part(json::string_view part, error_code&) {
        if (number_ == nullptr) {
            number_ = part.data();
        }
        return true;
    }
    bool on_int64(std::int64_t number, json::string_view, error_code& ec) {
        number_ = nullptr;
        return push(Value::integer(number), ec);
    }
    bool on_uint64(std::uint64_t number, json::string_view, error_code& ec) {
        number_ = nullptr;
        return push(Value::unsigned_integer(number), ec);
    }
    bool on_double(double approximate, json::string_view last, error_code& ec);

    bool on_bool(bool truth, error_code& ec) { return push(Value::boolean(truth), ec); }
    bool on_null(error_code& ec) { return push(Value::null(), ec); }

    static constexpr std::size_t no_offset = std::numeric_limits<std::size_t>::max();

private:
    std::size_t offset_of(const char* at) const {
        return static_cast<std::size_t>(at - text_.data());
    }

    bool is_input(std::string_view part) const {
        return std::greater_equal<>{}(part.data(), text_.data()) &&
               std::less_equal<>{}(part.data() + part.size(), text_.data() + text_.size());
    }

    bool refuse(error_code& ec, std::string_view type, std::size_t offset, std::string message) {
        error_ = {.offset = offset, .message = std::move(message), .type = type};
        ec = json::error::exception;  // any will do: `error_` is what is reported
        return false;
    }

    bool begin(error_code& ec) {
        if (depth_ == limits_.depth_max) {
            return refuse(
                ec, "depth_over_limit", no_offset,
                fmt::format("nested deeper than {} levels (nesting_depth_max)", limits_.depth_max));
        }
        ++depth_;
        return count(ec);
    }

    bool count(error_code& ec) {
        if (++count_ > limits_.value_count_max) {
            return refuse(
                ec, "count_over_limit", no_offset,
                fmt::format("more than {} values (value_count_max)", limits_.value_count_max));
        }
        return true;
    }

    bool push(Value value, error_code& ec) {
        pending_.push_back(value);
        return count(ec);
    }

    void replace(std::size_t count, Value container) {
        pending_.resize(pending_.size() - count);
        pending_.push_back(container);
        --depth_;
    }

    bool text_part(json::string_view part) {
        unescaped_.append(part.data(), part.size());
        in_parts_ = true;
        return true;
    }

    /// A string that came in one piece of the input is viewed; with escapes in it, the parser hands
    /// out pieces of a buffer of its own, and they are put together in the arena.
    std::string_view text_end(json::string_view last) {
        const std::string_view whole{last.data(), last.size()};
        if (!in_parts_) {
            return is_input(whole) ? whole : arena_.copy(whole);
        }
        unescaped_.append(whole);
        const std::string_view copied = arena_.copy(unescaped_);
        unescaped_.clear();
        in_parts_ = false;
        return copied;
    }

    std::string_view text_;
    Arena& arena_;
    const JsonLimits& limits_;
    std::span<const JsonWord> words_;  // that numbers stand for, in their order
    boost::container::small_vector<Value, 64> pending_;
    std::string unescaped_;
    bool in_parts_ = false;
    const char* number_ = nullptr;  // where a number that came in parts began
    std::size_t depth_ = 0;
    std::size_t count_ = 0;
    DecodeError error_;
};

/// The parser's own double is off by some units in the last place, and it takes integers that are
/// too long for floats; so the number's text is looked at again.
bool Builder::on_double(double approximate, json::string_view last, error_code& ec) {
    const char* first = number_ != nullptr ? number_ : last.data();
    const std::string_view text{first, static_cast<std::size_t>(last.data() + last.size() - first)};
    number_ = nullptr;
    if (!words_.empty() && words_.front().offset == offset_of(first)) {
        const double number = words_.front().number;
        words_ = words_.subspan(1);
        return push(Value::floating(number), ec);
    }
    const std::string shown = core::text_for_display(text.substr(0, 2 * shown_bytes_max), 24);
    if (text.find_first_of(".eE") == std::string_view::npos) {
        return refuse(ec, "int_out_of_range", offset_of(first),
                      fmt::format("the integer {} does not fit into 64 bits", shown));
    }
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) {
        if (std::abs(approximate) > 1) {
            return refuse(ec, "float_out_of_range", offset_of(first),
                          fmt::format("the number {} is too large for a float", shown));
        }
        number = std::copysign(0.0, text.front() == '-' ? -1.0 : 1.0);
    }
    return push(Value::floating(number), ec);
}

std::string_view message_of(const error_code& ec) {
    switch (static_cast<json::error>(ec.value())) {
    case json::error::incomplete:
        return "the document ends too early";
    case json::error::extra_data:
        return "something follows the end of the document";
    case json::error::illegal_leading_surrogate:
    case json::error::illegal_trailing_surrogate:
    case json::error::expected_hex_digit:
    case json::error::expected_utf16_escape:
        return "a \\u escape is not a character";
    case json::error::exponent_overflow:
        return "the exponent of a number has too many digits";
    case json::error::too_deep:
        return "nested too deeply";
    default:
        return "a character is not expected here";
    }
}

/// What has JSON's syntax, and yet no value here, is told from what is no JSON.
std::string_view type_of(const error_code& ec) {
    switch (static_cast<json::error>(ec.value())) {
    case json::error::illegal_leading_surrogate:
    case json::error::illegal_trailing_surrogate:
    case json::error::expected_utf16_escape:
        return "text_not_utf8";
    case json::error::exponent_overflow:
        return "float_out_of_range";
    default:
        return "json_invalid";
    }
}

/// The parser calls the first half of a surrogate pair a syntax error where no escape follows it.
bool ends_in_half_a_pair(std::string_view text) noexcept {
    constexpr std::size_t escape_size = 6;  // of "\ud800"
    text.remove_suffix(text.ends_with('\\') ? 1 : 0);
    if (text.size() < escape_size) {
        return false;
    }
    const std::string_view escape = text.substr(text.size() - escape_size);
    text.remove_suffix(escape_size);
    const std::size_t last = text.find_last_not_of('\\');
    const bool is_escaped =
        (text.size() - (last == std::string_view::npos ? 0 : last + 1)) % 2 != 0;
    return !is_escaped && escape.starts_with("\\u") && (escape[2] == 'd' || escape[2] == 'D') &&
           std::string_view{"89abAB"}.contains(escape[3]);
}

DecodeError explain(std::string_view text, std::size_t offset, const error_code& ec) {
    const std::size_t malformed = core::utf8_invalid_at(text);
    if (malformed <= offset + 3) {
        return {.offset = malformed, .message = "malformed UTF-8", .type = "json_invalid"};
    }
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return {.offset = text.size(), .message = "the document is empty", .type = "json_invalid"};
    }
    const error_code why = ec == json::error::syntax && ends_in_half_a_pair(text.substr(0, offset))
                               ? error_code{json::error::illegal_leading_surrogate}
                               : ec;
    return {.offset = offset, .message = std::string{message_of(why)}, .type = type_of(why)};
}

std::expected<Value, DecodeError> decode(std::string_view text, Arena& arena,
                                         const JsonLimits& limits,
                                         std::span<const JsonWord> words) {
    json::parse_options options;
    options.max_depth = limits.depth_max + 1;  // so that the builder refuses first, with a reason
    json::basic_parser<Builder> parser{options, text, arena, limits, words};
    error_code ec;
    const std::size_t consumed = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && consumed == text.size()) {
        return parser.handler().result();
    }
    if (!ec) {
        ec = json::error::extra_data;
    }
    DecodeError error = std::move(parser.handler().error());
    if (error.type.empty()) {
        error = explain(text, consumed, ec);
    } else if (error.offset == Builder::no_offset) {
        error.offset = consumed;
    }
    error.message = fmt::format("Invalid JSON at byte {}: {}", error.offset, error.message);
    return std::unexpected{std::move(error)};
}

}  // namespace

std::expected<Value, DecodeError> json_decode(std::string_view text, Arena& arena,
                                              const JsonLimits& limits) {
    auto value = decode(text, arena, limits, {});
    if (value || limits.numbers == JsonNumbers::finite || value.error().type != "json_invalid") {
        return value;
    }
    // Rare as they are, the words are looked for only where something is wrong.
    JsonWords found = json_number_words(text);
    return found.words.empty()
               ? value
               : decode(arena.copy(std::string_view{found.text}), arena, limits, found.words);
}

}  // namespace warren::format
