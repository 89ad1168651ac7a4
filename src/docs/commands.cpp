#include "docs/commands.hpp"

#include "docs/quoting.hpp"
#include "docs/sample.hpp"

#include <fmt/format.h>

#include <string_view>

namespace warren::docs {
namespace {

using contract::ListenerDocument;
using contract::MethodDocument;

constexpr std::size_t command_columns_max = 72;

bool is_at_broker(const ListenerDocument& listener) {
    return listener.address.starts_with("amqp");
}

/// The broker alone: without a client's parameters, and of several nodes the first.
std::string broker_address(std::string_view address) {
    std::string broker{address.substr(0, address.find('?'))};
    const std::size_t host = broker.find("://") + 3;
    const std::size_t path = broker.find('/', host);
    if (const std::size_t comma = broker.find(',', host); comma < path) {
        const std::size_t count = (path == std::string::npos ? broker.size() : path) - comma;
        broker.erase(comma, count);
    }
    return broker;
}

std::string warren_call(const contract::Document& document, const ListenerDocument& listener,
                        const MethodDocument& method, const Dynamic& request) {
    std::string to = "--to " + shell_word(listener.address);
    if (has_secrets(document, method.request)) {
        to += " --fernet-key @fernet.key";
    }
    const std::string name = shell_word(method.name);
    const std::string arguments = shell_word(json_line(request.value()));
    // What begins like an option is none behind two dashes.
    const std::string first =
        method.name.starts_with('-') ? "warren call " + to : "warren call " + name;
    const std::string rest =
        method.name.starts_with('-') ? "-- " + name + ' ' + arguments : arguments + ' ' + to;
    if (first.size() + rest.size() < command_columns_max) {
        return first + ' ' + rest;
    }
    constexpr std::string_view next_line = " \\\n    ";
    return method.name.starts_with('-')
               ? fmt::format("{}{}{}", first, next_line, rest)
               : fmt::format("{}{}{}{}{}", first, next_line, arguments, next_line, to);
}

/// Each method is an exchange, where the reply's queue is bound, too; the queue's name is the key.
std::string python_with_pika(const ListenerDocument& listener, const MethodDocument& method,
                             const Dynamic& request) {
    const std::string exchange =
        python_text(listener.exchange.empty() ? method.name : listener.exchange);
    return fmt::format(R"(import json
import uuid

import pika

connection = pika.BlockingConnection(pika.URLParameters({broker}))
channel = connection.channel()
channel.exchange_declare({exchange}, exchange_type="direct")
replies = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(replies, {exchange})

request = {request}
correlation_id = str(uuid.uuid4())
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
                       fmt::arg("broker", python_text(broker_address(listener.address))),
                       fmt::arg("exchange", exchange),
                       fmt::arg("request", python_value(request.value(), "")),
                       fmt::arg("queue", python_text(listener.queue)));
}

std::string cpp_call(const ListenerDocument& listener, const MethodDocument& method,
                     const Dynamic& request) {
    return fmt::format(R"(#include <warren/client.hpp>

#include <iostream>

int main() {{
    warren::Client client{{{address}}};
    const auto request = warren::Dynamic::from_json({request});
    std::cout << client.call({method}, request).to_json() << '\n';
}}
)",
                       fmt::arg("address", cpp_quoted(listener.address)),
                       fmt::arg("request", cpp_quoted(json_line(request.value()))),
                       fmt::arg("method", cpp_quoted(method.name)));
}

}  // namespace

std::vector<CallCommand> call_commands(const contract::Document& document,
                                       const ListenerDocument& listener,
                                       const MethodDocument& method, const Dynamic& request) {
    std::vector<CallCommand> commands;
    // A server in one process is called from there.
    if (!listener.address.starts_with("memory:")) {
        commands.push_back({"Command line", warren_call(document, listener, method, request)});
    }
    if (is_at_broker(listener) && listener.protocol == "cyberfusion") {
        commands.push_back({"Python", python_with_pika(listener, method, request)});
    }
    commands.push_back({"C++", cpp_call(listener, method, request)});
    return commands;
}

}  // namespace warren::docs
