#include "support/rabbitmq.hpp"

#include "core/percent.hpp"
#include "support/child_process.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace warren::test {
namespace {

constexpr std::string_view acting_user = "<<\"warren\">>";

// Of the flat JSON object that rabbitmq.py writes; it escapes nothing in these members.
std::string member(const std::string& json, std::string_view name) {
    const std::string key = fmt::format("\"{}\": ", name);
    const std::size_t found = json.find(key);
    if (found == std::string::npos) {
        throw std::runtime_error{fmt::format("RabbitMQ did not start: no {} in '{}'", name, json)};
    }
    std::size_t begin = found + key.size();
    const bool quoted = json[begin] == '"';
    begin += quoted ? 1 : 0;
    return json.substr(begin, json.find_first_of(quoted ? "\"" : ",}", begin) - begin);
}

std::string erlang_binary(std::string_view text) {
    std::string octets;
    for (const unsigned char character : text) {
        octets += fmt::format("{}{}", octets.empty() ? "" : ",", character);
    }
    return fmt::format("<<{}>>", octets);
}

class ControlSocket {
public:
    explicit ControlSocket(const std::string& path) : socket_{socket(AF_UNIX, SOCK_STREAM, 0)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            close(socket_);
            throw std::runtime_error{"no RabbitMQ listens at " + path};
        }
    }
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;
    ~ControlSocket() { close(socket_); }

    void send_message(std::string_view text) {
        const std::uint32_t length = htonl(static_cast<std::uint32_t>(text.size()));
        std::string message(sizeof length, '\0');
        std::memcpy(message.data(), &length, sizeof length);
        message += text;
        if (send(socket_, message.data(), message.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(message.size())) {
            throw std::runtime_error{"RabbitMQ takes no command"};
        }
    }

    std::string receive_message() {
        const std::string header = receive(sizeof(std::uint32_t));
        std::uint32_t length = 0;
        std::memcpy(&length, header.data(), sizeof length);
        return receive(ntohl(length));
    }

private:
    std::string receive(std::size_t count) {
        std::string bytes(count, '\0');
        if (recv(socket_, bytes.data(), count, MSG_WAITALL) != static_cast<ssize_t>(count)) {
            throw std::runtime_error{"RabbitMQ went away while it evaluated a command"};
        }
        return bytes;
    }

    int socket_;
};

}  // namespace

RabbitMq& RabbitMq::shared() {
    static RabbitMq broker{Shared{}};
    return broker;
}

RabbitMq::RabbitMq(Listeners listeners) {
    own(listeners);
}

RabbitMq::RabbitMq(Shared) {
    const char* state = std::getenv("WARREN_RABBITMQ");
    if (std::ifstream file{state != nullptr ? state : ""}; file) {
        read_state({std::istreambuf_iterator<char>{file}, {}});
    } else {
        own(Listeners::plain_and_tls);
    }
    const std::string vhost = fmt::format("{}-{}", program_invocation_short_name, getpid());
    add_vhost(vhost);
    vhost_ = vhost;
}

RabbitMq::~RabbitMq() {
    if (keeper_ != nullptr) {
        keeper_->close_input();
        keeper_->wait();
        return;
    }
    try {
        evaluate(fmt::format("rabbit_vhost:delete({}, {})", erlang_binary(vhost_), acting_user));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "virtual host %s stays: %s\n", vhost_.c_str(), error.what());
    }
}

void RabbitMq::own(Listeners listeners) {
    std::vector<std::string> command{"/usr/bin/python3",
                                     WARREN_SOURCE_DIR "/tests/support/rabbitmq.py", "run"};
    if (listeners == Listeners::plain_and_tls) {
        command.emplace_back("--tls");
    }
    keeper_ = std::make_unique<ChildProcess>(command);
    read_state(keeper_->read_line());
}

void RabbitMq::read_state(const std::string& json) {
    port_ = static_cast<std::uint16_t>(std::stoul(member(json, "port")));
    tls_port_ = static_cast<std::uint16_t>(std::stoul(member(json, "tls_port")));
    control_ = member(json, "control");
    directory_ = member(json, "directory");
}

std::string RabbitMq::uri(const Credentials& credentials) const {
    return uri(credentials, vhost_);
}

std::string RabbitMq::uri(const Credentials& credentials, std::string_view vhost) const {
    return fmt::format("amqp://{}:{}@127.0.0.1:{}/{}", core::percent_encode(credentials.user),
                       core::percent_encode(credentials.password), port_,
                       core::percent_encode(vhost));
}

std::string RabbitMq::tls_uri(const Credentials& credentials) const {
    return fmt::format("amqps://{}:{}@localhost:{}/{}", core::percent_encode(credentials.user),
                       core::percent_encode(credentials.password), tls_port_,
                       core::percent_encode(vhost_));
}

std::string RabbitMq::certificate(std::string_view file) const {
    return fmt::format("{}/{}", directory_, file);
}

std::string RabbitMq::evaluate(std::string_view expressions) {
    ControlSocket control{control_};
    control.send_message(fmt::format("{}.", expressions));
    const std::string response = control.receive_message();
    if (response.empty() || response.front() != 'k') {
        throw std::runtime_error{fmt::format("RabbitMQ: {}: {}", expressions, response)};
    }
    return response.substr(1);
}

void RabbitMq::add_vhost(std::string_view name) {
    evaluate(
        fmt::format("ok = rabbit_vhost:add({0}, {1}), ok = rabbit_auth_backend_internal:"
                    "set_permissions(<<\"guest\">>, {0}, <<\".*\">>, <<\".*\">>, <<\".*\">>, {1})",
                    erlang_binary(name), acting_user));
}

void RabbitMq::add_user(const Credentials& credentials, const Permissions& permissions) {
    evaluate(
        fmt::format("catch rabbit_auth_backend_internal:add_user({0}, {1}, {2}), ok = "
                    "rabbit_auth_backend_internal:set_permissions({0}, {3}, {4}, {5}, {6}, {2})",
                    erlang_binary(credentials.user), erlang_binary(credentials.password),
                    acting_user, erlang_binary(vhost_), erlang_binary(permissions.configure),
                    erlang_binary(permissions.write), erlang_binary(permissions.read)));
}

void RabbitMq::change_password(const Credentials& credentials) {
    evaluate(fmt::format("ok = rabbit_auth_backend_internal:change_password({}, {}, {})",
                         erlang_binary(credentials.user), erlang_binary(credentials.password),
                         acting_user));
}

std::size_t RabbitMq::close_all_connections(std::string_view reason) {
    return std::stoul(
        evaluate(fmt::format("length([rabbit_networking:close_connection(P, binary_to_list({})) || "
                             "[{{pid, P}}, {{vhost, V}}] <- "
                             "rabbit_networking:connection_info_all([pid, vhost]), V =:= {}])",
                             erlang_binary(reason), erlang_binary(vhost_))));
}

RabbitMq::QueueDepth RabbitMq::queue_depth(std::string_view queue) {
    const std::string printed = evaluate(fmt::format(
        "{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r({}, queue, {})), "
        "[{{_, R}}, {{_, U}}, {{_, C}}] = "
        "rabbit_amqqueue:info(Q, [messages_ready, messages_unacknowledged, consumers]), "
        "lists:flatten(io_lib:format(\"~b ~b ~b\", [R, U, C]))",
        erlang_binary(vhost_), erlang_binary(queue)));
    std::istringstream numbers{printed.substr(1)};
    QueueDepth depth;
    numbers >> depth.ready >> depth.unacknowledged >> depth.consumers;
    return depth;
}

void RabbitMq::block() {
    evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0)");
}

void RabbitMq::unblock() {
    evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.4)");
}

void RabbitMq::stop() {
    command("stop");
}

void RabbitMq::kill() {
    command("kill");
}

void RabbitMq::start() {
    command("start");
}

void RabbitMq::restart() {
    command("restart");
}

void RabbitMq::command(const std::string& name) {
    if (keeper_ == nullptr) {
        throw std::logic_error{"the shared RabbitMQ serves other tests, too: no " + name};
    }
    keeper_->write_line(name);
    if (const std::string response = keeper_->read_line(); response != "ok") {
        throw std::runtime_error{fmt::format("RabbitMQ {}: {}", name, response)};
    }
}

}  // namespace warren::test
