#pragma once

#include <warren/error.hpp>

#include "endpoint/server/declared_topology.hpp"
#include "transport/amqp/topology_audit.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::app {

/// Ask one broker what it has of a topology.
/// in  timeout: none: as long as it takes
std::expected<std::vector<transport::AuditedPart>, Failure> audit_broker(
    const endpoint::DeclaredTopology& declared,
    std::optional<std::chrono::milliseconds> timeout = std::nullopt);

std::string_view word_of(transport::Presence presence) noexcept;
/// What to do about it; empty: nothing.
/// in  is_needed: others declare it
std::string remedy_of(const transport::AuditedPart& part, bool is_needed);

}  // namespace warren::app
