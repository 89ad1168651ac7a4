#include "transport/zmq/socket.hpp"

#include "core/assert.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <utility>

namespace warren::transport {
namespace {

ZmqSocket::Sent sent(int result) {
    if (result >= 0) [[likely]] {
        return ZmqSocket::Sent::yes;
    }
    return errno == EHOSTUNREACH ? ZmqSocket::Sent::nowhere : ZmqSocket::Sent::full;
}

}  // namespace

std::expected<ZmqSocket, Failure> ZmqSocket::open(int type) {
    ZmqSocket socket;
    socket.context_ = ZmqContext::shared();
    if (socket.context_ == nullptr) {
        errno = EMFILE;
    } else {
        socket.handle_ = zmq_socket(socket.context_->handle(), type);
    }
    if (socket.handle_ == nullptr) {
        return std::unexpected{
            Failure{.code = Code::internal,
                    .message = fmt::format("No ZeroMQ socket is to be had: {}; is the limit of "
                                           "open files (ulimit -n, LimitNOFILE) high enough?",
                                           zmq_strerror(errno))}};
    }
    return socket;
}

ZmqSocket::ZmqSocket(ZmqSocket&& other) noexcept
    : context_{std::move(other.context_)}, handle_{std::exchange(other.handle_, nullptr)} {}

ZmqSocket& ZmqSocket::operator=(ZmqSocket&& other) noexcept {
    std::swap(context_, other.context_);
    std::swap(handle_, other.handle_);
    return *this;
}

ZmqSocket::~ZmqSocket() {
    if (handle_ != nullptr) {
        zmq_close(handle_);
    }
}

void ZmqSocket::set(int option, int value) {
    WARREN_ASSERT(zmq_setsockopt(handle_, option, &value, sizeof value) == 0);
}

void ZmqSocket::set_bytes_max(std::size_t bytes) {
    const auto value = static_cast<std::int64_t>(bytes);
    WARREN_ASSERT(zmq_setsockopt(handle_, ZMQ_MAXMSGSIZE, &value, sizeof value) == 0);
}

bool ZmqSocket::set(int option, std::string_view value) {
    return zmq_setsockopt(handle_, option, value.data(), value.size()) == 0;
}

int ZmqSocket::descriptor() const {
    int descriptor = -1;
    std::size_t size = sizeof descriptor;
    WARREN_ASSERT(zmq_getsockopt(handle_, ZMQ_FD, &descriptor, &size) == 0);
    return descriptor;
}

std::string ZmqSocket::last_endpoint() const {
    std::array<char, 1024> text{};
    std::size_t size = text.size();
    return zmq_getsockopt(handle_, ZMQ_LAST_ENDPOINT, text.data(), &size) == 0 ? text.data()
                                                                               : std::string{};
}

int ZmqSocket::bind(const std::string& endpoint) {
    return zmq_bind(handle_, endpoint.c_str()) == 0 ? 0 : errno;
}

int ZmqSocket::connect(const std::string& endpoint) {
    return zmq_connect(handle_, endpoint.c_str()) == 0 ? 0 : errno;
}

void ZmqSocket::disconnect(const std::string& endpoint) {
    zmq_disconnect(handle_, endpoint.c_str());
}

ZmqSocket::Sent ZmqSocket::send(std::span<const char> frame, bool more) {
    const int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    int result = 0;
    do {
        result = zmq_send(handle_, frame.data(), frame.size(), flags);
    } while (result < 0 && errno == EINTR);
    return sent(result);
}

ZmqSocket::Sent ZmqSocket::send(zmq::message_t& frame, bool more) {
    const int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);
    int result = 0;
    do {
        result = zmq_msg_send(frame.handle(), handle_, flags);
    } while (result < 0 && errno == EINTR);
    return sent(result);
}

bool ZmqSocket::receive(zmq::message_t& frame) {
    int result = 0;
    do {
        result = zmq_msg_recv(frame.handle(), handle_, ZMQ_DONTWAIT);
    } while (result < 0 && errno == EINTR);
    return result >= 0;
}

}  // namespace warren::transport
