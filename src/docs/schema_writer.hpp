#pragma once

#include <warren/arena.hpp>
#include <warren/dynamic.hpp>

#include "contract/document.hpp"
#include "docs/schemas.hpp"

#include <initializer_list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::docs {

/// A JSON object in the making.
class Keywords {
public:
    void set(std::string_view keyword, const Value& value) {
        members_.push_back({Value::text(keyword), value});
    }
    void set(std::string_view keyword, std::string_view text) { set(keyword, Value::text(text)); }
    void set(std::string_view keyword, std::size_t number) {
        set(keyword, Value::unsigned_integer(number));
    }
    void append(const Keywords& others) {
        members_.insert(members_.end(), others.members_.begin(), others.members_.end());
    }
    bool empty() const noexcept { return members_.empty(); }
    Value value(Arena& arena) const {
        return Value::map(arena.copy(std::span<const Member>{members_}));
    }

private:
    std::vector<Member> members_;
};

/// Writes types of one document as schemas, and collects what those refer to.
class SchemaWriter {
public:
    /// in  document: outlives the writer and what it wrote
    SchemaWriter(const contract::Document& document, SchemaForm form) noexcept
        : document_{document}, form_{form} {}

    Arena& arena() noexcept { return arena_; }
    /// A name that no definition has, and none will have.
    std::string reserve(const std::string& wanted);

    /// A type as it stands in another schema.
    Value part(const contract::DataType& type, const contract::Demands& demands = {});
    /// A field, with what is told of it.
    Value field(const contract::FieldDocument& field);
    void describe(const contract::DataType& type, const contract::Demands& demands, Keywords& into);
    /// What a model or an enumeration is, in its own place.
    void describe_definition(const contract::DataType& type, Keywords& into);
    void describe_model(const contract::ModelDocument& model, Keywords& into);
    void describe_enumeration(const contract::EnumerationDocument& enumeration, Keywords& into);

    /// The reference to a model or an enumeration.
    std::string_view refer(const contract::DataType& type);
    /// Whether something refers to it.
    bool is_referred(const contract::DataType& type) const {
        return positions_.contains(type.reference);
    }
    /// All that is referred to, by name, with what that refers to.
    /// out  null when there is nothing
    Value definitions();

    Value list(std::span<const Value> items) { return Value::list(arena_.copy(items)); }
    Value list(std::initializer_list<Value> items) {
        return list(std::span<const Value>{items.begin(), items.size()});
    }
    std::string_view keep(const std::string& text) { return arena_.copy(std::string_view{text}); }

private:
    struct Definition {
        contract::DataType type;
        std::string_view reference;
    };

    std::string_view prefix() const noexcept;
    void describe_field(const contract::FieldDocument& field, Keywords& into);
    void describe_secret(const contract::DataType& type, const contract::Demands& demands,
                         Keywords& into);
    void describe_container(const contract::DataType& type, const contract::Demands& demands,
                            Keywords& into);
    void describe_path(const contract::DataType& type, const contract::Demands& demands,
                       Keywords& into);
    void describe_dynamic(const contract::DataType& type, const contract::Demands& demands,
                          Keywords& into);
    void add_pattern(const contract::Demands& demands, Keywords& into);
    static void add_number_bounds(const contract::DataType& type, const contract::Demands& demands,
                                  Keywords& into);

    const contract::Document& document_;
    SchemaForm form_;
    Arena arena_;
    std::vector<Definition> definitions_;
    std::map<std::string, std::size_t, std::less<>> positions_;  // by id
    std::set<std::string> names_;
};

}  // namespace warren::docs
