#include <warren/arena.hpp>
#include <warren/model.hpp>

#include "contract/document.hpp"
#include "contract/document_check.hpp"
#include "format/json/json.hpp"
#include "model/bind.hpp"
#include "model/render.hpp"

#include <utility>

namespace warren {

WARREN_ENUM(Type::Kind, nothing, boolean, integer, floating, text, bytes, enumeration, optional,
            list, set, array, map, choice, secret, model, uuid, timestamp, duration, absolute_path,
            relative_path, dynamic)
WARREN_ENUM(Code, no_such_method, invalid_request, expired_in_queue, deadline_exceeded, overloaded,
            connection_lost, no_responder, broker_blocked, unauthenticated, permission_denied,
            contract_mismatch, conflict, cancelled, outcome_unknown, failed, reply_over_limit,
            internal)
WARREN_MODEL(Period, (numerator, at_least(1)), (denominator, at_least(1)))

}  // namespace warren

namespace warren::contract {

WARREN_ENUM(CallerNeed, login, certificate_login, authority, certificate, auth_secret, password,
            server_key, client_key, publisher_key, fernet_key)
WARREN_MODEL(DataType, (kind), (bits), (is_signed), (period, defaulted()), (length),
             (reference, defaulted()), (elements, defaulted()))
WARREN_MODEL(Demands, (greater_than), (at_least), (less_than), (at_most), (min_length),
             (max_length), (pattern, defaulted()), (checks, defaulted()))
WARREN_MODEL(FieldDocument, (name), (type), (required), (is_secret), (default_value),
             (description, defaulted()), (examples, defaulted()), (demands, defaulted()))
WARREN_MODEL(ModelDocument, (id), (name), (description, defaulted()), (fields, defaulted()),
             (forbids_extra), (is_parameters), (checks, defaulted()))
WARREN_MODEL(EnumeratorDocument, (name), (description, defaulted()))
WARREN_MODEL(EnumerationDocument, (id), (name), (description, defaulted()), (enumerators))
WARREN_MODEL(FailureDocument, (code), (description, defaulted()), (data))
WARREN_MODEL(ExampleDocument, (name), (request, defaulted()), (response))
WARREN_MODEL(MethodDocument, (name), (description, defaulted()), (module, defaulted()),
             (since, defaulted()), (deprecated), (tags, defaulted()), (request), (response), (part),
             (failures, defaulted()), (examples, defaulted()), (lock_field, defaulted()),
             (runs_alone), (lock_name, defaulted()), (is_idempotent), (runs_on_io_thread),
             (fingerprint))
WARREN_MODEL(ListenerDocument, (address), (protocol), (exchange, defaulted()), (queue, defaulted()),
             (virtual_host, defaulted()), (methods, defaulted()), (has_one_method), (is_mock),
             (has_envelope), (needs, defaulted()))
WARREN_MODEL(ProxyDocument, (from), (to))
WARREN_MODEL(Document, (warren_version), (fingerprint), (methods), (models), (enumerations),
             (listeners, defaulted()), (proxies, defaulted()))

namespace {

// Ten thousand methods, each with some tens of fields.
constexpr format::JsonLimits limits_of_documents{.value_count_max = 50'000'000};

/// A value without the members that say what they would be anyway.
Value shortened(const Type& type, const Value& value, Arena& arena) {
    std::vector<Member> members;
    std::vector<Value> items;
    switch (type.kind) {
    case Type::Kind::optional:
        return value.is_null() ? value : shortened(*type.element, value, arena);
    case Type::Kind::list:
        for (const Value& item : value.as_list()) {
            items.push_back(shortened(*type.element, item, arena));
        }
        return Value::list(arena.copy(std::span<const Value>{items}));
    case Type::Kind::model: {
        const Model& model = *type.model();
        const std::span<const Member> given = value.as_map();
        for (std::size_t at = 0; at < given.size(); ++at) {
            const Field& field = model.fields[at];
            const void* const held = field.access_const(model.defaults.get());
            if (field.required || !(given[at].value == model::render(*field.type, held, arena))) {
                members.push_back({given[at].key, shortened(*field.type, given[at].value, arena)});
            }
        }
        return Value::map(arena.copy(std::span<const Member>{members}));
    }
    default:
        return value;
    }
}

}  // namespace

std::string to_json(const Document& document) {
    const Type& type = type_of<Document>();
    Arena arena;
    std::string text;
    const Value whole = shortened(type, model::render(type, &document, arena), arena);
    if (const auto written = format::json_encode_pretty(whole, text, limits_of_documents);
        !written) {
        throw Error{Code::internal, "the contract has no form in JSON: " + written.error().message};
    }
    return text += '\n';
}

namespace {

std::unexpected<Failure> no_document(std::vector<FieldError> errors) {
    return std::unexpected{Failure{.code = Code::invalid_request,
                                   .message = "This is no contract document",
                                   .errors = std::move(errors)}};
}

}  // namespace

std::expected<Document, Failure> read_document(std::string_view text) {
    Arena arena;
    const auto value = format::json_decode(text, arena, limits_of_documents);
    if (!value) {
        return no_document(
            {{.message = value.error().message, .type = std::string{value.error().type}}});
    }
    Document document;
    if (auto errors = model::bind(type_of<Document>(), *value, &document); !errors.empty()) {
        return no_document(std::move(errors));
    }
    if (auto errors = check(document); !errors.empty()) {
        return no_document(std::move(errors));
    }
    return document;
}

std::expected<Document, Failure> from_json(std::string_view text) {
    auto document = read_document(text);
    if (document) {
        if (auto errors = check_fingerprints(*document); !errors.empty()) {
            return no_document(std::move(errors));
        }
    }
    return document;
}

}  // namespace warren::contract
