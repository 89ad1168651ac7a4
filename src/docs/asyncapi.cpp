#include "docs/asyncapi.hpp"

#include "docs/html.hpp"
#include "docs/schema_writer.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace warren::docs {
namespace {

using contract::Document;
using contract::ListenerDocument;
using contract::MethodDocument;

/// What may be a key of AsyncAPI's maps.
std::string key_of(std::string_view name) {
    std::string key{name};
    std::ranges::replace_if(
        key,
        [](char letter) {
            return !((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                     (letter >= '0' && letter <= '9') || letter == '-' || letter == '_');
        },
        '_');
    return key;
}

/// The parts of an address, as "amqp://host:5672/vhost?queue=test".
struct AddressParts {
    std::string_view protocol;
    std::string_view host;
    std::string_view path;

    static AddressParts of(std::string_view address) {
        AddressParts parts;
        const std::size_t scheme = address.find("://");
        const std::size_t colon = scheme == address.npos ? address.find(':') : scheme;
        parts.protocol = address.substr(0, colon);
        address.remove_prefix(std::min(address.size(), colon + (scheme == address.npos ? 1 : 3)));
        address = address.substr(0, address.find('?'));
        parts.host = address.substr(0, address.find('/'));
        parts.path = address.substr(parts.host.size());
        return parts;
    }
};

class AsyncApiWriter {
public:
    explicit AsyncApiWriter(const Document& document)
        : document_{document}, writer_{document, SchemaForm::components} {}

    Dynamic write(std::string_view title) {
        const std::string shown = visible(title);
        for (const MethodDocument& method : document_.methods) {
            keys_.emplace(method.name, unique(key_of(method.name)));
            add_messages(method);
        }
        if (document_.listeners.empty()) {
            for (const MethodDocument& method : document_.methods) {
                add_channel(keys_.at(method.name), method, nullptr, {});
            }
        }
        for (std::size_t at = 0; at < document_.listeners.size(); ++at) {
            add_listener(document_.listeners[at], "listener" + std::to_string(at + 1));
        }
        Keywords info;
        info.set("title", shown);
        info.set("version", document_.fingerprint);
        Keywords whole;
        whole.set("asyncapi", "3.0.0");
        whole.set("info", info.value(arena()));
        whole.set("defaultContentType", "application/json");
        if (!servers_.empty()) {
            whole.set("servers", servers_.value(arena()));
        }
        whole.set("channels", channels_.value(arena()));
        whole.set("operations", operations_.value(arena()));
        whole.set("components", components());
        return Dynamic{whole.value(arena())};
    }

private:
    Arena& arena() noexcept { return writer_.arena(); }
    std::string_view keep(const std::string& text) { return writer_.keep(text); }

    std::string unique(const std::string& wanted) {
        std::string key = wanted;
        for (int more = 2; !taken_.insert(key).second; ++more) {
            key = wanted + "-" + std::to_string(more);
        }
        return key;
    }

    Value refer(const std::string& to) {
        Keywords content;
        content.set("$ref", keep(to));
        return content.value(arena());
    }

    Value components() {
        Keywords components;
        components.set("messages", messages_.value(arena()));
        if (const Value schemas = writer_.definitions(); !schemas.is_null()) {
            components.set("schemas", schemas);
        }
        Keywords correlation;
        correlation.set("location", "$message.header#/correlation_id");
        Keywords ids;
        ids.set("call", correlation.value(arena()));
        components.set("correlationIds", ids.value(arena()));
        return components.value(arena());
    }

    /// What says which request a message is, or answers.
    Value headers(bool is_request) {
        Keywords text;
        text.set("type", "string");
        Keywords properties;
        properties.set("correlation_id", text.value(arena()));
        if (is_request) {
            properties.set("reply_to", text.value(arena()));
        }
        Keywords headers;
        headers.set("type", "object");
        headers.set("properties", properties.value(arena()));
        return headers.value(arena());
    }

    void add_message(const std::string& key, const MethodDocument& method, bool is_request,
                     const Value& payload) {
        Keywords message;
        message.set("name", keep(key));
        message.set("title", keep(method.name + (is_request ? ": request" : ": response")));
        message.set("headers", headers(is_request));
        message.set("correlationId", refer("#/components/correlationIds/call"));
        message.set("payload", payload);
        if (is_request) {
            add_examples(method, message);
        }
        messages_.set(keep(key), message.value(arena()));
    }

    void add_examples(const MethodDocument& method, Keywords& message) {
        std::vector<Value> examples;
        for (const contract::ExampleDocument& example : method.examples) {
            Keywords content;
            content.set("name", example.name);
            content.set("payload", example.request.value());
            examples.push_back(content.value(arena()));
        }
        if (!examples.empty()) {
            message.set("examples", writer_.list(examples));
        }
    }

    void add_messages(const MethodDocument& method) {
        const std::string& key = keys_.at(method.name);
        add_message(key + "_request", method, true, writer_.part(method.request));
        add_message(key + "_result", method, false, writer_.part(method.response));
        add_message(key + "_reply", method, false, envelope(method));
    }

    /// All that is in a reply: success, message, data.
    Value envelope(const MethodDocument& method) {
        const auto typed = [this](std::string_view type) {
            Keywords content;
            content.set("type", type);
            return content.value(arena());
        };
        std::vector<Value> data{writer_.part(method.response), typed("null"), typed("object")};
        for (const contract::FailureDocument& failure : method.failures) {
            if (failure.data) {
                data.push_back(writer_.part(*failure.data));
            }
        }
        Keywords any;
        any.set("anyOf", writer_.list(data));
        Keywords properties;
        properties.set("success", typed("boolean"));
        properties.set("message", typed("string"));
        properties.set("data", any.value(arena()));
        Keywords envelope;
        envelope.set("type", "object");
        envelope.set("properties", properties.value(arena()));
        envelope.set("required", writer_.list({Value::text("success"), Value::text("message")}));
        return envelope.value(arena());
    }

    void add_listener(const ListenerDocument& listener, const std::string& key) {
        const AddressParts parts = AddressParts::of(listener.address);
        Keywords server;
        server.set("host", parts.host);
        server.set("protocol", parts.protocol);
        if (!parts.path.empty()) {
            server.set("pathname", parts.path);
        }
        server.set("description", keep("Calls by " + listener.protocol + ": " + listener.address));
        servers_.set(keep(key), server.value(arena()));
        for (const std::string& name : listener.methods) {
            if (const MethodDocument* const method = document_.find_method(name)) {
                add_channel(key + "-" + keys_.at(name), *method, &listener, key);
            }
        }
    }

    /// in  listener: null: none is known; server: its key
    void add_channel(const std::string& key, const MethodDocument& method,
                     const ListenerDocument* listener, const std::string& server) {
        const bool has_envelope = listener == nullptr || listener->has_envelope;
        const std::string& name = keys_.at(method.name);
        const std::string request = name + "_request";
        const std::string response = name + (has_envelope ? "_reply" : "_result");
        const auto channel = [&](const Value& address, const std::string& message,
                                 bool is_request) {
            Keywords messages;
            messages.set(keep(message), refer("#/components/messages/" + message));
            Keywords content;
            content.set("address", address);
            content.set("messages", messages.value(arena()));
            if (!server.empty()) {
                content.set("servers", writer_.list({refer("#/servers/" + server)}));
            }
            if (is_request && listener != nullptr && !listener->queue.empty()) {
                content.set("bindings", bindings(*listener));
            }
            return content.value(arena());
        };
        const bool has_queue = listener != nullptr && !listener->queue.empty();
        channels_.set(keep(key),
                      channel(has_queue ? Value::text(listener->queue) : Value::text(method.name),
                              request, true));
        channels_.set(keep(key + "-reply"), channel({}, response, false));
        add_operation(key, method, request, response);
    }

    Value bindings(const ListenerDocument& listener) {
        Keywords queue;
        queue.set("name", listener.queue);
        queue.set("vhost", listener.virtual_host);
        Keywords amqp;
        amqp.set("is", "queue");
        amqp.set("queue", queue.value(arena()));
        amqp.set("bindingVersion", "0.3.0");
        Keywords bindings;
        bindings.set("amqp", amqp.value(arena()));
        return bindings.value(arena());
    }

    void add_operation(const std::string& key, const MethodDocument& method,
                       const std::string& request, const std::string& response) {
        const auto message = [this](const std::string& channel, const std::string& name) {
            return writer_.list({refer("#/channels/" + channel + "/messages/" + name)});
        };
        Keywords address;
        address.set("location", "$message.header#/reply_to");
        Keywords reply;
        reply.set("address", address.value(arena()));
        reply.set("channel", refer("#/channels/" + key + "-reply"));
        reply.set("messages", message(key + "-reply", response));
        Keywords operation;
        operation.set("action", "receive");
        operation.set("channel", refer("#/channels/" + key));
        operation.set("title", method.name);
        if (!method.description.empty()) {
            operation.set("description", method.description);
        }
        if (!method.tags.empty()) {
            std::vector<Value> tags;
            for (const std::string& tag : method.tags) {
                Keywords content;
                content.set("name", tag);
                tags.push_back(content.value(arena()));
            }
            operation.set("tags", writer_.list(tags));
        }
        operation.set("messages", message(key, request));
        operation.set("reply", reply.value(arena()));
        operations_.set(keep(key), operation.value(arena()));
    }

    const Document& document_;
    SchemaWriter writer_;
    Keywords servers_;
    Keywords channels_;
    Keywords operations_;
    Keywords messages_;
    std::set<std::string> taken_;
    std::map<std::string, std::string, std::less<>> keys_;  // of methods, by name
};

}  // namespace

Dynamic asyncapi(const Document& document, std::string_view title) {
    return AsyncApiWriter{document}.write(title);
}

}  // namespace warren::docs
