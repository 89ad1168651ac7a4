#include "transport/zmq/zap_handler.hpp"

#include "core/assert.hpp"
#include "transport/zmq/curve_keys.hpp"

#include <openssl/crypto.h>
#include <zmq.h>
#include <zmq.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace warren::transport {
namespace {

constexpr const char* zap_endpoint = "inproc://zeromq.zap.01";

// The frames of a request, in order; the credentials follow.                         [RFC 27]
enum Frame : std::size_t { version, request_id, domain, address, routing_id, mechanism, first };

bool same(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string z85_of(std::string_view key) {
    std::array<char, 41> text{};
    zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
    return text.data();
}

bool admits_plain(const ZmqPlain& known, const std::vector<std::string>& request,
                  std::string& user) {
    if (request.size() != first + 2 || request[mechanism] != "PLAIN") {
        return false;
    }
    // Both are compared, whatever the first says: the time tells nothing of it.
    const bool is_user = same(known.username, request[first]);
    const bool is_password = same(known.password, request[first + 1]);
    user = request[first];
    return is_user && is_password;
}

bool admits_curve(const ZmqCurveServer& known, const std::vector<std::string>& request,
                  std::string& user) {
    if (request.size() != first + 1 || request[mechanism] != "CURVE" ||
        request[first].size() != curve_key_bytes) {
        return false;
    }
    user = z85_of(request[first]);
    const std::vector<std::string>& keys = known.client_public_keys;
    const auto at = static_cast<std::size_t>(std::ranges::find(keys, user) - keys.begin());
    if (at < known.client_names.size() && !known.client_names[at].empty()) {
        user = known.client_names[at];
    }
    return keys.empty() || at != keys.size();
}

/// out  false: the context is shut down
bool receive(void* socket, std::vector<std::string>& request) {
    request.clear();
    zmq::message_t frame;
    do {
        int result = 0;
        do {
            result = zmq_msg_recv(frame.handle(), socket, 0);
        } while (result < 0 && errno == EINTR);
        if (result < 0) {
            return false;
        }
        request.push_back(frame.to_string());
    } while (frame.more());
    return true;
}

void reply(void* socket, const std::vector<std::string_view>& frames) {
    for (const std::string_view& frame : frames) {
        const int flags = &frame == &frames.back() ? 0 : ZMQ_SNDMORE;
        while (zmq_send(socket, frame.data(), frame.size(), flags) < 0 && errno == EINTR) {
        }
    }
}

}  // namespace

ZapHandler::ZapHandler(void* context) {
    void* const socket = zmq_socket(context, ZMQ_REP);
    WARREN_ASSERT(socket != nullptr);
    WARREN_ASSERT(zmq_bind(socket, zap_endpoint) == 0);
    // The thread is the only one to use the socket from here on.
    thread_ = std::thread{[this, socket] { serve(socket); }};
}

ZapHandler::~ZapHandler() {
    thread_.join();
}

std::shared_ptr<const std::string> ZapHandler::add(ZmqServerSecurity security) {
    const std::scoped_lock lock{domains_->mutex};
    std::string name = "warren-" + std::to_string(++domains_->last);
    domains_->known.emplace(name, Domain{std::move(security)});
    return {new std::string{std::move(name)}, [domains = domains_](const std::string* ended) {
                {
                    const std::scoped_lock ending{domains->mutex};
                    domains->known.erase(*ended);
                }
                delete ended;
            }};
}

std::string ZapHandler::last_refused(const std::string& domain) const {
    const std::scoped_lock lock{domains_->mutex};
    const auto found = domains_->known.find(domain);
    return found == domains_->known.end() ? std::string{} : found->second.last_refused;
}

void ZapHandler::serve(void* socket) {
    std::vector<std::string> request;
    while (receive(socket, request)) {
        std::string user;
        const bool is_admitted = admits(request, user);
        // A request that is none is answered all the same, so that the next one can come.
        request.resize(std::max<std::size_t>(request.size(), first));
        if (is_admitted) {
            reply(socket, {"1.0", request[request_id], "200", "OK", user, ""});
        } else {
            reply(socket, {"1.0", request[request_id], "400", "Wrong credentials", "", ""});
        }
    }
    zmq_close(socket);
}

bool ZapHandler::admits(const std::vector<std::string>& request, std::string& user) {
    if (request.size() <= mechanism || request[version] != "1.0") {
        return false;
    }
    const std::scoped_lock lock{domains_->mutex};
    const auto found = domains_->known.find(request[domain]);
    if (found == domains_->known.end()) {
        return false;
    }
    const auto* const plain = std::get_if<ZmqPlain>(&found->second.security);
    const auto* const curve = std::get_if<ZmqCurveServer>(&found->second.security);
    const bool is_admitted = plain != nullptr   ? admits_plain(*plain, request, user)
                             : curve != nullptr ? admits_curve(*curve, request, user)
                                                : false;
    if (!is_admitted) {
        found->second.last_refused = request[address];
    }
    return is_admitted;
}

}  // namespace warren::transport
