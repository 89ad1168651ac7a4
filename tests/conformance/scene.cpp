#include "conformance/scene.hpp"

#include "conformance/methods.hpp"
#include "format/json.hpp"
#include "support/support.hpp"

#include <algorithm>
#include <array>
#include <expected>
#include <stdexcept>

namespace warren::conformance {
namespace {

constexpr std::array<const char*, 3> fernet_keys{
    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
    "bm9ib2R5X2hhc190aGlzX2tleV9hdF9hbGxfdHJ1bHk="};

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
    case Code::cancelled:
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

Scene::Scene(const Lane& lane) : lane_{lane}, server_{{.body_bytes_max = body_bytes_max}} {
    server_.load_modules({test::binary_directory() + "/modules"});
    register_methods(server_, stage_);
    if (dialect().methods_per_queue == Dialect::Methods::many) {
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
    server_.stop();
}

void Scene::listen(std::string queue, std::vector<std::string> methods) {
    ListenerOptions listener{.url = lane_.address()};
    listener.protocol = dialect().name;
    listener.queue = std::move(queue);
    listener.methods = std::move(methods);
    listener.fernet_keys = {fernet_keys[0], fernet_keys[1]};
    listener.max_simultaneous_requests = 16;
    server_.listen(std::move(listener));
}

std::string Scene::queue_of(std::string_view method) const {
    std::string queue{lane_.name};
    if (dialect().methods_per_queue == Dialect::Methods::one) {
        queue.append(".").append(method);
    }
    return queue;
}

std::string Scene::client_address(std::string_view queue) const {
    std::string address = with_parameters(lane_.address(), lane_.client_parameters);
    address = with_parameters(std::move(address), "protocol=" + std::string{dialect().name});
    return with_parameters(std::move(address), "queue=" + std::string{queue});
}

Client& Scene::client(std::string_view method, Key key) {
    std::string queue = queue_of(method);
    std::unique_ptr<Client>& client = clients_[{queue, key}];
    if (client == nullptr) {
        ClientOptions options;
        options.fernet_keys = keys_of(key);
        client = std::make_unique<Client>(client_address(queue), std::move(options));
    }
    return *client;
}

Client& Scene::client_of_nobody() {
    std::unique_ptr<Client>& client = clients_[{"nobody", Key::none}];
    if (client == nullptr) {
        client = std::make_unique<Client>(client_address("nobody"));
    }
    return *client;
}

std::string Scene::call(std::string_view method, std::string_view arguments, Key key) {
    return line_of(Started{client(method, key), method, from_json(arguments)}.wait());
}

}  // namespace warren::conformance
