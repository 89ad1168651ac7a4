#pragma once

#include <warren/forward.hpp>
#include <warren/listener.hpp>

#include <expected>
#include <optional>
#include <string>

// Where the buffer of a proxy lies that names no file.
namespace warren::app {

/// Name the file of a proxy's buffer, if it has one and that has none: in the state directory,
/// after the proxy.
/// err  what to do; also for a proxy that cannot be
std::expected<void, std::string> choose_buffer_file(const ListenerOptions& from,
                                                    ForwardOptions& to);

/// What keeps a buffer's file from being written or made; nullopt: nothing that is known.
std::optional<std::string> find_buffer_problem(const ForwardOptions& to);

/// Make the state directory, if a proxy's buffer is to lie in it.
/// err  throws Error (invalid_request)
void make_buffer_directory(const ForwardOptions& to);

}  // namespace warren::app
