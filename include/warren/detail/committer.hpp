#pragma once

#include <functional>
#include <string_view>

namespace warren {

class Transaction;
struct Type;

namespace detail {

/// What a handler's changes leave to be answered.
struct CommittedResponse {
    const void* data = nullptr;  // null: none
    bool success = true;
    std::string_view message{"OK"};
};

/// Makes the changes of a handler durable together with its response.
class Committer {
public:
    /// in   response: the type of what `change` leaves; null: it leaves nothing
    /// err  as `Context::commit`
    virtual void commit(const Type* response,
                        const std::function<CommittedResponse(Transaction&)>& change) = 0;

protected:
    ~Committer() = default;
};

}  // namespace detail
}  // namespace warren
