#pragma once

#include <warren/dynamic.hpp>
#include <warren/error.hpp>
#include <warren/type.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a server offers, as data without the C++ behind it: made from registered methods, or read
/// from a file or another server. Documentation, schemas, client models and diffs are views of it.
namespace warren::contract {

/// A type, as the wire has it.
struct DataType {
    Type::Kind kind = Type::Kind::nothing;
    std::uint32_t bits = 0;   // integer, floating, duration: of the number
    bool is_signed = false;   // integer
    Period period{};          // duration: its unit, in seconds
    std::size_t length = 0;   // array
    std::string reference{};  // model, enumeration: its `id` in the document
    /// Of optional, list, set, array, map and secret: the one inside; of choice: each.
    std::vector<DataType> elements{};

    friend bool operator==(const DataType& left, const DataType& right);
};

/// What is demanded of a value beyond its type; of an optional or a secret: of what is inside.
struct Demands {
    // numbers; durations in seconds
    std::optional<Dynamic> greater_than{};
    std::optional<Dynamic> at_least{};
    std::optional<Dynamic> less_than{};
    std::optional<Dynamic> at_most{};
    // text in code points, bytes in bytes, else items
    std::optional<std::size_t> min_length{};
    std::optional<std::size_t> max_length{};
    std::string pattern{};              // RE2; any part may match; empty: none
    std::vector<std::string> checks{};  // in code: what is said when one does not hold

    friend bool operator==(const Demands&, const Demands&) = default;
};

struct FieldDocument {
    std::string name;
    DataType type{};
    bool required = true;
    bool is_secret = false;                  // by its name or type: its values are shown nowhere
    std::optional<Dynamic> default_value{};  // of one that may be left out; nullopt: not told
    std::string description{};
    std::vector<Dynamic> examples{};
    Demands demands{};
};

struct ModelDocument {
    std::string id;    // unique among models and enumerations of the document
    std::string name;  // of the struct; "Parameters" of a plain function's
    std::string description{};
    std::vector<FieldDocument> fields{};  // in the order of positions
    bool forbids_extra = false;           // refuses fields that are not listed
    bool is_parameters = false;           // may also come by position
    std::vector<std::string> checks{};    // in code, over the whole: what is said
};

struct EnumeratorDocument {
    std::string name;  // which is on the wire
    std::string description{};
};

struct EnumerationDocument {
    std::string id;
    std::string name;
    std::string description{};
    std::vector<EnumeratorDocument> enumerators{};
};

/// A failure that a method says it may answer.
struct FailureDocument {
    Code code = Code::failed;
    std::string description{};
    std::optional<DataType> data{};
};

/// A call as it may be made.
struct ExampleDocument {
    std::string name;
    Dynamic request{};
    std::optional<Dynamic> response{};  // nullopt: of the request alone
};

struct MethodDocument {
    std::string name;
    std::string description{};
    std::string module{};  // the file's name, without its folder and ending; empty: of the program
    std::string since{};   // a version; empty: not told
    std::optional<std::string> deprecated{};  // with what to use instead, if anything
    std::vector<std::string> tags{};
    DataType request{};
    DataType response{};
    std::optional<DataType> part{};  // of what it sends before its response
    std::vector<FailureDocument> failures{};
    std::vector<ExampleDocument> examples{};
    std::string lock_field{};  // calls with one value in it wait for each other; empty: none
    bool runs_alone = false;   // all calls wait for each other
    std::string lock_name{};   // whose calls wait for each other; empty: of this method alone
    bool is_idempotent = false;
    bool runs_on_io_thread = false;
    std::string fingerprint{};  // of what the wire can see; 64 hex digits
};

/// What callers of a listener have beside its address, and no document tells.
enum class CallerNeed : std::uint8_t {
    login,              // at a broker: a user and a password
    certificate_login,  // at a broker: a certificate that is the login
    authority,          // of TLS: its certificate, where it is not one of the system's
    certificate,        // of TLS: one of the caller's own
    auth_secret,        // which signs messages
    password,           // of ZeroMQ: a user's
    server_key,         // of CURVE: the server's public one
    client_key,         // of CURVE: a pair of the caller's own, which the server knows
    publisher_key,      // of CURVE: the secret one that subscribers know the public one of
    fernet_key,         // which encrypts the secrets of requests
};

/// Where methods are served.
struct ListenerDocument {
    std::string address;                 // what a client takes, without credentials
    std::string protocol;                // as a configuration names it
    std::string exchange{};              // of a broker; empty: the default one, or one
                                         // for each method, which has its name
    std::string queue{};                 // of a broker
    std::string virtual_host{};          // of a broker
    std::vector<std::string> methods{};  // by name, sorted
    bool has_one_method = false;         // calls name none
    bool is_mock = false;
    bool has_envelope = false;  // replies are objects of success, message and data
    std::vector<CallerNeed> needs{};

    friend bool operator==(const ListenerDocument&, const ListenerDocument&) = default;
};

/// What is sent on to other servers.
struct ProxyDocument {
    std::string from;
    std::vector<std::string> to;

    friend bool operator==(const ProxyDocument&, const ProxyDocument&) = default;
};

struct Document {
    std::string warren_version{};
    std::string fingerprint{};                        // of all methods
    std::vector<MethodDocument> methods{};            // by name
    std::vector<ModelDocument> models{};              // by id
    std::vector<EnumerationDocument> enumerations{};  // by id
    std::vector<ListenerDocument> listeners{};
    std::vector<ProxyDocument> proxies{};

    // out  nullptr when there is none
    const MethodDocument* find_method(std::string_view name) const noexcept;
    const ModelDocument* find_model(std::string_view id) const noexcept;
    const EnumerationDocument* find_enumeration(std::string_view id) const noexcept;
};

/// The document as JSON: keys in one order, two spaces for each level, ends with a line's end. The
/// same document always gives the same bytes.
/// err  throws Error (internal): a default or an example that JSON has no form for
std::string to_json(const Document& document);

/// in   JSON that nobody vouches for: a file, or what another server said
/// err  invalid_request, with the place of everything that is wrong: a missing or wrong member, a
///      reference that leads nowhere, two of one name. Members that are not known are passed over,
///      fingerprints are checked.
std::expected<Document, Failure> from_json(std::string_view text);

}  // namespace warren::contract
