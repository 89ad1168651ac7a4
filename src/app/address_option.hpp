#pragma once

#include "app/profile.hpp"

#include <expected>
#include <string>

namespace warren::app {

/// A secret of the command line: itself, or "@FILE" for a file's content, as everybody may read the
/// list of processes.
/// err  which file cannot be read, and why; shows nothing of a secret
std::expected<std::string, std::string> read_at_file(const std::string& given);

/// An address of the command line or the environment: itself, "@NAME" for a profile with what calls
/// to it need, or "@FILE" for a file's content. Where there are both, it is the profile. Warnings
/// are printed.
/// out  its name is empty where it is no profile
/// err  which file cannot be read, and why; shows nothing of an address
std::expected<Profile, std::string> read_target(const std::string& given);

/// The profile of this name. Warnings are printed.
/// err  what is wrong with it, or that there is none
std::expected<Profile, std::string> read_named_profile(const std::string& name);

/// The address of that alone, with the authorities that the profile trusts.
std::expected<std::string, std::string> read_address(const std::string& given);
/// The same, of a target that was read.
std::string address_of(const Profile& target);

}  // namespace warren::app
