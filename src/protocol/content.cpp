#include "protocol/content.hpp"

#include "core/utf8.hpp"
#include "format/compression.hpp"
#include "protocol/field_errors.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

namespace warren::protocol {
namespace {

constexpr std::string_view blanks = " \t";
// Of what is no encoding of bytes: no encoding at all, and character sets that are UTF-8.
constexpr std::array<std::string_view, 8> no_encodings{"",      "identity", "binary",   "8bit",
                                                       "utf-8", "utf8",     "us-ascii", "ascii"};

struct Encoding {
    std::string_view name;
    format::Compression kind;
};
constexpr Encoding encodings[] = {{"gzip", format::Compression::gzip},
                                  {"x-gzip", format::Compression::gzip},
                                  {"zstd", format::Compression::zstd},
                                  {"deflate", format::Compression::deflate},
                                  {"zlib", format::Compression::deflate}};

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t start = std::min(text.find_first_not_of(blanks), text.size());
    const std::size_t end = text.find_last_not_of(blanks) + 1;
    return text.substr(start, end > start ? end - start : 0);
}

constexpr char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same(std::string_view given, std::string_view name) noexcept {
    return std::ranges::equal(given, name, {}, lower);
}

bool is_one_of(std::string_view given, std::span<const std::string_view> names) noexcept {
    return std::ranges::any_of(names, [given](std::string_view name) { return same(given, name); });
}

Failure refused(std::string_view encoding, std::string_view why) {
    return refused_request(
        "The content encoding '" + core::text_for_display(encoding) + "' " + std::string{why},
        "content_type");
}

std::string_view words_of(format::InflateError error) noexcept {
    switch (error) {
    case format::InflateError::malformed:
        return "is not what the body has, or it is damaged";
    case format::InflateError::cut_short:
        return "ends too early: the body is cut short";
    case format::InflateError::trailing:
        return "ends too early: something follows in the body";
    case format::InflateError::over_limit:
        break;
    }
    return {};
}

}  // namespace

std::string_view media_type(std::string_view content_type) noexcept {
    return trimmed(content_type.substr(0, content_type.find(';')));
}

bool is_media_type(std::string_view type, std::string_view name) noexcept {
    return same(type, name);
}

bool is_json_type(std::string_view type) noexcept {
    constexpr std::string_view suffix = "+json";
    return same(type, "application/json") || same(type, "text/json") ||
           (type.size() > suffix.size() && same(type.substr(type.size() - suffix.size()), suffix));
}

bool is_text_type(std::string_view type) noexcept {
    constexpr std::string_view prefix = "text/";
    return same(type.substr(0, prefix.size()), prefix);
}

bool is_compressed(const MessageView& message) noexcept {
    return !is_one_of(trimmed(message.content_encoding), no_encodings);
}

std::expected<std::span<const std::byte>, Failure> plain_body(const MessageView& message,
                                                              Arena& arena,
                                                              const core::Limits& limits) {
    if (auto over = refuse_oversized(message, limits)) {
        return std::unexpected{std::move(*over)};
    }
    const std::string_view encoding = trimmed(message.content_encoding);
    if (is_one_of(encoding, no_encodings)) [[likely]] {
        return message.body;
    }
    const auto* const known = std::ranges::find_if(
        encodings, [encoding](const Encoding& each) { return same(encoding, each.name); });
    if (known == std::end(encodings)) {
        return std::unexpected{refused(encoding, "is not known: send gzip, zstd, deflate or none")};
    }
    const auto inflated =
        format::decompress(known->kind, message.body, limits.body_bytes_max, arena);
    if (inflated) {
        return *inflated;
    }
    if (inflated.error() == format::InflateError::over_limit) {
        return std::unexpected{refused_request("The body inflates to more than " +
                                                   std::to_string(limits.body_bytes_max) +
                                                   " bytes (body_bytes_max)",
                                               "body_too_long")};
    }
    return std::unexpected{refused(encoding, words_of(inflated.error()))};
}

}  // namespace warren::protocol
