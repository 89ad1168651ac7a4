#pragma once

#include <warren/error.hpp>
#include <warren/forward.hpp>
#include <warren/listener.hpp>

#include "endpoint/server/listener_config.hpp"

#include <expected>
#include <string>
#include <vector>

namespace warren::endpoint {

/// What a proxy is called: as its options say, or else after both addresses.
/// err  invalid_request: an address that cannot be
std::expected<std::string, Failure> proxy_name(const ListenerOptions& from,
                                               const ForwardOptions& options);

/// in   config: of a proxy
std::string proxy_name(const ListenerConfig& config);

/// A listener whose calls are forwarded, read and checked.
/// err  invalid_request: what is wrong with which address or option
std::expected<ListenerConfig, Failure> plan_proxy(ListenerOptions from, ForwardOptions options);

/// The same, held against the listeners that are there already, and added to them.
/// err  invalid_request, also where calls would come round to where they came from, as far as that
///      is seen here, or where two have one name; nothing is added then
std::expected<void, Failure> add_proxy(std::vector<ListenerConfig>& configs, ListenerOptions from,
                                       ForwardOptions options);

/// Whether a proxy that runs can log in and sign otherwise, and trust others, on the way to an
/// address of the same place. Not one that publishes where others connect to, or one with a buffer
/// and no broker behind it.
bool can_take_anew(const ForwardOptions& running, const Address& to);

/// Whether it is to do so, by another plan of the same places.
bool takes_anew(const ProxyConfig& config, const ProxyConfig& wanted);

}  // namespace warren::endpoint
