#pragma once

#include <warren/error.hpp>

// How a server that ends says so to whoever asks it for more, and how its clients know.
namespace warren::runtime {

/// Say with a refusal that nothing that follows on the same connection will be done either.
[[gnu::cold]] void say_that_server_ends(Failure& refusal);
/// Whether one says so.
bool says_that_server_ends(const Failure& failure);
/// Of whoever is not the server's client: it says so no more.
[[gnu::cold]] void forget_that_server_ends(Failure& failure);

}  // namespace warren::runtime
