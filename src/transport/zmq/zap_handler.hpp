#pragma once

#include "transport/zmq/options.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace warren::transport {

/// Says for all listeners of a context who may connect.                       [ZeroMQ RFC 27, ZAP]
///
/// Each listener has a domain of its own, so that what one lets in another need not. Whom it lets
/// in bears the user's name, or the key's, or the public key in Z85, as the property "User-Id" of
/// its messages.
/// thread any
class ZapHandler {
public:
    /// in  context: the handler's thread ends when it is shut down
    explicit ZapHandler(void* context);
    ZapHandler(const ZapHandler&) = delete;
    ZapHandler& operator=(const ZapHandler&) = delete;
    /// Waits for the thread.
    ~ZapHandler();

    /// Who may connect to a listener, while this lives; it is the name of the domain.
    std::shared_ptr<const std::string> add(ZmqServerSecurity security);

    /// Where the last one came from whom a domain did not let in; empty: there was none.
    std::string last_refused(const std::string& domain) const;

private:
    struct Domain {
        ZmqServerSecurity security;
        std::string last_refused{};
    };
    struct Domains {
        std::mutex mutex{};
        std::uint64_t last = 0;
        std::map<std::string, Domain, std::less<>> known{};
    };

    void serve(void* socket);
    bool admits(const std::vector<std::string>& request, std::string& user);

    // Shared with the listeners, which may live longer.
    const std::shared_ptr<Domains> domains_ = std::make_shared<Domains>();
    std::thread thread_;
};

}  // namespace warren::transport
