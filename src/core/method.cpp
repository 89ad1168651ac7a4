#include <warren/method.hpp>

#include "core/utf8.hpp"

#include <algorithm>

namespace warren {
namespace {

// The bounds of a routing key and exchange name [AMQP 0-9-1 1.2], and room for nested names.
constexpr std::size_t name_bytes_max = 127;
constexpr std::size_t lock_name_bytes_max = 255;

bool is_valid_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes_max &&
           std::ranges::all_of(name, [](char character) {
               return (character >= 'a' && character <= 'z') ||
                      (character >= 'A' && character <= 'Z') ||
                      (character >= '0' && character <= '9') || character == '_' ||
                      character == '-' || character == '.' || character == ':';
           });
}

std::string from(const std::string& origin) {
    return origin.empty() ? "the program itself" : origin;
}

/// Without values.
std::string in_words(const std::vector<FieldError>& errors) {
    std::string words;
    for (const FieldError& error : errors) {
        words += (words.empty() ? "" : "; ") +
                 (error.location.empty() ? std::string{} : to_string(error.location) + ": ") +
                 error.message;
    }
    return words;
}

/// Make the descriptions of all models in a type, which throw when they are wrong.
/// in  known: those that are made already, since models may nest themselves
void describe(const Type& type, std::vector<const Model*>& known) {
    if (type.element != nullptr) {
        describe(*type.element, known);
    }
    for (const Type* alternative : type.alternatives) {
        describe(*alternative, known);
    }
    if (!type.model) {
        return;
    }
    const Model* model = type.model();
    if (std::ranges::find(known, model) != known.end()) {
        return;
    }
    known.push_back(model);
    for (const Field& field : model->fields) {
        describe(*field.type, known);
    }
}

/// err  throws Error (internal)
void check_lock_name(const Method& method, std::string_view name) {
    if (name.empty() || name.size() > lock_name_bytes_max || !core::utf8_valid(name)) {
        constexpr std::size_t shown_bytes_max = 64;
        throw Error{Code::internal, "method '" + method.name + "': '" +
                                        core::text_for_display(name, shown_bytes_max) +
                                        "' is no name of a lock: use 1 to " +
                                        std::to_string(lock_name_bytes_max) + " bytes of UTF-8"};
    }
}

}  // namespace

MethodOptions& MethodOptions::lock_on(std::string_view field_name) {
    const Field* field =
        method_->request->model ? method_->request->model()->find(field_name) : nullptr;
    if (field == nullptr) {
        throw Error{Code::internal, "method '" + method_->name + "': the request has no field '" +
                                        std::string{field_name} + "' to lock on"};
    }
    method_->locking = Locking::field;
    method_->lock_field = field;
    method_->lock_name.clear();
    return *this;
}

MethodOptions& MethodOptions::lock_on(std::string_view field_name, std::string_view lock) {
    check_lock_name(*method_, lock);
    lock_on(field_name);
    method_->lock_name = lock;
    return *this;
}

MethodOptions& MethodOptions::run_alone() {
    method_->locking = Locking::alone;
    method_->lock_field = nullptr;
    method_->lock_name.clear();
    return *this;
}

MethodOptions& MethodOptions::run_alone(std::string_view lock) {
    check_lock_name(*method_, lock);
    run_alone();
    method_->lock_name = lock;
    return *this;
}

std::string_view MethodOptions::field_name_of(const Model& model, const void* member) {
    const auto field = std::ranges::find_if(model.fields, [&](const Field& each) {
        return each.access(model.defaults.get()) == member;
    });
    return field != model.fields.end() ? std::string_view{field->name}
                                       : "(a member that WARREN_MODEL does not name)";
}

MethodOptions& MethodOptions::describe_parameter(std::string_view name, std::string text) {
    const Model* const model = method_->request->model ? method_->request->model() : nullptr;
    const bool has_parameters = model != nullptr && model->shape == ModelShape::parameters;
    if (!has_parameters || model->find(name) == nullptr) {
        throw Error{Code::internal, "method '" + method_->name + "' has no parameter '" +
                                        std::string{name} + "' to describe"};
    }
    // The parameters of a function are its method's own.
    const_cast<Field*>(model->find(name))->description = std::move(text);  // NOLINT
    return *this;
}

MethodOptions& MethodOptions::example(std::string name, Dynamic request,
                                      std::optional<Dynamic> response) {
    const auto hold = [&](std::string_view what, const Type& type, const Dynamic& value,
                          void* target) {
        try {
            detail::bind_checked(type, value.value(), target);
        } catch (const Error& error) {
            throw Error{Code::internal,
                        "method '" + method_->name + "', example '" + name + "': the " +
                            std::string{what} +
                            " does not keep to the contract: " + in_words(error.failure().errors)};
        }
    };
    hold("request", *method_->request, request, method_->make_invocation()->request());
    if (response) {
        const auto made = method_->make_response();
        hold("response", *method_->response, *response, made.get());
    }
    method_->examples.push_back({std::move(name), std::move(request), std::move(response)});
    return *this;
}

MethodOptions& MethodOptions::add_failure(MethodFailure failure) {
    if (failure.data != nullptr) {
        std::vector<const Model*> known;
        warren::describe(*failure.data, known);
    }
    method_->failures.push_back(std::move(failure));
    return *this;
}

MethodOptions Registry::add(std::string_view name, detail::HandlerDescription described) {
    return add({.name = std::string{name},
                .origin = origin_,
                .request = described.request,
                .response = described.response,
                .part = described.part,
                .make_invocation = std::move(described.make_invocation),
                .make_response = described.make_response,
                .parameters = std::move(described.parameters),
                .responds_later = described.responds_later});
}

MethodOptions Registry::add(Method method) {
    if (!is_valid_name(method.name)) {
        throw Error{Code::internal, "'" + method.name + "' is no method name: use 1 to " +
                                        std::to_string(name_bytes_max) + " of A-Z a-z 0-9 _ - . :"};
    }
    std::vector<const Model*> known;
    for (const Type* type : {method.request, method.response, method.part}) {
        if (type != nullptr) {
            describe(*type, known);
        }
    }
    const auto position = std::ranges::lower_bound(
        methods_, method.name, {}, [](const auto& registered) { return registered->name; });
    if (position != methods_.end() && (*position)->name == method.name) {
        throw Error{Code::conflict, "method '" + method.name + "' is registered twice: by " +
                                        from((*position)->origin) + " and by " +
                                        from(method.origin)};
    }
    return MethodOptions{**methods_.insert(position, std::make_unique<Method>(std::move(method)))};
}

const Method* Registry::find(std::string_view name) const noexcept {
    const auto position = std::ranges::lower_bound(methods_, name, {}, [](const auto& registered) {
        return std::string_view{registered->name};
    });
    return position != methods_.end() && (*position)->name == name ? position->get() : nullptr;
}

std::vector<const Method*> Registry::all() const {
    std::vector<const Method*> methods;
    methods.reserve(methods_.size());
    std::ranges::transform(methods_, std::back_inserter(methods),
                           [](const auto& method) { return method.get(); });
    return methods;
}

void Registry::add_settings(std::string_view name, const Type& type, std::shared_ptr<void> values) {
    if (!is_valid_name(name)) {
        throw Error{Code::internal, "'" + std::string{name} +
                                        "' is no name of settings: use 1 to " +
                                        std::to_string(name_bytes_max) + " of A-Z a-z 0-9 _ - . :"};
    }
    std::vector<const Model*> known;
    describe(type, known);
    SettingsSection section{
        .name = std::string{name}, .origin = origin_, .type = &type, .values = std::move(values)};
    check_is_free(section);
    sections_.push_back(std::move(section));
}

void Registry::check_is_free(const SettingsSection& section) const {
    const auto other = std::ranges::find(sections_, section.name, &SettingsSection::name);
    if (other != sections_.end()) {
        throw Error{Code::conflict, "settings '" + section.name + "' are registered twice: by " +
                                        from(other->origin) + " and by " + from(section.origin)};
    }
}

ModuleLife& Registry::life() {
    const auto found = std::ranges::find(lives_, origin_, &ModuleLife::origin);
    return found != lives_.end() ? *found : lives_.emplace_back(ModuleLife{.origin = origin_});
}

void Registry::on_start(std::function<void()> action) {
    life().on_start.push_back(std::move(action));
}

void Registry::on_stop(std::function<void()> action) {
    life().on_stop.push_back(std::move(action));
}

void Registry::take_life(Registry& other) {
    std::ranges::for_each(other.sections_, [this](const auto& section) { check_is_free(section); });
    std::ranges::move(std::exchange(other.sections_, {}), std::back_inserter(sections_));
    std::ranges::move(std::exchange(other.lives_, {}), std::back_inserter(lives_));
}

ParameterNames::ParameterNames(std::initializer_list<std::string_view> names)
    : names_{names.begin(), names.end()} {}
ParameterNames::ParameterNames(std::vector<std::string> names) : names_{std::move(names)} {}
ParameterNames::~ParameterNames() = default;

namespace detail {

void refuse_parameter_names(std::string_view method, std::size_t parameters, std::size_t names) {
    throw Error{Code::internal, "method '" + std::string{method} + "' takes " +
                                    std::to_string(parameters) + " parameters, but " +
                                    std::to_string(names) +
                                    " names were given: name each of them, or take one struct "
                                    "described by WARREN_MODEL"};
}

void describe_parameters(HandlerDescription& described, std::span<const Parameter> parameters,
                         const ObjectParts& parts, ParameterNames names, std::string_view method) {
    std::vector<std::string> given = names.take();
    if (given.size() != parameters.size()) {
        refuse_parameter_names(method, parameters.size(), given.size());
    }
    struct Described {
        Model model;
        Type type;
    };
    const auto owned = std::make_shared<Described>();
    Model& model = owned->model;
    model.name = "Parameters";
    model.shape = ModelShape::parameters;
    model.defaults = own(parts.make(), parts.free);
    for (std::size_t at = 0; at < parameters.size(); ++at) {
        Field& field = model.fields.emplace_back();
        field.name = std::move(given[at]);
        field.type = parameters[at].type;
        field.access = parameters[at].access;
        field.required = parameters[at].required;
    }
    owned->type = {
        .kind = Type::Kind::model, .size_bytes = parts.size_bytes, .model = LateModel{model}};
    described.request = &owned->type;
    described.parameters = owned;
}

}  // namespace detail
}  // namespace warren
