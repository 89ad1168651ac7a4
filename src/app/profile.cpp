#include "app/profile.hpp"

#include "app/config/document.hpp"
#include "app/config/sections.hpp"
#include "core/duration.hpp"
#include "endpoint/address/address.hpp"
#include "format/fernet/fernet.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

namespace warren::app {
namespace {

constexpr mode_t mode_of_others = S_IRWXG | S_IRWXO;

/// Whether a secret stands there itself, and not where it is.
bool has_secret(const ConfigNode& node) {
    if (node.is_list()) {
        const auto items = node.any_items();
        return std::ranges::any_of(items, has_secret);
    }
    return !node.is_map() && !node.is_null() && !node.yaml().Scalar().starts_with("${");
}

bool has_password(const std::string& written) {
    const std::size_t begin = written.find("://");
    const std::size_t at = begin == std::string::npos ? begin : written.find('@', begin);
    const std::size_t colon = begin == std::string::npos ? begin : written.find(':', begin + 3);
    return at != std::string::npos && colon < at && !written.substr(colon + 1).starts_with("${");
}

void read_to(ConfigMap& map, Profile& profile, bool& is_secret) {
    const auto node = map.require("to");
    const auto address = node ? node->secret() : std::nullopt;
    if (!address) {
        return;
    }
    is_secret = is_secret || (!node->is_map() && has_password(node->yaml().Scalar()));
    // Of a server, of a broker without a queue, or of a store: what asks for it knows what it
    // needs.
    if (const auto parsed = endpoint::parse_address(*address); !parsed) {
        node->fail(parsed.error().message);
        return;
    }
    profile.to = *address;
}

void read_keys(ConfigMap& map, Profile& profile, bool& is_secret) {
    for (const ConfigNode& key : map.one_or_several("fernet_key", "fernet_keys")) {
        is_secret = is_secret || has_secret(key);
        const auto text = key.secret();
        if (!text) {
            continue;
        }
        if (const auto read = format::FernetKey::parse(*text); !read) {
            key.fail(read.error().message + "; `warren keygen` prints one");
        } else {
            profile.fernet_keys.push_back(*text);
        }
    }
    for (const ConfigNode& secret : map.one_or_several("auth_secret", "auth_secrets")) {
        is_secret = is_secret || has_secret(secret);
        if (auto text = secret.secret()) {
            profile.auth_secrets.push_back(std::move(*text));
        }
    }
}

Profile read_one(const std::string& name, const ConfigNode& node, bool& is_secret) {
    Profile profile{.name = name};
    ConfigMap map{node};
    if (!node.is_map()) {
        return profile;
    }
    if (!is_profile_name(name)) {
        node.fail("a profile's name has letters, digits, '-' and '_' alone");
    }
    read_to(map, profile, is_secret);
    read_keys(map, profile, is_secret);
    map.read("ca", profile.ca, &ConfigNode::file_path);
    if (const auto timeout = map.find("timeout")) {
        if (timeout->duration()) {
            profile.timeout = timeout->any_text();
        }
    }
    return profile;
}

bool is_readable_by_others(const std::string& file) {
    struct stat status = {};
    return ::stat(file.c_str(), &status) == 0 && (status.st_mode & mode_of_others) != 0;
}

/// in  name: which is wanted; empty: all
std::expected<Profiles, std::vector<std::string>> read_wanted(const std::string& name,
                                                              const Environment& environment) {
    const auto file = profiles_file(environment);
    std::error_code error;
    if (!file || !std::filesystem::exists(*file, error)) {
        return Profiles{.file = file.value_or("")};
    }
    Profiles profiles{.file = *file};
    ConfigProblems problems{*file};
    bool is_secret = false;
    if (const auto document = read_yaml_document(problems)) {
        ConfigMap root{ConfigNode{*document, "", problems}};
        for (const auto& [key, node] : root.take_all()) {
            if (name.empty() || key == name) {
                profiles.all.push_back(read_one(key, node, is_secret));
            }
        }
    }
    if (!problems.empty()) {
        return std::unexpected{problems.lines()};
    }
    if (is_secret && is_readable_by_others(*file)) {
        profiles.warnings.push_back(*file + ": others may read the secrets in it: chmod 600 " +
                                    *file);
    }
    return profiles;
}

}  // namespace

bool is_profile_name(const std::string& text) {
    return !text.empty() && std::ranges::all_of(text, [](char each) {
        return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') ||
               (each >= '0' && each <= '9') || each == '-' || each == '_';
    });
}

std::optional<std::string> profiles_file(const Environment& environment) {
    const auto value = [&environment](const char* name) {
        const char* const text = environment(name);
        return std::string_view{text == nullptr ? "" : text};
    };
    // A relative one is to be ignored.
    if (const std::string_view home = value("XDG_CONFIG_HOME"); home.starts_with('/')) {
        return (std::filesystem::path{home} / "warren/profiles.yml").string();
    }
    if (const std::string_view home = value("HOME"); home.starts_with('/')) {
        return (std::filesystem::path{home} / ".config/warren/profiles.yml").string();
    }
    return std::nullopt;
}

std::expected<Profiles, std::vector<std::string>> read_profiles(const Environment& environment) {
    return read_wanted({}, environment);
}

std::expected<Profiles, std::vector<std::string>> read_profile(const std::string& name,
                                                               const Environment& environment) {
    return read_wanted(name, environment);
}

std::vector<std::string> profile_names(const Environment& environment) {
    std::vector<std::string> names;
    const auto file = profiles_file(environment);
    ConfigProblems problems{file.value_or("")};
    const auto document = file ? read_yaml_document(problems) : std::nullopt;
    if (document && document->IsMap()) {
        ConfigMap root{ConfigNode{*document, "", problems}};
        for (const auto& [name, node] : root.take_all()) {
            if (is_profile_name(name)) {
                names.push_back(name);
            }
        }
    }
    return names;
}

const char* own_environment(const char* name) {
    return std::getenv(name);
}

}  // namespace warren::app
