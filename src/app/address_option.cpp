#include "app/address_option.hpp"

#include "app/config/suggest.hpp"
#include "core/uri.hpp"
#include "endpoint/address/address.hpp"
#include "transport/net/secret_file.hpp"

#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

/// Why there is no profile of this name.
std::string no_profile(const std::string& name) {
    const std::vector<std::string> names = profile_names(own_environment);
    const std::vector<std::string_view> known{names.begin(), names.end()};
    return profiles_file(own_environment).value_or("~/.config/warren/profiles.yml") +
           " has no profile '" + name + "'" + (known.empty() ? "" : suggest(name, known));
}

/// out  without a name: there is none
/// err  what is wrong with it
std::expected<Profile, std::string> find_profile(const std::string& name) {
    auto found = read_profile(name, own_environment);
    if (!found) {
        return std::unexpected{found.error().front()};
    }
    for (const std::string& warning : found->warnings) {
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    }
    return found->all.empty() ? Profile{} : std::move(found->all.front());
}

}  // namespace

std::expected<std::string, std::string> read_at_file(const std::string& given) {
    if (!given.starts_with('@')) {
        return given;
    }
    const std::string file = given.substr(1);
    auto content = transport::read_secret_file(file);
    if (!content) {
        return std::unexpected{"cannot read the file '" + file + "': " + content.error()};
    }
    return content;
}

std::expected<Profile, std::string> read_target(const std::string& given) {
    const std::string name = given.starts_with('@') ? given.substr(1) : std::string{};
    if (is_profile_name(name)) {
        auto profile = find_profile(name);
        if (!profile || !profile->name.empty()) {
            return profile;
        }
    }
    auto address = read_at_file(given);
    if (!address) {
        return std::unexpected{address.error() +
                               (is_profile_name(name) && !profile_names(own_environment).empty()
                                    ? "; and " + no_profile(name)
                                    : std::string{})};
    }
    return Profile{.to = std::move(*address)};
}

std::expected<Profile, std::string> read_named_profile(const std::string& name) {
    if (!is_profile_name(name)) {
        return std::unexpected{"a profile's name has letters, digits, '-' and '_' alone"};
    }
    auto profile = find_profile(name);
    if (profile && profile->name.empty()) {
        return std::unexpected{no_profile(name)};
    }
    return profile;
}

std::string address_of(const Profile& target) {
    std::string address = core::with_lower_scheme(target.to);
    if (!target.ca.empty()) {
        endpoint::add_parameter(address, address.starts_with("amqp") ? "cacertfile" : "ca",
                                target.ca);
    }
    return target.name.empty() ? target.to : address;
}

std::expected<std::string, std::string> read_address(const std::string& given) {
    const auto target = read_target(given);
    if (!target) {
        return std::unexpected{target.error()};
    }
    return address_of(*target);
}

}  // namespace warren::app
