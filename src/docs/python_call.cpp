#include "docs/python_call.hpp"

#include "docs/caller.hpp"
#include "docs/quoting.hpp"
#include "docs/sample.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace warren::docs {
namespace {

using contract::CallerNeed;
using contract::Document;
using contract::ListenerDocument;
using contract::MethodDocument;

/// The broker alone: of several nodes the first.
std::string broker_address(const ListenerDocument& listener) {
    std::string broker = caller_server(listener);
    const std::size_t host = broker.find("://") + 3;
    const std::size_t path = broker.find('/', host);
    if (const std::size_t comma = broker.find(',', host); comma < path) {
        const std::size_t count = (path == std::string::npos ? broker.size() : path) - comma;
        broker.erase(comma, count);
    }
    return broker;
}

/// Connects as `connection`.
std::string connecting(const ListenerDocument& listener) {
    const std::string address = python_text(broker_address(listener));
    if (!listener.address.starts_with("amqps:")) {
        return fmt::format("connection = pika.BlockingConnection(pika.URLParameters({}))\n",
                           address);
    }
    const bool is_login = has_need(listener, CallerNeed::certificate_login);
    std::string text = fmt::format("parameters = pika.URLParameters({})\n", address);
    text += has_need(listener, CallerNeed::authority)
                ? fmt::format("context = ssl.create_default_context(cafile={})\n",
                              python_text(authority_file))
                : std::string{"context = ssl.create_default_context()\n"};
    if (is_login || has_need(listener, CallerNeed::certificate)) {
        text += fmt::format("context.load_cert_chain({}, {})\n", python_text(certificate_file),
                            python_text(certificate_key_file));
    }
    text += "parameters.ssl_options = pika.SSLOptions(context, parameters.host)\n";
    if (is_login) {
        text += "parameters.credentials = pika.credentials.ExternalCredentials()\n";
    }
    return text + "connection = pika.BlockingConnection(parameters)\n";
}

/// Encrypts what are secrets directly in the request, as the protocol has it.
/// out  nullopt: some are elsewhere, or are no single values
std::optional<std::string> encrypting(const Document& document, const MethodDocument& method,
                                      const Value& request) {
    const auto* const model = method.request.kind == Type::Kind::model
                                  ? document.find_model(method.request.reference)
                                  : nullptr;
    if (model == nullptr || !request.is_map()) {
        return std::nullopt;
    }
    std::string names;
    for (const contract::FieldDocument& field : model->fields) {
        const Value* const given = request.find(field.name);
        if (!field.is_secret) {
            if (secrets_in(document, field.type) != Secrets::none) {
                return std::nullopt;
            }
        } else if (given != nullptr && !given->is_null()) {
            if (given->is_map() || given->is_list()) {
                return std::nullopt;
            }
            names += (names.empty() ? "" : ", ") + python_text(field.name);
        }
    }
    if (names.empty()) {
        return names;
    }
    return fmt::format(R"(with open({file}) as file:
    key = Fernet(file.read().strip())
for name in [{names}]:
    value = request[name]
    text = value if isinstance(value, str) else json.dumps(value)
    request[name] = key.encrypt(text.encode()).decode()
)",
                       fmt::arg("file", python_text(fernet_key_file)), fmt::arg("names", names));
}

}  // namespace

std::optional<std::string> python_call(const Document& document, const ListenerDocument& listener,
                                       const MethodDocument& method, const Dynamic& request) {
    if (!listener.address.starts_with("amqp") || listener.protocol != "cyberfusion") {
        return std::nullopt;
    }
    const bool with_key = encrypted_secrets(document, listener, method) != Secrets::none;
    const auto encrypted =
        with_key ? encrypting(document, method, request.value()) : std::optional{std::string{}};
    if (!encrypted) {
        return std::nullopt;
    }
    // Each method is an exchange of the server's, where the reply's queue is bound, too; the
    // queue's name is the key.
    return fmt::format(
        R"(import json
{ssl}import uuid

import pika
{fernet}
{connecting}channel = connection.channel()
channel.exchange_declare({exchange}, passive=True)
replies = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(replies, {exchange})

request = {request}
{encrypting}correlation_id = str(uuid.uuid4())
channel.basic_publish(
    exchange={exchange},
    routing_key={queue},
    body=json.dumps(request),
    properties=pika.BasicProperties(
        content_type="application/json",
        correlation_id=correlation_id,
        reply_to=replies,
        expiration="20000",
    ),
)
for _, properties, body in channel.consume(replies, auto_ack=True, inactivity_timeout=20):
    if properties is None:
        raise SystemExit("no reply within 20 seconds")
    if properties.correlation_id == correlation_id:
        print(json.loads(body))
        break
connection.close()
)",
        fmt::arg("ssl", listener.address.starts_with("amqps:") ? "import ssl\n" : ""),
        fmt::arg("fernet", encrypted->empty() ? "" : "from cryptography.fernet import Fernet\n"),
        fmt::arg("connecting", connecting(listener)),
        fmt::arg("exchange", python_text(method.name)),
        fmt::arg("request", python_value(request.value(), "")), fmt::arg("encrypting", *encrypted),
        fmt::arg("queue", python_text(listener.queue)));
}

}  // namespace warren::docs
