#include "app/try_target.hpp"

#include <warren/client.hpp>
#include <warren/server.hpp>

#include "app/methods_loading.hpp"
#include "app/try_secrets.hpp"
#include "core/uri.hpp"
#include "endpoint/address/address.hpp"
#include "endpoint/server/listener_config.hpp"
#include "endpoint/server/listener_document.hpp"
#include "format/fernet/fernet.hpp"
#include "transport/amqp/endpoint.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace warren::app {
namespace {

/// A way to some of the methods, which is taken up with the first call there.
class TryRoute {
public:
    TryRoute(std::vector<std::string> methods, PreparedCall prepared)
        : methods_{std::move(methods)},
          prepared_{std::move(prepared)},
          keys_{format::Keyring::parse(prepared_.options.fernet_keys).value()} {}

    bool serves(const std::string& method) const {
        return methods_.empty() || std::ranges::find(methods_, method) != methods_.end();
    }
    bool has_parts() const noexcept { return prepared_.has_parts; }
    const format::Keyring& keys() const noexcept { return keys_; }
    /// err  throws Error
    Client& client() {
        const std::lock_guard lock{mutex_};
        if (!client_) {
            client_.emplace(prepared_.address, prepared_.options);
        }
        return *client_;
    }

private:
    const std::vector<std::string> methods_;  // empty: all
    const PreparedCall prepared_;
    const format::Keyring keys_;
    std::mutex mutex_;  // of what follows
    std::optional<Client> client_{};
};
using TryRoutes = std::vector<std::unique_ptr<TryRoute>>;

Dynamic encrypted_request(const TryCall& call, const format::Keyring& keys) {
    Arena arena;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto encrypted =
        encrypt_secrets(call.document, call.method.request, call.request.value(), keys,
                        std::chrono::duration_cast<std::chrono::seconds>(now).count(), arena);
    if (!encrypted) {
        throw Error{Code::internal, "The secrets cannot be encrypted"};
    }
    return Dynamic{*encrypted};
}

/// Parts are taken as long as anybody would read them.
TryReply stream_to(Client& client, const TryCall& call, const Dynamic& request,
                   const CallOptions& options) {
    TryReply reply;
    std::size_t bytes = 0;
    auto parts = client.stream(call.method.name, request, options);
    while (auto part = parts.next()) {
        bytes += part->to_json().size();
        if (reply.parts.size() == tried_parts_max || bytes > tried_reply_bytes_max) {
            reply.has_more_parts = true;
            return reply;
        }
        reply.parts.push_back(std::move(*part));
    }
    reply.response = parts.response();
    reply.message = parts.message();
    return reply;
}

TryReply call_through(TryRoute& route, const TryCall& call, std::string fingerprint = {}) {
    CallOptions options;
    options.timeout = call.timeout;
    options.stop = call.stop;
    options.contract = std::move(fingerprint);
    const Dynamic request = encrypted_request(call, route.keys());
    if (route.has_parts()) {
        return stream_to(route.client(), call, request, options);
    }
    auto reply = route.client().call_for_reply(call.method.name, request, options);
    if (!reply.success) {
        throw Error{Code::failed, reply.message, reply.data.value_or(Dynamic{})};
    }
    return {.response = reply.data.value_or(Dynamic{}), .message = std::move(reply.message)};
}

/// Every problem on a line.
std::string in_lines(const std::vector<std::string>& problems) {
    std::string text;
    for (const std::string& problem : problems) {
        text += (text.empty() ? "" : "\nerror: ") + problem;
    }
    return text;
}

std::expected<Config, std::string> read_source_config(const std::string& file) {
    std::vector<std::string> problems;
    Config config = read_config(file, std::nullopt, problems);
    if (!problems.empty()) {
        return std::unexpected{in_lines(problems)};
    }
    return config;
}

struct MockServer {
    Server server{{.replies = ServerReplies::mock}};
    std::optional<TryRoute> route{};
};

/// The address of a client that has the credentials of a listener, and calls this machine where the
/// listener is at each of its addresses.
std::string address_with_credentials(const endpoint::ListenerConfig& config) {
    std::string address = endpoint::client_address(config);
    if (std::holds_alternative<transport::AmqpEndpoint>(config.address.transport)) {
        const std::string own = "tcp://server" + config.client_parameters;
        address = config.options.url;
        const auto given = core::parse_uri(address);
        for (const auto& [key, value] : core::parse_uri(own).value_or(core::Uri{}).query) {
            if (given && !given->option(key)) {
                endpoint::add_parameter(address, key, value);
            }
        }
    }
    for (const std::string_view everywhere : {"://*:", "://0.0.0.0:", "://[::]:"}) {
        if (const std::size_t at = address.find(everywhere); at != std::string::npos) {
            address.replace(at, everywhere.size(), "://127.0.0.1:");
        }
    }
    return address;
}

std::expected<void, std::string> add_route(const CallCommand& command, ListenerOptions listener,
                                           TryRoutes& routes) {
    auto prepared = prepare_call(command);
    if (!prepared) {
        return std::unexpected{prepared.error()};
    }
    if (!listener.url.empty()) {
        prepared->options.fernet_keys = std::move(listener.fernet_keys);
        prepared->options.auth_secrets = std::move(listener.auth_secrets);
        prepared->options.nested_secrets = listener.nested_secrets;
    }
    prepared->options.body_bytes_max = tried_reply_bytes_max;
    routes.push_back(std::make_unique<TryRoute>(std::move(listener.methods), std::move(*prepared)));
    return {};
}

std::expected<void, std::string> add_configured(const Config& config, CallCommand command,
                                                TryRoutes& routes) {
    std::string problem = config.file + ": no listener can be called";
    for (const ListenerEntry& entry : config.listeners) {
        auto resolved = endpoint::resolve_listener(entry.options);
        if (!resolved || resolved->address.is_one_way()) {
            continue;
        }
        command.to = address_with_credentials(*resolved);
        const bool has_port = !command.to.substr(0, command.to.find('?')).ends_with(":0");
        auto added = has_port
                         ? add_route(command, std::move(resolved->options), routes)
                         : std::unexpected{std::string{"its port is chosen when it is served"}};
        if (!added) {
            problem = entry.options.origin + " cannot be called: " + added.error();
        }
    }
    if (routes.empty()) {
        return std::unexpected{problem + (command.to_option.empty()
                                              ? ""
                                              : "; " + command.to_option + " says where to call")};
    }
    return {};
}

/// in   problems: of loading its methods
std::expected<TryTarget, std::string> mock_of(std::shared_ptr<MockServer> mock,
                                              const std::vector<std::string>& problems) {
    if (!problems.empty()) {
        return std::unexpected{in_lines(problems)};
    }
    const std::string address = "memory:warren-try-" + to_string(Uuid::random());
    try {
        mock->server.listen({.url = address, .strict_contracts = true});
        mock->server.start();
        mock->route.emplace(std::vector<std::string>{}, PreparedCall{.address = address});
    } catch (const Error& error) {
        return std::unexpected{error.message()};
    }
    return [mock = std::move(mock)](const TryCall& call) {
        return call_through(*mock->route, call, call.method.fingerprint);
    };
}

TryTarget through(std::shared_ptr<TryRoutes> routes) {
    return [routes = std::move(routes)](const TryCall& call) {
        for (const std::unique_ptr<TryRoute>& route : *routes) {
            if (route->serves(call.method.name)) {
                return call_through(*route, call);
            }
        }
        throw Error{Code::no_responder, "No listener of the configuration serves this method"};
    };
}

/// in   command: of which the address is not known
std::expected<TryTarget, std::string> configured_target(const Config& config, CallCommand command) {
    auto routes = std::make_shared<TryRoutes>();
    if (auto added = add_configured(config, std::move(command), *routes); !added) {
        return std::unexpected{std::move(added.error())};
    }
    return through(std::move(routes));
}

}  // namespace

std::expected<TryTarget, std::string> mock_target(const ContractSource& source) {
    std::error_code ignored;
    if (source.from || (source.place && !std::filesystem::is_directory(*source.place, ignored))) {
        return std::unexpected{
            "--try mock takes the modules themselves, which bind requests: name them by --modules "
            "or --config, or use --try call"};
    }
    if (source.config_file) {
        const auto config = read_source_config(*source.config_file);
        return config ? mock_target(*config, source.modules) : std::unexpected{config.error()};
    }
    auto mock = std::make_shared<MockServer>();
    const auto directories = source.place ? std::vector{DirectoryEntry{.path = *source.place}}
                                          : module_directories({}, source.modules);
    const auto problems = load_modules(directories, mock->server.methods());
    return mock_of(std::move(mock), problems);
}

std::expected<TryTarget, std::string> mock_target(const Config& config,
                                                  const std::vector<std::string>& modules) {
    auto mock = std::make_shared<MockServer>();
    Config loaded = config;  // what is not loaded is taken out of it
    const auto problems = load_methods(loaded, modules, mock->server.methods());
    return mock_of(std::move(mock), problems);
}

std::expected<TryTarget, std::string> call_target(const ContractSource& source,
                                                  const CallCommand& given) {
    CallCommand command = given;
    command.arguments = "null";
    command.to = command.to.empty() ? source.from.value_or("") : command.to;
    if (!command.to.empty()) {
        auto routes = std::make_shared<TryRoutes>();
        if (auto added = add_route(command, {}, *routes); !added) {
            return std::unexpected{std::move(added.error())};
        }
        return through(std::move(routes));
    }
    if (!source.config_file) {
        return std::unexpected{"--try call: where to call is not known: name it by " +
                               command.to_option + ", --config or --from"};
    }
    const auto config = read_source_config(*source.config_file);
    return config ? configured_target(*config, std::move(command))
                  : std::unexpected{config.error()};
}

std::expected<TryTarget, std::string> call_target(const Config& config) {
    CallCommand command;
    command.arguments = "null";
    command.to_option.clear();  // the configuration alone says where
    return configured_target(config, std::move(command));
}

}  // namespace warren::app
