#include <warren/error.hpp>
#include <warren/model.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace warren {

const Field* Model::find(std::string_view field_name) const noexcept {
    const auto found = std::ranges::find(fields, field_name, &Field::name);
    return found != fields.end() ? &*found : nullptr;
}

namespace detail {
namespace {

constexpr unsigned char first_pattern = 0xA5;
constexpr unsigned char second_pattern = 0x5A;

bool all(const void* memory, std::size_t size_bytes, unsigned char pattern) {
    const auto* octets = static_cast<const unsigned char*>(memory);
    return std::all_of(octets, octets + size_bytes,
                       [pattern](unsigned char octet) { return octet == pattern; });
}

/// Tells which members a default-initialized object leaves as they were: two objects are made in
/// memory filled with two patterns, and what shows both has no initializer. Out of line, so that no
/// optimizer can see through it.
class DefaultProbe {
public:
    explicit DefaultProbe(const ObjectParts& parts)
        : parts_{parts},
          first_{filled(parts, first_pattern)},
          second_{filled(parts, second_pattern)} {
        parts_.construct(first_.get());
        parts_.construct(second_.get());
    }
    ~DefaultProbe() {
        parts_.destroy(first_.get());
        parts_.destroy(second_.get());
    }
    DefaultProbe(const DefaultProbe&) = delete;
    DefaultProbe& operator=(const DefaultProbe&) = delete;

    bool has_default(const DefaultRule& rule, void* (*access)(void* object)) const {
        void* const member = access(first_.get());
        switch (rule.kind) {
        case DefaultRule::Kind::always:
            return true;
        case DefaultRule::Kind::written:
            return !all(member, rule.size_bytes, first_pattern) ||
                   !all(access(second_.get()), rule.size_bytes, second_pattern);
        case DefaultRule::Kind::differs:
            return rule.differs(member);
        }
        return false;
    }

private:
    struct Free {
        std::align_val_t alignment;
        void operator()(void* memory) const noexcept { ::operator delete(memory, alignment); }
    };
    using Memory = std::unique_ptr<void, Free>;

    static Memory filled(const ObjectParts& parts, unsigned char pattern) {
        const std::align_val_t alignment{parts.alignment};
        Memory memory{::operator new(parts.size_bytes, alignment), Free{alignment}};
        std::memset(memory.get(), pattern, parts.size_bytes);
        return memory;
    }

    const ObjectParts& parts_;
    const Memory first_;
    const Memory second_;
};

}  // namespace

std::shared_ptr<void> own(void* object, void (*destroy)(void* object)) {
    return {object, destroy};
}

struct ModelMaker::State {
    State(std::string_view name, const ObjectParts& parts)
        : model{std::make_unique<Model>()}, probe{parts} {
        model->name = name;
        model->defaults = own(parts.make(), parts.free);
    }
    Field& last() { return model->fields.back(); }

    std::unique_ptr<Model> model;
    DefaultProbe probe;
};

ModelMaker::ModelMaker(std::string_view name, const ObjectParts& parts)
    : state_{std::make_unique<State>(name, parts)} {}

ModelMaker::~ModelMaker() = default;

const Model& ModelMaker::take() {
    const Model& model = *state_->model;
    for (const Field& field : model.fields) {
        if (model.find(field.name) != &field) {
            throw Error{Code::internal,
                        model.name + ": two fields are called '" + field.name + "' on the wire"};
        }
    }
    return *state_->model.release();
}

void ModelMaker::add_field(std::string_view name, const Type& type, void* (*access)(void* object),
                           const DefaultRule& rule) {
    Field& field = state_->model->fields.emplace_back();
    field.name = name;
    field.type = &type;
    field.access = access;
    field.required = !state_->probe.has_default(rule, access);
}

void ModelMaker::apply(const attributes::Describe& attribute) {
    state_->last().description = attribute.text;
}

void ModelMaker::apply(const attributes::WireName& attribute) {
    state_->last().name = attribute.name;
}

void ModelMaker::apply(attributes::Example attribute) {
    state_->last().examples.push_back(std::move(attribute.value));
}

void ModelMaker::apply(const attributes::Bound& attribute) {
    state_->last().constraints.*attribute.kind = attribute.bound;
}

void ModelMaker::apply(const attributes::Length& attribute) {
    state_->last().constraints.*attribute.kind = attribute.length;
}

void ModelMaker::apply(const attributes::Matches& attribute) {
    Field& field = state_->last();
    field.constraints.pattern.emplace(std::string{attribute.expression},
                                      state_->model->name + "." + field.name);
}

void ModelMaker::apply(attributes::Defaulted) {
    state_->last().required = false;
}

void ModelMaker::apply(Constraints::Check check) {
    state_->last().constraints.checks.push_back(std::move(check));
}

void ModelMaker::apply_to_model(const attributes::Describe& attribute) {
    state_->model->description = attribute.text;
}

void ModelMaker::apply_to_model(ExtraFields extra_fields) {
    state_->model->extra_fields = extra_fields;
}

void ModelMaker::apply_to_model(Constraints::Check check) {
    state_->model->checks.push_back(std::move(check));
}

}  // namespace detail
}  // namespace warren
