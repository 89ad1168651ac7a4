#include "source/erased_types.hpp"

#include <warren/error.hpp>

#include <array>
#include <cstdint>
#include <map>

namespace warren::python {
namespace {

/// Something that is there or not: an optional, or a secret.
struct Maybe {
    const ErasedType* element;
    ErasedObject content{};
};

class MaybeType final : public ErasedType {
public:
    MaybeType(Type::Kind kind, ErasedTypePointer element)
        : element_{std::move(element)}, is_secret_{kind == Type::Kind::secret} {
        type_.kind = kind;
        type_.size_bytes = sizeof(Maybe);
        type_.element = &element_->type();
        type_.operations.peek = [](const void* maybe) -> const void* {
            return static_cast<const Maybe*>(maybe)->content.get();
        };
        type_.operations.emplace = [](void* maybe) {
            Maybe& held = *static_cast<Maybe*>(maybe);
            held.content = ErasedObject{*held.element};
            return held.content.get();
        };
        type_.operations.reset = [](void* maybe) { static_cast<Maybe*>(maybe)->content.reset(); };
    }

    const Type& type() const noexcept override { return type_; }
    void* make() const override {
        auto made = std::make_unique<Maybe>(element_.get());
        if (is_secret_) {
            made->content = ErasedObject{*element_};
        }
        return made.release();
    }
    void destroy(void* object) const noexcept override { delete static_cast<Maybe*>(object); }

private:
    const ErasedTypePointer element_;
    const bool is_secret_;
    Type type_{};
};

struct List {
    const ErasedType* element;
    std::vector<ErasedObject> items{};
};

class ListType final : public ErasedType {
public:
    explicit ListType(ErasedTypePointer element) : element_{std::move(element)} {
        type_.kind = Type::Kind::list;
        type_.size_bytes = sizeof(List);
        type_.element = &element_->type();
        Operations& operations = type_.operations;
        operations.size = [](const void* list) {
            return static_cast<const List*>(list)->items.size();
        };
        operations.at = [](const void* list, std::size_t index) -> const void* {
            return static_cast<const List*>(list)->items[index].get();
        };
        operations.clear = [](void* list) { static_cast<List*>(list)->items.clear(); };
        operations.reserve = [](void* list, std::size_t count) {
            static_cast<List*>(list)->items.reserve(count);
        };
        operations.append = [](void* list) {
            List& held = *static_cast<List*>(list);
            return held.items.emplace_back(*held.element).get();
        };
    }

    const Type& type() const noexcept override { return type_; }
    void* make() const override { return new List{element_.get()}; }
    void destroy(void* object) const noexcept override { delete static_cast<List*>(object); }

private:
    const ErasedTypePointer element_;
    Type type_{};
};

struct Map {
    const ErasedType* element;
    std::map<std::string, ErasedObject, std::less<>> members{};
};

class MapType final : public ErasedType {
public:
    explicit MapType(ErasedTypePointer element) : element_{std::move(element)} {
        type_.kind = Type::Kind::map;
        type_.size_bytes = sizeof(Map);
        type_.element = &element_->type();
        Operations& operations = type_.operations;
        operations.size = [](const void* map) {
            return static_cast<const Map*>(map)->members.size();
        };
        operations.clear = [](void* map) { static_cast<Map*>(map)->members.clear(); };
        operations.insert = [](void* map, std::string_view key) {
            Map& held = *static_cast<Map*>(map);
            return held.members.insert_or_assign(std::string{key}, ErasedObject{*held.element})
                .first->second.get();
        };
        operations.each = [](const void* map, void* context,
                             void (*visit)(void*, std::string_view, const void*)) {
            for (const auto& [key, value] : static_cast<const Map*>(map)->members) {
                visit(context, key, value.get());
            }
        };
    }

    const Type& type() const noexcept override { return type_; }
    void* make() const override { return new Map{element_.get()}; }
    void destroy(void* object) const noexcept override { delete static_cast<Map*>(object); }

private:
    const ErasedTypePointer element_;
    Type type_{};
};

struct Choice {
    const std::vector<ErasedTypePointer>* alternatives;
    std::size_t index = 0;
    ErasedObject content{};
};

class ChoiceType final : public ErasedType {
public:
    explicit ChoiceType(std::vector<ErasedTypePointer> alternatives)
        : alternatives_{std::move(alternatives)} {
        for (const ErasedTypePointer& alternative : alternatives_) {
            types_.push_back(&alternative->type());
        }
        type_.kind = Type::Kind::choice;
        type_.size_bytes = sizeof(Choice);
        type_.alternatives = types_;
        Operations& operations = type_.operations;
        operations.peek = [](const void* choice) -> const void* {
            return static_cast<const Choice*>(choice)->content.get();
        };
        operations.alternative = [](const void* choice) {
            return static_cast<const Choice*>(choice)->index;
        };
        operations.choose = [](void* choice, std::size_t index) {
            Choice& held = *static_cast<Choice*>(choice);
            held.index = index;
            held.content = ErasedObject{*(*held.alternatives)[index]};
            return held.content.get();
        };
    }

    const Type& type() const noexcept override { return type_; }
    void* make() const override {
        auto made = std::make_unique<Choice>(&alternatives_);
        made->content = ErasedObject{*alternatives_.front()};
        return made.release();
    }
    void destroy(void* object) const noexcept override { delete static_cast<Choice*>(object); }

private:
    const std::vector<ErasedTypePointer> alternatives_;
    std::vector<const Type*> types_;
    Type type_{};
};

class EnumerationType final : public ErasedType {
public:
    EnumerationType(std::string name, std::string description, std::vector<std::string> names)
        : name_{std::move(name)}, description_{std::move(description)}, names_{std::move(names)} {
        for (const std::string& each : names_) {
            enumerators_.push_back({each, static_cast<std::int64_t>(enumerators_.size())});
        }
        type_.kind = Type::Kind::enumeration;
        type_.name = name_;
        type_.description = description_;
        type_.size_bytes = sizeof(std::int64_t);
        type_.is_signed = true;
        type_.enumerators = enumerators_;
    }

    const Type& type() const noexcept override { return type_; }
    void* make() const override { return new std::int64_t{}; }
    void destroy(void* object) const noexcept override {
        delete static_cast<std::int64_t*>(object);
    }

private:
    const std::string name_;
    const std::string description_;
    const std::vector<std::string> names_;
    std::vector<Enumerator> enumerators_;
    Type type_{};
};

using Fields = std::vector<ErasedObject>;

template <std::size_t index>
void* field_at(void* object) {
    return (*static_cast<Fields*>(object))[index].get();
}

constexpr auto accesses = []<std::size_t... index>(std::index_sequence<index...>) {
    return std::array<void* (*)(void*), sizeof...(index)>{field_at<index>...};
}(std::make_index_sequence<fields_max>{});

class ModelType final : public ErasedType {
public:
    explicit ModelType(ErasedModel described) : fields_{std::move(described.fields)} {
        if (fields_.size() > fields_max) {
            throw Error{Code::internal, "'" + described.name + "' has over " +
                                            std::to_string(fields_max) +
                                            " members: put some of them into one of their own"};
        }
        model_.name = std::move(described.name);
        model_.description = std::move(described.description);
        model_.extra_fields = described.extra_fields;
        model_.shape = described.shape;
        for (const ErasedField& each : fields_) {
            Field& field = model_.fields.emplace_back();
            field.name = each.name;
            field.type = &each.type->type();
            field.access = accesses[model_.fields.size() - 1];
            field.required = !each.fallback.has_value();
            field.description = each.description;
            field.constraints = each.constraints;
        }
        type_.kind = Type::Kind::model;
        type_.size_bytes = sizeof(Fields);
        type_.model = LateModel{model_};
        model_.defaults = {make(), [](void* object) { delete static_cast<Fields*>(object); }};
    }

    const Type& type() const noexcept override { return type_; }
    void* make() const override {
        auto made = std::make_unique<Fields>();
        made->reserve(fields_.size());
        for (const ErasedField& field : fields_) {
            made->emplace_back(*field.type);
            if (field.fallback) {
                detail::bind_checked(field.type->type(), field.fallback->value(),
                                     made->back().get());
            }
        }
        return made.release();
    }
    void destroy(void* object) const noexcept override { delete static_cast<Fields*>(object); }

private:
    const std::vector<ErasedField> fields_;
    Model model_;
    Type type_{};
};

}  // namespace

ErasedTypePointer make_optional(ErasedTypePointer element) {
    return std::make_shared<MaybeType>(Type::Kind::optional, std::move(element));
}
ErasedTypePointer make_secret(ErasedTypePointer element) {
    return std::make_shared<MaybeType>(Type::Kind::secret, std::move(element));
}
ErasedTypePointer make_list(ErasedTypePointer element) {
    return std::make_shared<ListType>(std::move(element));
}
ErasedTypePointer make_map(ErasedTypePointer element) {
    return std::make_shared<MapType>(std::move(element));
}
ErasedTypePointer make_choice(std::vector<ErasedTypePointer> alternatives) {
    return std::make_shared<ChoiceType>(std::move(alternatives));
}
ErasedTypePointer make_enumeration(std::string name, std::string description,
                                   std::vector<std::string> enumerators) {
    return std::make_shared<EnumerationType>(std::move(name), std::move(description),
                                             std::move(enumerators));
}
ErasedTypePointer make_model(ErasedModel model) {
    return std::make_shared<ModelType>(std::move(model));
}

}  // namespace warren::python
