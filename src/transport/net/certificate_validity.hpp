#pragma once

#include <optional>
#include <string>

namespace warren::transport {

/// Why peers refuse a certificate for its time, and what to do; nullopt: it is valid now, or the
/// file holds none, which is for others to say.
/// in  file: PEM; its first certificate counts
std::optional<std::string> find_validity_fault(const std::string& file);

}  // namespace warren::transport
