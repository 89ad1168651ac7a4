#pragma once

#include <warren/model.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Types that are put together while the program runs, where those of C++ are known when it is
/// compiled: the same descriptions, over objects that know their own type. Knows the SDK, and
/// nothing of Python.
namespace warren::python {

/// A type, with how to make and destroy objects of it.          thread any (immutable once made)
class ErasedType {
public:
    ErasedType() = default;
    virtual ~ErasedType() = default;
    ErasedType(const ErasedType&) = delete;
    ErasedType& operator=(const ErasedType&) = delete;

    virtual const Type& type() const noexcept = 0;
    virtual void* make() const = 0;
    virtual void destroy(void* object) const noexcept = 0;
};
using ErasedTypePointer = std::shared_ptr<const ErasedType>;

/// An object of a type, with it.
class ErasedObject {
public:
    ErasedObject() = default;
    explicit ErasedObject(const ErasedType& type) : type_{&type}, object_{type.make()} {}
    ErasedObject(ErasedObject&& other) noexcept
        : type_{other.type_}, object_{std::exchange(other.object_, nullptr)} {}
    ErasedObject& operator=(ErasedObject&& other) noexcept {
        std::swap(type_, other.type_);
        std::swap(object_, other.object_);
        return *this;
    }
    ~ErasedObject() { reset(); }

    void* get() const noexcept { return object_; }
    void reset() noexcept {
        if (object_ != nullptr) {
            type_->destroy(std::exchange(object_, nullptr));
        }
    }

private:
    const ErasedType* type_ = nullptr;
    void* object_ = nullptr;
};

/// A type of C++.
template <typename T>
class PlainType final : public ErasedType {
public:
    const Type& type() const noexcept override { return type_of<T>(); }
    void* make() const override {
        if constexpr (std::is_void_v<T>) {
            return nullptr;
        } else {
            return new T();
        }
    }
    void destroy(void* object) const noexcept override {
        if constexpr (!std::is_void_v<T>) {
            delete static_cast<T*>(object);
        }
    }
};

/// A member of a model, or a parameter.
struct ErasedField {
    std::string name;
    ErasedTypePointer type{};
    std::optional<Dynamic> fallback{};  // none: it is required
    std::string description{};
    Constraints constraints{};
};

struct ErasedModel {
    std::string name;
    std::string description{};
    std::vector<ErasedField> fields{};
    ExtraFields extra_fields = ExtraFields::ignore;
    ModelShape shape = ModelShape::structure;
};

inline constexpr std::size_t fields_max = 64;

ErasedTypePointer make_optional(ErasedTypePointer element);
ErasedTypePointer make_secret(ErasedTypePointer element);
ErasedTypePointer make_list(ErasedTypePointer element);
ErasedTypePointer make_map(ErasedTypePointer element);
ErasedTypePointer make_choice(std::vector<ErasedTypePointer> alternatives);
ErasedTypePointer make_enumeration(std::string name, std::string description,
                                   std::vector<std::string> enumerators);
/// err  throws Error (invalid_request): a default is not of its field's type; (internal): it has
///      more than `fields_max` fields
ErasedTypePointer make_model(ErasedModel model);

}  // namespace warren::python
