#include "conformance/scene.hpp"

#include <warren/middleware.hpp>
#include <warren/tracing.hpp>

#include "conformance/methods.hpp"
#include "endpoint/protocols/table.hpp"
#include "format/json/json.hpp"
#include "support/support.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <expected>
#include <stdexcept>

namespace warren::conformance {
namespace {

constexpr std::array<const char*, 3> fernet_keys{
    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
    "bm9ib2R5X2hhc190aGlzX2tleV9hdF9hbGxfdHJ1bHk="};

/// Where nobody is, nobody comes.
constexpr std::size_t connect_attempts = 3;

/// What is called here and has one parameter, which is no model.
struct FunctionOfOne {
    std::string_view name;
    std::string_view parameter;
};
constexpr std::array functions_of_one{
    FunctionOfOne{"echo", "value"}, FunctionOfOne{"fail", "message"},
    FunctionOfOne{"length", "value"}, FunctionOfOne{"relay", "value"},
    FunctionOfOne{"relay_failure", "message"}};

std::vector<std::string> keys_of(Key key) {
    if (key == Key::none) {
        return {};
    }
    return {fernet_keys[static_cast<std::size_t>(key) - 1]};
}

/// Whether the words of a failure are the same wherever it happens.
bool has_common_words(Code code) {
    switch (code) {
    case Code::invalid_request:
    case Code::contract_mismatch:
    case Code::conflict:
    case Code::failed:
    case Code::reply_over_limit:
    case Code::internal:
        return true;
    case Code::no_such_method:
    case Code::no_responder:
    case Code::expired_in_queue:
    case Code::deadline_exceeded:
    case Code::connection_lost:
    case Code::broker_blocked:
    case Code::overloaded:
    case Code::unauthenticated:
    case Code::permission_denied:
    case Code::cancelled:
    case Code::outcome_unknown:
        return false;
    }
    return false;
}

std::string with_parameters(std::string address, std::string_view parameters) {
    if (!parameters.empty()) {
        address += address.find('?') == std::string::npos ? '?' : '&';
        address += parameters;
    }
    return address;
}

}  // namespace

std::string line_of(const Failure& failure) {
    std::string line{name_of(failure.code)};
    if (has_common_words(failure.code)) {
        line += " \"" + failure.message + '"';
    }
    for (const FieldError& error : failure.errors) {
        line += " | " + (error.location.empty() ? "(all)" : to_string(error.location)) + ": " +
                error.message + " [" + error.type + ']';
    }
    if (!failure.data->is_null()) {
        line += ' ' + json_of(failure.data);
    }
    return line;
}

std::string line_of(const std::expected<Dynamic, Failure>& outcome) {
    return outcome ? "ok " + json_of(*outcome) : line_of(outcome.error());
}

std::string json_of(const Dynamic& value) {
    std::string text;
    if (!format::json_encode(value.value(), text)) {
        throw std::invalid_argument{"the value is not JSON"};
    }
    return text;
}

Dynamic from_json(std::string_view text) {
    Arena arena;
    const auto value = format::json_decode(text, arena);
    if (!value) {
        throw std::invalid_argument{value.error().message};
    }
    return Dynamic{*value};
}

Started::Started(Client& client, std::string_view method, const Dynamic& arguments) {
    std::promise<std::expected<Dynamic, Failure>> promise;
    outcome_ = promise.get_future();
    client.start_call(
        method, arguments,
        [promise = std::move(promise)](std::expected<Dynamic, Failure> outcome) mutable {
            promise.set_value(std::move(outcome));
        },
        {.stop = stop_.get_token()});
}

Scene::Scene(const Cell& cell)
    : cell_{cell},
      protocol_{**std::ranges::find(endpoint::protocols(), cell.traits.name,
                                    &endpoint::ProtocolDescriptor::name)},
      server_{{.body_bytes_max = body_bytes_max}} {
    server_.load_modules({test::binary_directory() + "/modules"});
    // By another client, as some have one call at a time.
    register_methods(server_, stage_,
                     [this](Context& context, std::string_view method, std::string_view parameter,
                            std::string_view text) {
                         const Dynamic arguments =
                             arguments_of(method, Dynamic::map({{parameter, text}}));
                         return context.call(client(method, Key::second), method, arguments);
                     });
    // Its spans go nowhere, and no call may be the worse for it.
    server_.use(server_tracing(
        make_tracer({.endpoint = "http://" + nobody_.address(), .sample = 1, .attempts_max = 1})));
    server_.use(allow({.methods = {{"forbidden", {}}, {"*", {"*", ""}}}}));
    if (!has_one_method()) {
        listen(queue_of(""), {});
    } else {
        for (const Method* method : server_.methods().all()) {
            listen(queue_of(method->name), {method->name});
        }
    }
    std::promise<void> ready;
    server_.on_ready([&ready] { ready.set_value(); });
    server_.start();
    ready.get_future().wait();
}

Scene::~Scene() {
    stage_.let_all_go();
    clients_.clear();
    // Not `stop`: where no deadline travels, what nobody waits for any more still runs.
    server_.stop_now(std::chrono::minutes{1});
}

void Scene::listen(std::string queue, std::vector<std::string> methods) {
    ListenerOptions listener{.url = cell_.address()};
    listener.protocol = traits().name;
    queues_.push_back(queue);
    if (protocol_.queue_of != nullptr) {
        listener.callme = {.server_id = std::move(queue), .threaded = true};
        if (!traits().format.empty()) {
            listener.url =
                with_parameters(std::move(listener.url), "format=" + std::string{traits().format});
        }
    } else if (cell_.meeting == Meeting::at_queues) {
        listener.queue.name = std::move(queue);
    }
    if (cell_.tls != nullptr) {
        listener.tcp.tls = cell_.tls();
    }
    if (cell_.zmq != nullptr) {
        listener.zmq = cell_.zmq();
    }
    listener.auth_secrets = client_options().auth_secrets;
    listener.methods = std::move(methods);
    listener.fernet_keys = {fernet_keys[0], fernet_keys[1]};
    listener.max_simultaneous_requests = 16;
    server_.listen(std::move(listener));
}

std::string Scene::queue_of(std::string_view method) const {
    std::string queue{cell_.name};
    if (has_one_method()) {
        queue.append(".").append(method);
    }
    return queue;
}

std::string Scene::client_address(const std::string& queue) const {
    const bool is_at_queue = cell_.meeting == Meeting::at_queues;
    std::string address =
        is_at_queue ? with_parameters(cell_.address(), "protocol=" + std::string{traits().name})
                    : address_at_listener(queue);
    if (cell_.client_parameters != nullptr) {
        address = with_parameters(std::move(address), cell_.client_parameters());
    }
    if (protocol_.queue_of != nullptr) {
        const std::string format{traits().format.empty() ? "pickle" : traits().format};
        return with_parameters(std::move(address), "server_id=" + queue + "&format=" + format);
    }
    return is_at_queue ? with_parameters(std::move(address), "queue=" + queue) : address;
}

std::string Scene::address_at_listener(const std::string& queue) const {
    const std::vector<std::string> addresses = server_.addresses();
    const auto found = std::ranges::find(queues_, queue);
    if (found == queues_.end()) {
        const std::string& first = addresses.front();
        return first.substr(0, first.find("://") + 3) + nobody_.address() +
               first.substr(std::min(first.find('?'), first.size()));
    }
    return addresses[static_cast<std::size_t>(found - queues_.begin())];
}

ClientOptions Scene::client_options() const {
    ClientOptions options;
    if (!cell_.auth_secret.empty()) {
        options.auth_secrets.emplace_back(cell_.auth_secret);
    }
    options.connect_attempts = connect_attempts;
    options.connect_pause = std::chrono::milliseconds{1};
    return options;
}

Client& Scene::client(std::string_view method, Key key) {
    std::string queue = queue_of(method);
    std::unique_ptr<Client>& client = clients_[{queue, key}];
    if (client == nullptr) {
        ClientOptions options = client_options();
        options.fernet_keys = keys_of(key);
        client = std::make_unique<Client>(client_address(queue), std::move(options));
    }
    return *client;
}

void Scene::end_client(std::string_view method, Key key) {
    clients_.erase({queue_of(method), key});
}

Client& Scene::client_of_warren(std::string_view method, std::string_view further) {
    const bool is_told = protocol_.queue_of != nullptr || cell_.meeting == Meeting::at_queues;
    if (!is_told && further.empty()) {
        return client(method);
    }
    std::string parameters{is_told ? "peer=warren" : ""};
    parameters.append(parameters.empty() || further.empty() ? "" : "&").append(further);
    const std::string queue = queue_of(method);
    std::unique_ptr<Client>& client = clients_[{parameters + ' ' + queue, Key::none}];
    if (client == nullptr) {
        client = std::make_unique<Client>(with_parameters(client_address(queue), parameters),
                                          client_options());
    }
    return *client;
}

Client& Scene::client_of_nobody() {
    std::unique_ptr<Client>& client = clients_[{"nobody", Key::none}];
    if (client == nullptr) {
        client = std::make_unique<Client>(client_address("nobody"), client_options());
    }
    return *client;
}

Dynamic Scene::arguments_of(std::string_view method, Dynamic by_name) const {
    if (traits().one_named == ProtocolTraits::OneNamed::with_its_name) {
        return by_name;
    }
    const auto found = std::ranges::find(functions_of_one, method, &FunctionOfOne::name);
    const Value* argument =
        found == functions_of_one.end() ? nullptr : by_name.value().find(found->parameter);
    return argument == nullptr ? by_name : Dynamic{*argument};
}

std::string Scene::call(std::string_view method, std::string_view arguments, Key key) {
    const Dynamic sent = arguments_of(method, from_json(arguments));
    return line_of(Started{client(method, key), method, sent}.wait());
}

}  // namespace warren::conformance
