#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace warren::test {

class ChildProcess;

/// A private RabbitMQ, for tests against the real thing. See tests/support/rabbitmq.py, which does
/// the work. Any failure to do what is asked throws std::runtime_error.
/// thread one at a time
class RabbitMq {
public:
    enum class Listeners : std::uint8_t { plain, plain_and_tls };

    struct Credentials {
        std::string user = "guest";
        std::string password = "guest";
    };

    /// What a user may configure, write and read, as regular expressions over names.
    struct Permissions {
        std::string configure = ".*";
        std::string write = ".*";
        std::string read = ".*";
    };

    struct QueueDepth {
        std::size_t ready = 0;
        std::size_t unacknowledged = 0;
        std::size_t consumers = 0;
    };

    /// The broker of this run of the tests, started when nobody has yet, with TLS, and with a
    /// virtual host of this program's own. Not for tests that stop, block or kill it.
    static RabbitMq& shared();

    /// A broker of the test's own.
    explicit RabbitMq(Listeners listeners = Listeners::plain);
    RabbitMq(const RabbitMq&) = delete;
    RabbitMq& operator=(const RabbitMq&) = delete;
    ~RabbitMq();

    std::uint16_t port() const { return port_; }
    std::uint16_t tls_port() const { return tls_port_; }
    /// The virtual host that `uri` and `tls_uri` lead to, and that the functions below act on.
    const std::string& vhost() const { return vhost_; }

    std::string uri() const { return uri(Credentials{}); }
    std::string uri(const Credentials& credentials) const;
    std::string uri(const Credentials& credentials, std::string_view vhost) const;
    std::string tls_uri() const { return tls_uri(Credentials{}); }
    std::string tls_uri(const Credentials& credentials) const;

    /// The path of a PEM file: "ca.pem", "server.pem", "client.pem", "client.key", and
    /// "other_ca.pem", an authority that signed none of them. The client's common name is
    /// `client_name`.
    std::string certificate(std::string_view file) const;
    static constexpr std::string_view client_name = "warren-client";

    /// Evaluate Erlang expressions in the broker; the last one's value as it prints.
    std::string evaluate(std::string_view expressions);
    void add_vhost(std::string_view name);
    /// Make a user, or give one that another test made these permissions, too.
    void add_user(const Credentials& credentials) { add_user(credentials, Permissions{}); }
    void add_user(const Credentials& credentials, const Permissions& permissions);
    /// Of a user that is there; connections that are there stay.
    void change_password(const Credentials& credentials);
    /// Have the broker close every connection to the virtual host (320); how many there were.
    std::size_t close_all_connections(std::string_view reason);
    QueueDepth queue_depth(std::string_view queue);

    /// Raise the memory alarm: connections that publish get connection.blocked.
    void block();
    void unblock();

    /// An orderly stop: clients are told 320. Of a test's own broker only, as what follows.
    void stop();
    /// As a power failure would end it.
    void kill();
    /// After `stop` or `kill`, on the same ports; what was durable is there again.
    void start();
    void restart();

private:
    struct Shared {};
    explicit RabbitMq(Shared);
    void own(Listeners listeners);
    void read_state(const std::string& json);
    void command(const std::string& name);

    std::unique_ptr<ChildProcess> keeper_;  // none when the broker is another's
    std::uint16_t port_ = 0;
    std::uint16_t tls_port_ = 0;
    std::string control_;
    std::string directory_;
    std::string vhost_ = "/";
};

}  // namespace warren::test
