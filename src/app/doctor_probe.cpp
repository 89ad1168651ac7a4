#include "app/doctor.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <expected>
#include <future>
#include <memory>
#include <system_error>
#include <thread>

// What a place gives of itself to whoever connects, before anything of Warren's has a say.
namespace warren::app {
namespace {

using ProbeClock = std::chrono::steady_clock;

struct ProbeAddress {
    sockaddr_storage address{};
    socklen_t size = 0;
};

class ProbeDescriptor {
public:
    explicit ProbeDescriptor(int descriptor = -1) noexcept : descriptor_{descriptor} {}
    ProbeDescriptor(ProbeDescriptor&& other) noexcept
        : descriptor_{std::exchange(other.descriptor_, -1)} {}
    ProbeDescriptor& operator=(ProbeDescriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~ProbeDescriptor() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    int get() const noexcept { return descriptor_; }

private:
    int descriptor_;
};

/// out  false: the time is over
bool wait_for(int descriptor, short events, ProbeClock::time_point ends) {
    pollfd waited{.fd = descriptor, .events = events, .revents = 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(ends - ProbeClock::now());
    return left.count() > 0 && ::poll(&waited, 1, static_cast<int>(left.count())) > 0;
}

std::string system_word(int number) {
    return std::generic_category().message(number);
}

/// Names are looked up on a thread of its own, which is left behind if the resolver does not end.
std::expected<std::vector<ProbeAddress>, std::string> resolve(const ProbePlace& place,
                                                              std::chrono::milliseconds timeout) {
    using Outcome = std::expected<std::vector<ProbeAddress>, std::string>;
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto found = promise->get_future();
    std::thread{[promise, host = place.host, port = std::to_string(place.port)] {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* list = nullptr;
        const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
        if (error != 0) {
            promise->set_value(std::unexpected{std::string{::gai_strerror(error)}});
            return;
        }
        std::vector<ProbeAddress> addresses;
        for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
            ProbeAddress& address = addresses.emplace_back();
            address.size = each->ai_addrlen;
            std::memcpy(&address.address, each->ai_addr, each->ai_addrlen);
        }
        ::freeaddrinfo(list);
        promise->set_value(std::move(addresses));
    }}.detach();
    if (found.wait_for(timeout) != std::future_status::ready) {
        return std::unexpected{std::string{"the resolver is silent"}};
    }
    return found.get();
}

std::expected<ProbeDescriptor, std::string> connect_to(const ProbeAddress& address,
                                                       ProbeClock::time_point ends) {
    ProbeDescriptor socket{
        ::socket(address.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (socket.get() < 0) {
        return std::unexpected{system_word(errno)};
    }
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.address),
                  address.size) == 0) {
        return socket;
    }
    if (errno != EINPROGRESS) {
        return std::unexpected{system_word(errno)};
    }
    if (!wait_for(socket.get(), POLLOUT, ends)) {
        return std::unexpected{std::string{"no answer in time"}};
    }
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        return std::unexpected{system_word(error)};
    }
    return socket;
}

struct ProbeSslEnd {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
template <typename Object>
using ProbeOwned = std::unique_ptr<Object, ProbeSslEnd>;

/// One connection, in TLS or not, whose every step ends in time.
class Probe {
public:
    Probe(const ProbePlace& place, std::chrono::milliseconds timeout, Findings& findings)
        : place_{place}, timeout_{timeout}, findings_{findings} {}

    bool run() {
        if (!connect() || (place_.tls && !secure())) {
            return false;
        }
        return !place_.is_broker || ask_broker();
    }

private:
    void tell(Verdict verdict, std::string check, std::string seen, std::string remedy = {}) {
        findings_.add({.verdict = verdict,
                       .at = place_.display,
                       .check = std::move(check),
                       .seen = std::move(seen),
                       .remedy = std::move(remedy)});
    }

    bool connect() {
        const auto addresses = resolve(place_, timeout_);
        if (!addresses) {
            tell(Verdict::failed, "name", fmt::format("'{}': {}", place_.host, addresses.error()),
                 "correct the host's name, or let this machine's resolver know it (getent hosts)");
            return false;
        }
        tell(Verdict::ok, "name",
             fmt::format("'{}' has {} address{}", place_.host, addresses->size(),
                         addresses->size() == 1 ? "" : "es"));
        ends_ = ProbeClock::now() + timeout_;
        std::string why;
        for (const ProbeAddress& address : *addresses) {
            auto connected = connect_to(address, ends_);
            if (connected) {
                socket_ = std::move(*connected);
                tell(Verdict::ok, "port", fmt::format("{} answers", place_.port));
                return true;
            }
            why = connected.error();
        }
        tell(Verdict::failed, "port", fmt::format("{}: {}", place_.port, why),
             "start what should listen there, correct the port, or open the firewall");
        return false;
    }

    bool secure() {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
        const std::string& authorities = place_.tls->ca_file;
        const bool has_authorities =
            authorities.empty()
                ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
                : SSL_CTX_load_verify_file(context_.get(), authorities.c_str()) == 1;
        if (!has_authorities) {
            tell(Verdict::failed, "TLS",
                 "'" + authorities + "' has no certificate that can be read",
                 "name a PEM file of the authorities that are trusted");
            return false;
        }
        ssl_.reset(SSL_new(context_.get()));
        const std::string name = place_.tls->server_name.value_or(place_.host);
        if (!name.empty()) {
            SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
        }
        SSL_set_fd(ssl_.get(), socket_.get());
        if (!finish([this] { return SSL_connect(ssl_.get()); })) {
            tell(Verdict::failed, "TLS", is_late_ ? "no answer in time" : "no TLS is spoken there",
                 "see whether this port is the one for TLS");
            return false;
        }
        return look_at_certificate(name);
    }

    bool look_at_certificate(const std::string& name) {
        const ProbeOwned<X509> certificate{SSL_get1_peer_certificate(ssl_.get())};
        const bool is_verified = place_.tls->verify == transport::TlsVerify::peer;
        const Verdict bad = is_verified ? Verdict::failed : Verdict::warning;
        int days = 0;
        int seconds = 0;
        ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get()));
        const long chain = SSL_get_verify_result(ssl_.get());
        bool is_good = true;
        if (chain != X509_V_OK) {
            is_good = false;
            const bool is_over = chain == X509_V_ERR_CERT_HAS_EXPIRED;
            tell(bad, "TLS",
                 std::string{"the certificate: "} + X509_verify_cert_error_string(chain),
                 is_over ? "have the server's certificate renewed"
                         : "trust its authority: `ca` of this address, a PEM file");
        }
        const bool is_ip = X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1;
        if (!is_ip &&
            X509_check_host(certificate.get(), name.c_str(), name.size(), 0, nullptr) != 1) {
            is_good = false;
            tell(bad, "TLS", "the certificate is not for the name '" + name + "'",
                 "use a name that it has, say `server_name`, or have one made for this name");
        }
        constexpr int soon_days = 14;
        if (is_good) {
            const bool is_soon = days < soon_days;
            tell(is_soon ? Verdict::warning : Verdict::ok, "TLS",
                 fmt::format("{}, the certificate is good for {} more days",
                             SSL_get_version(ssl_.get()), days),
                 is_soon ? "have the server's certificate renewed" : "");
        }
        return is_good || !is_verified;
    }

    /// Run a step again until it is done.
    template <typename Step>
    bool finish(Step step) {
        for (;;) {
            const int result = step();
            if (result > 0) {
                return true;
            }
            const int error = SSL_get_error(ssl_.get(), result);
            if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
                return false;
            }
            if (!wait_for(socket_.get(), error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, ends_)) {
                is_late_ = true;
                return false;
            }
        }
    }

    bool write(std::string_view bytes) {
        const int size = static_cast<int>(bytes.size());
        return ssl_ ? finish([&] { return SSL_write(ssl_.get(), bytes.data(), size); })
                    : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == size;
    }

    /// out  empty: it has ended, or the time is over
    std::string read() {
        constexpr std::size_t bytes_max = 4096;
        std::string bytes(bytes_max, '\0');
        int size = 0;
        if (ssl_) {
            finish([&] { return size = SSL_read(ssl_.get(), bytes.data(), bytes_max); });
        } else if (wait_for(socket_.get(), POLLIN, ends_)) {
            size = static_cast<int>(::recv(socket_.get(), bytes.data(), bytes.size(), 0));
        } else {
            is_late_ = true;
        }
        bytes.resize(static_cast<std::size_t>(std::max(size, 0)));
        return bytes;
    }

    /// A broker begins with its version.                            [AMQP 0-9-1, 2.2.4, 4.2.2]
    bool ask_broker() {
        using namespace std::string_view_literals;
        ends_ = ProbeClock::now() + timeout_ / 2;
        write("AMQP\x00\x00\x09\x01"sv);
        std::string begin = read();
        if (begin.empty() && is_late_) {
            // An HTTP server, say, waits for the end of a line.
            ends_ = ProbeClock::now() + timeout_ / 2;
            write("\r\n\r\n");
            begin = read();
        }
        constexpr std::string_view start = "\x01\x00\x00"sv;
        if (begin.starts_with(start)) {
            tell_version(begin);
            return true;
        }
        const std::string seen =
            begin.empty() ? std::string{is_late_ ? "it accepts, and says nothing"
                                                 : "it ends the connection at once"}
            : begin.starts_with("HTTP/") || begin.starts_with("<!DOCTYPE") ? "an HTTP server"
            : begin.starts_with("AMQP")
                ? "a broker of another AMQP"
                : "something else: '" + core::text_for_display(begin.substr(0, 16)) + "'";
        tell(Verdict::failed, "broker", "no AMQP 0-9-1 is spoken there: " + seen,
             "name the port of RabbitMQ: 5672, or 5671 with TLS (amqps)");
        return false;
    }

    /// out  empty: there is none
    static std::string text_of(std::string_view table, std::string_view key) {
        const std::size_t at = table.find(std::string{key} + 'S');
        const std::size_t length_at = at + key.size() + 1;
        constexpr std::size_t length_bytes = 4;
        if (at == std::string_view::npos || table.size() < length_at + length_bytes) {
            return {};
        }
        return std::string{table.substr(length_at + length_bytes,
                                        static_cast<unsigned char>(table[length_at + 3]))};
    }

    void tell_version(std::string_view start) {
        const std::string version = text_of(start, "\x07version");
        const std::string seen =
            core::text_for_display(text_of(start, "\x07product") + ' ' + version);
        const bool is_new = version.size() > 1 && version[0] >= '4' && version[0] <= '9';
        const bool is_old =
            version.starts_with("2.") || version.starts_with("3.7") || version.starts_with("3.6");
        tell(is_old ? Verdict::warning : Verdict::ok, "broker",
             seen + (is_new ? "; what 4.x refuses is said by `warren audit`, and `compat` is for it"
                            : ""),
             is_old ? "take a RabbitMQ that is still maintained" : "");
    }

    const ProbePlace& place_;
    const std::chrono::milliseconds timeout_;
    Findings& findings_;
    ProbeClock::time_point ends_{};
    bool is_late_ = false;
    ProbeDescriptor socket_;
    ProbeOwned<SSL_CTX> context_;
    ProbeOwned<SSL> ssl_;
};

}  // namespace

bool probe(const ProbePlace& place, std::chrono::milliseconds timeout, Findings& findings) {
    return Probe{place, timeout, findings}.run();
}

}  // namespace warren::app
