#include "transport/zmq/watch.hpp"

#include "transport/loop/poller.hpp"

namespace warren::transport {

class ZmqWatch::Impl final : public std::enable_shared_from_this<Impl>, private PolledUser {
public:
    Impl(AsioExecutor& executor, const ZmqSocket& socket, User& user)
        : user_{&user}, polled_{executor.poller(), socket.descriptor(), *this} {}

    /// A socket that nobody has asked for messages yet does not signal that one has come.
    void start(AsioExecutor& executor) {
        executor.post([self = shared_from_this()] { self->on_ready({}); });
    }

    void stop() noexcept {
        user_ = nullptr;
        // It is the socket's to close.
        polled_.release();
    }

private:
    void on_ready(Readiness) override {
        if (user_ != nullptr) {
            polled_.want_readable();
            user_->on_signal();
        }
    }

    User* user_;  // null: the watch is gone
    PolledSocket polled_;
};

ZmqWatch::ZmqWatch(AsioExecutor& executor, const ZmqSocket& socket, User& user)
    : impl_{std::make_shared<Impl>(executor, socket, user)} {
    impl_->start(executor);
}

ZmqWatch::~ZmqWatch() {
    impl_->stop();
}

}  // namespace warren::transport
