#pragma once

#include "runtime/dispatch/keyed_calls.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/executor.hpp"
#include "store/set_aside.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::runtime {

class Dispatcher;

/// The calls of a store that nobody sends again, run when they are due as if they had come to the
/// listener that had them first, or else to one that serves the method. Each is run at least once:
/// its row goes when its reply is kept, or it has failed for good.
/// thread the I/O thread; destroyed there, once drained
class StoredCalls {
public:
    /// in  all but the options must outlive this; options: of the listeners that handlers serve
    StoredCalls(Dispatcher& dispatcher, Executor& executor, KeyedCalls& keyed,
                std::vector<ListenerContextOptions> options);
    ~StoredCalls();
    StoredCalls(const StoredCalls&) = delete;
    StoredCalls& operator=(const StoredCalls&) = delete;

    /// Have calls that begin from now on under other policies, in the order of the options, and
    /// give back those before.
    void renew(std::vector<std::shared_ptr<const PolicyInForce>>& policies);
    /// Begin to look for what is due.
    void start() { look(); }
    /// Take none any more, and say when those that were taken are done.
    void drain(std::move_only_function<void()> on_drained);

private:
    class Call;
    /// What a look brings to the store, and from it.
    struct Look {
        std::vector<std::string> done{};
        std::vector<store::LaterCall> back{};
        std::vector<store::LaterCall> taken{};
    };

    void look();
    void looked(Look seen, bool is_written);
    void begin(store::LaterCall later);
    void ended(std::unique_ptr<Call> call);
    ListenerContext* listener_for(std::string_view method, std::string_view name);
    bool serves(std::string_view method) const;
    void check_drained();

    Dispatcher& dispatcher_;
    Executor& executor_;
    KeyedCalls& keyed_;
    std::vector<std::unique_ptr<ListenerContext>> listeners_;
    std::vector<std::string> methods_;
    std::size_t running_ = 0;
    bool is_looking_ = false;
    std::optional<Executor::TimerId> timer_{};
    Look next_{};
    std::move_only_function<void()> on_drained_{};
    std::shared_ptr<StoredCalls*> self_ =
        std::make_shared<StoredCalls*>(this);  // to null when it is destroyed
};

}  // namespace warren::runtime
