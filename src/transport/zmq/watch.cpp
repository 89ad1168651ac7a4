#include "transport/zmq/watch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

namespace warren::transport {

class ZmqWatch::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(AsioExecutor& executor, const ZmqSocket& socket, User& user)
        : user_{&user}, descriptor_{executor.context(), socket.descriptor()} {}

    /// A socket that nobody has asked for messages yet does not signal that one has come.
    void start(AsioExecutor& executor) {
        executor.post([self = shared_from_this()] { self->signal(); });
    }

    void stop() noexcept {
        user_ = nullptr;
        // It is the socket's to close.
        descriptor_.release();
    }

private:
    using Descriptor =
        boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

    void signal() {
        if (user_ != nullptr) {
            user_->on_signal();
        }
        if (user_ != nullptr) {
            wait();
        }
    }

    void wait() {
        descriptor_.async_wait(
            Descriptor::wait_read,
            [self = shared_from_this()](const boost::system::error_code&) { self->signal(); });
    }

    User* user_;  // null: the watch is gone
    Descriptor descriptor_;
};

ZmqWatch::ZmqWatch(AsioExecutor& executor, const ZmqSocket& socket, User& user)
    : impl_{std::make_shared<Impl>(executor, socket, user)} {
    impl_->start(executor);
}

ZmqWatch::~ZmqWatch() {
    impl_->stop();
}

}  // namespace warren::transport
