#include "source/values.hpp"

#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>

namespace warren::python {
namespace {

/// Nobody nests deeper on purpose, and what contains itself has no end.
constexpr std::size_t nesting_max = 200;
/// Text up to this is copied, as that costs less than to keep its object.
constexpr std::size_t copied_bytes_max = 64;

/// Makes values that view Python's objects, which it keeps as long as it lives.
class Reader {
public:
    explicit Reader(const char* place) : place_{place} {}

    Value read(PyObject* object) {
        if (object == Py_None) {
            return Value::null();
        }
        if (PyUnicode_Check(object)) {
            return Value::text(text_of(object));
        }
        if (PyBool_Check(object)) {
            return Value::boolean(object == Py_True);
        }
        if (PyLong_Check(object)) {
            return read_integer(object);
        }
        if (PyFloat_Check(object)) {
            return Value::floating(PyFloat_AS_DOUBLE(object));
        }
        if (PyBytes_Check(object)) {
            return Value::bytes(octets_of(object));
        }
        if (path_.size() >= nesting_max) {
            fail(PyExc_ValueError, "is nested too deeply, or in itself");
        }
        if (PyDict_Check(object)) {
            return read_dict(object);
        }
        if (PyList_Check(object) || PyTuple_Check(object)) {
            return read_sequence(object);
        }
        return read_other(object);
    }

private:
    /// A step on the way to what is read: a key, or null and an index.
    struct Step {
        PyObject* key;
        Py_ssize_t index;
    };

    Value read_integer(PyObject* object) {
        int overflow = 0;
        const long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
        if (overflow == 0) {
            return Value::integer(number);
        }
        const unsigned long long large = overflow > 0 ? PyLong_AsUnsignedLongLong(object) : 0;
        if (overflow < 0 || PyErr_Occurred() != nullptr) {
            PyErr_Clear();
            fail(PyExc_OverflowError, "is an integer of more than 64 bits: send it as text");
        }
        return Value::unsigned_integer(large);
    }

    Value read_dict(PyObject* object) {
        const py::list items = py::reinterpret_steal<py::list>(PyDict_Items(object));
        const auto members = arena_.array<Member>(items.size());
        for (std::size_t i = 0; i < members.size(); ++i) {
            PyObject* const item = PyList_GET_ITEM(items.ptr(), static_cast<Py_ssize_t>(i));
            PyObject* const key = PyTuple_GET_ITEM(item, 0);
            path_.push_back({key, 0});
            members[i] = {read(key), read(PyTuple_GET_ITEM(item, 1))};
            path_.pop_back();
        }
        keep(items);
        return Value::map(members);
    }

    Value read_sequence(PyObject* object) {
        const py::tuple items = py::reinterpret_steal<py::tuple>(PySequence_Tuple(object));
        const auto values = arena_.array<Value>(items.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            path_.push_back({nullptr, static_cast<Py_ssize_t>(i)});
            values[i] = read(PyTuple_GET_ITEM(items.ptr(), static_cast<Py_ssize_t>(i)));
            path_.pop_back();
        }
        keep(items);
        return Value::list(values);
    }

    Value read_other(PyObject* object) {
        if (PyObject_CheckBuffer(object) != 0) {
            const py::object copied = py::reinterpret_steal<py::object>(PyBytes_FromObject(object));
            if (!copied) {
                throw py::error_already_set();
            }
            keep(copied);
            return Value::bytes(octets_of(copied.ptr()));
        }
        py::object plain;
        try {
            plain = py::module_::import("warren.values").attr("plain")(py::handle{object});
        } catch (py::error_already_set& error) {
            if (error.matches(PyExc_TypeError)) {
                fail(PyExc_TypeError, py::str(error.value()).cast<std::string>());
            }
            throw;
        }
        path_.push_back({Py_None, 0});  // so that what becomes itself ends
        const Value value = read(plain.ptr());
        path_.pop_back();
        keep(plain);
        return value;
    }

    std::string_view text_of(PyObject* object) {
        Py_ssize_t size = 0;
        const char* const characters = PyUnicode_AsUTF8AndSize(object, &size);
        if (characters == nullptr) {
            PyErr_Clear();
            fail(PyExc_ValueError, "is a text with half of a surrogate pair, which UTF-8 has not");
        }
        return kept(object, {characters, checked_size(size)});
    }

    std::span<const std::byte> octets_of(PyObject* object) {
        const std::string_view octets =
            kept(object, {PyBytes_AS_STRING(object), checked_size(PyBytes_GET_SIZE(object))});
        return std::as_bytes(std::span{octets.data(), octets.size()});
    }

    std::size_t checked_size(Py_ssize_t size) {
        if (static_cast<std::size_t>(size) > Value::size_max) {
            fail(PyExc_ValueError, "has more than 4 GiB");
        }
        return static_cast<std::size_t>(size);
    }

    /// in   viewed: of an object that never changes
    std::string_view kept(PyObject* object, std::string_view viewed) {
        if (viewed.size() <= copied_bytes_max) {
            return arena_.copy(viewed);
        }
        keep(py::reinterpret_borrow<py::object>(object));
        return viewed;
    }
    void keep(py::object object) { kept_.push_back(std::move(object)); }

    [[noreturn]] void fail(PyObject* type, const std::string& what) const {
        std::string where = place_;
        for (const Step& step : path_) {
            if (step.key == nullptr) {
                where += '[' + std::to_string(step.index) + ']';
            } else if (step.key != Py_None) {
                where += '[' + py::repr(step.key).cast<std::string>() + ']';
            }
        }
        PyErr_SetString(type, (where + ": " + what).c_str());
        throw py::error_already_set();
    }

    const char* place_;
    Arena arena_;
    std::vector<py::object> kept_;
    std::vector<Step> path_;
};

py::object key_of(const Value& key) {
    py::object object = to_python(key);
    // A list, or a map, is no key in Python.
    return PyList_Check(object.ptr()) ? py::tuple(object) : object;
}

py::object list_of(std::span<const Value> items) {
    py::list list(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i),
                        to_python(items[i]).release().ptr());
    }
    return list;
}

py::object dict_of(std::span<const Member> members) {
    py::dict dict;
    for (const Member& member : members) {
        if (PyDict_SetItem(dict.ptr(), key_of(member.key).ptr(), to_python(member.value).ptr()) !=
            0) {
            throw py::error_already_set();
        }
    }
    return dict;
}

PyObject* object_of(const Value& value) {
    switch (value.kind()) {
    case Value::Kind::null:
        return Py_NewRef(Py_None);
    case Value::Kind::boolean:
        return PyBool_FromLong(value.as_boolean() ? 1 : 0);
    case Value::Kind::int64:
        return PyLong_FromLongLong(value.as_int64());
    case Value::Kind::uint64:
        return PyLong_FromUnsignedLongLong(value.as_uint64());
    case Value::Kind::float64:
        return PyFloat_FromDouble(value.as_float64());
    case Value::Kind::text: {
        const std::string_view text = value.as_text();
        return PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
    }
    case Value::Kind::bytes: {
        const auto octets = value.as_bytes();
        return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(octets.data()),
                                         static_cast<Py_ssize_t>(octets.size()));
    }
    case Value::Kind::list:
        return list_of(value.as_list()).release().ptr();
    case Value::Kind::map:
        return dict_of(value.as_map()).release().ptr();
    }
    return Py_NewRef(Py_None);
}

}  // namespace

Dynamic to_dynamic(py::handle object, const char* place) {
    Reader reader{place};
    return Dynamic{reader.read(object.ptr())};
}

py::object to_python(const Value& value) {
    auto object = py::reinterpret_steal<py::object>(object_of(value));
    if (!object) {
        throw py::error_already_set();
    }
    return object;
}

}  // namespace warren::python
