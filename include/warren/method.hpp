#pragma once

#include <warren/context.hpp>
#include <warren/detail/handler.hpp>
#include <warren/error.hpp>
#include <warren/idempotency.hpp>
#include <warren/model.hpp>
#include <warren/module_life.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren {

/// Where a handler runs.
enum class Execution : std::uint8_t {
    worker,    // on the bounded pool of worker threads
    io_thread  // on the I/O thread: for handlers that compute for microseconds and never wait
};

/// Which calls of a method never run at once.
enum class Locking : std::uint8_t {
    none,   // runs at any time
    field,  // never at once with a call under the same lock whose field has the same value
    alone,  // never at once with another call under the same lock that runs alone
};

/// A call as it may be made, for people.
struct MethodExample {
    std::string name;
    Dynamic request;
    std::optional<Dynamic> response{};
};

/// A failure that a method says it may answer.
struct MethodFailure {
    Code code;
    std::string description{};
    const Type* data = nullptr;  // null: none, or not told
};

/// A method as the runtime sees it.
struct Method {
    std::string name;
    std::string description{};
    std::string origin{};  // the module's file; empty for methods of the program itself
    const Type* request = nullptr;
    const Type* response = nullptr;
    const Type* part = nullptr;  // of what it sends before its response; null: nothing
    InvocationFactory make_invocation{};
    std::function<std::shared_ptr<void>()> make_response{};  // default-constructed, for `mock`
    std::shared_ptr<const void> parameters{};                // of a plain function
    Locking locking = Locking::none;
    const Field* lock_field = nullptr;  // of `Locking::field`
    std::string lock_name{};            // of a lock for several methods; empty: the method's own
    Execution execution = Execution::worker;
    bool responds_later = false;               // its handler takes a `Responder`, or is a coroutine
    bool idempotent = false;                   // doing it twice is the same as doing it once
    std::optional<Idempotency> idempotency{};  // unset: as its listener has it
    // What is told of it, and changes nothing.
    std::string since{};                      // a version
    std::optional<std::string> deprecated{};  // with what to use instead, if anything
    std::vector<std::string> tags{};
    std::vector<MethodFailure> failures{};
    std::vector<MethodExample> examples{};
};

/// Says more about a method that was just registered.
class MethodOptions {
public:
    explicit MethodOptions(Method& method) noexcept : method_{&method} {}

    /// What it does, for people.
    MethodOptions& describe(std::string text) {
        method_->description = std::move(text);
        return *this;
    }
    /// Calls of this method with the same value in this field wait for each other, in order of
    /// arrival. Calls of other methods do not, whatever they lock on.
    /// err  throws Error (internal) when the request has no such field
    MethodOptions& lock_on(std::string_view field_name);
    template <typename Request, typename Content>
    MethodOptions& lock_on(Content Request::* member) {
        return lock_on(field_name_of(member));
    }
    /// The same with the calls of all methods of the server that lock on a field under this name:
    /// those wait for each other whose fields have equal values, on whichever listener they came.
    /// Values are compared as they are on the wire: numbers of any width, enumerators as texts.
    /// With a store the lock is one of all servers that share it (`Context::fencing_token`).
    /// in   lock: 1 to 255 bytes of UTF-8
    /// err  throws Error (internal) when the request has no such field, or that is no name
    MethodOptions& lock_on(std::string_view field_name, std::string_view lock);
    template <typename Request, typename Content>
    MethodOptions& lock_on(Content Request::* member, std::string_view lock) {
        return lock_on(field_name_of(member), lock);
    }
    /// Calls of this method wait for each other, whatever they ask for.
    MethodOptions& run_alone();
    /// The same with the calls of all methods of the server that run alone under this name. Those
    /// that lock on a field under it do not wait for them, nor they for those.
    /// in   lock: as of `lock_on`
    /// err  throws Error (internal) when that is no name
    MethodOptions& run_alone(std::string_view lock);
    /// Run its handler on the I/O thread: only for what takes microseconds and never waits.
    MethodOptions& run_on_io_thread() {
        method_->execution = Execution::io_thread;
        return *this;
    }
    /// Doing it twice is as good as once; clients that know its contract may send it again.
    MethodOptions& idempotent() {
        method_->idempotent = true;
        return *this;
    }
    /// How often a call of it runs that comes several times, whatever its listener says; it needs a
    /// store, without which the server does not start.
    MethodOptions& idempotency(Idempotency how) {
        method_->idempotency = how;
        return *this;
    }
    /// What a plain function's parameter means.
    /// err  throws Error (internal) when it has none of this name
    MethodOptions& describe_parameter(std::string_view name, std::string text);
    /// A call as it may be made: in the documentation, and what a form begins with.
    /// in   request: arguments by name
    /// err  throws Error (internal), with every error, when they do not keep to the contract
    MethodOptions& example(std::string name, Dynamic request,
                           std::optional<Dynamic> response = std::nullopt);
    /// A failure that it may answer, and when.
    MethodOptions& may_fail(Code code, std::string description) {
        return add_failure({code, std::move(description)});
    }
    /// The same with the type of the failure's data.
    template <typename Data>
    MethodOptions& may_fail(Code code, std::string description) {
        return add_failure({code, std::move(description), &type_of<Data>()});
    }
    /// It is not to be used any more.
    /// in   instead: what to use, as a sentence
    MethodOptions& deprecated(std::string instead = {}) {
        method_->deprecated = std::move(instead);
        return *this;
    }
    /// The version of its module or program that was the first to have it.
    MethodOptions& since(std::string version) {
        method_->since = std::move(version);
        return *this;
    }
    /// What it belongs to. May be said several times.
    MethodOptions& tag(std::string name) {
        method_->tags.push_back(std::move(name));
        return *this;
    }

private:
    template <typename Request, typename Content>
    static std::string_view field_name_of(Content Request::* member) {
        static_assert(detail::DescribedModel<Request>, "the request needs WARREN_MODEL");
        const Model& model = *type_of<Request>().model();
        return field_name_of(model, &(static_cast<Request*>(model.defaults.get())->*member));
    }
    /// in   member: of the model's defaults
    static std::string_view field_name_of(const Model& model, const void* member);
    MethodOptions& add_failure(MethodFailure failure);

    Method* method_;
};

/// The methods of one program or server, by name.
/// thread one, while registering; any, once serving
class Registry {
public:
    /// Register a method. `handler` is a function, a lambda or an object with one call operator,
    /// called from several threads at once: (const Request&), (const Request&, Context&), () or,
    /// with a name for each parameter, any parameters of describable types. It returns data,
    /// `Reply<data>`, `std::expected<data, Failure>` or nothing, and fails by throwing `Error`.
    /// With a last parameter `Responder<data>` it returns nothing, and answers when it can. One
    /// that is a coroutine gives any of these in a `task` [<warren/task.hpp>]. Before that it may
    /// send parts, by a parameter `Stream<part>` behind its `Context`.
    /// err  throws Error (conflict) when the name is taken, (internal) when it is no valid name or
    ///      a model of the request or response is wrong, such as a pattern
    template <typename Handler>
    MethodOptions method(std::string_view name, Handler handler) {
        return add(name, detail::describe_handler(std::move(handler), name));
    }
    template <typename Handler>
    MethodOptions method(std::string_view name, Handler handler, ParameterNames parameter_names) {
        return add(name,
                   detail::describe_handler(std::move(handler), std::move(parameter_names), name));
    }
    /// The same by a contract, which says the name and both types; a handler that does not keep to
    /// them does not compile. It may leave the request out.
    template <Contract C, typename Handler>
    MethodOptions method(Handler handler) {
        return add(C::method_name, detail::describe_for<C>(std::move(handler)));
    }

    /// Register a method that was described elsewhere.
    /// err  throws Error (internal) when there is one of this name
    MethodOptions add(Method method);

    /// out  nullptr when there is none
    const Method* find(std::string_view name) const noexcept;
    /// All methods, by name.
    std::vector<const Method*> all() const;
    /// What following registrations name as their origin.
    void set_origin(std::string file) { origin_ = std::move(file); }

    /// Settings of this module: what `settings: {NAME: {...}}` of a configuration says, which
    /// `warren serve` and `warren check` hold against the model. Until then, and in a program of
    /// your own, they are its defaults.
    /// out  lives as long as the registry: handlers, and what is done at the start, may refer to it
    /// err  throws Error (conflict) when another module has settings of this name, (internal) when
    ///      it is no valid name, or the model is wrong
    template <typename Settings>
    const Settings& settings(std::string_view name) {
        static_assert(detail::DescribedModel<Settings>, "settings need WARREN_MODEL");
        auto values = std::make_shared<Settings>();
        const Settings& found = *values;
        add_settings(name, type_of<Settings>(), std::move(values));
        return found;
    }
    /// Do this when a server starts that serves a method of this module: before the first call,
    /// once its settings are there, and where handlers run (not for `mock`, nor for what only looks
    /// at methods). What it throws is why the server does not start. What has an effect on others
    /// belongs here, and not into the registration, which also tools run.
    void on_start(std::function<void()> action);
    /// Do this when such a server ends, once no handler runs any more: after those of modules that
    /// were started later, and where all of its own `on_start` have returned. Not when the process
    /// is ended by a second signal.
    void on_stop(std::function<void()> action);
    /// Sections that modules read settings from.
    const std::vector<SettingsSection>& settings_sections() const noexcept { return sections_; }
    /// What is done at the start and at the end.
    const std::vector<ModuleLife>& lives() const noexcept { return lives_; }
    /// Take over the settings and what is done at starts and ends, as a loader does.
    /// err  throws Error (conflict), as `settings`; nothing was taken then
    void take_life(Registry& other);

private:
    MethodOptions add(std::string_view name, detail::HandlerDescription described);
    void add_settings(std::string_view name, const Type& type, std::shared_ptr<void> values);
    void check_is_free(const SettingsSection& section) const;
    ModuleLife& life();

    std::vector<std::unique_ptr<Method>> methods_;  // sorted by name; addresses are stable
    std::vector<SettingsSection> sections_;
    std::vector<ModuleLife> lives_;  // in the order of registration
    std::string origin_;
};

}  // namespace warren
