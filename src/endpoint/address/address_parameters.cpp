#include "endpoint/address/address_parameters.hpp"

#include "core/duration.hpp"
#include "core/percent.hpp"
#include "core/secret_key.hpp"
#include "endpoint/protocols/table.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace warren::endpoint {
namespace {

std::string joined(std::span<const std::string_view> names) {
    std::string text;
    for (const std::string_view name : names) {
        text += text.empty() ? "" : ", ";
        text += name;
    }
    return text;
}

}  // namespace

void add_parameter(std::string& address, std::string_view key, std::string_view value) {
    address += address.contains('?') ? '&' : '?';
    address.append(key).append("=").append(core::percent_encode(value));
}

std::unexpected<Failure> unknown(std::string_view what, std::string_view given,
                                 std::span<const std::string_view> known) {
    return refused("Unknown " + std::string{what} + " '" + std::string{given} +
                   "'; known are: " + joined(known));
}

std::unexpected<Failure> unknown_parameter(const Parameters& given, std::string_view name,
                                           std::span<const std::string_view> known) {
    const auto found = std::ranges::find(given, name, &Parameters::value_type::first);
    const auto is_secret = [](const auto& parameter) {
        return core::is_secret_key(parameter.first);
    };
    if (std::ranges::none_of(given.begin(), found, is_secret)) {
        return unknown("parameter", name, known);
    }
    return refused("Unknown parameter number " + std::to_string(found - given.begin() + 1) +
                   ", after a secret; '&' in a value is written %26; known are: " + joined(known));
}

std::expected<std::size_t, Failure> index_of(std::string_view key, std::string_view value,
                                             std::span<const std::string_view> words) {
    const auto found = std::ranges::find(words, value);
    if (found == words.end()) {
        return unknown("value of the parameter '" + std::string{key} + "',", value, words);
    }
    return static_cast<std::size_t>(found - words.begin());
}

std::expected<bool, Failure> read_flag(std::string_view key, std::string_view value) {
    static constexpr std::string_view truths[] = {"true", "false"};
    const auto place = index_of(key, value, truths);
    return place ? std::expected<bool, Failure>{*place == 0} : std::unexpected{place.error()};
}

std::expected<std::size_t, Failure> read_number(std::string_view key, std::string_view value,
                                                std::size_t least, std::size_t greatest) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < least ||
        number > greatest) {
        return refused("The parameter '" + std::string{key} + "' must be from " +
                       std::to_string(least) + " to " + std::to_string(greatest));
    }
    return number;
}

std::expected<void, Failure> accept_protocol(std::string_view name, Trait carrier,
                                             Address& address) {
    address.protocol = find_protocol(carrier, name);
    if (address.protocol == nullptr || name.empty()) {
        return unknown("value of the parameter 'protocol',", name, names_of(carrier));
    }
    return {};
}

std::expected<void, Failure> accept_shared(std::string_view key, std::string_view value,
                                           Address& address) {
    if (key == shared_parameters[3]) {
        if (auto word = index_of(key, value, compression_words); !word) {
            return std::unexpected{std::move(word.error())};
        }
        address.compression = format::compression_named(value);
        return {};
    }
    // As the configuration has them for servers.
    const bool is_bytes = key == shared_parameters[0];
    const bool is_depth = key == shared_parameters[1];
    return store(read_number(key, value, 1,
                             is_bytes   ? std::size_t{2} << 30
                             : is_depth ? 10'000
                                        : std::size_t{1} << 30),
                 is_bytes   ? address.body_bytes_max
                 : is_depth ? address.nesting_depth_max
                            : address.value_count_max);
}

std::expected<std::chrono::milliseconds, Failure> read_time(std::string_view key,
                                                            std::string_view value,
                                                            std::chrono::milliseconds least) {
    const auto time = core::parse_duration(value);
    if (!time || *time < least) {
        return refused("The parameter '" + std::string{key} + "' must be a time such as 5s");
    }
    return *time;
}

std::vector<std::string_view> split_servers(std::string_view servers) {
    std::vector<std::string_view> parts;
    for (std::size_t end = 0; end != std::string_view::npos;) {
        end = servers.find(',');
        parts.push_back(servers.substr(0, end));
        servers.remove_prefix(end == std::string_view::npos ? servers.size() : end + 1);
    }
    return parts;
}

}  // namespace warren::endpoint
