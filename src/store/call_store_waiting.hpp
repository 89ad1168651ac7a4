#pragma once

#include "store/call_store.hpp"

namespace warren::store {

/// A thread that waits for its commit.
struct CallStore::Waiting {
    const Commit& commit;
    std::exception_ptr thrown{};
    std::expected<void, Failure> outcome{};
    bool is_settled = false;
};

}  // namespace warren::store
