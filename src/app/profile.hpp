#pragma once

#include "app/state_directory.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

/// A server that is called often, under a name, with what its calls need.
struct Profile {
    std::string name{};
    std::string to{};  // an address, with a password perhaps
    std::vector<std::string> fernet_keys{};
    std::vector<std::string> auth_secrets{};
    std::string ca{};  // a PEM file; empty: the system's authorities
    std::optional<std::string> timeout{};
};

/// Some profiles, and what is to be said beside them.
struct Profiles {
    std::string file{};
    std::vector<Profile> all{};
    std::vector<std::string> warnings{};  // others may read the secrets in it
};

/// What --profile NAME takes: a file's name it is not, so that @NAME may be either.
bool is_profile_name(const std::string& text);

/// warren/profiles.yml in XDG_CONFIG_HOME, or in ~/.config.      [XDG Base Directory Specification]
/// out  unset: neither is known
std::optional<std::string> profiles_file(const Environment& environment);

/// All of them; none, where there is no such file.
/// err  everything that is wrong, as of a configuration: "FILE:LINE: NAME.KEY: MESSAGE"
std::expected<Profiles, std::vector<std::string>> read_profiles(const Environment& environment);

/// One alone: what is wrong with others does not matter.
/// out  without a profile if there is none of this name
/// err  as above
std::expected<Profiles, std::vector<std::string>> read_profile(const std::string& name,
                                                               const Environment& environment);

/// The names alone, without a look at what they stand for; none, where the file cannot be read.
std::vector<std::string> profile_names(const Environment& environment);

/// What this process has.
const char* own_environment(const char* name);

}  // namespace warren::app
