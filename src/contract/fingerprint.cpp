#include "contract/registered.hpp"
#include "format/json/json.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace warren::contract {
namespace {

using Kind = Type::Kind;

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw Error{Code::internal, "OpenSSL computes no SHA-256"};
    }
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const unsigned char octet : std::span{digest}.first(size)) {
        hex += digits[octet >> 4];
        hex += digits[octet & 0xF];
    }
    return hex;
}

/// Writes what the wire can see of types, each model and enumeration once: from then on its number
/// stands for it, as its name is not on the wire.
class WireText {
public:
    explicit WireText(const Document& document) : document_{document} {}

    void add(std::string_view name, const DataType& type) {
        format::json_append_string(text_, name);
        add_type(type);
        add_pending();
    }
    void add(std::string_view name) { format::json_append_string(text_, name); }
    std::string_view text() const noexcept { return text_; }

private:
    void add_number(std::string_view name, std::size_t number) {
        text_.append(name).append(std::to_string(number));
    }

    void add_type(const DataType& type) {
        text_ += '(';
        add_number("k", static_cast<std::size_t>(type.kind));
        switch (type.kind) {
        case Kind::integer:
            add_number(type.is_signed ? "i" : "u", type.bits);
            break;
        case Kind::floating:
            add_number("f", type.bits);
            break;
        case Kind::duration:
            add_number("d", type.bits);
            add_number("/", static_cast<std::size_t>(type.period.numerator));
            add_number("/", static_cast<std::size_t>(type.period.denominator));
            break;
        case Kind::array:
            add_number("n", type.length);
            break;
        case Kind::model:
        case Kind::enumeration:
            add_reference(type);
            break;
        default:
            break;
        }
        for (const DataType& element : type.elements) {
            add_type(element);
        }
        text_ += ')';
    }

    void add_reference(const DataType& type) {
        const auto [position, is_new] = numbers_.emplace(type.reference, numbers_.size());
        add_number("#", position->second);
        if (is_new) {
            pending_.push_back(&type);
        }
    }

    /// What was referred to for the first time. One after the other: they may be nested as deep as
    /// there are many.
    void add_pending() {
        while (!pending_.empty()) {
            for (const DataType* const type : std::exchange(pending_, {})) {
                text_ += ';';
                if (type->kind == Kind::model) {
                    add_model(*document_.find_model(type->reference));
                } else {
                    add_enumeration(*document_.find_enumeration(type->reference));
                }
            }
        }
    }

    void add_model(const ModelDocument& model) {
        text_ += model.forbids_extra ? "!" : "";
        std::vector<const FieldDocument*> fields;
        fields.reserve(model.fields.size());
        for (const FieldDocument& field : model.fields) {
            fields.push_back(&field);
        }
        std::ranges::sort(fields, {}, [](const FieldDocument* field) { return field->name; });
        for (const FieldDocument* field : fields) {
            format::json_append_string(text_, field->name);
            text_ += field->required ? "" : "?";
            add_demands(field->demands);
            add_type(field->type);
        }
    }

    void add_enumeration(const EnumerationDocument& enumeration) {
        std::vector<std::string_view> names;
        names.reserve(enumeration.enumerators.size());
        for (const EnumeratorDocument& each : enumeration.enumerators) {
            names.push_back(each.name);
        }
        std::ranges::sort(names);
        for (const std::string_view name : names) {
            format::json_append_string(text_, name);
        }
    }

    void add_demands(const Demands& demands) {
        const auto bound = [this](std::string_view name, const std::optional<Dynamic>& value) {
            if (value) {
                text_.append(name).append(value->to_json());
            }
        };
        bound(">", demands.greater_than);
        bound(">=", demands.at_least);
        bound("<", demands.less_than);
        bound("<=", demands.at_most);
        if (demands.min_length) {
            add_number("min", *demands.min_length);
        }
        if (demands.max_length) {
            add_number("max", *demands.max_length);
        }
        if (!demands.pattern.empty()) {
            text_ += '~';
            format::json_append_string(text_, demands.pattern);
        }
    }

    const Document& document_;
    std::string text_;
    std::map<std::string, std::size_t> numbers_;
    std::vector<const DataType*> pending_;
};

}  // namespace

std::string fingerprint(const Document& document, const MethodDocument& method) {
    WireText text{document};
    text.add(method.name, method.request);
    text.add("response", method.response);
    if (method.part) {
        text.add("part", *method.part);
    }
    return sha256_hex(text.text());
}

std::string fingerprint(const Document& document) {
    WireText text{document};
    for (const MethodDocument& method : document.methods) {
        text.add(method.name);
        text.add(method.fingerprint);
    }
    return sha256_hex(text.text());
}

}  // namespace warren::contract
