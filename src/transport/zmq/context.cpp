#include "transport/zmq/context.hpp"

#include "core/assert.hpp"
#include "transport/net/descriptors.hpp"

#include <zmq.h>

#include <cerrno>

namespace warren::transport {
namespace {

// A client's connection needs three, with those that tell what becomes of it.
constexpr int sockets_max = 16'384;
// What a context, its threads and a first connection need: libzmq ends the process for want of
// some of them.
constexpr std::size_t first_descriptors = 16;

/// What libzmq itself uses begins with the first context and ends with the last, unsafe for threads
/// that do both at once (libpgm's locks). One that has no thread and no socket keeps it.
void keep_network() {
    static void* const forever = zmq_ctx_new();
    WARREN_ASSERT(forever != nullptr);
}

}  // namespace

std::shared_ptr<ZmqContext> ZmqContext::shared() {
    static std::mutex mutex;
    static std::weak_ptr<ZmqContext> current;
    const std::scoped_lock lock{mutex};
    std::shared_ptr<ZmqContext> context = current.lock();
    if (context == nullptr && has_descriptors(first_descriptors)) {
        keep_network();
        context = std::make_shared<ZmqContext>();
        current = context;
    }
    return context;
}

ZmqContext::ZmqContext() : handle_{zmq_ctx_new()} {
    WARREN_ASSERT(handle_ != nullptr);
    WARREN_ASSERT(zmq_ctx_set(handle_, ZMQ_MAX_SOCKETS, sockets_max) == 0);
    // Sockets that say nothing else drop what is unsent when they are closed.
    WARREN_ASSERT(zmq_ctx_set(handle_, ZMQ_BLOCKY, 0) == 0);
}

ZmqContext::~ZmqContext() {
    zmq_ctx_shutdown(handle_);
    zap_.reset();
    while (zmq_ctx_term(handle_) != 0 && errno == EINTR) {
    }
}

ZapHandler& ZmqContext::zap() {
    const std::scoped_lock lock{mutex_};
    if (!zap_) {
        zap_.emplace(handle_);
    }
    return *zap_;
}

std::string ZmqContext::unique_endpoint() {
    const std::scoped_lock lock{mutex_};
    return "inproc://warren.internal." + std::to_string(++endpoints_);
}

}  // namespace warren::transport
