#include "docs/python_support.hpp"

namespace warren::docs {

const std::string_view python_binding = R"py(

class Spec:
    """One field: its names, its type, what is demanded, and whether it may be left out."""

    def __init__(self, name, wire, kind, demand, is_required, is_told):
        self.name, self.wire, self.kind, self.demand = name, wire, kind, demand
        self.is_required, self.is_told = is_required, is_told


class Of:
    """What stands in an annotation: the type on the wire, and what is demanded beside it."""

    def __init__(self, kind, wire=None, told=True, **demands):
        self.kind, self.name, self.is_told = kind, wire, told
        self.demand = Demand(**demands) if demands else None


class Object(Kind):
    def __init__(self, name):
        self.name = self.label = name

    def own(self, value):
        return isinstance(value, (dict, pydantic.BaseModel))

    def bind(self, run, value, at):
        cls = run.names[self.name]
        bind = bind_root if issubclass(cls, Root) else bind_model
        return bind(run, cls, value, at)


def bind_field(run, spec, value, at):
    before = len(run.errors)
    bound = spec.kind.bind(run, value, at)
    if bound is not BAD and spec.demand is not None:
        spec.kind.check(run, spec.demand, bound, at)
    return bound if len(run.errors) == before else BAD


def bind_model(run, cls, value, at, by_name=False):
    """in  by_name: names as Python has them count, too"""
    if isinstance(value, cls):
        return value
    if not isinstance(value, dict):
        return run.refuse(at, "model_type", "Input should be an object")
    if not run.nested(at):
        return BAD
    values, given, used = {}, set(), set()
    before = len(run.errors)
    specs = specs_of(cls)
    for spec in specs:
        key = spec.name if by_name and spec.wire not in value else spec.wire
        if key in value:
            used.add(key)
            given.add(spec.name)
            is_of_failure = spec.name == "data" and issubclass(cls, Reply) and not values["success"]
            field = OF_FAILURE if is_of_failure else spec
            values[spec.name] = bind_field(run, field, value[key], (*at, spec.wire))
        elif spec.is_required:
            run.refuse((*at, spec.wire), "missing", "Field is required")
        else:
            values[spec.name] = default_of(cls, spec, run)
    if cls.forbids_extra:
        for key in value:
            if key not in used:
                run.refuse((*at, key), "extra_forbidden", "There is no field of this name")
    run.depth -= 1
    return made(cls, values, given) if len(run.errors) == before else BAD


OF_FAILURE = Spec("data", "data", Anything(), None, False, True)


def default_of(cls, spec, run):
    value = plain_default(cls, spec.name)
    bound = spec.kind.bind(Run(run.names), value, ()) if spec.is_told else value
    return value if bound is BAD else bound


def specs_of(cls):
    specs = cls.__dict__.get("warren_specs")
    if specs is None:
        raise TypeError(f"{cls.__name__} is not finished: see `finish`")
    return specs


SECRET_NAMES = {"secret_values", "passphrase", "password", "admin_password",
                "database_user_password"}  # fmt: skip


def wire_of(model, fernet=None, is_secret=False):
    """A model as JSON has it; with a key its secrets are tokens."""
    wire = {}
    for spec in specs_of(type(model)):
        if spec.is_told or spec.name in given_of(model):
            here = is_secret or spec.wire in SECRET_NAMES
            wire[spec.wire] = Wire(fernet, here).of(spec.kind, getattr(model, spec.name))
    return wire


class Wire:
    """How a bound value is written."""

    def __init__(self, fernet, is_secret):
        self.fernet, self.is_secret = fernet, is_secret

    def of(self, kind, value):
        if isinstance(kind, Secret):
            return Wire(self.fernet, True).of(kind.element, value)
        if value is None or (self.is_secret and is_token(value)):
            return value
        if isinstance(value, pydantic.BaseModel):
            return wire_of(value, self.fernet, self.is_secret)
        if isinstance(kind, Optional):
            return self.of(kind.element, value)
        if isinstance(kind, Choice):
            chosen, _ = kind.pick(Run(kind.names), value)
            return self.of(chosen, value)
        if isinstance(kind, List):
            return [self.of(kind.element, item) for item in value]
        if isinstance(kind, Map):
            return {key: self.named(key).of(kind.element, value[key]) for key in value}
        if isinstance(kind, Anything):
            return self.anything(value)
        return self.text(kind.wire(value))

    def named(self, key):
        return Wire(self.fernet, self.is_secret or key in SECRET_NAMES)

    def anything(self, value):
        if isinstance(value, dict):
            return {key: self.named(key).anything(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.anything(item) for item in value]
        return self.text(value)

    def text(self, value):
        if self.fernet is None or not self.is_secret or value is None or is_token(value):
            return value
        plain = value if isinstance(value, str) else json.dumps(value)
        return self.fernet.encrypt(plain.encode()).decode()


def finish(names):
    """Resolve the annotations of a module's models, once all are there.

    in  names: the module's `globals()`
    """
    models = [
        each
        for each in names.values()
        if isinstance(each, type) and issubclass(each, Model) and each.__module__ == names["__name__"]
    ]
    for model in models:
        resolve(model, names)
    for model in models:
        told = {}
        for base in reversed(model.__mro__):
            if issubclass(base, Model):
                told.update(base.__dict__.get("__annotations__", {}))
        specs = [spec_of(model, name, text, names) for name, text in told.items()]
        model.warren_specs = [spec for spec in specs if spec is not None]
        model.warren_names = names
        if issubclass(model, Method):
            for spec in model.warren_specs:
                setattr(model, spec.name, names[spec.kind.name])


def spec_of(model, name, text, names):
    told = eval(text, {**globals(), **names}) if isinstance(text, str) else text
    of = next((each for each in getattr(told, "__metadata__", ()) if isinstance(each, Of)), None)
    if of is None:
        return None
    of.kind.know(names)
    return Spec(name, of.name or name, of.kind, of.demand, is_required(model, name), of.is_told)


class CallFailed(Exception):
    """The server answered that it did not do it."""

    def __init__(self, reply):
        super().__init__(reply.get("message"))
        self.message = reply.get("message")
        self.data = reply.get("data")
        errors = self.data.get("errors") if isinstance(self.data, dict) else None
        self.errors = errors if isinstance(errors, list) else []  # of fields, if that is why

    def data_as(self, model):
        """The data as the class of a failure that the method declares.

        err  ValidationError: it is of another failure, as which one it is a reply does not say
        """
        return bound(model, self.data)


class CallTimedOut(Exception):
    """Nothing was answered in time. The request is not begun any more, but it may have been."""


def call(connection, request, response_model, *, exchange, queue, timeout_s, fernet_key):
    """Make a call over the cyberfusion protocol, and wait for its reply.

    in   connection: a `pika.BlockingConnection`
    err  CallFailed, CallTimedOut, ValidationError of a reply that is none, and pika's own
    """
    import pika

    fernet = None
    if fernet_key is not None:
        from cryptography.fernet import Fernet

        fernet = Fernet(fernet_key)
    correlation_id = str(uuid4())
    replies = []

    def on_reply(channel, method, properties, body):
        if properties.correlation_id == correlation_id:
            replies.append(body)

    channel = connection.channel()
    try:
        channel.exchange_declare(exchange=exchange, exchange_type="direct")
        callback_queue = channel.queue_declare(queue="", exclusive=True).method.queue
        channel.queue_bind(exchange=exchange, queue=callback_queue)
        channel.basic_consume(callback_queue, on_reply, auto_ack=True)
        channel.basic_publish(
            exchange=exchange,
            routing_key=queue,
            body=json.dumps(request.wire(fernet)),
            properties=pika.BasicProperties(
                content_type="application/json",
                reply_to=callback_queue,
                correlation_id=correlation_id,
                expiration=str(int(timeout_s * 1000)),
            ),
        )
        end = monotonic() + timeout_s
        while not replies:
            left_s = end - monotonic()
            if left_s <= 0:
                raise CallTimedOut(f"No reply of {exchange} within {timeout_s} s")
            connection.process_data_events(time_limit=left_s)
    finally:
        if channel.is_open:
            channel.close()
    reply = json.loads(replies[0])
    if isinstance(reply, dict) and reply.get("success") is False:
        raise CallFailed(reply)
    return bound(response_model, reply)
)py";

}  // namespace warren::docs
