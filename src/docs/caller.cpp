#include "docs/caller.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace warren::docs {
namespace {

using contract::CallerNeed;
using contract::ListenerDocument;

constexpr std::string_view login = "USER:PASSWORD";
constexpr std::string_view chosen_port = "PORT";
constexpr std::string_view this_machine = "localhost";

bool is_at_broker(const ListenerDocument& listener) {
    return listener.address.starts_with("amqp");
}

/// HOST:PORT as it can be called.
std::string callable(std::string_view server) {
    const std::size_t colon = std::min(server.rfind(':'), server.size());
    const std::string_view host = server.substr(0, colon);
    const bool is_everywhere = host == "*" || host == "0.0.0.0" || host == "[::]";
    std::string text{is_everywhere ? this_machine : host};
    text += server.substr(colon) == ":0" ? ":" + std::string{chosen_port}
                                         : std::string{server.substr(colon)};
    return text;
}

/// The parameters that say what a need is about.
std::string_view parameters_of(CallerNeed need, bool at_broker) {
    switch (need) {
    case CallerNeed::authority:
        return at_broker ? "cacertfile=ca.crt" : "ca=ca.crt";
    case CallerNeed::certificate:
        return at_broker ? "certfile=client.crt&keyfile=client.key"
                         : "certificate=client.crt&key=client.key";
    case CallerNeed::certificate_login:
        return "auth_mechanism=external&certfile=client.crt&keyfile=client.key";
    case CallerNeed::password:
        return "username=USER&password_file=password.txt";
    case CallerNeed::server_key:
        return "server_key_file=server.public";
    case CallerNeed::client_key:
        return "secret_key_file=client.secret";
    case CallerNeed::publisher_key:
        return "secret_key_file=server.secret";
    case CallerNeed::login:
    case CallerNeed::auth_secret:
    case CallerNeed::fernet_key:
        return {};
    }
    return {};
}

constexpr std::array meanings_of_needs{
    std::pair{CallerNeed::login,
              Placeholder{login,
                          "a login that the broker knows, with '/', '@' and the like as "
                          "%2F, %40"}},
    std::pair{CallerNeed::authority,
              Placeholder{authority_file,
                          "the certificate of the authority that signed the "
                          "server's; not needed where the system trusts it"}},
    std::pair{CallerNeed::certificate,
              Placeholder{"client.crt, client.key", "the caller's own certificate and its key"}},
    std::pair{CallerNeed::certificate_login,
              Placeholder{"client.crt, client.key",
                          "the caller's own certificate and its key, which are the login"}},
    std::pair{CallerNeed::auth_secret,
              Placeholder{auth_secret_file,
                          "a file with a secret of the listener's, which signs "
                          "messages"}},
    std::pair{CallerNeed::password,
              Placeholder{"USER, password.txt",
                          "the name, and a file with the password, that the listener asks for"}},
    std::pair{CallerNeed::server_key,
              Placeholder{"server.public", "a file with the server's public key"}},
    std::pair{CallerNeed::client_key,
              Placeholder{"client.secret",
                          "a file with the caller's secret key, of which the "
                          "server knows the public one"}},
    std::pair{CallerNeed::publisher_key,
              Placeholder{"server.secret",
                          "a file with the publisher's secret key, of which the "
                          "subscriber knows the public one"}},
    std::pair{CallerNeed::fernet_key,
              Placeholder{fernet_key_file,
                          "a file with a Fernet key of the listener's, which "
                          "encrypts secrets"}},
};

}  // namespace

bool has_need(const ListenerDocument& listener, CallerNeed need) {
    return std::ranges::find(listener.needs, need) != listener.needs.end();
}

bool is_within_process(const ListenerDocument& listener) {
    return listener.address.starts_with("memory:") || listener.address.starts_with("zmq+inproc:");
}

bool is_one_way(const ListenerDocument& listener) {
    return listener.address.starts_with("zmq") && listener.address.contains("socket=pub");
}

Secrets encrypted_secrets(const contract::Document& document, const ListenerDocument& listener,
                          const contract::MethodDocument& method) {
    return has_need(listener, CallerNeed::fernet_key) ? secrets_in(document, method.request)
                                                      : Secrets::none;
}

std::string caller_server(const ListenerDocument& listener) {
    const std::string_view address = listener.address;
    const std::size_t scheme = address.find("://");
    const std::string_view server = address.substr(0, address.find('?'));
    if (scheme == std::string_view::npos) {
        return std::string{server};
    }
    std::string text{server.substr(0, scheme + 3)};
    std::string_view rest = server.substr(scheme + 3);
    if (is_at_broker(listener)) {
        if (has_need(listener, CallerNeed::login)) {
            text.append(login).append("@");
        }
        return text.append(rest);
    }
    if (text.contains("ipc")) {
        return text.append(rest);
    }
    for (bool is_first = true; !rest.empty(); is_first = false) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        text.append(is_first ? "" : ",").append(callable(rest.substr(0, comma)));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return text;
}

std::string caller_address(const ListenerDocument& listener) {
    std::string address = caller_server(listener);
    const std::size_t query = std::min(listener.address.find('?'), listener.address.size());
    address.append(listener.address, query);
    for (const CallerNeed need : listener.needs) {
        const std::string_view added = parameters_of(need, is_at_broker(listener));
        if (!added.empty()) {
            address.append(address.contains('?') ? "&" : "?").append(added);
        }
    }
    return address;
}

std::vector<Placeholder> placeholders_of(const ListenerDocument& listener, bool with_key) {
    std::vector<Placeholder> found;
    for (const auto& [need, placeholder] : meanings_of_needs) {
        if (has_need(listener, need) && (need != CallerNeed::fernet_key || with_key)) {
            found.push_back(placeholder);
        }
    }
    const std::string server = caller_server(listener);
    if (server.ends_with(chosen_port)) {
        found.push_back(
            {chosen_port, "the port that the server chose, as it says when it is ready"});
    }
    if (server.contains(this_machine) && !listener.address.contains(this_machine)) {
        found.push_back({this_machine, "the server's host, from another machine"});
    }
    return found;
}

}  // namespace warren::docs
