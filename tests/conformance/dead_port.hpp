#pragma once

#include <string>

namespace warren::conformance {

/// A port of this machine that nobody listens at, held so that nobody takes it meanwhile.
class DeadPort {
public:
    /// err  throws std::system_error
    DeadPort();
    ~DeadPort();
    DeadPort(const DeadPort&) = delete;
    DeadPort& operator=(const DeadPort&) = delete;

    /// "127.0.0.1:40123"
    const std::string& address() const noexcept { return address_; }

private:
    int socket_;
    std::string address_;
};

}  // namespace warren::conformance
