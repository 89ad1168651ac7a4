#include "docs/python_support.hpp"

namespace warren::docs {

const std::string_view python_pydantic_1 = R"py(

# Of pydantic 1.


class Model(pydantic.BaseModel):
    forbids_extra: ClassVar[bool] = False

    class Config:
        allow_population_by_field_name = True
        json_encoders = {bytes: Binary().wire, datetime: Timestamp().wire}

    def __init__(__self__, **values):
        cls = type(__self__)
        made = bound(cls, values, by_name=True)
        _fill(__self__, made.__dict__, made.__fields_set__)

    @classmethod
    def parse_obj(cls, obj):
        return bound(cls, obj)

    @classmethod
    def validate(cls, value):
        return bound(cls, value)

    def wire(self, fernet=None):
        """It as JSON has it, for the body of a message; with a key its secrets are tokens."""
        return wire_of(self, fernet)


class Root(Model):
    """What is no object."""

    def __init__(__self__, __root__):
        made = bound(type(__self__), __root__)
        _fill(__self__, made.__dict__, made.__fields_set__)

    def wire(self, fernet=None):
        return root_wire(self, fernet, self.__root__)


ROOT = "__root__"


def _fill(model, values, given):
    object.__setattr__(model, "__dict__", values)
    object.__setattr__(model, "__fields_set__", given)
    model._init_private_attributes()


def made(cls, values, given):
    model = cls.__new__(cls)
    _fill(model, values, given)
    return model


def failed(cls, errors):
    wrappers = []
    for at, code, message in errors:
        error = type("Refused", (ValueError,), {"code": code})(message)
        wrappers.append(pydantic.error_wrappers.ErrorWrapper(error, tuple(at) or (ROOT,)))
    return pydantic.ValidationError(wrappers, cls)


def given_of(model):
    return model.__fields_set__


def plain_default(cls, name):
    return cls.__fields__[name].get_default()


def is_required(cls, name):
    return cls.__fields__[name].required is True


def resolve(cls, names):
    cls.update_forward_refs(**names)
)py";

const std::string_view python_pydantic_2 = R"py(

# Of pydantic 2.


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(populate_by_name=True, protected_namespaces=())
    forbids_extra: ClassVar[bool] = False

    def __init__(__self__, /, **values):
        cls = type(__self__)
        made = bound(cls, values, by_name=True)
        _fill(__self__, made.__dict__, made.__pydantic_fields_set__)

    @classmethod
    def model_validate(cls, obj, **_):
        return bound(cls, obj)

    @classmethod
    def model_validate_json(cls, json_data, **_):
        return bound(cls, json.loads(json_data))

    def wire(self, fernet=None):
        """It as JSON has it, for the body of a message; with a key its secrets are tokens."""
        return wire_of(self, fernet)


class Root(Model):
    """What is no object."""

    def __init__(__self__, root, /):
        made = bound(type(__self__), root)
        _fill(__self__, made.__dict__, made.__pydantic_fields_set__)

    def wire(self, fernet=None):
        return root_wire(self, fernet, self.root)


ROOT = "root"


def _fill(model, values, given):
    object.__setattr__(model, "__dict__", values)
    object.__setattr__(model, "__pydantic_fields_set__", given)
    object.__setattr__(model, "__pydantic_extra__", None)
    object.__setattr__(model, "__pydantic_private__", None)


def made(cls, values, given):
    model = cls.__new__(cls)
    _fill(model, values, given)
    return model


def failed(cls, errors):
    lines = []
    for at, code, message in errors:
        # Not a format: braces in it are the peer's or the contract's.
        error = pydantic_core.PydanticCustomError(code, "{text}", {"text": message})
        lines.append({"type": error, "loc": tuple(at), "input": None})
    return pydantic_core.ValidationError.from_exception_data(cls.__name__, lines)


def given_of(model):
    return model.__pydantic_fields_set__


def plain_default(cls, name):
    return cls.model_fields[name].get_default(call_default_factory=True)


def is_required(cls, name):
    return cls.model_fields[name].is_required()


def resolve(cls, names):
    cls.model_rebuild(force=True, _types_namespace=names)
)py";

const std::string_view python_replies = R"py(

class Reply(Model):
    """All that is in a reply."""

    success: Annotated[bool, Of(Boolean())] = pydantic.Field(...)
    message: Annotated[str, Of(Text())] = pydantic.Field(...)


class Method(Model):
    """A method's request and the whole of its reply."""


def bound(cls, value, by_name=False):
    """A value as a model of the module's.

    err  pydantic's ValidationError, with every error
    """
    run = Run(cls.__dict__.get("warren_names", {}))
    if issubclass(cls, Root):
        made = bind_root(run, cls, value, ())
    else:
        made = bind_model(run, cls, value, (), by_name)
    if run.errors:
        raise failed(cls, run.errors)
    return made


def bind_root(run, cls, value, at):
    if isinstance(value, cls):
        return value
    (spec,) = specs_of(cls)
    if isinstance(spec.kind, Nothing) and value == {}:
        value = None  # no arguments
    content = bind_field(run, spec, value, at)
    return BAD if content is BAD else made(cls, {ROOT: content}, {ROOT})


def root_wire(model, fernet, content):
    (spec,) = specs_of(type(model))
    if isinstance(spec.kind, Nothing):
        return {}
    return Wire(fernet, False).of(spec.kind, content)
)py";

}  // namespace warren::docs
