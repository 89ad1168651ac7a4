#include "transport/tcp/options.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::transport {

std::string host_and_port(std::string_view host, std::uint16_t port) {
    return host.contains(':') ? fmt::format("[{}]:{}", host, port)
                              : fmt::format("{}:{}", host, port);
}

DialTarget tcp_target(std::string host, std::uint16_t port, std::optional<TlsOptions> tls,
                      std::chrono::milliseconds connect_timeout) {
    DialTarget target{.host = std::move(host),
                      .port = port,
                      .tls = std::move(tls),
                      .connect_timeout = connect_timeout};
    target.display = (target.tls ? "tls://" : "tcp://") + host_and_port(target.host, port);
    return target;
}

}  // namespace warren::transport
