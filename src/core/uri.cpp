#include "core/uri.hpp"

#include "core/digit.hpp"
#include "core/percent.hpp"
#include "core/secret_key.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace warren::core {
namespace {

constexpr std::size_t uri_bytes_max = 8192;

constexpr bool is_letter(char character) noexcept {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

// [RFC 3986 3.3]: what a path segment, a name or a password may hold as it is.
bool is_segment_character(char character) noexcept {
    return is_unreserved(character) || std::string_view{"!$&'()*+,;=:%"}.contains(character);
}

/// Reads one address from left to right; positions in messages count from 1. What a message shows
/// is never taken from the text: a password may stand anywhere in one that is written wrongly.
class UriParser {
public:
    explicit UriParser(std::string_view text) : text_{text} {}

    std::expected<Uri, Failure> parse() {
        if (text_.size() > uri_bytes_max) {
            return std::unexpected{
                failure_at(uri_bytes_max, fmt::format("is over {} bytes long", uri_bytes_max))};
        }
        const bool done = scheme() && one_mark() && authority() && path() && query();
        if (!done) {
            return std::unexpected{std::move(failure_)};
        }
        return std::move(uri_);
    }

private:
    static Failure failure_at(std::size_t at, std::string_view what) {
        return {.code = Code::invalid_request,
                .message = fmt::format("The address {} (at character {})", what, at + 1)};
    }

    bool refuse(std::size_t at, std::string_view what) {
        failure_ = failure_at(at, what);
        return false;
    }

    bool scheme() {
        const std::size_t end = text_.find("://");
        if (end == std::string_view::npos || end == 0) {
            return refuse(0, "must start with a scheme, such as amqp://");
        }
        for (std::size_t at = 0; at < end; ++at) {
            const char character = text_[at];
            const bool inner = is_digit(character) || std::string_view{"+-."}.contains(character);
            if (!is_letter(character) && (at == 0 || !inner)) {
                return refuse(at, "has a character in its scheme that is not allowed there");
            }
            uri_.scheme += static_cast<char>(is_letter(character) ? character | 0x20 : character);
        }
        at_ = end + 3;
        return true;
    }

    /// An '@' ends the user's name and password, and stands nowhere else: behind a '/', '?' or '#'
    /// that was not encoded, parts of a password would be taken for a host, a path or a parameter.
    bool one_mark() {
        const std::size_t last = text_.rfind('@');
        const std::size_t first = text_.find_first_of("@/?#", at_);
        if (last == std::string_view::npos || last == first) {
            return true;
        }
        return refuse(at_,
                      "has a character in its user name or password that must be percent-encoded: "
                      "'/' is %2F, '?' is %3F, '#' is %23, '@' is %40, also elsewhere");
    }

    bool authority() {
        const std::size_t end = std::min(text_.find_first_of("/?#", at_), text_.size());
        const std::size_t mark = text_.substr(0, end).find('@', at_);
        if (mark != std::string_view::npos && !credentials(mark)) {
            return false;
        }
        return hosts(end);
    }

    bool hosts(std::size_t end) {
        const bool is_list = uri_.scheme == "amqp" || uri_.scheme == "amqps";
        std::string host;
        std::optional<std::uint16_t> number;
        for (bool is_first = true;; is_first = false) {
            const std::size_t comma = is_list ? text_.find(',', at_) : end;
            const std::size_t host_end = std::min(comma, end);
            if (!one_host(host_end)) {
                return false;
            }
            if (uri_.host.empty() && (!is_first || host_end != end)) {
                return refuse(at_, "has an empty host in its list of hosts");
            }
            if (is_first) {
                host = std::move(uri_.host);
                number = uri_.port;
            } else {
                uri_.more_hosts.emplace_back(std::move(uri_.host), uri_.port);
            }
            uri_.host.clear();
            uri_.port.reset();
            if (host_end == end) {
                uri_.host = std::move(host);
                uri_.port = number;
                return true;
            }
            at_ = host_end + 1;
        }
    }

    bool one_host(std::size_t end) {
        return (text_.substr(at_, 1) == "[" ? bracketed_host(end) : plain_host(end)) && port(end);
    }

    bool credentials(std::size_t mark) {
        const std::size_t colon = text_.substr(0, mark).find(':', at_);
        const std::size_t user_end = std::min(colon, mark);
        if (!component(at_, user_end, "user name", uri_.user)) {
            return false;
        }
        if (colon != std::string_view::npos &&
            !component(colon + 1, mark, "password", uri_.password.emplace())) {
            return false;
        }
        at_ = mark + 1;
        return true;
    }

    bool bracketed_host(std::size_t end) {
        const std::size_t close = text_.substr(0, end).find(']', at_);
        if (close == std::string_view::npos) {
            return refuse(at_, "has a '[' without its ']'");
        }
        uri_.host = text_.substr(at_ + 1, close - at_ - 1);
        const std::size_t mark = std::min(uri_.host.find('%'), uri_.host.size());
        std::array<unsigned char, sizeof(in6_addr)> address{};
        if (uri_.host.contains('\0') ||
            ::inet_pton(AF_INET6, uri_.host.substr(0, mark).c_str(), address.data()) != 1) {
            return refuse(at_ + 1, "has brackets around something that is no IPv6 address");
        }
        if (mark != uri_.host.size() && !zone(mark)) {
            return refuse(at_ + 1 + mark,
                          "has no name of an interface behind its '%25', as in [fe80::1%25eth0]");
        }
        at_ = close + 1;
        if (at_ != end && text_[at_] != ':') {
            return refuse(at_, "goes on after the ']' with neither a port nor a path");
        }
        return true;
    }

    /// The interface of a link-local address. A lone '%', as people write it, is meant alike.
    /// [RFC 6874 section 2, 3]
    bool zone(std::size_t mark) {
        std::string_view written = std::string_view{uri_.host}.substr(mark + 1);
        if (written.starts_with("25") && written.size() > 2) {
            written.remove_prefix(2);
        }
        const auto name = percent_decode(written);
        if (!name || name->empty() || !std::ranges::all_of(*name, is_unreserved)) {
            return false;
        }
        uri_.host.replace(mark, std::string::npos, '%' + *name);
        return true;
    }

    bool plain_host(std::size_t end) {
        const std::size_t host_end = std::min(text_.substr(0, end).find(':', at_), end);
        if (!component(at_, host_end, "host", uri_.host)) {
            return false;
        }
        // Else "%3A%3A1" would print as an address in brackets that was never checked as one.
        if (uri_.host.contains(':')) {
            return refuse(at_, "has an encoded ':' in its host (an IPv6 address goes in brackets)");
        }
        if (uri_.host.find_first_of("@/?#") != std::string::npos) {
            return refuse(at_, "has an encoded character in its host that no host's name has");
        }
        at_ = host_end;
        return true;
    }

    bool port(std::size_t end) {
        if (at_ == end) {
            return true;
        }
        const char* first = text_.data() + at_ + 1;
        const char* last = text_.data() + end;
        std::uint16_t number = 0;
        const auto [stop, error] = std::from_chars(first, last, number);
        if (error != std::errc{} || stop != last) {
            return refuse(at_ + 1,
                          "needs a port from 0 to 65535 after the host's ':' (an IPv6 address goes "
                          "in brackets; '/', '?', '#' and '@' in a password are written %2F, %3F, "
                          "%23 and %40)");
        }
        uri_.port = number;
        at_ = end;
        return true;
    }

    bool path() {
        const std::size_t end = std::min(text_.find_first_of("?#", at_), text_.size());
        std::string decoded;
        std::size_t start = at_;
        while (start < end) {
            const std::size_t slash = std::min(text_.find('/', start + 1), end);
            decoded.clear();
            if (!component(start + 1, slash, "path", decoded)) {
                return false;
            }
            start = slash;
        }
        uri_.path = text_.substr(at_, end - at_);
        at_ = end;
        return true;
    }

    bool query() {
        if (at_ < text_.size() && text_[at_] == '#') {
            return refuse(at_, "has a fragment ('#'), which has no meaning here");
        }
        while (at_ < text_.size()) {
            const std::size_t from = at_ + 1;
            const std::size_t end = std::min(text_.find('&', from), text_.size());
            const bool none_at_all = from == end && text_[at_] == '?' && end == text_.size();
            if (!none_at_all && !option(from, end)) {
                return false;
            }
            at_ = end;
        }
        return true;
    }

    bool option(std::size_t from, std::size_t end) {
        const std::size_t equals = text_.substr(0, end).find('=', from);
        if (equals == std::string_view::npos || equals == from) {
            return refuse(from, "has a query part that is not key=value");
        }
        std::string key;
        std::string value;
        if (!component(from, equals, "query", key, "/?") ||
            !component(equals + 1, end, "query", value, "/?")) {
            return false;
        }
        if (uri_.option(key)) {
            return refuse(from, "has a query key that stands twice");
        }
        uri_.query.emplace_back(std::move(key), std::move(value));
        return true;
    }

    bool component(std::size_t from, std::size_t end, std::string_view part, std::string& decoded,
                   std::string_view also = {}) {
        const std::string_view raw = text_.substr(from, end - from);
        for (std::size_t at = 0; at < raw.size(); ++at) {
            if (!is_segment_character(raw[at]) && !also.contains(raw[at])) {
                return refuse(from + at, fmt::format("has a character in its {} that must be "
                                                     "percent-encoded",
                                                     part));
            }
        }
        std::optional<std::string> plain = percent_decode(raw);
        if (!plain) {
            return refuse(from, fmt::format("has a percent-encoding in its {} that is not two "
                                            "hexadecimal digits of valid UTF-8 without NUL",
                                            part));
        }
        decoded = std::move(*plain);
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Uri uri_;
    Failure failure_;
};

}  // namespace

bool is_secret_key(std::string_view key) noexcept {
    return key == "password" || key == "token" || key == "secret" || key.ends_with("_key") ||
           key.ends_with("_keys") || key.ends_with("_password");
}

std::optional<std::string_view> Uri::option(std::string_view key) const noexcept {
    const auto found = std::ranges::find(
        query, key, [](const auto& entry) -> std::string_view { return entry.first; });
    if (found == query.end()) {
        return std::nullopt;
    }
    return found->second;
}

std::vector<std::string> Uri::path_segments() const {
    std::vector<std::string> segments;
    std::string_view rest = path;
    if (rest == "/") {
        return segments;
    }
    while (rest.starts_with('/')) {
        rest.remove_prefix(1);
        const std::string_view raw = rest.substr(0, rest.find('/'));
        segments.push_back(percent_decode(raw).value_or(std::string{raw}));
        rest.remove_prefix(raw.size());
    }
    return segments;
}

std::expected<Uri, Failure> parse_uri(std::string_view text) {
    return UriParser{text}.parse();
}

std::expected<std::string, Failure> virtual_host_of(const Uri& uri) {
    std::vector<std::string> segments = uri.path_segments();
    if (segments.empty()) {
        return "/";
    }
    if (segments.size() > 1) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = "The address names more than one virtual host; a '/' in the name "
                               "of one is written %2F"}};
    }
    return std::move(segments.front());
}

std::string host_text(std::string_view host) {
    if (!host.contains(':')) {
        return percent_encode(host);
    }
    const std::size_t mark = std::min(host.find('%'), host.size());
    std::string text = '[' + std::string{host.substr(0, mark)};
    if (mark != host.size()) {
        text.append("%25").append(host.substr(mark + 1));
    }
    return text + ']';
}

std::string host_text(std::string_view host, std::optional<std::uint16_t> port) {
    return port ? fmt::format("{}:{}", host_text(host), *port) : host_text(host);
}

std::string to_string(const Uri& uri) {
    std::string text = uri.scheme + "://";
    if (!uri.user.empty() || uri.password) {
        text += percent_encode(uri.user) + (uri.password ? ":***@" : "@");
    }
    text += host_text(uri.host, uri.port);
    for (const auto& [host, port] : uri.more_hosts) {
        text += ',' + host_text(host, port);
    }
    text += uri.path;
    char separator = '?';
    for (const auto& [key, value] : uri.query) {
        text += separator + percent_encode(key) + '=' +
                (is_secret_key(key) ? std::string{"***"} : percent_encode(value));
        separator = '&';
    }
    return text;
}

std::string with_lower_scheme(std::string_view text) {
    std::string lowered{text};
    for (char& character : lowered) {
        if (character == ':') {
            break;
        }
        character = static_cast<char>(is_letter(character) ? character | 0x20 : character);
    }
    return lowered;
}

}  // namespace warren::core
